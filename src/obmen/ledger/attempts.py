"""Open attempts: writes on their way, whose outcome is not known yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
import sqlalchemy as sa

from obmen.ledger.contract import Attempt
from obmen.ledger.database import Part
from obmen.ledger.statement import Statement, among, upsert
from obmen.ledger.tables import ATTEMPTS, OUTBOX, RECORDS

_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(Attempt).decode

_OF_CONNECTION = ATTEMPTS.c.connection == sa.bindparam("connection")

_PUT = upsert(ATTEMPTS, ("resolve_at", "document"))
_SELECT = Statement(sa.select(ATTEMPTS.c.document).where(_OF_CONNECTION, among(ATTEMPTS.c.record, "records")))
_CLOSE = Statement(sa.delete(ATTEMPTS).where(_OF_CONNECTION, among(ATTEMPTS.c.record, "records")))
_DUE = Statement(
    sa.select(ATTEMPTS.c.document)
    .where(_OF_CONNECTION, ATTEMPTS.c.resolve_at <= sa.bindparam("now"))
    .order_by(ATTEMPTS.c.resolve_at, ATTEMPTS.c.record)
    .limit(sa.bindparam("limit"))
)
_OPEN = Statement(
    sa.select(ATTEMPTS.c.document)
    .where(_OF_CONNECTION, ATTEMPTS.c.record > sa.bindparam("after"))
    .order_by(ATTEMPTS.c.record)
    .limit(sa.bindparam("limit"))
)

_ROW = OUTBOX.alias("row")
OPEN_LANES = (
    sa.select(sa.func.coalesce(_ROW.c.lane, sa.func.nullif(RECORDS.c.lane, 0), ATTEMPTS.c.record))
    .select_from(
        ATTEMPTS.outerjoin(
            _ROW, sa.and_(_ROW.c.connection == ATTEMPTS.c.connection, _ROW.c.record == ATTEMPTS.c.record)
        ).outerjoin(RECORDS, RECORDS.c.id == ATTEMPTS.c.record)
    )
    .where(_OF_CONNECTION)
)
"""Lanes of one connection in which a write has no outcome yet."""


class Attempts(Part):
    """One open write per record and system."""

    def attempts(self, connection: str, records: Collection[int]) -> dict[int, Attempt]:
        """Return the open attempts of one system for these records."""
        if not records:
            return {}
        rows = self.db.rows(_SELECT, connection=connection, records=self.db.batch(records))
        return {attempt.record: attempt for attempt in (_DECODE(row[0]) for row in rows)}

    def put_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Open attempts, or move their `resolve_at`, `job` and `tries`. One per record and system."""
        rows = [
            (attempt.connection, attempt.record, attempt.resolve_at, _ENCODE(attempt)) for attempt in attempts
        ]
        rows.sort()
        self.db.bulk(_PUT, rows)

    def close_attempts(self, connection: str, records: Collection[int]) -> None:
        """Close attempts."""
        if records:
            self.db.run(_CLOSE, connection=connection, records=self.db.batch(records))

    def due_attempts(self, connection: str, *, now: float, limit: int) -> list[Attempt]:
        """Return open attempts whose `resolve_at` has passed."""
        return [_DECODE(row[0]) for row in self.db.rows(_DUE, connection=connection, now=now, limit=limit)]

    def open_attempts(self, connection: str, *, after: int, limit: int) -> list[Attempt]:
        """Return open attempts of one system at records behind `after`, in order of record."""
        return [
            _DECODE(row[0]) for row in self.db.rows(_OPEN, connection=connection, after=after, limit=limit)
        ]
