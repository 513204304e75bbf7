"""What a reader is behind on: the difference between the record and what we believe stands there. Pure.

The outbox is only a cache of the answer.
"""

from __future__ import annotations

from typing import NamedTuple

from obmen.model import ENTITIES, Record
from obmen.sync.laws import ALL, Law, Laws
from obmen.sync.reasons import Reason
from obmen.sync.rules import Each, Once, Origin, Owner, Reader, Stance, Topology, in_force, stance
from obmen.sync.settle import differs
from obmen.sync.shadow import Blocked, Shadow, View, Wire


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
    """Compare a record with one reader's shadow, atom by atom; without a shadow everything carried is needed."""
    entity = ENTITIES[record.entity]
    result = Need({}, {}, {})
    for name in record.atoms:
        if not view.codec.carries(name) or not reader.receives(name):
            continue
        rule = in_force(topology.rule(name), record)
        if _is_its_own(rule, record, name, view.system, laws):
            continue
        atom = entity.atom(name)
        wire = view.encode(atom, name, record.atoms[name])
        if shadow is not None:
            skip = _skip(shadow, name, wire)
            if skip is not None:
                result.reasons[name] = skip
                continue
        if isinstance(wire, Blocked):
            result.waits[name] = wire
            result.reasons[name] = (
                Reason.WAITING_PARTNER if wire.wakes_on.startswith("bound:") else Reason.WAITING_MAPPING
            )
        elif shadow is None:
            result.fields[name] = wire
            result.reasons[name] = Reason.NEW_THERE
        elif differs(view, record, shadow, name, laws) or (
            Law.SENT not in laws and wire != shadow.held.get(name)
        ):
            result.fields[name] = wire
            result.reasons[name] = Reason.PUT_BACK if name in shadow.resist else Reason.BEHIND
    return result


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


def _skip(shadow: Shadow, name: str, wire: Wire | Blocked) -> Reason | None:
    frozen = shadow.frozen.get(name)
    if frozen == Reason.TUG_OF_WAR.code:
        resist = shadow.resist.get(name)
        if resist is not None and resist.ours == wire:
            return Reason.TUG_OF_WAR
    elif frozen is not None:
        return Reason.of(frozen)
    return Reason.BLOCKED if name in shadow.blocked else None
