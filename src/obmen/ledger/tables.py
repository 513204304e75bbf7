"""The ledger's tables, the same on SQLite and PostgreSQL. Migrations must arrive at exactly these.

Hot tables carry no index that is not read on the hot path: each one costs a microsecond a row. On SQLite tables
whose rows are always asked for by their key are stored in that key's order (`WITHOUT ROWID`); not bindings, whose long
key would be written once more into the index by record.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

METADATA = sa.MetaData()

# Byte order, as Python and SQLite compare: source orders are compared as text.
TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT: sa.Double[float] = sa.Double()
"""Epoch seconds."""
DOCUMENT = sa.LargeBinary().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""msgspec JSON. PostgreSQL takes text in half the time it takes bytes."""


def _column(name: str, kind: sa.types.TypeEngine[Any], *, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=key, nullable=False, autoincrement=False)


def _text(name: str, *, key: bool = False) -> sa.Column[Any]:
    return _column(name, TEXT, key=key)


def _number(name: str, *, key: bool = False) -> sa.Column[Any]:
    return _column(name, NUMBER, key=key)


def _moment(name: str) -> sa.Column[Any]:
    return _column(name, MOMENT)


def _document(name: str = "document") -> sa.Column[Any]:
    return _column(name, DOCUMENT)


def _bytes(name: str) -> sa.Column[Any]:
    return _column(name, sa.LargeBinary())


def _serial() -> sa.Column[int]:
    return sa.Column("id", NUMBER, primary_key=True, autoincrement=True)


# --- the ledger itself
TICKS = sa.Sequence("ticks", metadata=METADATA)
RECORD_IDS = sa.Sequence("record_ids", metadata=METADATA)

META = sa.Table("meta", METADATA, _text("name", key=True), _text("value"))
COUNTERS = sa.Table("counters", METADATA, _text("name", key=True), _number("value"))

# --- what is known
RECORDS = sa.Table(
    "records",
    METADATA,
    _number("id", key=True),
    _text("entity"),
    _number("lane"),
    _number("version"),
    _text("origin"),
    _text("title"),
    sa.Column("merged_into", NUMBER),
    _document(),
    sa.Index("records_lane", "lane"),
)
KEYS = sa.Table(
    "keys",
    METADATA,
    _text("entity", key=True),
    _text("key", key=True),
    _text("value", key=True),
    _number("record", key=True),
    sa.Index("keys_record", "record"),
    sqlite_with_rowid=False,
)
BINDINGS = sa.Table(
    "bindings",
    METADATA,
    _text("connection", key=True),
    _text("entity", key=True),
    _text("ref", key=True),
    _number("record"),
    _text("kind"),
    _text("scope"),
    sa.Index("bindings_record", "record"),
)
SHADOWS = sa.Table(
    "shadows",
    METADATA,
    _text("connection", key=True),
    _number("record", key=True),
    _text("entity"),
    _document(),
    sqlite_with_rowid=False,
)
TRACES = sa.Table(
    "traces",
    METADATA,
    _text("connection", key=True),
    _number("record", key=True),
    _text("pieces"),
    sqlite_with_rowid=False,
)
"""What shadows were last seen in. A file that says the same again asks for all of them, in its own order: they are
apart from the shadows, which are ten times as long and would be read from the disk for it."""

# --- work to do
OUTBOX = sa.Table(
    "outbox",
    METADATA,
    _text("connection", key=True),
    _number("record", key=True),
    _text("entity"),
    _number("lane"),
    _number("rank"),
    _text("state"),
    _text("reason"),
    _document("wakes_on"),
    _moment("not_before"),
    _number("attempts"),
    _moment("since"),
    _moment("leased_until"),
    sa.Index("outbox_claim", "connection", "state", "rank", "lane"),
    sqlite_with_rowid=False,
)
ATTEMPTS = sa.Table(
    "attempts",
    METADATA,
    _text("connection", key=True),
    _number("record", key=True),
    _moment("resolve_at"),
    _document(),
    sqlite_with_rowid=False,
)
WAITS = sa.Table(
    "waits",
    METADATA,
    _text("key", key=True),
    _number("record", key=True),
    _text("connection", key=True),
    _text("kind", key=True),
    sqlite_with_rowid=False,
)
DANGERS = sa.Table(
    "dangers",
    METADATA,
    _text("connection", key=True),
    _number("record", key=True),
    _text("atom", key=True),
    _document(),
    sqlite_with_rowid=False,
)

HOLDS = sa.Table(
    "holds",
    METADATA,
    _text("connection", key=True),
    _text("entity", key=True),
    _number("record", key=True),
    _moment("at"),
    _text("why"),
    sqlite_with_rowid=False,
)

