"""Collect: what a system comes and takes by itself, instead of being written to.

    claim ─> prepare ─> freeze ─> the system reads ─┬─> it says so, or asks for more ─> receive
                                                    └─> it never does ─> ready again, offered again

An offer is an open attempt that remembers the visit (`session`) and which offer of it (`offer`). Only the system's own
word closes it: a visit that breaks off leaves the same rows to the next one, so that nothing is lost; whoever gets a
document a second time knows it by its name. Plans, guards, holds, write windows and conditions are those of `deliver`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence

from obmen.connectors.contract import Done, Door, Outcome, Refused, Step
from obmen.engine import outbox
from obmen.engine.delivering import Visit, freeze
from obmen.engine.hub import Hub
from obmen.engine.preparing import prepare
from obmen.engine.receiving import receive
from obmen.ledger.contract import READY, Attempt, Delivery, JournalLine, Tx
from obmen.model import Record
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry

PORTION = 250
"""Records offered, or taken, in one transaction."""
ACTIVE = "active"


async def offer(
    hub: Hub, connection: str, entity: str, visit: Visit, *, limit: int
) -> AsyncGenerator[Sequence[Step], None]:
    """Yield what is ready for a system that has come, in portions, `limit` steps at most.

    Each portion is written down before it is given. What cannot be offered waits with its reason; the rest goes on.
    """
    while limit > 0:
        size = min(limit, PORTION)
        portion = await hub.ledger.run(
            lambda tx, size=size: offer_portion(tx, hub, connection, entity, visit, limit=size)  # type: ignore[misc]
        )
        if portion is None:
            return
        if portion:
            limit -= len(portion)
            yield portion


def offer_portion(
    tx: Tx, hub: Hub, connection: str, entity: str, visit: Visit, *, limit: int
) -> list[Step] | None:
    """Claim, plan and write down one portion; None when nothing is ready, or the connection is paused."""
    target = hub.connections[connection]
    if not isinstance(target, Door) or entity not in target.collects or entity not in hub.topologies:
        return None
    if tx.state_of(connection)[0] != ACTIVE:
        return None
    rows = tx.claim(connection, now=hub.now(), limit=limit, lease_s=hub.lease_s, entity=entity)
    if not rows:
        return None
    steps = freeze(tx, hub, connection, prepare(tx, hub, connection, rows), visit)
    names = {step.record: step.ref or target.called(step) for step in steps}
    alike = _alike(tx, connection, entity, names)
    if alike:
        receive(tx, hub, connection, entity, [_named_twice(record, names[record]) for record in alike])
    return [step for step in steps if step.record not in alike]


def _alike(tx: Tx, connection: str, entity: str, names: Mapping[int, str]) -> dict[int, str]:
    """Return those whose name there means another record already, or is given twice in this portion."""
    bound = tx.bound(connection, entity, set(names.values()))
    owners: dict[str, int] = {}
    return {
        record: name
        for record, name in names.items()
        if bound.get(name, record) != record or owners.setdefault(name, record) != record
    }


def _named_twice(record: int, name: str) -> Refused:
    return Refused(
        record=record,
        code="collect.same_name",
        en=f"another record is called «{name}» there already: give one of them another number.",
        ru=f"под именем «{name}» там уже другая карточка: дайте одной из них другой номер.",
    )


# --- how an offer ends --------------------------------------------------------------------------------------------


async def taken(hub: Hub, connection: str, session: str, *, offers: Collection[int]) -> int:
    """Receive the offers a visit has taken; whatever else it was offered is ready again.

    Returns how many records were taken. Every portion is a transaction; one that is killed in the middle leaves the
    rest on offer.
    """
    count = await _each(
        hub,
        connection,
        lambda attempt: attempt.session == session and attempt.offer in offers,
        lambda tx, attempts: receive_taken(tx, hub, connection, attempts),
    )
    await _each(
        hub,
        connection,
        lambda attempt: attempt.session == session and attempt.offer not in offers,
        lambda tx, attempts: release(tx, hub, connection, attempts),
    )
    return count


async def untaken(hub: Hub, connection: str, *, but: str) -> int:
    """Make ready again what other visits than this one were offered and never said to have taken."""
    return await _each(
        hub,
        connection,
        lambda attempt: attempt.session not in {"", but},
        lambda tx, attempts: release(tx, hub, connection, attempts),
    )


def receive_taken(tx: Tx, hub: Hub, connection: str, attempts: Sequence[Attempt]) -> None:
    """Receive offers that were taken: bindings, shadows, journal, and who is behind now."""
    for entity in sorted({attempt.entity for attempt in attempts}):
        here = [attempt for attempt in attempts if attempt.entity == entity]
        names = {attempt.record: attempt.ref or "" for attempt in here}
        alike = _alike(tx, connection, entity, names)
        outcomes: list[Outcome] = [
            _named_twice(record, name) if record in alike else Done(record=record, ref=name)
            for record, name in names.items()
        ]
        receive(tx, hub, connection, entity, outcomes)


def release(tx: Tx, hub: Hub, connection: str, attempts: Sequence[Attempt]) -> None:
    """Make ready again what was offered and not taken; what a plan let go and has changed since, the plan holds."""
    ids = [attempt.record for attempt in attempts]
    tx.close_attempts(connection, ids)
    rows = tx.deliveries(connection, ids)
    records = tx.records(ids)
    moved = _moved(tx, hub, connection, attempts, records)
    again: list[Delivery] = []
    for number in ids:
        fresh = outbox.row(hub, connection, records[number])
        state, reason = (fresh.state, fresh.reason) if number in moved else (READY, Reason.UNTAKEN.code)
        again.append(outbox.unless_held(rows.get(number) or fresh, state=state, reason=reason))
    tx.reschedule(again)
    lines = [
        JournalLine(
            record=attempt.record,
            connection=connection,
            kind="create" if attempt.creates else "write",
            entries=(Entry("", Reason.UNTAKEN.code, detail=attempt.ref or ""),),
        )
        for attempt in attempts
    ]
    tx.journal(lines, at=hub.now(), tick=tx.tick())


def _moved(
    tx: Tx, hub: Hub, connection: str, attempts: Sequence[Attempt], records: Mapping[int, Record]
) -> set[int]:
    """Return the records of planned connections that are another write by now than the one that was offered."""
    moved: set[int] = set()
    planned = [attempt for attempt in attempts if (connection, attempt.entity) in hub.planned]
    for entity in sorted({attempt.entity for attempt in planned}):
        here = {attempt.record: attempt for attempt in planned if attempt.entity == entity}
        wanted = outbox.needs(tx, hub, connection, [records[number] for number in here])
        moved |= {
            number
            for number, attempt in here.items()
            if number in wanted
            and any(
                name not in attempt.waits and attempt.payload.get(name) != wire
                for name, wire in wanted[number].fields.items()
            )
        }
    return moved


async def _each(
    hub: Hub,
    connection: str,
    is_meant: Callable[[Attempt], bool],
    work: Callable[[Tx, Sequence[Attempt]], None],
) -> int:
    """Do something with the open attempts that are meant, a portion in a transaction; return how many they were."""
    count = after = 0
    while True:

        def portion(tx: Tx, after: int = after) -> tuple[int, int]:
            attempts = tx.open_attempts(connection, after=after, limit=PORTION)
            meant = [attempt for attempt in attempts if is_meant(attempt)]
            if meant:
                work(tx, meant)
            return (attempts[-1].record if attempts else 0), len(meant)

        after, done = await hub.ledger.run(portion)
        count += done
        if not after:
            return count
