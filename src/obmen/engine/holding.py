"""Hold and release: what a person keeps from being written to one system, a whole flow or a single record.

The system is read all the while, and every decision is made; what would be written waits. A plan shows it, and only
`release` lets it go.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from obmen.engine.hub import Hub
from obmen.ledger.contract import HELD, READY, WAITING, Delivery, Hold, JournalLine, Tx
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry

FLOW = 0
"""The record number of a hold on everything of an entity."""
MOST = 100_000_000


def held_back(tx: Tx, connection: str, entity: str) -> Callable[[int], bool]:
    """Return a test of which records of an entity people hold back from one system."""
    held = {hold.record for hold in tx.holds(connection) if hold.entity == entity}
    if FLOW in held:
        return lambda _record: True
    return held.__contains__


def hold(tx: Tx, hub: Hub, connection: str, entity: str, *, why: str, record: int = FLOW) -> int:
    """Write nothing of an entity, or of one record, to a system until it is released; return how much waits now.

    What is being written at this moment is finished.
    """
    tx.put_hold(Hold(connection, entity, record, hub.now(), why))
    rows = [row for row in _rows(tx, connection, entity, record) if row.state in {READY, WAITING}]
    tx.reschedule(
        [
            msgspec.structs.replace(row, state=HELD, reason=Reason.HELD_PERSON.code, wakes_on=())
            for row in rows
        ]
    )
    if record != FLOW:
        told(tx, hub, connection, record, Reason.HELD_PERSON, why)
    return len(rows)


def release(tx: Tx, hub: Hub, connection: str, entity: str, *, why: str, record: int = FLOW) -> int | None:
    """Let go what a person held back; return how many writes that were, None where nothing was held.

    What a hold of another kind keeps stays: single records when their flow is released, and what needs a plan.
    """
    if not tx.drop_hold(connection, entity, record):
        return None
    still = held_back(tx, connection, entity)
    planned = (connection, entity) in hub.planned
    state, reason = (HELD, Reason.HELD_PLAN.code) if planned else (READY, "")
    free = [
        msgspec.structs.replace(row, state=state, reason=reason)
        for row in _rows(tx, connection, entity, record)
        if row.reason == Reason.HELD_PERSON.code and not still(row.record)
    ]
    tx.reschedule(free)
    if record != FLOW:
        told(tx, hub, connection, record, Reason.RELEASED, why)
    return len(free)


def told(tx: Tx, hub: Hub, connection: str, record: int, reason: Reason, why: str, detail: str = "") -> None:
    """Write into the journal of a record what a person decided, and why."""
    line = JournalLine(
        record=record,
        connection=connection,
        kind="person",
        entries=(Entry("", reason.code, detail=detail),),
        evidence=why,
    )
    tx.journal([line], at=hub.now(), tick=tx.tick())


def _rows(tx: Tx, connection: str, entity: str, record: int) -> list[Delivery]:
    if record == FLOW:
        return [row for row in tx.outbox(connection, limit=MOST) if row.entity == entity]
    return list(tx.deliveries(connection, [record]).values())