RESERVES = sa.Table(
    "reserves",
    METADATA,
    _number("of_order", key=True),
    _number("offer", key=True),
    _text("quantity"),
    _number("known_at"),
    _moment("until"),
    sa.Index("reserves_offer", "offer"),
    sqlite_with_rowid=False,
)

# --- what came in
CURSORS = sa.Table(
    "cursors", METADATA, _text("connection", key=True), _text("name", key=True), _text("value")
)
SIGHTINGS = sa.Table(
    "sightings",
    METADATA,
    _serial(),
    _text("connection"),
    _text("entity"),
    _number("read_at"),
    _moment("at"),
    _text("source_order"),
    _number("envelope"),
    _text("scope"),
    _document("facets"),
    _bytes("records"),
    sa.Index("sightings_read_at", "connection", "entity", "read_at"),
    sa.Index("sightings_order", "connection", "entity", "source_order"),
    sa.Index("sightings_at", "connection", "entity", "at"),
    sa.Index("sightings_envelope", "envelope"),
)
ENVELOPES = sa.Table(
    "envelopes",
    METADATA,
    _serial(),
    _text("connection"),
    _text("kind"),
    _text("name"),
    _text("key"),
    _text("path"),
    _bytes("body"),
    _text("session"),
    _moment("since"),
    _text("scope"),
    _text("state"),
    _number("position"),
    _number("received"),
    _document("counters"),
    _text("error_en"),
    _text("error_ru"),
    _moment("received_at"),
    sa.Index("envelopes_key", "connection", "key", unique=True),
    sa.Index("envelopes_state", "state"),
)

# --- what is told to people
JOURNAL = sa.Table(
    "journal",
    METADATA,
    _serial(),
    _number("record"),
    _text("connection"),
    _text("kind"),
    _moment("at"),
    _number("tick"),
    _text("evidence"),
    _document("entries"),
    sa.Index("journal_record", "record"),
)
BIRTHS = sa.Table(
    "births",
    METADATA,
    _number("first", key=True),
    _text("connection"),
    _moment("at"),
    _number("tick"),
    _text("evidence"),
    _document("entries"),
)
"""The first line of the journal of each record; records of one page that follow one another share a row. The n-th
entries are those of the record `first` + n."""
_CLOSED_AT = sa.Column("closed_at", MOMENT)
ISSUES = sa.Table(
    "issues",
    METADATA,
    _serial(),
    _text("key"),
    _text("code"),
    _text("connection"),
    _text("entity"),
    sa.Column("record", NUMBER),
    _text("ref"),
    _text("en"),
    _text("ru"),
    _number("count"),
    _moment("opened_at"),
    _moment("seen_at"),
    _CLOSED_AT,
    sa.Index(
        "issues_open",
        "key",
        unique=True,
        sqlite_where=_CLOSED_AT.is_(None),
        postgresql_where=_CLOSED_AT.is_(None),
    ),
)
EXCHANGES = sa.Table(
    "exchanges",
    METADATA,
    _serial(),
    _text("connection"),
    _moment("at"),
    _text("direction"),
    _text("what"),
    _text("request"),
    _text("answer"),
    _number("status"),
    _moment("took_s"),
    _text("error"),
    sa.Index("exchanges_connection", "connection"),
)
SITUATIONS = sa.Table("situations", METADATA, _text("key", key=True), _document())
ALERTS = sa.Table(
    "alerts",
    METADATA,
    _serial(),
    _moment("at"),
    _moment("since"),
    _text("state"),
    _moment("next_at"),
    _document(),
    sa.Index("alerts_state", "state"),
)
ALERT_TRIES = sa.Table(
    "alert_tries",
    METADATA,
    _serial(),
    _number("alert"),
    _text("channel"),
    _moment("at"),
    _text("error_en"),
    _text("error_ru"),
    _moment("again_at"),
    sa.Index("alert_tries_alert", "alert"),
)

# --- connections and their settings
CONNECTIONS = sa.Table(
    "connections", METADATA, _text("name", key=True), _text("state"), _text("reason"), _text("identity")
)
BUDGETS = sa.Table(
    "budgets",
    METADATA,
    _text("connection", key=True),
    _moment("rate_tat"),
    _moment("quota_tat"),
    _moment("frozen_until"),
)
MAPPINGS = sa.Table(
    "mappings",
    METADATA,
    _serial(),
    _text("connection"),
    _text("kind"),
    _text("direction"),
    _text("code"),
    sa.Column("value", TEXT),
    _number("version"),
    _text("by"),
    _moment("at"),
    sa.Index("mappings_row", "connection", "kind", "direction", "code"),
)
PLANS = sa.Table("plans", METADATA, _text("digest", key=True), _bytes("body"), _moment("at"))
SECRETS = sa.Table("secrets", METADATA, _text("name", key=True), _bytes("nonce"), _bytes("sealed"))
SCHEDULES = sa.Table("schedules", METADATA, _text("name", key=True), _moment("last_at"))
