"""Resolve writes whose outcome is unknown: look before repeating, and not before the write can no longer land."""

from __future__ import annotations

from collections.abc import Sequence

from obmen.connectors.contract import Source, Step, Target
from obmen.engine import issues, outbox
from obmen.engine.collecting import release
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.matching import found_there, possible
from obmen.engine.settling import Arrival, resettle, settle_page
from obmen.ledger.contract import READY, WAITING, Attempt, Binding, JournalLine, Tx
from obmen.model import ENTITIES, Record
from obmen.sync.laws import Law
from obmen.sync.reasons import Reason
from obmen.sync.receipt import base_of_found, base_of_lost_update, hand_over_once
from obmen.sync.settle import Entry
from obmen.sync.shadow import Look, bind_key, bound_key

VOLATILE = frozenset(atom.name for entity in ENTITIES.values() for atom in entity.atoms if atom.volatile)


async def resolve(hub: Hub, connection: str, *, limit: int = 50) -> int:
    """Look up the due attempts of one connection; return how many were settled."""
    due = await hub.ledger.run(lambda tx: tx.due_attempts(connection, now=hub.now(), limit=limit))
    offered = [attempt for attempt in due if attempt.session]
    if offered:
        await hub.ledger.run(lambda tx: _release(tx, hub, connection, offered))
        due = [attempt for attempt in due if not attempt.session]
    for entity in sorted({attempt.entity for attempt in due}):
        here = [attempt for attempt in due if attempt.entity == entity]
        await _resolve_creates(hub, connection, entity, [attempt for attempt in here if attempt.creates])
        await _resolve_updates(hub, connection, entity, [attempt for attempt in here if not attempt.creates])
    return len(due) + len(offered)


def _release(tx: Tx, hub: Hub, connection: str, attempts: Sequence[Attempt]) -> None:
    """Make ready again what somebody was offered and never said to have taken, unless it has been settled meanwhile."""
    still = tx.attempts(connection, [attempt.record for attempt in attempts])
    release(tx, hub, connection, [attempt for attempt in attempts if still.get(attempt.record) == attempt])


async def _resolve_creates(hub: Hub, connection: str, entity: str, attempts: Sequence[Attempt]) -> None:
    target = hub.connections[connection]
    if not attempts or not isinstance(target, Target):
        return
    keys = await hub.ledger.run(
        lambda tx: outbox.external_codes(
            tx, hub, connection, entity, [attempt.record for attempt in attempts]
        )
    )
    steps = [
        Step(
            record=attempt.record,
            entity=entity,
            ref=None,
            fields=attempt.payload,
            mark=attempt.mark,
            keys=keys.get(attempt.record, {}),
        )
        for attempt in attempts
    ]
    found = await target.find(entity, steps)
    hits = await hub.ledger.run(lambda tx: found_there(tx, connection, found))
    refs = list(dict.fromkeys(ref for here in hits.values() for ref in here))
    read_at = await hub.ledger.run(lambda tx: tx.tick())
    looks = await target.look(entity, refs) if refs and isinstance(target, Source) else ()
    by_ref = {look.ref: look for look in looks}

    def close(tx: Tx) -> None:
        for attempt in attempts:
            close_create(tx, hub, attempt, hits.get(attempt.record, ()), by_ref, read_at)

    await hub.ledger.run(close)


async def _resolve_updates(hub: Hub, connection: str, entity: str, attempts: Sequence[Attempt]) -> None:
    source = hub.connections[connection]
    refs = [attempt.ref for attempt in attempts if attempt.ref is not None]
    if not refs:
        return
    read_at = await hub.ledger.run(lambda tx: tx.tick())
    looks = await source.look(entity, refs) if isinstance(source, Source) else ()
    by_ref = {look.ref: look for look in looks}

    def close(tx: Tx) -> None:
        for attempt in attempts:
            close_update(tx, hub, attempt, by_ref.get(attempt.ref or ""), read_at)

    await hub.ledger.run(close)


