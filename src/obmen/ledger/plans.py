"""Plans a person was shown, kept until they are applied or forgotten; and who waits for what, for people."""

from __future__ import annotations

import sqlalchemy as sa

from obmen.ledger.contract import Waiter
from obmen.ledger.statement import Part, Statement, upsert
from obmen.ledger.tables import PLANS, WAITS

_PUT = upsert(PLANS, ("document", "at"))
_GET = Statement(sa.select(PLANS.c.document).where(PLANS.c.digest == sa.bindparam("digest")))
_WAITING = Statement(
    sa.select(WAITS.c.key, WAITS.c.record, WAITS.c.connection, WAITS.c.kind)
    .order_by(WAITS.c.key, WAITS.c.record)
    .limit(sa.bindparam("limit"))
)


class Plans(Part):
    """Plans and the list of those who wait."""

    def put_plan(self, digest: str, body: bytes, *, at: float) -> None:
        """Keep a plan under its digest."""
        self.db.run(_PUT, digest=digest, document=body, at=at)

    def plan(self, digest: str) -> bytes | None:
        """Return a kept plan."""
        row = self.db.row(_GET, digest=digest)
        return None if row is None else bytes(row.document)

    def waiters(self, *, limit: int = 10_000) -> list[tuple[str, Waiter]]:
        """Return who waits for which key."""
        rows = self.db.rows(_WAITING, limit=limit)
        return [(key, Waiter(record, connection, kind)) for key, record, connection, kind in rows]
