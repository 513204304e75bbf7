"""What a shadow becomes when a write has ended, well or unknown. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from obmen.model import ENTITIES, Record, Said, restate
from obmen.sync.laws import ALL, Law, Laws
from obmen.sync.rules import Once, Topology, in_force
from obmen.sync.shadow import Blocked, OneOf, Shadow, View, Wire, Withheld


def after_write(
    *,
    shadow: Shadow | None,
    payload: Mapping[str, Wire],
    returned: Mapping[str, Wire] | None,
    closed_at: int,
    form: int,
    laws: Laws = ALL,
) -> Shadow:
    """Return the shadow after a confirmed write.

    `returned` is the object as the system gave it back, None where it gives nothing. Atoms we did not send become a
    baseline when the object is new, and stay as they were known otherwise: a look, not a receipt, may change them.
    """
    base = shadow or Shadow(held={})
    held = dict(base.held)
    sent = dict(base.sent)
    mine = set(base.mine)
    blocked = dict(base.blocked)
    for name, wire in payload.items():
        back = wire if returned is None or name not in returned else returned[name]
        held[name] = back
        mine.add(name)
        blocked.pop(name, None)
        if back != wire and Law.SENT in laws:
            sent[name] = wire
        else:
            sent.pop(name, None)
    if shadow is None and returned is not None and Law.BASELINE in laws:
        for name, wire in returned.items():
            held.setdefault(name, wire)
    frozen = {name: reason for name, reason in base.frozen.items() if name not in payload}
    return msgspec.structs.replace(
        base,
        held=held,
        sent=sent,
        mine=tuple(sorted(mine)),
        blocked=blocked,
        frozen=frozen,
        as_of=closed_at,
        form=form,
        gone=False,
    )


def base_of_found(
    *,
    payload: Mapping[str, Wire],
    defaults: Mapping[str, Wire],
    found: Mapping[str, Wire] | None,
    closed_at: int,
    form: int,
    laws: Laws = ALL,
) -> Shadow:
    """Return the shadow of an object found after a create whose answer was lost.

    What we sent is ours; for what we did not send the base is the vendor's declared default, not what is seen now: a
    difference from it is somebody's word. What `found` does not show at all (None: it could not be looked at) is not
    there. The state found is settled against this base.
    """
    held = {name: wire for name, wire in payload.items() if found is None or name in found}
    mine = tuple(sorted(held))
    if Law.DECLARED_DEFAULT in laws:
        for name, wire in defaults.items():
            held.setdefault(name, wire)
    return Shadow(held=held, mine=mine, as_of=closed_at, form=form)


def base_of_lost_update(
    *,
    shadow: Shadow,
    payload: Mapping[str, Wire],
    found: Mapping[str, Wire],
    closed_at: int,
    volatile: Collection[str] = (),
    laws: Laws = ALL,
) -> tuple[Shadow, bool]:
    """Return the shadow after an update whose answer was lost, and whether the write had arrived.

    Atoms that stand as we sent them are ours; `volatile` ones, too, that have fallen since. The state found is
    settled against the result.
    """
    held = dict(shadow.held)
    sent = dict(shadow.sent)
    mine = set(shadow.mine)
    arrived = [
        name
        for name, wire in payload.items()
        if name in found
        and (found[name] == wire or (name in volatile and _fell(held.get(name), wire, found[name])))
    ]
    if Law.OWN_ECHO_ON_RESOLVE in laws:
        for name in arrived:
            held[name] = payload[name]
            sent.pop(name, None)
            mine.add(name)
    moved = msgspec.structs.replace(
        shadow, held=held, sent=sent, mine=tuple(sorted(mine)), as_of=max(closed_at, shadow.as_of)
    )
    return moved, len(arrived) == len(payload)


def _fell(before: Wire, ours: Wire, found: Wire) -> bool:
    """Tell whether a quantity found is ours less what was sold since: a system only lowers it by itself."""
    try:
        stood, wrote, stands = (float(str(wire)) for wire in (before, ours, found))
    except ValueError:
        return False
    return stands < wrote and (wrote <= stood or stands > stood)


def hand_over_once(
    record: Record, view: View, topology: Topology, held: Mapping[str, Wire], at: str, laws: Laws = ALL
) -> Record:
    """Give the atoms that are filled once to the reader that now holds them, as it holds them.

    The record may have moved on while the object was being created; what was filled in is the reader's own.
    """
    atoms = dict(record.atoms)
    given: list[str] = []
    for name, wire in held.items():
        rule = in_force(topology.rule(name), record)
        if not isinstance(rule, Once) or rule.by != view.system or record.by(name) == view.system:
            continue
        atom = ENTITIES[record.entity].atom(name)
        stands = view.decode(atom, name, wire)
        if stands is None or isinstance(stands, Blocked | OneOf):
            continue
        ours = view.encode(atom, name, atoms[name]) if name in atoms else None
        if (
            name not in atoms
            or isinstance(ours, Blocked | Withheld)
            or stands != view.decode(atom, name, ours)
        ):
            atoms[name] = stands
        given.append(name)
    if not given or Law.ONCE not in laws:
        return record
    said = restate(record.said, Said(view.system, at, "created", tuple(given)))
    return msgspec.structs.replace(record, atoms=atoms, said=said, version=record.version + 1)
