"""What is told to people: the journal of every record, and the raw log of exchanges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa

from obmen.ledger.contract import BIRTH, JournalLine, Told
from obmen.ledger.database import Part
from obmen.ledger.runs import runs
from obmen.ledger.statement import Statement, insert, word
from obmen.ledger.tables import BIRTHS, EXCHANGES, JOURNAL
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
_DECODE_ALL = msgspec.json.Decoder(list[tuple[Entry, ...]]).decode

_WRITE = insert(JOURNAL, but=["id"])
_HISTORY = Statement(
    sa.select(*JOURNAL.columns)
    .where(JOURNAL.c.record == sa.bindparam("record"))
    .order_by(JOURNAL.c.id.desc())
    .limit(sa.bindparam("limit"))
)
_BEAR = insert(BIRTHS)
_BIRTH = Statement(
    sa.select(*BIRTHS.columns)
    .where(BIRTHS.c.first <= sa.bindparam("record"))
    .order_by(BIRTHS.c.first.desc())
    .limit(sa.literal_column("1"))
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

    def journal_births(
        self,
        connection: str,
        born: Mapping[int, Sequence[Entry]],
        *,
        evidence: str,
        at: float,
        tick: int,
    ) -> None:
        """Write down how records of one page came to be, each with its entries: the first line of its history."""
        rows = [
            (
                first,
                connection,
                at,
                tick,
                evidence,
                _ENCODE([born[record] for record in range(first, last + 1)]),
            )
            for first, last in runs(born)
        ]
        self.db.bulk(_BEAR, rows)

    def history(self, record: int, *, limit: int = 200) -> list[Told]:
        """Return what happened to a record, newest first."""
        told = self._lines(record, limit)
        return told if len(told) == limit else told + self._birth(record)

    def _lines(self, record: int, limit: int) -> list[Told]:
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

    def _birth(self, record: int) -> list[Told]:
        """Return the line of a record's birth, as long as it is kept."""
        row = self.db.row(_BIRTH, record=record)
        if row is None:
            return []
        born = _DECODE_ALL(row.entries)
        place = record - row.first
        if place >= len(born):
            return []
        line = JournalLine(
            record=record,
            connection=row.connection,
            kind=BIRTH,
            entries=born[place],
            evidence=row.evidence,
        )
        return [Told(id=0, line=line, at=row.at, tick=row.tick)]

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
