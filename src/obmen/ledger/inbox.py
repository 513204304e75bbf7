"""What came in: cursors, envelopes, and whom each page showed."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from obmen.errors import Bug
from obmen.ledger.contract import UNFINISHED, Sighting, StoredEnvelope
from obmen.ledger.database import Part
from obmen.ledger.statement import Row, Statement, among, insert, unindexed, upsert, word
from obmen.ledger.tables import CURSORS, ENVELOPES, SIGHTINGS

RECEIVED = "received"
"""The counter of elements seen; the others say what became of them."""

"""States of envelopes the hub still works on."""

_ENCODE = msgspec.json.Encoder().encode
_FACETS = msgspec.json.Decoder(tuple[str, ...]).decode
_COUNTERS = msgspec.json.Decoder(dict[str, int]).decode

_CURSOR = Statement(
    sa.select(CURSORS.c.value).where(
        CURSORS.c.connection == sa.bindparam("connection"), CURSORS.c.name == sa.bindparam("name")
    )
)
_PUT_CURSOR = upsert(CURSORS, ("value",))

_SIGHT = insert(SIGHTINGS, but=["id"])
_PAGES_OF = (
    SIGHTINGS.c.connection == sa.bindparam("connection"),
    SIGHTINGS.c.entity == sa.bindparam("entity"),
)
_READ_LATER = Statement(
    sa.select(SIGHTINGS.c.facets, SIGHTINGS.c.records).where(
        *_PAGES_OF, SIGHTINGS.c.read_at > sa.bindparam("read_at")
    )
)
_ORDERED_LATER = Statement(
    sa.select(SIGHTINGS.c.facets, SIGHTINGS.c.records).where(
        *_PAGES_OF, SIGHTINGS.c.source_order > sa.bindparam("source_order")
    )
)
_IN_SCOPE = sa.or_(sa.bindparam("scope", type_=sa.Text()) == "", SIGHTINGS.c.scope == sa.bindparam("scope"))
_SINCE = Statement(
    sa.select(SIGHTINGS.c.records).where(*_PAGES_OF, SIGHTINGS.c.at >= sa.bindparam("since"), _IN_SCOPE)
)
_OF_ENVELOPE = Statement(
    sa.select(SIGHTINGS.c.records).where(
        *_PAGES_OF, SIGHTINGS.c.envelope == sa.bindparam("envelope"), _IN_SCOPE
    )
)

_BY_NUMBER = ENVELOPES.c.id == sa.bindparam("number")
_ENVELOPE = Statement(sa.select(*ENVELOPES.columns).where(_BY_NUMBER))
_OPEN = sa.or_(*(ENVELOPES.c.state == word(state) for state in UNFINISHED))
_WAITING = Statement(sa.select(*ENVELOPES.columns).where(_OPEN).order_by(ENVELOPES.c.id))
_WAITING_OF = Statement(
    sa.select(*ENVELOPES.columns)
    .where(_OPEN, unindexed(ENVELOPES.c.connection) == sa.bindparam("connection"))
    .order_by(ENVELOPES.c.id)
)
_BY_KEYS = Statement(
    sa.select(ENVELOPES.c.key, ENVELOPES.c.id).where(
        ENVELOPES.c.connection == sa.bindparam("connection"), among(ENVELOPES.c.key, "keys")
    )
)
_NAMES = [column.name for column in ENVELOPES.columns if column.name != "id"]
_ACCEPT = Statement(
    lambda inserts: (
        inserts(ENVELOPES)
        .values({name: sa.bindparam(name) for name in _NAMES})
        .on_conflict_do_nothing(index_elements=["connection", "key"])
    )
)
_STANDS = Statement(
    sa.select(ENVELOPES.c.position, ENVELOPES.c.received, ENVELOPES.c.counters).where(_BY_NUMBER)
)
_MOVE = Statement(
    sa.update(ENVELOPES)
    .where(_BY_NUMBER)
    .values(
        {
            name: sa.bindparam(name)
            for name in ("state", "position", "received", "counters", "error_en", "error_ru")
        }
    )
)


class Inbox(Part):
    """Cursors, envelopes and sightings."""

    # --- cursors
    def cursor(self, connection: str, name: str) -> str:
        """Return a cursor, empty at the beginning."""
        row = self.db.row(_CURSOR, connection=connection, name=name)
        return "" if row is None else str(row[0])

    def put_cursor(self, connection: str, name: str, value: str) -> None:
        """Move a cursor, in the transaction that stores its page."""
        self.db.run(_PUT_CURSOR, connection=connection, name=name, value=value)

    # --- sightings
    def sight(self, sighting: Sighting) -> None:
        """Note whom a page showed."""
        self.db.run(
            _SIGHT,
            connection=sighting.connection,
            entity=sighting.entity,
            read_at=sighting.read_at,
            at=sighting.at,
            source_order=sighting.order,
            envelope=sighting.envelope,
            scope=sighting.scope,
            facets=self.db.document(_ENCODE(sighting.facets)),
            records=array("q", sighting.records).tobytes(),
        )

    def sighted_later(
        self, connection: str, entity: str, *, read_at: int | None = None, order: str | None = None
    ) -> dict[int, set[str]]:
        """Return the records shown by pages read after `read_at`, or of a later source order, with the facets shown."""
        found: dict[int, set[str]] = {}
        pages: list[Row] = []
        if read_at is not None:
            pages += self.db.rows(_READ_LATER, connection=connection, entity=entity, read_at=read_at)
        if order is not None:
            pages += self.db.rows(_ORDERED_LATER, connection=connection, entity=entity, source_order=order)
        for facets, records in pages:
            shown = _FACETS(facets)
            for record in _unpack(records):
                found.setdefault(record, set()).update(shown)
        return found

    def sighted(self, connection: str, entity: str, *, since: float, envelope: int, scope: str) -> set[int]:
        """Return the records shown since a moment, or by one envelope when it is not 0."""
        if envelope:
            pages = self.db.rows(
                _OF_ENVELOPE, connection=connection, entity=entity, envelope=envelope, scope=scope
            )
        else:
            pages = self.db.rows(_SINCE, connection=connection, entity=entity, since=since, scope=scope)
        return {record for page in pages for record in _unpack(page[0])}

    # --- envelopes
    def accept(self, envelope: StoredEnvelope) -> int:
        """Store an envelope (its `id` is ignored) and return its number; a known key returns the old number."""
        return self.accept_all([envelope])[0]

    def accept_all(self, envelopes: Sequence[StoredEnvelope]) -> list[int]:
        """Do the same with many; return their numbers in this order."""
        self.db.many(_ACCEPT, [self._row(envelope) for envelope in envelopes])
        numbers: dict[tuple[str, str], int] = {}
        for connection in {envelope.connection for envelope in envelopes}:
            keys = [envelope.key for envelope in envelopes if envelope.connection == connection]
            found = self.db.rows(_BY_KEYS, connection=connection, keys=self.db.batch(keys))
            numbers |= {(connection, key): int(number) for key, number in found}
        return [numbers[envelope.connection, envelope.key] for envelope in envelopes]

    def _row(self, envelope: StoredEnvelope) -> tuple[Any, ...]:
        values = {name: getattr(envelope, name) for name in _NAMES}
        values["counters"] = self.db.document(_ENCODE(envelope.counters))
        return tuple(values[name] for name in _NAMES)

    def envelope(self, number: int) -> StoredEnvelope:
        """Return an envelope."""
        row = self.db.row(_ENVELOPE, number=number)
        if row is None:
            raise no_envelope(number)
        return _stored(row)

    def waiting_envelopes(self, connection: str | None = None) -> list[StoredEnvelope]:
        """Return envelopes not finished yet, in the order they came."""
        if connection is None:
            return [_stored(row) for row in self.db.rows(_WAITING)]
        return [_stored(row) for row in self.db.rows(_WAITING_OF, connection=connection)]

    def move_envelope(
        self,
        number: int,
        *,
        state: str,
        position: int,
        counted: Mapping[str, int],
        error_en: str = "",
        error_ru: str = "",
    ) -> None:
        """Move an envelope on (a negative position leaves it where it is) and add to its counters."""
        stands = self.db.row(_STANDS, number=number)
        if stands is None:
            raise no_envelope(number)
        self.db.run(
            _MOVE,
            number=number,
            state=state,
            position=stands.position if position < 0 else position,
            received=stands.received + counted.get(RECEIVED, 0),
            counters=self.db.document(_ENCODE(added(_COUNTERS(stands.counters), counted))),
            error_en=error_en,
            error_ru=error_ru,
        )


def added(counters: Mapping[str, int], counted: Mapping[str, int]) -> dict[str, int]:
    """Return the counters of what became of elements, with what was counted now."""
    sums = dict(counters)
    for name, count in counted.items():
        if name != RECEIVED:
            sums[name] = sums.get(name, 0) + count
    return sums


def no_envelope(number: int) -> Bug:
    """Return the error of a number that was never given out."""
    return Bug("ledger.no_envelope", f"There is no envelope {number}", f"Нет конверта {number}")


def _stored(row: Row) -> StoredEnvelope:
    values = dict(zip(("id", *_NAMES), row, strict=True))
    values["counters"] = _COUNTERS(values["counters"])
    return StoredEnvelope(**values)


def _unpack(records: bytes) -> Iterable[int]:
    numbers = array("q")
    numbers.frombytes(records)
    return numbers
