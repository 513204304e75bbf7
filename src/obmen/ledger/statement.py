"""Statements written once with SQLAlchemy, compiled once per database, and run with plain tuples.

SQLAlchemy's own `execute(stmt, list)` spends more on turning dictionaries into tuples than SQLite spends on storing
the row; here the compiled text and the driver's `executemany` meet directly, still on SQLAlchemy's connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

_SQLITE: sa.Dialect = sqlite.dialect()
_POSTGRESQL: sa.Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped

_POSTGRESQL_TYPE = _POSTGRESQL.type_compiler_instance.process
_VALUES = re.compile(r"VALUES (\([^)]*\))")

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


class Statement:
    """One statement, for both databases: a Core statement, or a function from the database's `insert` to one."""

    def __init__(
        self, build: sa.ClauseElement | Build, *, columns: Sequence[sa.Column[Any]] = (), keys: int = 0
    ) -> None:
        self._build = build
        self.columns = columns
        """Of an insert of whole rows: what a row consists of."""
        self.keys = keys
        """Of an upsert: how many of the first columns name the row."""
        self._rows: dict[int, str] = {}

    @cached_property
    def sqlite(self) -> Compiled:
        """The statement for SQLite."""
        return self._compiled(_SQLITE, sqlite.insert)

    @cached_property
    def postgresql(self) -> Compiled:
        """The statement for PostgreSQL."""
        return self._compiled(_POSTGRESQL, postgresql.insert)

    def sqlite_of(self, count: int) -> str:
        """Return an insert of one row as an insert of `count`."""
        text = self._rows.get(count)
        if text is None:
            head, values, tail = _VALUES.split(self.sqlite.text, maxsplit=1)
            text = self._rows[count] = f"{head}VALUES {', '.join([values] * count)}{tail}"
        return text

    @cached_property
    def postgresql_json(self) -> str:
        """An insert of one row as an insert of all rows of one JSON parameter."""
        head, _, tail = _VALUES.split(self.postgresql.text, maxsplit=1)
        names = ", ".join(_quoted(column) for column in self.columns)
        shape = ", ".join(f"{_quoted(column)} {_POSTGRESQL_TYPE(column.type)}" for column in self.columns)
        return f"{head}SELECT {names} FROM json_to_recordset(%s::json) AS given({shape}){tail}"  # noqa: S608 - our own names

    def _compiled(self, dialect: sa.Dialect, inserts: Inserts) -> Compiled:
        built = self._build if isinstance(self._build, sa.ClauseElement) else self._build(inserts)
        compiler = dialect.statement_compiler(dialect, built)
        constants = {name: value for name, value in compiler.params.items() if value is not None}
        return Compiled(compiler.string, tuple(compiler.positiontup or ()), constants)


def _quoted(column: sa.Column[Any]) -> str:
    return _POSTGRESQL.identifier_preparer.quote(column.name)


def insert(table: sa.Table, *, but: Collection[str] = ()) -> Statement:
    """Return the insert of whole rows, in the order of the table's columns; without the columns named in `but`."""
    columns = [column for column in table.columns if column.name not in but]
    build = sa.insert(table).values({column.name: sa.bindparam(column.name) for column in columns}).inline()
    return Statement(build, columns=columns)


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

    return Statement(build, columns=list(table.columns), keys=len(keys))
