"""Absence: what a complete exchange no longer shows is withdrawn; an incomplete one removes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from obmen.engine import guarding
from obmen.engine.hub import Hub
from obmen.engine.settling import Arrival, settle_page
from obmen.ledger.contract import Danger as Held
from obmen.ledger.contract import Tx
from obmen.sync.guard import Danger, is_held
from obmen.sync.laws import Law
from obmen.sync.shadow import Blocked, Look, Withheld


def missing(
    tx: Tx, hub: Hub, connection: str, entity: str, *, since: float = 0.0, envelope: int = 0, scope: str = ""
) -> int:
    """Withdraw what was bound in a scope and not shown since a moment or by an envelope; return how many are gone.

    Too many at once are held and asked about instead, and nothing changes until a person confirms.
    """
    shown = tx.sighted(connection, entity, since=since, envelope=envelope, scope=scope)
    _forget_returned(tx, hub, connection, entity, shown)
    here = tx.bound_in_scope(connection, entity, scope)
    shadows = tx.shadows(connection, here)
    known = [item for item in tx.dangers(connection) if item.kind == Danger.DISAPPEARANCE.value]
    back = [(item.record, item.atom) for item in known if item.record in shown]
    if back:
        tx.drop_dangers(connection, back)
    absent = {
        number: ref
        for number, ref in here.items()
        if number not in shown and not _is_withdrawn(hub, connection, entity, shadows.get(number))
    }
    if not absent:
        return 0
    group = [
        Held(
            connection=connection,
            entity=entity,
            kind=Danger.DISAPPEARANCE.value,
            record=number,
            atom="active",
            before=True,
            after=False,
        )
        for number in absent
    ]
    if Law.GUARDS in hub.laws and is_held(Danger.DISAPPEARANCE, len(group), len(here), hub.limits):
        tx.put_dangers(group)
        guarding.evaluate(tx, hub, connection)
        return 0
    withdraw(tx, hub, connection, group)
    return len(group)


def withdraw(tx: Tx, hub: Hub, connection: str, group: Sequence[Held]) -> None:
    """Settle «no longer sold» as the word of the system that stopped showing these records."""
    refs = tx.refs_of(connection, [item.record for item in group])
    for entity in sorted({item.entity for item in group}):
        wire = hub.connections[connection].codec(entity).encode("active", value=False)
        if isinstance(wire, Blocked | Withheld):
            continue
        looks = [
            Look(ref=refs[item.record], fields={"active": wire})
            for item in group
            if item.entity == entity and item.record in refs
        ]
        arrival = Arrival(
            connection=connection,
            entity=entity,
            looks=looks,
            read_at=tx.tick(),
            evidence="absent from a full export",
        )
        settle_page(tx, hub, arrival)


def _forget_returned(tx: Tx, hub: Hub, connection: str, entity: str, shown: AbstractSet[int]) -> None:
    """Ask no longer about what has been shown again."""
    returned = [
        (item.record, item.atom)
        for item in tx.dangers(connection)
        if (item.kind, item.entity) == (Danger.DISAPPEARANCE.value, entity) and item.record in shown
    ]
    if returned:
        tx.drop_dangers(connection, returned)
        guarding.evaluate(tx, hub, connection)


def _is_withdrawn(hub: Hub, connection: str, entity: str, shadow: object) -> bool:
    held = getattr(shadow, "held", {})
    wire = held.get("active")
    return wire is not None and hub.connections[connection].codec(entity).decode("active", wire) is False
