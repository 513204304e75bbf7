"""Statements written once with SQLAlchemy, compiled once per database, and run with plain tuples.

SQLAlchemy's own `execute(stmt, list)` spends more on turning dictionaries into tuples than SQLite spends on storing
the row; here the compiled text and the driver's `executemany` meet directly, still on SQLAlchemy's connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

_SQLITE: sa.Dialect = sqlite.dialect()
_POSTGRESQL: sa.Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped

Inserts: TypeAlias = Callable[[sa.Table], Any]
"""The `insert` of one database, which knows `on_conflict_do_update`; SQLAlchemy has no common type for the two."""
Build: TypeAlias = Callable[[Inserts], Any]


class among(FunctionElement[Any]):  # noqa: N801 - reads as SQL in a statement
    """`column IN (…)` of any length as one parameter: an array on PostgreSQL, a JSON array on SQLite."""

    inherit_cache = True

    def __init__(self, column: sa.Column[Any], name: str) -> None:
        super().__init__(column, sa.bindparam(name, type_=postgresql.ARRAY(column.type)))


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, batch = element.clauses
    name = sa.bindparam(batch.key, type_=sa.Text())
    elements = f"json_each({compiler.process(name, **options)})"
    return f"{compiler.process(column, **options)} IN (SELECT value FROM {elements})"  # noqa: S608 - parts the compiler made


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, batch = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(batch, **options)})"


class unindexed(FunctionElement[Any]):  # noqa: N801 - reads as SQL in a statement
    """A column that SQLite must not look rows up by. Without statistics it takes every index for equally good."""

    inherit_cache = True


@compiles(unindexed)
def _unindexed(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(unindexed, "sqlite")
def _unindexed_sqlite(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def word(text: str) -> ColumnElement[str]:
    """Return a constant that is written into the statement, for statements run with rows."""
    return sa.literal_column(f"'{text}'", sa.Text())


Row: TypeAlias = "sa.Row[*tuple[Any, ...]]"
"""A row of a query whose columns the type checker does not know."""


class Compiled(NamedTuple):
    """A statement as the driver takes it: its text, the names of its places, and the values of constant ones."""

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def of_rows(self, count: int) -> str:
        """Return an insert of one row as an insert of `count`."""
        return _of_rows(self.text, count)


@lru_cache(maxsize=1024)
def _of_rows(text: str, count: int) -> str:
    head, values, tail = _VALUES.split(text, maxsplit=1)
    return f"{head}VALUES {', '.join([values] * count)}{tail}"


_VALUES = re.compile(r"VALUES (\([^)]*\))")
_STRIDES = (100, 10, 1)
"""Rows per insert: one text for each, so that the driver prepares three statements and not five hundred."""


class Statement:
    """One statement, for both databases: a Core statement, or a function from the database's `insert` to one."""

    def __init__(self, build: sa.ClauseElement | Build) -> None:
        self._build = build

    @cached_property
    def sqlite(self) -> Compiled:
        """The statement for SQLite."""
        return self._compiled(_SQLITE, sqlite.insert)

    @cached_property
    def postgresql(self) -> Compiled:
        """The statement for PostgreSQL."""
        return self._compiled(_POSTGRESQL, postgresql.insert)

    def _compiled(self, dialect: sa.Dialect, inserts: Inserts) -> Compiled:
        built = self._build if isinstance(self._build, sa.ClauseElement) else self._build(inserts)
        compiler = dialect.statement_compiler(dialect, built)
        constants = {name: value for name, value in compiler.params.items() if value is not None}
        return Compiled(compiler.string, tuple(compiler.positiontup or ()), constants)


def insert(table: sa.Table, *, but: Collection[str] = ()) -> Statement:
    """Return the insert of whole rows, in the order of the table's columns; without the columns named in `but`."""
    columns = [column.name for column in table.columns if column.name not in but]
    return Statement(sa.insert(table).values({name: sa.bindparam(name) for name in columns}).inline())


def upsert(
    table: sa.Table,
    update: Iterable[str] = (),
    *,
    where: Callable[[Any], ColumnElement[bool]] | None = None,
    values: Callable[[Any], Mapping[str, Any]] | None = None,
) -> Statement:
    """Return the insert of whole rows that moves the columns of `update` and sets `values` of a row that is there.

    Without either, a row that is there stays as it is.
    """
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]

    def build(inserts: Inserts) -> Any:
        rows = inserts(table).values({name: sa.bindparam(name) for name in names})
        moved = {name: rows.excluded[name] for name in update}
        if values is not None:
            moved.update(values(rows.excluded))
        if not moved:
            return rows.on_conflict_do_nothing(index_elements=keys)
        condition = None if where is None else where(rows.excluded)
        return rows.on_conflict_do_update(index_elements=keys, set_=moved, where=condition)

    return Statement(build)


class Database:
    """A connection inside a transaction, and what its database is called."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.is_postgresql = connection.dialect.name == "postgresql"

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
        """Insert rows, a hundred per statement: twice as fast as `many`. On PostgreSQL no key may come twice."""
        compiled = self._compiled(statement)
        touched = 0
        start = 0
        for stride in _STRIDES:
            text = compiled.of_rows(stride)
            while len(rows) - start >= stride:
                values = tuple(chain.from_iterable(rows[start : start + stride]))
                touched += self._connection.exec_driver_sql(text, values).rowcount
                start += stride
        return touched

    def batch(self, values: Collection[int] | Collection[str]) -> object:
        """Return the parameter of an `among`."""
        return list(values) if self.is_postgresql else msgspec.json.encode(values).decode()

    def _run(self, statement: Statement, values: Mapping[str, Any]) -> sa.CursorResult[*tuple[Any, ...]]:
        compiled = self._compiled(statement)
        constants = compiled.constants
        row = tuple(values[name] if name in values else constants[name] for name in compiled.names)
        return self._connection.exec_driver_sql(compiled.text, row)

    def _compiled(self, statement: Statement) -> Compiled:
        return statement.postgresql if self.is_postgresql else statement.sqlite


class Part:
    """What a transaction can do with one subject; `SqlTx` is the sum of its parts."""

    def __init__(self, db: Database) -> None:
        self.db = db
