"""Ticks and record ids. On PostgreSQL they are sequences, so that nobody waits for a number."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from obmen.ledger.database import Part
from obmen.ledger.statement import Statement
from obmen.ledger.tables import COUNTERS, RECORD_IDS, TICKS

TICK = "tick"
RECORD = "record"


def _advance(inserts: Any) -> Any:
    rows = inserts(COUNTERS).values(name=sa.bindparam("counter"), value=sa.bindparam("by"))
    moved = COUNTERS.c.value + rows.excluded.value
    return rows.on_conflict_do_update(index_elements=["name"], set_={"value": moved}).returning(
        COUNTERS.c.value
    )


_ADVANCE = Statement(_advance)
_VALUE = Statement(sa.select(COUNTERS.c.value).where(COUNTERS.c.name == sa.bindparam("counter")))
_NEXT_TICK = Statement(sa.select(TICKS.next_value()))
_EACH = (
    sa.func.generate_series(1, sa.bindparam("count", type_=sa.Integer())).table_valued("number").alias("each")
)
_ID = sa.select(RECORD_IDS.next_value().label("id")).select_from(_EACH).subquery("ids")
_NEXT_IDS = Statement(sa.select(sa.func.min(_ID.c.id), sa.func.max(_ID.c.id)))


class Counters(Part):
    """Numbers the ledger gives out."""

    last_tick = 0
    """The newest tick this transaction took."""

    def tick(self) -> int:
        """Return the next ledger tick."""
        if self.db.is_postgresql:
            self.last_tick = int(self.db.one(_NEXT_TICK)[0])
        else:
            self.last_tick = self.count(TICK, 1)
        return self.last_tick

    def allocate(self, count: int) -> int:
        """Reserve `count` record ids and return the first."""
        if not self.db.is_postgresql:
            return self.count(RECORD, count) - count + 1
        while True:
            # Numbers taken one by one may interleave with those of another transaction; gaps cost nothing.
            first, last = self.db.one(_NEXT_IDS, count=count)
            if last - first + 1 == count:
                return int(first)

    def count(self, counter: str, by: int) -> int:
        """Move a counter of the ledger and return where it stands now."""
        return int(self.db.one(_ADVANCE, counter=counter, by=by)[0])

    def counted(self, counter: str) -> int:
        """Return where a counter stands."""
        row = self.db.row(_VALUE, counter=counter)
        return 0 if row is None else int(row[0])