def close_create(
    tx: Tx, hub: Hub, attempt: Attempt, refs: tuple[str, ...], looks: dict[str, Look], read_at: int
) -> None:
    """Settle a create nobody answered: not found, found once, or found twice."""
    connection, number = attempt.connection, attempt.record
    if not tx.attempts(connection, [number]):
        return
    record = tx.records([number])[number]
    tx.close_attempts(connection, [number])
    mine = possible(tx, connection, attempt.entity, number, refs, looks)
    if not refs:
        _note(tx, hub, attempt, Reason.NEVER_ARRIVED)
        _plan_again(tx, hub, attempt, record, state=READY)
        return
    if (len(refs) > 1 or not mine) and Law.TWO_IS_AN_ISSUE in hub.laws:
        tx.open_issues([issues.two_found(connection, record, refs)], at=hub.now())
        _plan_again(tx, hub, attempt, record, state=WAITING, reason=Reason.DOUBLE)
        return
    ref = (mine or list(refs))[0]
    form = hub.connections[connection].codec(attempt.entity).form
    defaults = hub.connections[connection].traits(attempt.entity).defaults
    look = looks.get(ref)
    base = base_of_found(
        payload=attempt.payload,
        defaults=defaults,
        found=None if look is None or look.gone else look.fields,
        closed_at=attempt.opened_at,
        form=form,
        laws=hub.laws,
    )
    tx.bind([Binding(connection, attempt.entity, ref, number)])
    tx.put_shadows(connection, attempt.entity, {number: base})
    view = view_of(hub, connection, attempt.entity, Bindings())
    topology = hub.topologies[attempt.entity]
    given = hand_over_once(record, view, topology, base.held, hub.moment("").at, hub.laws)
    if given is not record:
        tx.put_records([given], new=False, keys={attempt.entity: hub.key_atoms(attempt.entity)})
    _note(tx, hub, attempt, Reason.ARRIVED)
    _settle_found(tx, hub, attempt, look, read_at, changed=given is not record)
    woken = tx.woken([bind_key(connection, attempt.entity, ref), bound_key(connection, number)])
    if woken and Law.PARTNER_WAKES in hub.laws:
        resettle(tx, hub, woken)


def close_update(tx: Tx, hub: Hub, attempt: Attempt, look: Look | None, read_at: int) -> None:
    """Settle an update nobody answered, by what stands there now."""
    connection, number = attempt.connection, attempt.record
    if not tx.attempts(connection, [number]):
        return
    shadow = tx.shadows(connection, [number]).get(number)
    tx.close_attempts(connection, [number])
    arrived = False
    if shadow is not None and look is not None:
        shadow, arrived = base_of_lost_update(
            shadow=shadow,
            payload=attempt.payload,
            found=look.fields,
            closed_at=attempt.opened_at,
            volatile=VOLATILE if Law.VOLATILE in hub.laws else (),
            laws=hub.laws,
        )
        tx.put_shadows(connection, attempt.entity, {number: shadow})
    _note(tx, hub, attempt, Reason.ARRIVED if arrived else Reason.NEVER_ARRIVED)
    _settle_found(tx, hub, attempt, look, read_at)


def _plan_again(
    tx: Tx, hub: Hub, attempt: Attempt, record: Record, *, state: str, reason: Reason | None = None
) -> None:
    row = tx.deliveries(attempt.connection, [attempt.record]).get(attempt.record)
    code = reason.code if reason is not None else ""
    tx.reschedule(
        [outbox.unless_held(row or outbox.row(hub, attempt.connection, record), state=state, reason=code)]
    )


def _settle_found(
    tx: Tx, hub: Hub, attempt: Attempt, look: Look | None, read_at: int, *, changed: bool = False
) -> None:
    """Settle what stands there now, and say anew what the system is behind on."""
    if look is not None:
        arrival = Arrival(
            connection=attempt.connection,
            entity=attempt.entity,
            looks=(look,),
            read_at=read_at,
            evidence="looked up after a lost answer",
        )
        settle_page(tx, hub, arrival)
    record = tx.records([attempt.record])[attempt.record]
    _plan_again(tx, hub, attempt, record, state=READY)
    if Law.RECOMPUTE in hub.laws:
        moved = {record.id} if changed else frozenset()
        outbox.recompute(tx, hub, attempt.entity, records=[record], changed=moved, touched=attempt.connection)


def _note(tx: Tx, hub: Hub, attempt: Attempt, reason: Reason) -> None:
    line = JournalLine(
        record=attempt.record,
        connection=attempt.connection,
        kind="create" if attempt.creates else "write",
        entries=(Entry("", reason.code),),
    )
    tx.journal([line], at=hub.now(), tick=tx.tick())
