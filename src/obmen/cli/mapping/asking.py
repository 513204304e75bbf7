"""What the commands of mapping tables ask: which tables are meant, what their systems list, what codes probably mean."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from obmen.cli.app import errors, speaks, word
from obmen.cli.configured import known
from obmen.cli.mapping.lines import names_known
from obmen.connectors.mapping import Reference
from obmen.engine import mapping
from obmen.engine.hub import Hub
from obmen.errors import ObmenError, Transient
from obmen.sync.mapping import Entry, Kind
from obmen.sync.suggesting import Candidate, suggest

T = TypeVar("T")


def tables_meant(hub: Hub, connection: str, kind: str) -> list[tuple[str, Kind]]:
    """Return the tables that are meant, by connection."""
    names = [known(hub, connection)] if connection else list(hub.connections)
    found: list[tuple[str, Kind]] = []
    for name in names:
        system = mapping.reference(hub, name) if connection else hub.connections[name]
        if isinstance(system, Reference):
            tables = [mapping.table_of(system.tables, kind)] if kind and connection else system.tables
            found += [(name, table.kind) for table in tables if kind in {"", table.kind.name}]
    return found


def run(hub: Hub, work: Coroutine[Any, Any, T]) -> T:
    """Run something that asks systems, and let go of their sockets."""

    async def whole() -> T:
        try:
            return await work
        finally:
            for connection in hub.connections.values():
                await connection.close()

    return asyncio.run(whole())


async def books_of(hub: Hub, meant: Sequence[tuple[str, Kind]]) -> dict[tuple[str, str], Sequence[Entry]]:
    """Ask each system for its dictionaries; one that does not answer is named once."""
    books: dict[tuple[str, str], Sequence[Entry]] = {}
    silent: set[str] = set()
    for name, kind in meant:
        system = hub.connections[name]
        if name in silent or not isinstance(system, Reference):
            continue
        try:
            books[name, kind.name] = await system.dictionary(kind.name)
        except ObmenError as error:
            if isinstance(error, Transient):
                silent.add(name)  # down for all tables alike
            text = word("справочник не получен", "no dictionary")
            errors.print(
                f"{name} {kind.name}: {text}. {error.text(speaks())}",
                style="yellow",
                markup=False,
                soft_wrap=True,
            )
    return books


async def candidates(hub: Hub, connection: str, kind: str) -> list[tuple[Kind, list[Candidate]]]:
    """Return what the codes without a meaning probably mean, table by table; other systems are asked for their names."""
    meant = tables_meant(hub, connection, kind)
    tables = mapping.reference(hub, connection).tables
    books = await books_of(
        hub, [(name, one) for _, one in meant for name in hub.connections if _has(hub, name, one)]
    )
    found: list[tuple[Kind, list[Candidate]]] = []
    for _, one in meant:
        table = mapping.table_of(tables, one.name)
        stands, elsewhere = await hub.ledger.run(
            lambda tx, one=one: (  # type: ignore[misc]
                {laid.row.code: laid.row.value for laid in mapping.standing(tx, hub, connection, one.name)},
                names_known(tx, hub, connection, one.name, books),
            )
        )
        here = suggest(
            one,
            books.get((connection, one.name), ()),
            stands=stands,
            usual=table.usual,
            groups=table.groups,
            known=elsewhere,
        )
        found.append((one, here))
    return found


def _has(hub: Hub, connection: str, kind: Kind) -> bool:
    system = hub.connections[connection]
    return isinstance(system, Reference) and any(table.kind.name == kind.name for table in system.tables)
