"""Deliver: bring one system up to date, a batch of lanes at a time.

    claim ─> prepare ─┬─> look first ──> settle ─┐
                      ├─> find ──> adopt ────────┼─> freeze ─> push ─> receive
                      └─────────────────────────┘

Each arrow crosses a transaction, so that a crash between any two is repaired by comparing again: a frozen attempt
without an answer is looked up (`resolving`), everything else is simply planned anew.

A vendor who answers slowly gets several packs at once (`packs`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from obmen.connectors.contract import Connection, Door, Step, Target, Unlanded
from obmen.engine import outbox
from obmen.engine.hub import Hub
from obmen.engine.looking import find_first, look_first
from obmen.engine.preparing import Candidate, Prepared, prepare, step_of
from obmen.engine.receiving import receive
from obmen.errors import AuthFailed, ObmenError, Transient
from obmen.ledger.contract import HELD, LEASED, READY, Attempt, Delivery, Tx
from obmen.sync.plan import PlannedStep
from obmen.sync.reasons import Reason

Scope: TypeAlias = Mapping[int, PlannedStep]
"""A plan by record: nothing that is not in it is written."""


async def deliver(hub: Hub, connection: str, *, limit: int = 50, scope: Scope | None = None) -> int:
    """Claim ready rows of one connection and write them; return how many rows were claimed.

    With a `scope` only what it lists is written, and only as it was listed; what has moved since is held. Nothing is
    pushed to a system that comes and takes it (`collecting`).
    """
    rows = await claim(hub, connection, limit, scope)
    await write(hub, connection, rows, scope)
    return len(rows)


async def claim(hub: Hub, connection: str, limit: int, scope: Scope | None = None) -> list[Delivery]:
    """Lease ready rows of whole lanes; none of a system that comes and takes them itself."""
    if isinstance(hub.connections[connection], Door):
        return []
    only = None if scope is None else list(scope)
    return await hub.ledger.run(
        lambda tx: tx.claim(connection, now=hub.now(), limit=limit, lease_s=hub.lease_s, only=only)
    )


async def write(hub: Hub, connection: str, rows: Sequence[Delivery], scope: Scope | None = None) -> None:
    """Bring a system up to date with claimed rows."""
    target = hub.connections[connection]
    for entity in sorted({row.entity for row in rows}):
        here = [row for row in rows if row.entity == entity]
        await _deliver_entity(hub, connection, target, entity, here, scope)


async def _deliver_entity(
    hub: Hub,
    connection: str,
    target: Connection,
    entity: str,
    rows: list[Delivery],
    scope: Scope | None,
) -> None:
    try:
        prepared = await _made_ready(hub, connection, rows)
    except ObmenError:
        # Only asked so far: whoever is well again gets them at once, not when the lease has run out.
        await hub.ledger.run(lambda tx: _let_back(tx, connection, [row.record for row in rows]))
        raise
    if prepared.is_empty or not isinstance(target, Target):
        return
    if scope is not None:
        prepared = await hub.ledger.run(lambda tx: within(tx, hub, connection, prepared, scope))
    steps = await hub.ledger.run(lambda tx: freeze(tx, hub, connection, prepared))
    if not steps:
        return
    attempt = steps[0].attempt
    try:
        outcomes = await target.push(steps)
    except (AuthFailed, Transient) as error:
        # Both mean that nothing was written; the steps go back before the connection is paused or waits.
        hint = error.retry_after_s if isinstance(error, Transient) else None
        unlanded = [
            Unlanded(record=step.record, code=error.code, text=error.en, retry_after_s=hint) for step in steps
        ]
        await hub.ledger.run(lambda tx: receive(tx, hub, connection, entity, unlanded, attempt=attempt))
        raise
    await hub.ledger.run(lambda tx: receive(tx, hub, connection, entity, outcomes, attempt=attempt))


async def _made_ready(hub: Hub, connection: str, rows: Sequence[Delivery]) -> Prepared:
    """Plan claimed rows; look at what has to be looked at, and search for what would be created."""
    prepared = await hub.ledger.run(lambda tx: prepare(tx, hub, connection, rows))
    looked: frozenset[int] = frozenset()
    if prepared.look_first:
        await look_first(hub, connection, prepared)
        looked = frozenset(candidate.record.id for candidate in prepared.look_first)
        prepared = await hub.ledger.run(lambda tx: prepare(tx, hub, connection, rows, looked=looked))
    if prepared.create:
        prepared = await find_first(hub, connection, prepared, rows, looked=looked)
    return prepared


def _let_back(tx: Tx, connection: str, records: Sequence[int]) -> None:
    """Make ready again what is still leased and was not begun."""
    begun = tx.attempts(connection, records)
    rows = tx.deliveries(connection, records).values()
    leased = [row for row in rows if row.state == LEASED and row.record not in begun]
    tx.reschedule([msgspec.structs.replace(row, state=READY) for row in leased])


def within(tx: Tx, hub: Hub, connection: str, prepared: Prepared, scope: Scope) -> Prepared:
    """Hold what a plan does not list as it has become; return the rest."""

    def is_listed(candidate: Candidate) -> bool:
        step = scope[candidate.record.id]
        # What waited for a partner when the plan was made is among the reasons of its step, not among the fields.
        return all(
            step.fields[name] == wire if name in step.fields else name in step.reasons
            for name, wire in candidate.need.fields.items()
        )

    moved = [one.record for one in (*prepared.create, *prepared.update) if not is_listed(one)]
    tx.reschedule(
        [
            msgspec.structs.replace(
                outbox.row(hub, connection, record), state=HELD, reason=Reason.HELD_PLAN.code
            )
            for record in moved
        ]
    )
    return prepared._replace(
        create=[one for one in prepared.create if is_listed(one)],
        update=[one for one in prepared.update if is_listed(one)],
    )


# --- freezing and sending -----------------------------------------------------------------------------------------


class Visit(NamedTuple):
    """Somebody who comes and takes what is meant for him: the visit, which offer of it, and until when it stands."""

    session: str
    offer: int
    until: float
    """Epoch seconds."""


def freeze(tx: Tx, hub: Hub, connection: str, prepared: Prepared, visit: Visit | None = None) -> list[Step]:
    """Write down what is about to be sent, or to be offered in a visit, and only that may be sent.

    Left out is what is not leased any more, what moved since it was planned, and what has an open attempt.
    """
    target = hub.connections[connection]
    candidates = [*prepared.create, *prepared.update]
    ids = [candidate.record.id for candidate in candidates]
    open_ = tx.attempts(connection, ids)
    rows = tx.deliveries(connection, ids)
    records = tx.records(ids)
    refs = tx.refs_of(connection, ids)
    shadows = tx.shadows(connection, ids)
    steps: list[Step] = []
    attempts: list[Attempt] = []
    moved: list[Delivery] = []
    opened_at = tx.tick()
    for candidate in candidates:
        number = candidate.record.id
        row = rows.get(number)
        if row is None or row.state != LEASED or number in open_:
            continue
        planned = (candidate.record.version, candidate.ref, candidate.shadow)
        if planned != (records[number].version, refs.get(number), shadows.get(number)):
            # What changed since a plan let it go is another write: a connection with plans holds it.
            again = records[number].version != candidate.record.version
            now = outbox.row(hub, connection, records[number]) if again else None
            state, reason = (READY, row.reason) if now is None else (now.state, now.reason)
            moved.append(msgspec.structs.replace(row, state=state, reason=reason))
            continue
        step = step_of(candidate, opened_at)
        steps.append(step)
        attempt = Attempt(
            record=number,
            connection=connection,
            entity=prepared.entity,
            creates=candidate.ref is None,
            ref=candidate.ref,
            payload=step.fields,
            waits=tuple(candidate.need.waits),
            mark=step.mark,
            opened_at=opened_at,
            resolve_at=hub.now() + hub.lease_s + target.visible_after_s,
        )
        if visit is not None and isinstance(target, Door):
            attempt = msgspec.structs.replace(
                attempt,
                ref=step.ref or target.called(step),
                resolve_at=visit.until,
                session=visit.session,
                offer=visit.offer,
            )
        attempts.append(attempt)
    if attempts:
        tx.put_attempts(attempts)
    if moved:
        tx.reschedule(moved)
    return steps
