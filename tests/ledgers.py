"""Ledgers for tests: in memory, in an SQLite file, and in a PostgreSQL schema of the run's own.

PostgreSQL is looked for at `OBMEN_TEST_POSTGRES`, else on this machine; where none answers its tests are skipped.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from obmen.ledger.sql import SqlLedger, SqlTx
from obmen.testkit.memory import MemoryLedger, MemoryTx
from obmen.testkit.soak import wipe

KINDS = ("memory", "sqlite", "postgresql")
_POSTGRES = "postgresql://postgres@127.0.0.1:5432/test"


@contextmanager
def sqlite_ledger(folder: Path) -> Iterator[SqlLedger]:
    ledger = SqlLedger.open(f"sqlite:///{folder / 'obmen.db'}", exclusive=True)
    try:
        yield ledger
    finally:
        ledger.close_here()


@contextmanager
def postgresql_ledger(url: str) -> Iterator[SqlLedger]:
    """An empty ledger in the schema of this run."""
    ledger = SqlLedger.open(url, exclusive=True)
    try:
        yield ledger
    finally:
        # What a test left running must end first, or its rows would appear in the next one.
        ledger._threads.shutdown(wait=True)
        # A few rows go faster by DELETE than twenty-two files by TRUNCATE.
        wipe(ledger)
        ledger.close_here()


@contextmanager
def taken_back(ledger: MemoryLedger | SqlLedger) -> Iterator[MemoryTx | SqlTx]:
    """A transaction that ends in an exception."""
    with suppress(ZeroDivisionError), ledger.begin() as tx:
        yield tx
        raise ZeroDivisionError


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    address = os.environ.get("OBMEN_TEST_POSTGRES", _POSTGRES)
    try:
        connection = psycopg.connect(address, connect_timeout=3, autocommit=True)
    except psycopg.OperationalError as failure:
        pytest.skip(f"PostgreSQL does not answer at {address}: {str(failure).strip().splitlines()[0]}")
    schema = f"obmen_{secrets.token_hex(4)}"
    with connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        url = sa.make_url(address).update_query_dict({"options": f"-csearch_path={schema}"})
        try:
            yield url.render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


@contextmanager
def open_ledger(
    kind: str, request: pytest.FixtureRequest, folder: Path
) -> Iterator[MemoryLedger | SqlLedger]:
    """An empty ledger of one of `KINDS`."""
    if kind == "memory":
        yield MemoryLedger()
    elif kind == "sqlite":
        with sqlite_ledger(folder) as ledger:
            yield ledger
    else:
        with postgresql_ledger(request.getfixturevalue("postgres_url")) as ledger:
            yield ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryLedger | SqlLedger]:
    with open_ledger(request.param, request, tmp_path) as ledger:
        yield ledger


@pytest.fixture(params=KINDS)
def any_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryLedger | SqlLedger]:
    with open_ledger(request.param, request, tmp_path) as ledger:
        yield ledger
