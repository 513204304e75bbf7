"""What people hold back: whole flows, and single records."""

from __future__ import annotations

import sqlalchemy as sa

from obmen.ledger.contract import Hold
from obmen.ledger.database import Part
from obmen.ledger.statement import Statement, upsert
from obmen.ledger.tables import HOLDS

_PUT = upsert(HOLDS, ("at", "why"))
_DROP = Statement(
    sa.delete(HOLDS).where(
        HOLDS.c.connection == sa.bindparam("connection"),
        HOLDS.c.entity == sa.bindparam("entity"),
        HOLDS.c.record == sa.bindparam("number"),
    )
)
_ALL = Statement(
    sa.select(*HOLDS.columns)
    .where(HOLDS.c.connection == sa.bindparam("connection"))
    .order_by(HOLDS.c.entity, HOLDS.c.record)
)


class Holds(Part):
    """A handful of rows: each is a person's decision."""

    def put_hold(self, hold: Hold) -> None:
        """Hold back a flow or a record; the same one again replaces when and why."""
        self.db.run(_PUT, **hold._asdict())

    def drop_hold(self, connection: str, entity: str, record: int = 0) -> bool:
        """Hold back a flow or a record no longer; tell whether it was."""
        return self.db.run(_DROP, connection=connection, entity=entity, number=record) > 0

    def holds(self, connection: str) -> list[Hold]:
        """Return what people hold back from one system."""
        return [Hold(*row) for row in self.db.rows(_ALL, connection=connection)]
