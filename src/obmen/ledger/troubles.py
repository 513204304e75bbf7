"""What is wrong now, counted: open issues, errors of exchanges, orders a system has not got, work that lags."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from obmen.ledger.contract import HELD, LEASED, READY, UNFINISHED, WAITING
from obmen.ledger.database import Part
from obmen.ledger.statement import Statement, word
from obmen.ledger.tables import BINDINGS, ENVELOPES, EXCHANGES, ISSUES, OUTBOX
from obmen.sync.reasons import Reason


class IssueCount(NamedTuple):
    """How many issues of one code a connection has open, and since when."""

    connection: str
    code: str
    number: int
    since: float


class Ended(NamedTuple):
    """How an exchange ended."""

    at: float
    status: int
    error: str


class Absent(NamedTuple):
    """A record one system is behind on and has never had."""

    record: int
    state: str
    reason: str
    since: float


class Backlog(NamedTuple):
    """Work that could go and has not gone."""

    number: int
    since: float


_ISSUES = Statement(
    sa.select(ISSUES.c.connection, ISSUES.c.code, sa.func.count(), sa.func.min(ISSUES.c.opened_at))
    .where(ISSUES.c.closed_at.is_(None))
    .group_by(ISSUES.c.connection, ISSUES.c.code)
    .order_by(ISSUES.c.connection, ISSUES.c.code)
)
_ENDED = Statement(
    sa.select(EXCHANGES.c.at, EXCHANGES.c.status, EXCHANGES.c.error)
    .where(EXCHANGES.c.connection == sa.bindparam("connection"))
    .order_by(EXCHANGES.c.id.desc())
    .limit(sa.bindparam("limit"))
)
_HAS_IT = sa.exists(
    sa.select(sa.literal_column("1"))
    .select_from(BINDINGS)
    .where(
        BINDINGS.c.record == OUTBOX.c.record,
        BINDINGS.c.connection == OUTBOX.c.connection,
        BINDINGS.c.kind == word("live"),
    )
)
# One state at a time, and a range of ranks: only both together lead SQLite to the index of claims, not through the outbox.
_OF_STATE = (OUTBOX.c.connection == sa.bindparam("connection"), OUTBOX.c.state == sa.bindparam("state"))
_ABSENT = Statement(
    sa.select(OUTBOX.c.record, OUTBOX.c.state, OUTBOX.c.reason, OUTBOX.c.since)
    .where(
        *_OF_STATE,
        OUTBOX.c.rank >= sa.bindparam("rank_"),
        OUTBOX.c.entity == sa.bindparam("entity"),
        OUTBOX.c.reason != word(Reason.WAITING_CONDITION.code),
        OUTBOX.c.since <= sa.bindparam("before"),
        sa.not_(_HAS_IT),
    )
    .order_by(OUTBOX.c.since, OUTBOX.c.record)
    .limit(sa.bindparam("limit"))
)
_BACKLOG = Statement(
    sa.select(sa.func.count(), sa.func.min(OUTBOX.c.since)).where(
        *_OF_STATE,
        OUTBOX.c.rank > sa.literal_column("0"),
        OUTBOX.c.reason != word(Reason.HELD_WINDOW.code),
        OUTBOX.c.since <= sa.bindparam("before"),
    )
)
_INBOX = Statement(
    sa.select(ENVELOPES.c.connection, sa.func.count(), sa.func.min(ENVELOPES.c.received_at))
    .where(
        ENVELOPES.c.state.in_([word(state) for state in UNFINISHED]),
        ENVELOPES.c.received_at <= sa.bindparam("before"),
    )
    .group_by(ENVELOPES.c.connection)
    .order_by(ENVELOPES.c.connection)
)


class Troubles(Part):
    """Counts over what others have written."""

    def issue_counts(self) -> list[IssueCount]:
        """Return the open issues by connection and code."""
        return [IssueCount(*row) for row in self.db.rows(_ISSUES)]

    def ended(self, connection: str, *, limit: int) -> list[Ended]:
        """Return how the newest exchanges of a connection ended, newest first."""
        return [Ended(*row) for row in self.db.rows(_ENDED, connection=connection, limit=limit)]

    def absent(self, connection: str, entity: str, *, rank: int, before: float, limit: int) -> list[Absent]:
        """Return records one system has been behind on since `before` and has never had, oldest first.

        `rank` is that of the entity: it leads past the goods. Left out is what was found to wait for its condition.
        """
        asked = {"connection": connection, "entity": entity, "rank_": rank, "before": before, "limit": limit}
        rows = [
            Absent(*row)
            for state in (READY, WAITING, HELD, LEASED)
            for row in self.db.rows(_ABSENT, state=state, **asked)
        ]
        return sorted(rows, key=lambda row: (row.since, row.record))[:limit]

    def backlog(self, connection: str, *, before: float) -> Backlog | None:
        """Return the writes to one system that could have gone since `before`; None where there are none."""
        found = [
            Backlog(*self.db.one(_BACKLOG, connection=connection, state=state, before=before))
            for state in (READY, LEASED)
        ]
        late = [one for one in found if one.number]
        if not late:
            return None
        return Backlog(sum(one.number for one in late), min(one.since for one in late))

    def inbox_backlog(self, *, before: float) -> dict[str, Backlog]:
        """Return what came in before a moment and is not worked off, by connection."""
        rows = self.db.rows(_INBOX, before=before)
        return {connection: Backlog(number, since) for connection, number, since in rows}
