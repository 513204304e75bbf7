"""A transaction's connection, and the fastest way into each database.

SQLite takes two hundred rows per statement; PostgreSQL takes one JSON parameter and unpacks it itself. Both are
several times as fast as the driver's `executemany`, and that is several times as fast as SQLAlchemy's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
import sqlalchemy as sa

from obmen.ledger.statement import Compiled, Row, Statement
from obmen.ledger.tables import DOCUMENT

_STRIDES = (200, 40, 8, 1)
"""Rows per insert: one text for each, so that SQLite prepares four statements and not five hundred."""


class Database:
    """A connection inside a transaction, and what its database is called."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.is_postgresql = connection.dialect.name == "postgresql"
        self.written = 0
        """Rows inserted in bulk."""

    def rows(self, statement: Statement, **values: Any) -> Sequence[Row]:
        """Run a query and return its rows."""
        return self._run(statement, values).fetchall()

    def row(self, statement: Statement, **values: Any) -> Row | None:
        """Run a query and return its first row."""
        return self._run(statement, values).fetchone()

    def one(self, statement: Statement, **values: Any) -> Row:
        """Run a query that always has a row and return it."""
        return self._run(statement, values).one()

    def run(self, statement: Statement, **values: Any) -> int:
        """Run a statement once and return how many rows it touched."""
        return self._run(statement, values).rowcount

    def many(self, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> int:
        """Run a statement for each row, its values in the statement's order; return how many rows it touched."""
        if not rows:
            return 0
        compiled = self._compiled(statement)
        return self._connection.exec_driver_sql(compiled.text, list(rows)).rowcount

    def bulk(self, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> int:
        """Insert whole rows and return how many were touched: several times as fast as `many`.

        Of rows with the same key the last one counts.
        """
        if not rows:
            return 0
        self.written += len(rows)
        return (
            self._bulk_postgresql(statement, rows)
            if self.is_postgresql
            else self._bulk_sqlite(statement, rows)
        )

    def _bulk_sqlite(self, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> int:
        # Past SQLAlchemy, whose way to the driver costs as much as SQLite takes for three rows.
        driver: Any = self._connection.connection.driver_connection
        touched = 0
        start = 0
        for stride in _STRIDES:
            text = statement.sqlite_of(stride)
            while len(rows) - start >= stride:
                values = tuple(chain.from_iterable(rows[start : start + stride]))
                touched += driver.execute(text, values).rowcount
                start += stride
        return touched

    def _bulk_postgresql(self, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> int:
        keys = statement.keys
        if keys:
            rows = list({row[:keys]: row for row in rows}.values())
        names = [column.name for column in statement.columns]
        documents = [column.name for column in statement.columns if column.type is DOCUMENT]
        given = [dict(zip(names, row, strict=True)) for row in rows]
        for row in given:
            for name in documents:
                row[name] = row[name].decode()
        parameters = (msgspec.json.encode(given).decode(),)
        return self._connection.exec_driver_sql(statement.postgresql_json, parameters).rowcount

    def batch(self, values: Collection[int] | Collection[str]) -> str:
        """Return the parameter of an `among`: the text of an array or of a JSON list."""
        if not self.is_postgresql:
            # A list first: the keys of a dictionary are a collection as well, and JSON would make an object of it.
            return msgspec.json.encode(list(values)).decode()
        return f"{{{','.join(_element(value) for value in values)}}}"

    def document(self, encoded: bytes) -> bytes | str:
        """Return the parameter for a column of documents; `bulk` needs no such help."""
        return encoded.decode() if self.is_postgresql else encoded

    def _run(self, statement: Statement, values: Mapping[str, Any]) -> sa.CursorResult[*tuple[Any, ...]]:
        compiled = self._compiled(statement)
        constants = compiled.constants
        row = tuple(values[name] if name in values else constants[name] for name in compiled.names)
        return self._connection.exec_driver_sql(compiled.text, row)

    def _compiled(self, statement: Statement) -> Compiled:
        return statement.postgresql if self.is_postgresql else statement.sqlite


def _element(value: int | str) -> str:
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Part:
    """What a transaction can do with one subject; `SqlTx` is the sum of its parts."""

    def __init__(self, db: Database) -> None:
        self.db = db
