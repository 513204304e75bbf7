"""The outbox: which system is behind on which record, and who is writing it now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from obmen.ledger.attempts import OPEN_LANES
from obmen.ledger.contract import HELD, LEASED, READY, Delivery
from obmen.ledger.database import Part
from obmen.ledger.runs import runs
from obmen.ledger.statement import Row, Statement, among, upsert, word
from obmen.ledger.tables import OUTBOX, RECORDS

STICKY = ("held_guard", "held_person", "held_epoch", "held_mapping")
"""Reasons of holds that only a person lifts: a recomputation leaves them."""

_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(tuple[str, ...]).decode

_COLUMNS = tuple(column for column in OUTBOX.columns if column.name != "leased_until")
_OF_CONNECTION = OUTBOX.c.connection == sa.bindparam("connection")

_IS_LEASED = OUTBOX.c.state == word(LEASED)
_STICKY = [word(reason) for reason in STICKY]
_IS_STUCK = sa.and_(OUTBOX.c.state == word(HELD), OUTBOX.c.reason.in_(_STICKY))


def _kept(new: Any) -> dict[str, Any]:
    """Keep what a lease or a hold of a person has fixed; everything else becomes what is given.

    Only a hold of the second kind ends a lease: what a guard stops is not sent by whoever has claimed it before.
    """
    stops = sa.and_(new.state == word(HELD), new.reason.in_(_STICKY))
    stays = sa.or_(sa.and_(_IS_LEASED, sa.not_(stops)), sa.and_(_IS_STUCK, new.state != word(HELD)))
    names = ("state", "reason", "wakes_on", "not_before")
    return {name: sa.case((stays, OUTBOX.c[name]), else_=new[name]) for name in names}


_PUT = upsert(OUTBOX, ("entity", "lane", "rank"), values=_kept)
_RESCHEDULE = upsert(
    OUTBOX,
    ("entity", "lane", "rank", "state", "reason", "wakes_on", "not_before", "attempts", "leased_until"),
)
# The rows differ in record and lane only, which the database has: nothing goes back and forth for a hundred thousand.
_NEWBORN = Statement(
    sa.insert(OUTBOX).from_select(
        [column.name for column in OUTBOX.columns],
        sa.select(
            sa.bindparam("to", type_=sa.Text()),
            RECORDS.c.id,
            RECORDS.c.entity,
            sa.func.coalesce(sa.func.nullif(RECORDS.c.lane, sa.literal_column("0")), RECORDS.c.id),
            sa.cast(sa.bindparam("rank_"), OUTBOX.c.rank.type),
            sa.bindparam("state_", type_=sa.Text()),
            sa.bindparam("reason_", type_=sa.Text()),
            sa.cast(sa.bindparam("nothing"), OUTBOX.c.wakes_on.type),
            sa.literal_column("0"),
            sa.literal_column("0"),
            sa.cast(sa.bindparam("since_"), OUTBOX.c.since.type),
            sa.literal_column("0"),
        ).where(RECORDS.c.id.between(sa.bindparam("first"), sa.bindparam("last"))),
    )
)
_SELECT = Statement(sa.select(*_COLUMNS).where(_OF_CONNECTION, among(OUTBOX.c.record, "records")))
_ALL = Statement(
    sa.select(*_COLUMNS)
    .where(_OF_CONNECTION)
    .order_by(OUTBOX.c.rank, OUTBOX.c.lane, OUTBOX.c.record)
    .limit(sa.bindparam("limit"))
)
_DROP = Statement(sa.delete(OUTBOX).where(_OF_CONNECTION, among(OUTBOX.c.record, "records")))

# Two claims of one connection must not meet: whole lanes are taken, and a lane has rows the other does not see.
_ONE_CLAIM = Statement(
    sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(sa.bindparam("connection", type_=sa.Text()))))
)
_EXPIRED = Statement(
    sa.select(OUTBOX.c.record)
    # Every rank is above zero; asking for it leads SQLite to the index of claims and not through the whole outbox.
    .where(
        _OF_CONNECTION,
        _IS_LEASED,
        OUTBOX.c.rank > sa.literal_column("0"),
        OUTBOX.c.leased_until <= sa.bindparam("now"),
    )
)
_RECLAIM = Statement(
    sa.update(OUTBOX).where(_OF_CONNECTION, among(OUTBOX.c.record, "records")).values(state=word(READY))
)
_LEASED_LANES = sa.select(OUTBOX.c.lane).where(_OF_CONNECTION, _IS_LEASED)


def _candidates(*also: sa.ColumnElement[bool]) -> Statement:
    return Statement(
        sa.select(*_COLUMNS)
        .where(
            _OF_CONNECTION,
            OUTBOX.c.state == word(READY),
            OUTBOX.c.not_before <= sa.bindparam("now"),
            OUTBOX.c.lane.not_in(_LEASED_LANES),
            OUTBOX.c.lane.not_in(OPEN_LANES),
            *also,
        )
        .order_by(OUTBOX.c.rank, OUTBOX.c.lane, OUTBOX.c.record)
        .limit(sa.bindparam("limit"))
        .with_for_update(of=OUTBOX, skip_locked=True)
    )


_CANDIDATES = _candidates()
_CANDIDATES_AMONG = _candidates(among(OUTBOX.c.record, "records"))
_CANDIDATES_OF = _candidates(OUTBOX.c.entity == sa.bindparam("entity"))
_LEASE = Statement(
    sa.update(OUTBOX)
    .where(_OF_CONNECTION, among(OUTBOX.c.record, "records"))
    .values(state=word(LEASED), leased_until=sa.bindparam("until"))
)


class Outbox(Part):
    """Deliveries: put, dropped, claimed."""

    def deliveries(self, connection: str, records: Collection[int]) -> dict[int, Delivery]:
        """Return the outbox rows of one system for these records."""
        if not records:
            return {}
        rows = self.db.rows(_SELECT, connection=connection, records=self.db.batch(records))
        return {row.record: row for row in map(_delivery, rows)}

    def outbox(self, connection: str, *, limit: int = 100_000) -> list[Delivery]:
        """Return the outbox rows of one system, whatever their state, in order of rank and lane."""
        return [_delivery(row) for row in self.db.rows(_ALL, connection=connection, limit=limit)]

    def put_deliveries(self, rows: Sequence[Delivery]) -> None:
        """Say who is behind. An existing row keeps `since`, `attempts` and a hold that a person must lift.

        A leased row stays leased, since whoever writes it compares again afterwards; unless a person must lift the
        new hold.
        """
        self.db.bulk(_PUT, _rows(rows))

    def put_newborn(self, row: Delivery, records: Collection[int]) -> None:
        """Say that a system is behind on records stored just now, of which it has never heard: rows like this one."""
        for first, last in runs(records):
            self.db.run(
                _NEWBORN,
                to=row.connection,
                rank_=row.rank,
                state_=row.state,
                reason_=row.reason,
                nothing=self.db.document(b"[]"),
                since_=row.since,
                first=first,
                last=last,
            )

    def reschedule(self, rows: Sequence[Delivery]) -> None:
        """End leases: set state, reason, wakes_on, not_before and attempts exactly as given; absent rows are added."""
        self.db.bulk(_RESCHEDULE, _rows(rows))

    def drop_deliveries(self, connection: str, records: Collection[int]) -> None:
        """Say who is up to date again."""
        if records:
            self.db.run(_DROP, connection=connection, records=self.db.batch(records))

    def claim(
        self,
        connection: str,
        *,
        now: float,
        limit: int,
        lease_s: float,
        only: Collection[int] | None = None,
        entity: str | None = None,
    ) -> list[Delivery]:
        """Lease ready rows, of these records or of this entity only where they are named.

        Whole lanes in rank order, no lane that has an open attempt or a leased row. Of one lane only the rows of its lowest ready rank are returned, so partners go first. Rows whose lease ran
        out count as ready. Only a lane longer than `limit` is taken in pieces.
        """
        if self.db.is_postgresql:
            self.db.rows(_ONE_CLAIM, connection=connection)
        expired = [row[0] for row in self.db.rows(_EXPIRED, connection=connection, now=now)]
        if expired:
            self.db.run(_RECLAIM, connection=connection, records=self.db.batch(expired))
        asked: dict[str, Any] = {"connection": connection, "now": now, "limit": limit + 1}
        if only is not None:
            found = self.db.rows(_CANDIDATES_AMONG, records=self.db.batch(only), **asked)
        elif entity is not None:
            found = self.db.rows(_CANDIDATES_OF, entity=entity, **asked)
        else:
            found = self.db.rows(_CANDIDATES, **asked)
        claimed = whole_lanes(map(_delivery, found), limit)
        if claimed:
            self.db.run(
                _LEASE,
                connection=connection,
                records=self.db.batch([row.record for row in claimed]),
                until=now + lease_s,
            )
        return [msgspec.structs.replace(row, state=LEASED) for row in claimed]


def whole_lanes(ready: Iterable[Delivery], limit: int) -> list[Delivery]:
    """Return, of rows in order of rank and lane, those of whole lanes, each at its lowest rank, `limit` at most."""
    ranks: dict[int, int] = {}
    taken = [row for row in ready if ranks.setdefault(row.lane, row.rank) == row.rank]
    if len(taken) <= limit:
        return taken
    cut = taken[limit].lane
    whole = [row for row in taken[:limit] if row.lane != cut]
    return whole or taken[:limit]


def _delivery(row: Row) -> Delivery:
    connection, record, entity, lane, rank, state, reason, wakes_on, not_before, attempts, since = row
    return Delivery(
        record=record,
        connection=connection,
        entity=entity,
        lane=lane,
        rank=rank,
        state=state,
        reason=reason,
        wakes_on=_DECODE(wakes_on),
        not_before=not_before,
        attempts=attempts,
        since=since,
    )


def _rows(deliveries: Iterable[Delivery]) -> list[tuple[Any, ...]]:
    rows = [
        (
            row.connection,
            row.record,
            row.entity,
            row.lane,
            row.rank,
            row.state,
            row.reason,
            _ENCODE(row.wakes_on) if row.wakes_on else b"[]",
            row.not_before,
            row.attempts,
            row.since,
            0.0,
        )
        for row in deliveries
    ]
    rows.sort()
    return rows
