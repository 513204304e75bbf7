"""What people ask of the ledger: who waits for what, and which record they mean."""

from __future__ import annotations

import sqlalchemy as sa

from obmen.ledger.contract import StoredEnvelope, Waiter
from obmen.ledger.inbox import Inbox
from obmen.ledger.statement import Statement
from obmen.ledger.tables import BINDINGS, ENVELOPES, RECORDS, WAITS

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

    def search(self, entity: str, text: str, *, limit: int = 20) -> list[int]:
        """Return the records of an entity a person may mean: by ref in any system, by id, else by a part of the title."""
        exact = {row.record for row in self.db.rows(_BY_REF, entity=entity, ref=text)}
        if text.isdecimal():
            exact |= {row.id for row in self.db.rows(_BY_ID, entity=entity, id=int(text))}
        if exact:
            return sorted(exact)[:limit]
        rows = self.db.rows(_TITLES, entity=entity)
        wanted = text.casefold()
        return [row.id for row in rows if wanted in row.title.casefold()][:limit]
