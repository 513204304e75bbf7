"""Migrations arrive at the tables the ledger works with, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from obmen.errors import ConfigError
from obmen.ledger.engine import open_engine
from obmen.ledger.schema import HEAD, KNOWN, alembic_config, migrate, standing
from obmen.ledger.sql import SqlLedger
from obmen.ledger.tables import METADATA


def described(engine: sa.Engine) -> dict:
    """What a database says of its tables; constraint names aside."""
    inspector = sa.inspect(engine)
    return {
        table: (
            sorted(
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspector.get_columns(table)
            ),
            inspector.get_pk_constraint(table)["constrained_columns"],
            sorted(
                (
                    index["name"],
                    tuple(index["column_names"]),
                    bool(index["unique"]),
                    str(index["dialect_options"].get("sqlite_where")),
                )
                for index in inspector.get_indexes(table)
            ),
        )
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_the_migrated_schema_is_the_schema_of_the_tables(sql_ledger):
    with sql_ledger._engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert standing(connection) == HEAD


def test_sqlite_stores_the_migrated_tables_word_for_word_as_the_tables_say(tmp_path):
    made, _ = open_engine(f"sqlite:///{tmp_path / 'made.db'}")
    METADATA.create_all(made)
    moved, _ = open_engine(f"sqlite:///{tmp_path / 'moved.db'}")
    migrate(moved)

    assert described(made) == described(moved)
    assert _without_rowid(made) == _without_rowid(moved)
    made.dispose()
    moved.dispose()


def _without_rowid(engine: sa.Engine) -> set[str]:
    with engine.begin() as connection:
        return set(
            connection.execute(
                sa.text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%WITHOUT ROWID%'")
            ).scalars()
        )


def test_postgresql_keeps_sequences_and_byte_order(postgres_url):
    engine, _ = open_engine(postgres_url)
    migrate(engine)
    with engine.begin() as connection:
        collations = connection.execute(
            sa.text(
                "SELECT DISTINCT collation_name FROM information_schema.columns"
                " WHERE table_schema = current_schema() AND data_type = 'text'"
            )
        ).scalars()
        assert set(collations) == {"C"}
        assert {"ticks", "record_ids"} <= set(sa.inspect(connection).get_sequence_names())
    engine.dispose()


def test_every_step_is_known_and_the_last_is_the_head(tmp_path):
    engine, _ = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection:
        steps = ScriptDirectory.from_config(alembic_config(connection))
        assert steps.get_current_head() == HEAD
        assert {step.revision for step in steps.walk_revisions()} == set(KNOWN)
    engine.dispose()


def test_a_database_of_a_newer_release_is_refused(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'obmen.db'}"
    SqlLedger.open(url, exclusive=True).close_here()
    engine, _ = open_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(ConfigError, match="newer release"):
        SqlLedger.open(url, exclusive=True)
