"""What the world consists of. Plain values; nothing here knows any vendor's format."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal, TypeVar

import msgspec

VatRate = Literal["22", "20", "10", "0", "Без НДС"]


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of measure of the Russian classifier ОКЕИ."""

    code: str
    short: str
    full: str
    international: str


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The legal entity that keeps the books."""

    id: str
    name: str
    tin: str
    kpp: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the tree of goods."""

    id: str
    name: str
    parent: str | None = None  # id of the group above
    revision: int = 1  # revision of the world in which the group last changed


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a directory."""

    id: str
    value: str


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """A property of goods, or of their characteristics; names may repeat, ids do not."""

    id: str
    name: str
    kind: Literal["text", "number", "directory", "flag"]  # a flag is a directory of yes and no
    of_offer: bool = False
    options: tuple[Option, ...] = ()


class PriceType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of price; `internal` ones must never be seen by buyers."""

    id: str
    name: str
    currency: str = "RUB"
    vat_included: bool = True
    internal: bool = False


class Warehouse(msgspec.Struct, frozen=True, kw_only=True):
    """A place that holds stock."""

    id: str
    name: str
    address: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture file; its bytes are drawn from the shade when they are needed."""

    path: str
    shade: int  # 0 black .. 255 white
    caption: str


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One sellable thing: a product as it is, or one of its characteristics."""

    product: str
    characteristic: str | None = None  # its id; None where the product is sold as it is
    name: str = ""  # of the characteristic
    barcode: str = ""
    traits: Mapping[str, str] = {}  # property id -> text, number with a dot, or option id; "" where not set
    prices: Mapping[str, Decimal] = {}  # price type id -> roubles for one base unit
    stock: Mapping[str, Decimal] = {}  # warehouse id -> quantity in base units
    weight: Decimal | None = None  # kg, where it differs from the product's
    priced: int = 1  # revision of the world in which a price last changed
    counted: int = 1  # likewise the stock

    @property
    def id(self) -> str:
        """Return the id by which the offer is known outside."""
        return self.product if self.characteristic is None else f"{self.product}#{self.characteristic}"


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A card of the goods directory."""

    id: str
    code: str  # number in the directory
    article: str
    name: str
    group: str
    unit: str  # ОКЕИ code
    vat: VatRate
    sort: str  # type of nomenclature, as the shop's own staff calls it
    kind: Literal["Товар", "Услуга"] = "Товар"
    maker: Option | None = None
    description: str = ""
    weight: Decimal | None = None  # kg
    markable: bool = False  # carries a marking code of «Честный знак»
    values: Mapping[str, str] = {}  # property id -> text, number with a dot, or option id
    pictures: tuple[Picture, ...] = ()
    offers: tuple[Offer, ...]
    deleted: bool = False
    revision: int = 1  # revision of the world in which the card last changed

    @property
    def has_characteristics(self) -> bool:
        """Tell whether the product is sold by characteristics only."""
        return self.offers[0].characteristic is not None


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a simulated back office holds at one moment."""

    seed: int
    revision: int = 1  # grows by one with every change
    owner: Owner
    catalog: str  # id of the catalogue of goods
    units: Mapping[str, Unit]
    groups: tuple[Group, ...]
    properties: tuple[Property, ...]
    price_types: tuple[PriceType, ...]
    warehouses: tuple[Warehouse, ...]
    products: tuple[Product, ...]

    @classmethod
    def seeded(cls, seed: int, size: int | None = None) -> "World":
        """Grow a world: the hand-written assortment, then invented goods up to `size` products.

        Equal seeds give equal worlds; a larger size only adds at the end.
        """
        from obmen.sandbox.world.seeding import grow  # noqa: PLC0415 (growing needs the values of this module)

        return grow(seed, size)

    def offers(self) -> Iterator[tuple[Product, Offer]]:
        """Walk all offers with their products."""
        for product in self.products:
            for offer in product.offers:
                yield product, offer

    def product(self, key: str) -> Product:
        """Find a product by id, article, or the id of one of its offers; of equal articles the first."""
        wanted = key.partition("#")[0]
        for product in self.products:
            if wanted == product.id or key == product.article:
                return product
        raise LookupError(f"There is no product {key!r} in the world.")

    def offer(self, key: str) -> Offer:
        """Find an offer by its id, by `article`, or by `article/name of characteristic`."""
        for product in self.products:
            for offer in product.offers:
                if key in {offer.id, f"{product.article}/{offer.name}"}:
                    return offer
        product = self.product(key)
        if len(product.offers) > 1:
            names = ", ".join(offer.name for offer in product.offers)
            raise LookupError(f"{key!r} has characteristics, name one after a slash: {names}.")
        return product.offers[0]

    def price_type(self, key: str) -> PriceType:
        """Find a price type by id or name."""
        return _named(self.price_types, key, "price type")

    def warehouse(self, key: str) -> Warehouse:
        """Find a warehouse by id or name."""
        return _named(self.warehouses, key, "warehouse")

    def group(self, key: str) -> Group:
        """Find a group by id or name."""
        return _named(self.groups, key, "group")


Named = TypeVar("Named", PriceType, Warehouse, Group)


def _named(things: tuple[Named, ...], key: str, what: str) -> Named:
    for thing in things:
        if key in {thing.id, thing.name}:
            return thing
    known = ", ".join(thing.name for thing in things)
    raise LookupError(f"There is no {what} {key!r}; known: {known}.")
