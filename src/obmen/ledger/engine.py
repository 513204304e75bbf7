"""How a database is opened: what SQLite and PostgreSQL must be told before they are trusted with facts."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from obmen.errors import ConfigError

_PRAGMAS = (
    "page_size = 8192",  # what an import writes comes in runs of neighbours: half the pages, a third less for commits
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = OFF",
    "temp_store = MEMORY",
    # 28 MB, so that a transaction of a thousand changes anywhere stays in it: with 16 MB one took a fifth longer on a
    # ledger of 200,000. It is soon full: an import of any size takes the same memory.
    "cache_size = -28672",
    "wal_autocheckpoint = 16000",  # 128 MB, see checkpoints.py
    "journal_size_limit = 134217728",
)
_BUSY_S = 30
_OLDEST_SQLITE = (3, 38, 0)  # json_each without a compile option; RETURNING came in 3.35


def open_engine(url: str, *, must_exist: bool = False) -> tuple[sa.Engine, Path | None]:
    """Return an engine for a ledger's address, and the file where it is one; `must_exist` makes no new file."""
    try:
        address = sa.make_url(url)
        backend = address.get_backend_name()
    except sa.exc.ArgumentError:
        raise bad_address(url) from None
    if backend == "postgresql":
        return _postgresql(address), None
    if backend == "sqlite" and address.database:
        path = Path(address.database)
        return _sqlite(path, must_exist=must_exist), path
    raise bad_address(url)


def _postgresql(address: sa.URL) -> sa.Engine:
    # Two transactions that each read what the other writes would lose a wake-up: only SERIALIZABLE sees that.
    return sa.create_engine(
        address.set(drivername="postgresql+psycopg"),
        isolation_level="SERIALIZABLE",
        pool_size=4,
        max_overflow=12,
        pool_pre_ping=True,
        # Arrays of one and of five hundred want different plans; poolers between us do not like prepared statements.
        connect_args={"prepare_threshold": None},
    )


def _sqlite(path: Path, *, must_exist: bool) -> sa.Engine:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise ConfigError(
            "ledger.old_sqlite",
            f"SQLite {sqlite3.sqlite_version} is too old; 3.38 is needed: use a newer Python build or PostgreSQL",
            f"SQLite {sqlite3.sqlite_version} слишком стара; нужна 3.38: возьмите сборку Python новее или PostgreSQL",
        )
    if must_exist and not path.exists():
        raise ConfigError(
            "ledger.absent",
            f"There is no ledger at {path}; start the hub once, or check the address",
            f"Базы {path} нет; запустите обмен хотя бы раз или проверьте адрес",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": _BUSY_S, "cached_statements": 256},
    )

    def connected(connection: Any, _record: object) -> None:
        # The driver's own implicit BEGIN is deferred, and two deferred transactions that both write fail.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", begun)
    return engine


def bad_address(url: str) -> ConfigError:
    """Return the error of an address that names no ledger."""
    return ConfigError(
        "ledger.address",
        f"«{url}» is no ledger address; write sqlite:///obmen.db or postgresql://user@host/name",
        f"«{url}» не адрес базы; укажите sqlite:///obmen.db или postgresql://user@host/name",
    )
