"""The tables of the first release."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.LargeBinary().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def text(name: str) -> sa.Column[Any]:
    """Return a column of text."""
    return sa.Column(name, TEXT, nullable=False)


def number(name: str) -> sa.Column[Any]:
    """Return a column of whole numbers."""
    return sa.Column(name, NUMBER, nullable=False, autoincrement=False)


def moment(name: str) -> sa.Column[Any]:
    """Return a column of seconds."""
    return sa.Column(name, sa.Double(), nullable=False)


def document(name: str) -> sa.Column[Any]:
    """Return a column of JSON."""
    return sa.Column(name, DOCUMENT, nullable=False)


def blob(name: str) -> sa.Column[Any]:
    """Return a column of bytes."""
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def upgrade() -> None:
    """Bring the tables to this step."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("ticks")))
        op.execute(sa.schema.CreateSequence(sa.Sequence("record_ids")))
    op.create_table(
        "alert_tries",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        number("alert"),
        text("channel"),
        moment("at"),
        text("error_en"),
        text("error_ru"),
        moment("again_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_tries_alert", "alert_tries", ["alert"])
    op.create_table(
        "alerts",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        moment("at"),
        moment("since"),
        text("state"),
        moment("next_at"),
        document("document"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alerts_state", "alerts", ["state"])
    op.create_table(
        "attempts",
        text("connection"),
        number("record"),
        moment("resolve_at"),
        document("document"),
        sa.PrimaryKeyConstraint("connection", "record"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bindings",
        text("connection"),
        text("entity"),
        text("ref"),
        number("record"),
        text("kind"),
        text("scope"),
        sa.PrimaryKeyConstraint("connection", "entity", "ref"),
    )
    op.create_index("bindings_record", "bindings", ["record"])
    op.create_table(
        "births",
        number("first"),
        text("connection"),
        moment("at"),
        number("tick"),
        text("evidence"),
        document("entries"),
        sa.PrimaryKeyConstraint("first"),
    )
    op.create_table(
        "budgets",
        text("connection"),
        moment("rate_tat"),
        moment("quota_tat"),
        moment("frozen_until"),
        sa.PrimaryKeyConstraint("connection"),
    )
    op.create_table(
        "connections",
        text("name"),
        text("state"),
        text("reason"),
        text("identity"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table("counters", text("name"), number("value"), sa.PrimaryKeyConstraint("name"))
    op.create_table(
        "cursors",
        text("connection"),
        text("name"),
        text("value"),
        sa.PrimaryKeyConstraint("connection", "name"),
    )
    op.create_table(
        "dangers",
        text("connection"),
        number("record"),
        text("atom"),
        document("document"),
        sa.PrimaryKeyConstraint("connection", "record", "atom"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "envelopes",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        text("connection"),
        text("kind"),
        text("name"),
        text("key"),
        text("path"),
        blob("body"),
        text("session"),
        moment("since"),
        text("scope"),
        text("state"),
        number("position"),
        number("received"),
        document("counters"),
        text("error_en"),
        text("error_ru"),
        moment("received_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("envelopes_key", "envelopes", ["connection", "key"], unique=True)
    op.create_index("envelopes_state", "envelopes", ["state"])
    op.create_table(
        "exchanges",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        text("connection"),
        moment("at"),
        text("direction"),
        text("what"),
        text("request"),
        text("answer"),
        number("status"),
        moment("took_s"),
        text("error"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("exchanges_connection", "exchanges", ["connection"])
    op.create_table(
        "issues",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        text("key"),
        text("code"),
        text("connection"),
        text("entity"),
        sa.Column("record", NUMBER, nullable=True),
        text("ref"),
        text("en"),
        text("ru"),
        number("count"),
        moment("opened_at"),
        moment("seen_at"),
        sa.Column("closed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "issues_open",
        "issues",
        ["key"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "journal",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        number("record"),
        text("connection"),
        text("kind"),
        moment("at"),
        number("tick"),
        text("evidence"),
        document("entries"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("journal_record", "journal", ["record"])
    op.create_table(
        "keys",
        text("entity"),
        text("key"),
        text("value"),
        number("record"),
        sa.PrimaryKeyConstraint("entity", "key", "value", "record"),
        sqlite_with_rowid=False,
    )
    op.create_index("keys_record", "keys", ["record"])
    op.create_table(
        "mappings",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        text("connection"),
        text("kind"),
        text("direction"),
        text("code"),
        sa.Column("value", TEXT, nullable=True),
        number("version"),
        text("by"),
        moment("at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mappings_row", "mappings", ["connection", "kind", "direction", "code"])
    op.create_table("meta", text("name"), text("value"), sa.PrimaryKeyConstraint("name"))
    op.create_table(
        "outbox",
        text("connection"),
        number("record"),
        text("entity"),
        number("lane"),
        number("rank"),
        text("state"),
        text("reason"),
        document("wakes_on"),
        moment("not_before"),
        number("attempts"),
        moment("since"),
        moment("leased_until"),
        sa.PrimaryKeyConstraint("connection", "record"),
        sqlite_with_rowid=False,
    )
    op.create_index("outbox_claim", "outbox", ["connection", "state", "rank", "lane"])
    op.create_table(
        "holds",
        text("connection"),
        text("entity"),
        number("record"),
        moment("at"),
        text("why"),
        sa.PrimaryKeyConstraint("connection", "entity", "record"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reserves",
        number("of_order"),
        number("offer"),
        text("quantity"),
        number("known_at"),
        moment("until"),
        sa.PrimaryKeyConstraint("of_order", "offer"),
        sqlite_with_rowid=False,
    )
    op.create_index("reserves_offer", "reserves", ["offer"])
    op.create_table("plans", text("digest"), blob("body"), moment("at"), sa.PrimaryKeyConstraint("digest"))
    op.create_table(
        "records",
        number("id"),
        text("entity"),
        number("lane"),
        number("version"),
        text("origin"),
        text("title"),
        sa.Column("merged_into", NUMBER, nullable=True),
        document("document"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("records_lane", "records", ["lane"])
    op.create_table("schedules", text("name"), moment("last_at"), sa.PrimaryKeyConstraint("name"))
    op.create_table("secrets", text("name"), blob("nonce"), blob("sealed"), sa.PrimaryKeyConstraint("name"))
    op.create_table(
        "shadows",
        text("connection"),
        number("record"),
        text("entity"),
        document("document"),
        sa.PrimaryKeyConstraint("connection", "record"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sightings",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        text("connection"),
        text("entity"),
        number("read_at"),
        moment("at"),
        text("source_order"),
        number("envelope"),
        text("scope"),
        document("facets"),
        blob("records"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sightings_at", "sightings", ["connection", "entity", "at"])
    op.create_index("sightings_envelope", "sightings", ["envelope"])
    op.create_index("sightings_order", "sightings", ["connection", "entity", "source_order"])
    op.create_index("sightings_read_at", "sightings", ["connection", "entity", "read_at"])
    op.create_table("situations", text("key"), document("document"), sa.PrimaryKeyConstraint("key"))
    op.create_table(
        "traces",
        text("connection"),
        number("record"),
        text("pieces"),
        sa.PrimaryKeyConstraint("connection", "record"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "waits",
        text("key"),
        number("record"),
        text("connection"),
        text("kind"),
        sa.PrimaryKeyConstraint("key", "record", "connection", "kind"),
        sqlite_with_rowid=False,
    )
