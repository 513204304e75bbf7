"""What is kept beside the work: states of connections, their mapping tables, plans, when schedules last ran."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from obmen.ledger.contract import MappingRow
from obmen.ledger.counters import Counters
from obmen.ledger.statement import Row, Statement, insert, upsert
from obmen.ledger.tables import CONNECTIONS, MAPPINGS, PLANS, SCHEDULES

ACTIVE = "active"

_STATE = Statement(
    sa.select(CONNECTIONS.c.state, CONNECTIONS.c.reason).where(
        CONNECTIONS.c.name == sa.bindparam("connection")
    )
)
_PUT_STATE = upsert(CONNECTIONS, ("state", "reason"))
_IDENTITY = Statement(
    sa.select(CONNECTIONS.c.identity).where(CONNECTIONS.c.name == sa.bindparam("connection"))
)
_PUT_IDENTITY = upsert(CONNECTIONS, ("identity",))

_PUT_MAPPING = insert(MAPPINGS, but=["id"])
_MAPPING_COLUMNS = tuple(column for column in MAPPINGS.columns if column.name != "id")
_OF_CONNECTION = MAPPINGS.c.connection == sa.bindparam("connection")
_NEWEST = (
    sa.select(sa.func.max(MAPPINGS.c.id))
    .where(_OF_CONNECTION)
    .group_by(MAPPINGS.c.kind, MAPPINGS.c.direction, MAPPINGS.c.code)
)
_MAPPINGS = Statement(
    sa.select(*_MAPPING_COLUMNS)
    .where(MAPPINGS.c.id.in_(_NEWEST), MAPPINGS.c.value.is_not(None))
    .order_by(MAPPINGS.c.kind, MAPPINGS.c.direction, MAPPINGS.c.code)
)
_MAPPING_HISTORY = Statement(
    sa.select(*_MAPPING_COLUMNS)
    .where(
        _OF_CONNECTION,
        MAPPINGS.c.kind == sa.bindparam("kind"),
        MAPPINGS.c.direction == sa.bindparam("direction"),
        MAPPINGS.c.code == sa.bindparam("code"),
    )
    .order_by(MAPPINGS.c.id)
)

_SCHEDULE = Statement(sa.select(SCHEDULES.c.last_at).where(SCHEDULES.c.name == sa.bindparam("name")))
_PUT_SCHEDULE = upsert(SCHEDULES, ("last_at",))

_PUT_PLAN = upsert(PLANS, ("body", "at"))
_PLAN = Statement(sa.select(PLANS.c.body).where(PLANS.c.digest == sa.bindparam("digest")))


class Settings(Counters):
    """Connections, mappings, plans and schedules."""

    # --- connections
    def state_of(self, connection: str) -> tuple[str, str]:
        """Return a connection's state (`active`, `paused`, `hold`) and its reason."""
        row = self.db.row(_STATE, connection=connection)
        return (ACTIVE, "") if row is None else (row.state, row.reason)

    def put_state(self, connection: str, state: str, reason: str) -> None:
        """Pause, hold or resume a connection."""
        self.db.run(_PUT_STATE, name=connection, state=state, reason=reason, identity="")

    def identity_of(self, connection: str) -> str:
        """Return where a connection has led until now; empty while nobody has looked."""
        row = self.db.row(_IDENTITY, connection=connection)
        return "" if row is None else str(row[0])

    def put_identity(self, connection: str, identity: str) -> None:
        """Remember where a connection leads."""
        self.db.run(_PUT_IDENTITY, name=connection, state=ACTIVE, reason="", identity=identity)

    # --- mappings
    def put_mapping(self, row: MappingRow, *, at: float) -> int:
        """Write a row of a mapping table and return the connection's new mapping version; the old row is history."""
        version = self.count(f"mapping:{row.connection}", 1)
        stored = msgspec.structs.replace(row, version=version, at=at)
        values = {column.name: getattr(stored, column.name) for column in _MAPPING_COLUMNS}
        self.db.run(_PUT_MAPPING, **values)
        return version

    def mapping_version(self, connection: str) -> int:
        """Return the version of a connection's mapping, 0 while nobody has written one."""
        return self.counted(f"mapping:{connection}")

    def mappings(self, connection: str) -> list[MappingRow]:
        """Return the mapping of one connection as it stands."""
        return [_mapping(row) for row in self.db.rows(_MAPPINGS, connection=connection)]

    def mapping_history(self, connection: str, kind: str, direction: str, code: str) -> list[MappingRow]:
        """Return every state of one row, oldest first."""
        rows = self.db.rows(
            _MAPPING_HISTORY, connection=connection, kind=kind, direction=direction, code=code
        )
        return [_mapping(row) for row in rows]

    # --- plans
    def put_plan(self, digest: str, body: bytes, *, at: float) -> None:
        """Keep a plan under its digest."""
        self.db.run(_PUT_PLAN, digest=digest, body=body, at=at)

    def plan(self, digest: str) -> bytes | None:
        """Return a kept plan."""
        row = self.db.row(_PLAN, digest=digest)
        return None if row is None else bytes(row[0])

    # --- schedules
    def last_run(self, schedule: str) -> float:
        """Return when a schedule last ran, epoch seconds; 0 if never."""
        row = self.db.row(_SCHEDULE, name=schedule)
        return 0.0 if row is None else float(row[0])

    def put_run(self, schedule: str, at: float) -> None:
        """Note that a schedule ran."""
        self.db.run(_PUT_SCHEDULE, name=schedule, last_at=at)


def _mapping(row: Row) -> MappingRow:
    return MappingRow(**row._mapping)  # noqa: SLF001 - public in SQLAlchemy
