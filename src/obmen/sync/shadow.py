"""Looks and shadows: what a system showed, and what it last held as far as we know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast, runtime_checkable

import msgspec

from obmen.model import Atom, BadValue, Entity, Value

if TYPE_CHECKING:
    Wire: TypeAlias = bool | int | float | str | list["Wire"] | dict[str, "Wire"] | None
else:
    # As with `Value`: msgspec reads no recursive alias.
    Wire = Any
"""A value in a vendor's own form, JSON-shaped."""


class Look(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One object as a system showed it: asserted atoms in wire form. An absent atom is not asserted, None is empty."""

    ref: str
    fields: dict[str, Wire]
    whole: tuple[str, ...] = ()
    """Families shown completely: a member that is not there is gone (``("prices",)``)."""
    order: str = ""
    """The source's own order of files and messages, comparable as text; empty for what was asked for."""
    gone: bool = False
    merged_into: str | None = None
    mark: int | None = None
    """Record id carried by our own mark on the object."""
    keys: Mapping[str, str | tuple[str, ...]] = {}
    """What it may be recognised by, such as `{"xml_id": …, "phones": (…, …)}`, in canonical spelling."""
    elsewhere: bool = False
    """It bears the code of another system: while nobody is known by it, it is no new record either."""
    at: str | None = None
    """The vendor's change time, ISO 8601 UTC; only where it is true for each atom shown."""
    title: str = ""
    digest: str = ""
    """Of the bytes it was read from, and of all their meaning depends on; see `sync.traces`."""
    same: bool = False
    """These bytes were settled before: `fields` are left out, the shadow has them."""

    def known_by(self, key: str) -> tuple[str, ...]:
        """Return the values of a key, the empty ones left out."""
        told = self.keys.get(key, ())
        return tuple(each for each in ((told,) if isinstance(told, str) else told) if each)

    def key(self, name: str) -> str:
        """Return the one value of a key; empty where it has none."""
        return next(iter(self.known_by(name)), "")


class Resist(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How often a system put its own value back over ours within a day."""

    ours: Wire
    theirs: Wire
    count: int
    since: float


class Shadow(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one system last held of one record, in that system's own form. One document per (record, connection)."""

    held: dict[str, Wire]
    sent: dict[str, Wire] = {}
    """What we wrote, where `held` came back different."""
    mine: tuple[str, ...] = ()
    """Atoms whose held value is our own writing."""
    as_of: int = 0
    """Ledger tick of the look, or of the end of our last write plus the visibility lag."""
    seen: int = 0
    """`read_at` of the last settled look."""
    order: str = ""
    """The newest source order that spoke of every atom not named in `orders`."""
    orders: dict[str, str] = {}
    blocked: dict[str, str] = {}
    """Atoms whose value there cannot be decoded, with what would wake them."""
    frozen: dict[str, str] = {}
    """Atoms that wait for a person, with the reason code; neither taken nor written."""
    resist: dict[str, Resist] = {}
    form: int = 1
    gone: bool = False

    def sent_of(self, atom: str) -> Wire:
        """Return what we believe stands there: our own writing where it came back changed, else what was shown."""
        return self.sent[atom] if atom in self.sent else self.held.get(atom)

    def order_of(self, atom: str) -> str:
        """Return the source order that last spoke of this atom."""
        return self.orders.get(atom, self.order)


class OneOf(msgspec.Struct, frozen=True):
    """A many-to-one code: any of these values, the first being the explicit way back."""

    values: tuple[Value, ...]


class Blocked(msgspec.Struct, frozen=True, gc=False):
    """A value that cannot be translated now."""

    wakes_on: str
    """`map:<connection>:<kind>:<code>`, `bind:<connection>:<entity>:<ref or record id>` or, for what contradicts
    itself, `value:<connection>:<atom>:<how>`."""
    what: str = ""
    """The thing by the name people know."""


class Withheld(msgspec.Struct, frozen=True):
    """A value this system must not be told, and the reason code that says why."""

    reason: str


Decoded: TypeAlias = "Value | OneOf | Blocked"
Encoded: TypeAlias = "Wire | Blocked | Withheld"


CONTRADICTION = "value:"
"""Begins the key of a value that contradicts itself, such as lines that do not make the total, or cannot be read."""


def what_is_wrong(how: str) -> tuple[str, str]:
    """Say in English and Russian what is wrong with a value: `2 × 33.33 ≠ 100` does not add up, `Сумма = «сто»` is no sum."""
    if "≠" in how:
        return "the parts do not make the whole", "сумма частей не сходится"
    return "it cannot be read", "прочитать не удалось"


class Codec(Protocol):
    """A connection's translation of one entity with today's mapping. Pure; partners are translated by the core."""

    form: int

    def carries(self, atom: str) -> bool:
        """Tell whether this system can hold the atom."""

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value; never raises for what a system may show: unknown codes are `Blocked`."""

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value into the exact form this system takes.

        Partners inside the value (`Atom.inside`) are already this system's refs, here and in what `decode` returns.
        """


@runtime_checkable
class Quick(Protocol):
    """A codec that tells how it reads an atom, for those who read a hundred thousand of them."""

    def reader(self, atom: str) -> Callable[[Wire], Decoded] | None:
        """Return what `decode` does with this atom; None where the wire form is the canonical one."""


class Joining(Protocol):
    """A codec of a system that shows one atom in several pieces, not always all of them."""

    def join(self, atom: str, shown: Wire, held: Mapping[str, Wire]) -> Wire:
        """Return what a look shows of an atom, completed with what stands there of the pieces it does not speak of.

        `held` is everything that stands there, this atom among it.
        """


def joining_of(codec: Codec) -> Joining | None:
    """Return a codec that joins as such; None for one whose looks show atoms whole."""
    # Asked for each look that has changed: `isinstance` of a protocol takes a hundred times as long.
    return cast("Joining", codec) if hasattr(codec, "join") else None


def reader_of(codec: Codec, atom: str) -> Callable[[Wire], Decoded] | None:
    """Return the shortest way to decode an atom; None where nothing has to be done."""
    return codec.reader(atom) if isinstance(codec, Quick) else partial(codec.decode, atom)


class Partners(Protocol):
    """The bindings a decision needs, fetched beforehand."""

    def record_of(self, entity: str, ref: str) -> int | None:
        """Return the record bound to a ref of this system."""

    def ref_of(self, entity: str, record_id: int) -> str | None:
        """Return this system's ref of a record."""


class View(msgspec.Struct, frozen=True):
    """One system's eyes: its connection name, codec and bindings."""

    system: str
    codec: Codec
    partners: Partners

    def decode(self, atom: Atom, name: str, wire: Wire) -> Decoded:
        """Translate a wire value of this system; partners by binding; a value in its one spelling."""
        if atom.partner is None or atom.inside is not None or wire is None:
            value = self.codec.decode(name, wire)
            return value if atom.normal is None and atom.inside is None else self._normal(atom, name, value)
        if not atom.many:
            return self._record(atom.partner, str(wire))
        found: list[Value] = []
        for ref in wire if isinstance(wire, list) else [wire]:
            record = self._record(atom.partner, str(ref))
            if isinstance(record, Blocked):
                return record
            found.append(record)
        return found

    def encode(self, atom: Atom, name: str, value: Value) -> Encoded:
        """Translate a canonical value for this system; an unbound partner is `Blocked`."""
        if atom.partner is None or value is None:
            return self.codec.encode(name, value)
        if atom.inside is not None:
            inner = self._swap(value, atom, self._ref)
            return inner if isinstance(inner, Blocked) else self.codec.encode(name, inner)
        if not atom.many:
            return self._ref(atom.partner, value)
        found: list[Wire] = []
        for record in value if isinstance(value, list) else [value]:
            ref = self._ref(atom.partner, record)
            if isinstance(ref, Blocked):
                return ref
            found.append(ref)
        return found

    def _normal(self, atom: Atom, name: str, value: Decoded) -> Decoded:
        if isinstance(value, OneOf | Blocked):
            return value
        swapped = self._swap(value, atom, lambda entity, ref: self._record(entity, str(ref)))
        if isinstance(swapped, Blocked) or atom.normal is None:
            return swapped
        try:
            return atom.normal(swapped)
        except BadValue as error:
            # Nothing of ours wakes it: only another look, after somebody has put it right there.
            return Blocked(f"{CONTRADICTION}{self.system}:{name}:{error}", str(error))

    def _swap(
        self, value: Value, atom: Atom, other: Callable[[str, Value], int | str | Blocked]
    ) -> Value | Blocked:
        """Return a value with each partner inside it replaced by its counterpart; an element may name none."""
        partner, inside = atom.partner, atom.inside
        if partner is None or inside is None or not isinstance(value, dict):
            return value
        elements = value.get(inside)
        if not isinstance(elements, list):
            return value
        swapped: list[Value] = []
        for element in elements:
            if isinstance(element, dict) and element.get(partner) is not None:
                found = other(partner, element[partner])
                if isinstance(found, Blocked):
                    return msgspec.structs.replace(found, what=str(element.get("name") or found.what))
                element = {**element, partner: found}  # noqa: PLW2901  # the element as it stands in the new list
            swapped.append(element)
        return {**value, inside: swapped}

    def _record(self, entity: str, ref: str) -> int | Blocked:
        record = self.partners.record_of(entity, ref)
        return Blocked(bind_key(self.system, entity, ref), ref) if record is None else record

    def _ref(self, entity: str, record: Value) -> str | Blocked:
        if not isinstance(record, int):
            return Blocked(bind_key(self.system, entity, str(record)), str(record))
        ref = self.partners.ref_of(entity, record)
        return Blocked(bound_key(self.system, record), str(record)) if ref is None else ref


def bind_key(system: str, entity: str, ref: str) -> str:
    """Return what wakes those who wait until this ref is bound."""
    return f"bind:{system}:{entity}:{ref}"


def bound_key(system: str, record: int) -> str:
    """Return what wakes those who wait until this record is in that system."""
    return f"bound:{system}:{record}"


def partners_in(entity: Entity, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every partner some atoms name, in whatever form they are: (entity of the partner, ref or record id)."""
    plain, nested = _partnered(entity)
    for name, partner in plain:
        value = values.get(name)
        if isinstance(value, list):
            for one in value:
                yield partner, one
        elif value is not None:
            yield partner, value
    for prefix, partner, inside in nested:
        for name, value in values.items():
            if name.startswith(prefix) and isinstance(value, dict):
                for element in value.get(inside) or ():
                    if isinstance(element, dict) and element.get(partner) is not None:
                        yield partner, element[partner]


def has_partners_inside(entity: Entity) -> bool:
    """Tell whether values of this entity name partners inside, as lines of an order name goods."""
    return bool(_partnered(entity)[1])


@lru_cache(maxsize=64)
def _partnered(entity: Entity) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    """Return the atoms that are partners, and the names or families that have partners inside."""
    partnered = [(atom, atom.partner) for atom in entity.atoms if atom.partner is not None]
    return (
        [(atom.name, partner) for atom, partner in partnered if atom.inside is None],
        [
            (atom.name.removesuffix("*"), partner, atom.inside)
            for atom, partner in partnered
            if atom.inside is not None
        ],
    )


def with_whole(look: Look, held: Iterable[str]) -> dict[str, Wire]:
    """Return the fields of a look with the members its whole families no longer show, as empty."""
    if not look.whole:
        return look.fields
    missing: dict[str, Wire] = {}
    for atom in held:
        if atom not in look.fields and atom.partition(".")[0] in look.whole:
            missing[atom] = None
    return {**look.fields, **missing} if missing else look.fields
