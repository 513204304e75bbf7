"""What is told to people: the journal of every record, and the raw log of exchanges."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from obmen.ledger.contract import JournalLine, Told
from obmen.ledger.database import Part
from obmen.ledger.statement import Statement, insert, word
from obmen.ledger.tables import EXCHANGES, JOURNAL
from obmen.sync.settle import Entry


class LoggedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer as they passed, secrets already masked."""

    connection: str
    at: float
    direction: str
    what: str
    request: str
    answer: str
    status: int
    took_s: float
    error: str = ""


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(tuple[Entry, ...]).decode

_WRITE = insert(JOURNAL, but=["id"])
_HISTORY = Statement(
    sa.select(*JOURNAL.columns)
    .where(JOURNAL.c.record == sa.bindparam("record"))
    .order_by(JOURNAL.c.id.desc())
    .limit(sa.bindparam("limit"))
)
_LOG = insert(EXCHANGES, but=["id"])
_EXCHANGES = Statement(
    sa.select(*(column for column in EXCHANGES.columns if column.name != "id"))
    .where(EXCHANGES.c.connection == sa.bindparam("connection"))
    .order_by(EXCHANGES.c.id.desc())
    .limit(sa.bindparam("limit"))
)


def _newest(*also: sa.ColumnElement[bool]) -> Statement:
    return Statement(
        sa.select(*(column for column in EXCHANGES.columns if column.name != "id"))
        .where(EXCHANGES.c.at >= sa.bindparam("since"), *also)
        .order_by(EXCHANGES.c.id.desc())
        .limit(sa.bindparam("limit"))
    )


_BY_CONNECTION = EXCHANGES.c.connection == sa.bindparam("connection")
_WENT_WRONG = sa.or_(
    EXCHANGES.c.error != word(""),
    EXCHANGES.c.status >= sa.literal_column("400"),
    EXCHANGES.c.status == sa.literal_column("0"),
)
_NEWEST = _newest()
_NEWEST_OF = _newest(_BY_CONNECTION)
_NEWEST_WRONG = _newest(_WENT_WRONG)
_NEWEST_WRONG_OF = _newest(_BY_CONNECTION, _WENT_WRONG)


class Journal(Part):
    """Lines are only ever added; retention takes them away."""

    def journal(self, lines: Sequence[JournalLine], *, at: float, tick: int) -> None:
        """Write down what happened."""
        self.db.bulk(
            _WRITE,
            [
                (line.record, line.connection, line.kind, at, tick, line.evidence, _ENCODE(line.entries))
                for line in lines
            ],
        )

    def history(self, record: int, *, limit: int = 200) -> list[Told]:
        """Return what happened to a record, newest first."""
        return [
            Told(
                id=row.id,
                line=JournalLine(
                    record=row.record,
                    connection=row.connection,
                    kind=row.kind,
                    entries=_DECODE(row.entries),
                    evidence=row.evidence,
                ),
                at=row.at,
                tick=row.tick,
            )
            for row in self.db.rows(_HISTORY, record=record, limit=limit)
        ]

    def log_exchanges(self, exchanges: Sequence[LoggedExchange]) -> None:
        """Add to the raw log."""
        self.db.many(_LOG, [msgspec.structs.astuple(exchange) for exchange in exchanges])

    def exchanges(self, connection: str, *, limit: int = 200) -> list[LoggedExchange]:
        """Return the newest requests and answers of one connection, newest first."""
        rows = self.db.rows(_EXCHANGES, connection=connection, limit=limit)
        return [LoggedExchange(**row._mapping) for row in rows]  # noqa: SLF001 - public in SQLAlchemy

    def exchange_log(
        self, connection: str | None, *, since: float, limit: int, only_errors: bool = False
    ) -> list[LoggedExchange]:
        """Return the newest requests and answers since a moment, of one connection or of all, newest first."""
        asked = {"since": since, "limit": limit}
        if connection is None:
            rows = self.db.rows(_NEWEST_WRONG if only_errors else _NEWEST, **asked)
        else:
            statement = _NEWEST_WRONG_OF if only_errors else _NEWEST_OF
            rows = self.db.rows(statement, connection=connection, **asked)
        return [LoggedExchange(**row._mapping) for row in rows]  # noqa: SLF001 - public in SQLAlchemy
