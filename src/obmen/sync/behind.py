"""What a reader is behind on: the difference between the record and what we believe stands there. Pure.

The outbox is only a cache of the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from obmen.model import ENTITIES, Record
from obmen.sync.laws import ALL, Law, Laws
from obmen.sync.reasons import Reason
from obmen.sync.rules import Each, Once, Origin, Owner, Reader, Stance, Topology, in_force, stance
from obmen.sync.settle import differs
from obmen.sync.shadow import Blocked, Shadow, View, Wire, Withheld


class Need(NamedTuple):
    """What should be written to one system, what would be if it could, and why."""

    fields: dict[str, Wire]
    waits: dict[str, Blocked]
    reasons: dict[str, Reason]

    @property
    def is_behind(self) -> bool:
        """Tell whether the outbox must remember this reader."""
        return bool(self.fields or self.waits)


def need(
    *, record: Record, shadow: Shadow | None, view: View, topology: Topology, reader: Reader, laws: Laws = ALL
) -> Need:
    """Compare a record with one reader's shadow, atom by atom; without a shadow everything carried is needed.

    Of a record older than the exchange nothing is.
    """
    result = Need({}, {}, {})
    left_alone = topology.leaves_alone(record)
    for name, wire, judged in _judged(record, shadow, view, topology, reader, laws):
        reason = Reason.LEFT_ALONE if left_alone and judged in _BEHIND else judged
        result.reasons[name] = reason
        if reason not in _BEHIND:
            continue
        if isinstance(wire, Blocked):
            result.waits[name] = wire
        else:
            result.fields[name] = wire
    return result


def is_behind(
    *, record: Record, shadow: Shadow | None, view: View, topology: Topology, reader: Reader, laws: Laws = ALL
) -> bool:
    """Tell whether a reader needs anything at all: the outbox asks no more than that."""
    if topology.leaves_alone(record):
        return False
    return any(reason in _BEHIND for _, _, reason in _judged(record, shadow, view, topology, reader, laws))


def whole(
    *,
    record: Record,
    shadow: Shadow | None,
    view: View,
    topology: Topology,
    reader: Reader,
    but: Collection[str] = (),
    laws: Laws = ALL,
) -> dict[str, Wire]:
    """Return every atom a reader is shown of a record, for a system that takes whole objects.

    What cannot be told now (it waits for a person, a partner, a mapping; it is among `but`) and what the system alone
    may say comes as it stands there, so that repeating it changes nothing.
    """
    entity = ENTITIES[record.entity]
    shown: dict[str, Wire] = {}
    for name in record.atoms:
        if not view.codec.carries(name) or not reader.receives(name):
            continue
        wire = view.encode(entity.atom(name), name, record.atoms[name])
        untold = (
            name in but
            or _is_its_own(in_force(topology.rule(name), record), record, name, view.system, laws)
            or (shadow is not None and not isinstance(wire, Withheld) and _skip(shadow, name, wire))
        )
        if not untold and not isinstance(wire, Blocked | Withheld):
            shown[name] = wire
        elif shadow is not None and name in shadow.held:
            shown[name] = shadow.held[name]
    return shown


_BEHIND = frozenset(
    {Reason.WAITING_PARTNER, Reason.WAITING_MAPPING, Reason.NEW_THERE, Reason.PUT_BACK, Reason.BEHIND}
)


def _judged(
    record: Record, shadow: Shadow | None, view: View, topology: Topology, reader: Reader, laws: Laws
) -> Iterator[tuple[str, Wire | Blocked, Reason]]:
    """Yield each atom there is something to say of: its form there, and why it is needed or passed over."""
    entity = ENTITIES[record.entity]
    for name in record.atoms:
        if not view.codec.carries(name) or not reader.receives(name):
            continue
        rule = in_force(topology.rule(name), record)
        if _is_its_own(rule, record, name, view.system, laws):
            continue
        atom = entity.atom(name)
        wire = view.encode(atom, name, record.atoms[name])
        if isinstance(wire, Withheld):
            yield name, None, Reason.of(wire.reason)
        elif shadow is not None and (skip := _skip(shadow, name, wire)) is not None:
            yield name, wire, skip
        elif isinstance(wire, Blocked):
            bound = wire.wakes_on.startswith("bound:")
            yield name, wire, Reason.WAITING_PARTNER if bound else Reason.WAITING_MAPPING
        elif shadow is None:
            yield name, wire, Reason.NEW_THERE
        elif differs(view, record, shadow, name, laws) or (
            Law.SENT not in laws and wire != shadow.held.get(name)
        ):
            yield name, wire, Reason.PUT_BACK if name in shadow.resist else Reason.BEHIND


def must_look_first(need: Need, record: Record, topology: Topology, system: str) -> bool:
    """Tell whether a write touches an atom the target may decide, so that it has to be looked at first."""
    return any(
        stance(in_force(topology.rule(name), record), record, name, system) is not Stance.REFUSED
        for name in need.fields
    )


def _is_its_own(rule: object, record: Record, name: str, system: str, laws: Laws) -> bool:
    """Tell whether the system said this value itself and alone may say it: there is nothing to tell it."""
    if isinstance(rule, Once):
        return Law.ONCE in laws and record.by(name) == system
    return isinstance(rule, Owner | Origin | Each) and record.by(name) == system


_CONTRADICT = {"stage": "cancelled", "cancelled": "stage"}
"""Where one of these waits for a person, so does the other: many a system has one code for both."""


def _skip(shadow: Shadow, name: str, wire: Wire | Blocked) -> Reason | None:
    frozen = shadow.frozen.get(name)
    if shadow.frozen.get(_CONTRADICT.get(name, "")) == Reason.FACTS_CLASH.code:
        return Reason.FACTS_CLASH
    if frozen == Reason.TUG_OF_WAR.code:
        resist = shadow.resist.get(name)
        if resist is not None and resist.ours == wire:
            return Reason.TUG_OF_WAR
    elif frozen is not None:
        return Reason.of(frozen)
    return Reason.BLOCKED if name in shadow.blocked else None
