"""Bring a database's tables up to date, or refuse one this release cannot know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from obmen.errors import ConfigError

HEAD = "0001"
"""The newest step in `migrations/versions`."""
KNOWN = ("0001",)

_LOCK = 0x6F626D656E
"""Advisory lock under which one of several starting nodes migrates: «obmen» in ASCII."""


def migrate(engine: sa.Engine) -> None:
    """Create the tables or move them on to `HEAD`; all in one transaction."""
    with engine.begin() as connection:
        stands = standing(connection)
    if stands == HEAD:
        return
    if stands is not None and stands not in KNOWN:
        raise ConfigError(
            "ledger.newer_schema",
            f"The ledger was written by a newer release (schema {stands}); install that release or restore a backup",
            f"База записана более новой версией (схема {stands}); установите её или восстановите копию",
        )
    # A node that waited for another's migration must see what it did.
    with _fresh(engine).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        command.upgrade(alembic_config(connection), HEAD)


def _fresh(engine: sa.Engine) -> sa.Engine:
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="READ COMMITTED")
    return engine


def standing(connection: sa.Connection) -> str | None:
    """Return the step a database stands at, None where there are no tables yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def alembic_config(connection: sa.Connection) -> Config:
    """Return Alembic's settings for a connection; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", "obmen.ledger:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
