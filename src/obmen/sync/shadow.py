"""Looks and shadows: what a system showed, and what it last held as far as we know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

from obmen.model import Atom, Value

if TYPE_CHECKING:
    Wire: TypeAlias = bool | int | float | str | list["Wire"] | dict[str, "Wire"] | None
else:
    # As with `Value`: msgspec reads no recursive alias.
    Wire = Any
"""A value in a vendor's own form, JSON-shaped."""


class Look(msgspec.Struct, frozen=True, gc=False, kw_only=True):
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
    keys: dict[str, str] = {}
    """Matching keys it carries, such as `{"xml_id": …, "sku": …}`."""
    at: str | None = None
    """The vendor's change time, ISO 8601 UTC; only where it is true for each atom shown."""
    title: str = ""


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


class Blocked(msgspec.Struct, frozen=True):
    """A value that cannot be translated now."""

    wakes_on: str
    """`map:<connection>:<kind>:<code>` or `bind:<connection>:<entity>:<ref or record id>`."""
    what: str = ""
    """The thing by the name people know."""


Decoded: TypeAlias = "Value | OneOf | Blocked"
Encoded: TypeAlias = "Wire | Blocked"


class Codec(Protocol):
    """A connection's translation of one entity with today's mapping. Pure; partners are translated by the core."""

    form: int

    def carries(self, atom: str) -> bool:
        """Tell whether this system can hold the atom."""

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value; never raises for what a system may show: unknown codes are `Blocked`."""

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value into the exact form this system takes."""


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
        """Translate a wire value of this system; partners by binding."""
        if atom.partner is None or wire is None:
            return self.codec.decode(name, wire)
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
        if not atom.many:
            return self._ref(atom.partner, value)
        found: list[Wire] = []
        for record in value if isinstance(value, list) else [value]:
            ref = self._ref(atom.partner, record)
            if isinstance(ref, Blocked):
                return ref
            found.append(ref)
        return found

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


def with_whole(look: Look, held: Iterable[str]) -> dict[str, Wire]:
    """Return the fields of a look with the members its whole families no longer show, as empty."""
    if not look.whole:
        return look.fields
    missing: dict[str, Wire] = {}
    for atom in held:
        if atom not in look.fields and atom.partition(".")[0] in look.whole:
            missing[atom] = None
    return {**look.fields, **missing} if missing else look.fields
