"""The entities and their atoms: the one list of what a record may hold and what each piece means.

An *atom* is decided as a whole. A name ending in ``.*`` is a family: ``prices.*`` holds ``prices.retail`` and
``prices.b2b``, each an atom of its own. The reference page of the docs is generated from here.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec


class Atom(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a record that is decided together, and its properties for the merge."""

    name: str
    doc: str
    partner: str | None = None
    """Entity whose record id the value is; its wire form is that record's ref, decoded by binding."""
    many: bool = False
    """With `partner`: the value is a list of record ids."""
    volatile: bool = False
    """Falls by itself in a selling system; that fall is never put back."""
    derived: bool = False
    """Computed from other atoms of the record; nobody asserts it."""


class Entity(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """A kind of record. `rank` orders deliveries inside a lane: partners go first."""

    name: str
    rank: int
    atoms: tuple[Atom, ...]
    lane_by: str | None = None
    """The partner atom whose record this one shares a lane with (an offer with its product)."""

    def atom(self, name: str) -> Atom:
        """Return the atom of this name, or of its family; `KeyError` names the entity and what it knows."""
        return _atom(self, name)


@lru_cache(maxsize=65536)
def _atom(entity: Entity, name: str) -> Atom:
    family = f"{name.partition('.')[0]}.*"
    for atom in entity.atoms:
        if atom.name in {name, family}:
            return atom
    known = ", ".join(atom.name for atom in entity.atoms)
    raise KeyError(f"{entity.name} has no atom «{name}»; known: {known}")


ACTIVE = Atom(name="active", doc="Whether it is sold or shown; removal is `false`, never a deletion.")

CATEGORY = Entity(
    name="category",
    rank=10,
    atoms=(
        Atom(name="name", doc="Name shown to buyers."),
        Atom(name="parent", doc="The category it stands in.", partner="category"),
        Atom(name="slug", doc="Symbolic code of its address."),
        Atom(name="sort", doc="Order among its siblings."),
        Atom(name="description", doc="Text of its page, HTML."),
        ACTIVE,
    ),
)

PRODUCT = Entity(
    name="product",
    rank=20,
    lane_by="parent",
    atoms=(
        Atom(name="name", doc="Name shown to buyers."),
        Atom(name="full_name", doc="Name for printed documents."),
        Atom(name="slug", doc="Symbolic code of its address; made at creation and never again."),
        Atom(name="sku", doc="The merchant's article; neither unique nor always present."),
        Atom(name="barcodes", doc="Barcodes, a sorted list."),
        Atom(name="parent", doc="The product this one is a variant of.", partner="product"),
        Atom(name="categories", doc="Categories it stands in.", partner="category", many=True),
        Atom(name="description", doc="Full text, HTML."),
        Atom(name="summary", doc="Short text, HTML."),
        Atom(
            name="pictures",
            doc="Pictures in order, each by the SHA-256 of its bytes; the first is the main one.",
        ),
        Atom(name="unit", doc="Base unit, OKEI code: 796 piece, 166 kg, 006 metre."),
        Atom(name="vat", doc="VAT rate, `22` … or `none`; no default."),
        Atom(name="weight", doc="Weight, grams."),
        Atom(name="length", doc="Length, millimetres."),
        Atom(name="width", doc="Width, millimetres."),
        Atom(name="height", doc="Height, millimetres."),
        Atom(name="brand", doc="Brand."),
        Atom(name="manufacturer", doc="Who makes it."),
        Atom(name="country", doc="Country of origin."),
        Atom(name="kind", doc="`goods`, `service` or `set`."),
        Atom(name="properties.*", doc="One property each, by its canonical code."),
        ACTIVE,
    ),
)

OFFER = Entity(
    name="offer",
    rank=30,
    lane_by="product",
    atoms=(
        Atom(name="product", doc="What is sold.", partner="product"),
        Atom(name="name", doc="Name of this variant as its system prints it."),
        Atom(name="sku", doc="Article of this variant."),
        Atom(name="barcodes", doc="Barcodes of this variant, a sorted list."),
        Atom(
            name="characteristics",
            doc="What makes it differ: pairs of name and value; empty for a bare offer.",
        ),
        Atom(name="unit", doc="Unit the price is for, OKEI code."),
        Atom(name="prices.*", doc="Price by price type, money."),
        Atom(
            name="stock.*", doc="Stock by warehouse, a quantity; may be negative where the owner counts so."
        ),
        Atom(
            name="available",
            doc="What may be sold: stock of the selling warehouses, never below zero.",
            volatile=True,
            derived=True,
        ),
        ACTIVE,
    ),
)

ORDER = Entity(
    name="order",
    rank=50,
    atoms=(
        Atom(name="number", doc="Number shown to people."),
        Atom(name="stage", doc="How far it has gone: new, confirmed, supply, assembling, delivery, done."),
        Atom(name="cancelled", doc="The reason it was cancelled; absent while it lives."),
        Atom(name="money", doc="Lines, discounts, delivery price and total, decided together."),
        Atom(name="buyer", doc="Who bought.", partner="customer"),
        Atom(name="payments.*", doc="One payment each; it belongs to whoever made it."),
        Atom(name="shipments.*", doc="One shipment each; it belongs to whoever made it."),
        Atom(name="returns.*", doc="One return each; it belongs to whoever made it."),
        Atom(name="responsible", doc="The manager in charge."),
        Atom(name="comment", doc="The buyer's comment."),
    ),
)

CUSTOMER = Entity(
    name="customer",
    rank=40,
    atoms=(
        Atom(name="name", doc="Full name."),
        Atom(name="phones", doc="Phones in international form, a sorted list."),
        Atom(name="emails", doc="Addresses, a sorted list."),
    ),
)

ENTITIES = {entity.name: entity for entity in (CATEGORY, PRODUCT, OFFER, CUSTOMER, ORDER)}
