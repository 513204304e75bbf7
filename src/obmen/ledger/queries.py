"""What people ask of the ledger: who waits for what, and which record they mean."""

from __future__ import annotations

import sqlalchemy as sa

from obmen.ledger.contract import StoredEnvelope, Waiter
from obmen.ledger.inbox import Inbox
from obmen.ledger.statement import Statement, word
from obmen.ledger.tables import BINDINGS, CURSORS, ENVELOPES, RECORDS, SIGHTINGS, WAITS

_WAITING = Statement(
    sa.select(WAITS.c.key, WAITS.c.record, WAITS.c.connection, WAITS.c.kind)
    .order_by(WAITS.c.key, WAITS.c.record)
    .limit(sa.bindparam("limit"))
)
_BY_REF = Statement(
    sa.select(BINDINGS.c.record).where(
        BINDINGS.c.entity == sa.bindparam("entity"), BINDINGS.c.ref == sa.bindparam("ref")
    )
)
_BY_ID = Statement(
    sa.select(RECORDS.c.id).where(
        RECORDS.c.entity == sa.bindparam("entity"), RECORDS.c.id == sa.bindparam("id")
    )
)
_TITLES = Statement(
    sa.select(RECORDS.c.id, RECORDS.c.title)
    .where(RECORDS.c.entity == sa.bindparam("entity"))
    .order_by(RECORDS.c.id)
)


_DOUBLY_BOUND = Statement(
    sa.select(BINDINGS.c.connection, BINDINGS.c.record)
    .where(BINDINGS.c.kind == word("live"))
    .group_by(BINDINGS.c.connection, BINDINGS.c.entity, BINDINGS.c.record)
    .having(sa.func.count() > sa.literal_column("1"))
    .order_by(BINDINGS.c.connection, BINDINGS.c.record)
    .limit(sa.bindparam("limit"))
)
_CURSORS = Statement(sa.select(*CURSORS.columns).order_by(CURSORS.c.connection, CURSORS.c.name))
_PAGES = Statement(
    sa.select(sa.func.count()).where(
        SIGHTINGS.c.connection == sa.bindparam("connection"), SIGHTINGS.c.entity == sa.bindparam("entity")
    )
)
_LATEST = Statement(
    sa.select(RECORDS.c.id)
    .where(RECORDS.c.entity == sa.bindparam("entity"), RECORDS.c.merged_into.is_(None))
    .order_by(RECORDS.c.id.desc())
    .limit(sa.bindparam("limit"))
)
_DIGITS = 19
"""A longer number is no record's: it would not fit into the database's."""

_ENVELOPES = Statement(sa.select(ENVELOPES.c.id).order_by(ENVELOPES.c.id.desc()).limit(sa.bindparam("limit")))


class Queries(Inbox):
    """Questions of people."""

    def waiters(self, *, limit: int = 10_000) -> list[tuple[str, Waiter]]:
        """Return who waits for which key."""
        rows = self.db.rows(_WAITING, limit=limit)
        return [(key, Waiter(record, connection, kind)) for key, record, connection, kind in rows]

    def envelopes(self, *, limit: int = 1000) -> list[StoredEnvelope]:
        """Return the newest envelopes, whatever became of them, newest first."""
        return [self.envelope(row.id) for row in self.db.rows(_ENVELOPES, limit=limit)]

    def latest(self, entity: str, *, limit: int) -> list[int]:
        """Return the records of an entity that came last, newest first."""
        return [row.id for row in self.db.rows(_LATEST, entity=entity, limit=limit)]

    def by_code(self, entity: str, text: str) -> list[int]:
        """Return the records of an entity that have this ref in some system or this number here."""
        exact = {row.record for row in self.db.rows(_BY_REF, entity=entity, ref=text)}
        if text.isdecimal() and len(text) < _DIGITS:
            exact |= {row.id for row in self.db.rows(_BY_ID, entity=entity, id=int(text))}
        return sorted(exact)

    def search(self, entity: str, text: str, *, limit: int = 20) -> list[int]:
        """Return the records of an entity a person may mean: by ref in any system, by id, else by a part of the title."""
        exact = self.by_code(entity, text)
        if exact:
            return exact[:limit]
        rows = self.db.rows(_TITLES, entity=entity)
        wanted = text.casefold()
        return [row.id for row in rows if wanted in row.title.casefold()][:limit]

    # --- what an audit asks
    def doubly_bound(self, *, limit: int = 100) -> list[tuple[str, int]]:
        """Return connections and records that have more than one live ref of one entity there."""
        return [(row.connection, row.record) for row in self.db.rows(_DOUBLY_BOUND, limit=limit)]

    def cursors(self) -> list[tuple[str, str, str]]:
        """Return every cursor: connection, name, value."""
        return [(row.connection, row.name, row.value) for row in self.db.rows(_CURSORS)]

    def pages(self, connection: str, entity: str) -> int:
        """Count the pages of one entity one system has shown, as far as they are kept."""
        return int(self.db.one(_PAGES, connection=connection, entity=entity)[0])
