"""Mapping tables written in the hub: judged, saved, taken up by whoever works with them, and re-projected in portions.

The ledger's rows lie over the tables of the configuration. Saving them queues a re-projection for every entity they
touch; what waited for a code goes on at once, and what the new tables would write beside that waits for a plan.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from obmen.connectors.contract import Source
from obmen.connectors.mapping import Reference, Table
from obmen.engine import issues, judging, reprojecting, waking
from obmen.engine.following import follow
from obmen.engine.hub import Hub
from obmen.engine.judging import Queued
from obmen.engine.remapping import reread, rewrite
from obmen.errors import BadInput, ConfigError
from obmen.ledger.contract import MappingRow, Tx
from obmen.sync.mapping import SPOKEN, Direction, Kind, Laid, Row, over
from obmen.sync.shadow import Look

_WAYS: tuple[Direction, ...] = ("both", "in", "out")
MOST = 1_000_000


class Edit(NamedTuple):
    """A row somebody writes, or takes away: then there is no value."""

    kind: str
    code: str
    value: str | None
    direction: Direction = "both"


class Unmapped(NamedTuple):
    """A code nobody has mapped, and how many records wait for it."""

    code: str
    records: int
    written: bool
    """Whether it is a word of ours that has no code there."""


def reference(hub: Hub, connection: str) -> Reference:
    """Return a connection as one that has mapping tables; `BadInput` where it has none."""
    found = hub.connections[connection]
    if isinstance(found, Reference):
        return found
    raise BadInput(
        "mapping.no_tables",
        f"{connection} has no mapping tables.",
        f"У {connection} нет таблиц соответствий.",
    )


def table_of(tables: Sequence[Table], name: str) -> Table:
    """Return a table by the name of its kind, or say which there are."""
    for table in tables:
        if table.kind.name == name:
            return table
    known = ", ".join(table.kind.name for table in tables)
    raise BadInput(
        "mapping.no_kind",
        f"There is no table «{name}» here; there are: {known}.",
        f"Таблицы «{name}» здесь нет; есть: {known}.",
    )


# --- as they stand ----------------------------------------------------------------------------------------------------


def standing(tx: Tx, hub: Hub, connection: str, kind: str) -> list[Laid]:
    """Return one table as it stands: the rows of the configuration, and over them those of the hub."""
    system = reference(hub, connection)
    table = table_of(system.tables, kind)
    return over(table.rows(system.base), _overlay(tx, connection).get(kind, ()))


def written(tx: Tx, connection: str) -> dict[tuple[str, str], MappingRow]:
    """Return the rows of the hub with when and why they were written, by kind and code."""
    return {(row.kind, row.code): row for row in tx.mappings(connection)}


def unmapped(tx: Tx, connection: str, kind: Kind) -> list[Unmapped]:
    """Return the codes of one table that records wait for."""
    prefix = f"map:{connection}:{kind.wakes}:"
    waiting: dict[tuple[str, bool], set[int]] = {}
    for key, waiter in tx.waiters(limit=MOST) if kind.wakes else ():
        if key.startswith(prefix):
            waiting.setdefault((key.removeprefix(prefix), waiter.kind == "write"), set()).add(waiter.record)
    return [Unmapped(code, len(records), written) for (code, written), records in sorted(waiting.items())]


# --- taking up --------------------------------------------------------------------------------------------------------


async def take_up(hub: Hub, connection: str, taken: dict[str, int]) -> bool:
    """Work with today's tables; `taken` remembers the versions taken up. Tell whether there were new ones."""
    system = hub.connections[connection]
    if not isinstance(system, Reference):
        return False
    version = await hub.ledger.run(lambda tx: tx.mapping_version(connection))
    if taken.get(connection, 0) == version:
        return False
    system.work_with(await hub.ledger.run(lambda tx: settings_now(tx, hub, connection, system)))
    taken[connection] = version
    return True


def take_up_all(tx: Tx, hub: Hub) -> None:
    """Give every connection its tables as they stand, before any of them is used."""
    for name, system in hub.connections.items():
        if isinstance(system, Reference) and tx.mapping_version(name):
            system.work_with(settings_now(tx, hub, name, system))


def settings_now(tx: Tx, hub: Hub, connection: str, system: Reference) -> msgspec.Struct:
    """Return the settings with the hub's rows over them. A table that fits them no more is left out, and told."""
    settings = system.base
    overlay = _overlay(tx, connection)
    for table in system.tables:
        rows = overlay.get(table.kind.name)
        if not rows:
            continue
        try:
            settings = table.lay(settings, rows)
        except ConfigError as error:
            tx.open_issues([issues.unfitting(connection, table.kind.name, error)], at=hub.now())
        else:
            tx.close_issues([issues.unfitting_key(connection, table.kind.name)], at=hub.now())
    return settings


def _overlay(tx: Tx, connection: str) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for row in sorted(tx.mappings(connection), key=lambda row: row.version):
        if row.value is not None:
            rows.setdefault(row.kind, []).append(Row(row.code, row.value, _way(row.direction)))
    return rows


def _way(text: str) -> Direction:
    return next(way for way in _WAYS if way == text)


# --- saving -----------------------------------------------------------------------------------------------------------


def save(
    tx: Tx, hub: Hub, connection: str, edits: Sequence[Edit], *, by: str, live: bool = False
) -> list[Edit]:
    """Judge rows and write them, all or none; return those that say something new.

    Queues the re-projection of what they touch and a look at what waits for their codes. Raises `BadInput` or
    `ConfigError` with the sentence that says what is wrong, and nothing is saved.
    """
    system = reference(hub, connection)
    overlay = _overlay(tx, connection)
    new: list[Edit] = []
    for edit in [judged(hub, connection, edit) for edit in edits]:
        stands = overlay.setdefault(edit.kind, [])
        kind = table_of(system.tables, edit.kind).kind
        if not _says_new(tx, hub, connection, edit, stands):
            continue
        stands[:] = [row for row in stands if row.code != edit.code]
        if edit.value is not None:
            twins = [row.code for row in stands if kind.single and row.value == edit.value]
            stands[:] = [row for row in stands if row.code not in twins]
            stands.append(Row(edit.code, edit.value, edit.direction))
            new += [Edit(edit.kind, code, None) for code in twins]
        new.append(edit)
    settings = system.base
    for table in system.tables:
        if rows := overlay.get(table.kind.name):
            settings = table.lay(settings, rows)
    _write(tx, hub, connection, new, by)
    touched = {
        entity
        for edit in new
        for entity in table_of(system.tables, edit.kind).kind.entities
        if entity in hub.topologies
    }
    for entity in sorted(touched):
        judging.put(tx, connection, entity, Queued(live=live))
    _look_again(tx, hub, connection, new)
    return new


def judged(hub: Hub, connection: str, edit: Edit) -> Edit:
    """Return a row in its one spelling; raises `BadInput` with what may stand there."""
    kind = table_of(reference(hub, connection).tables, edit.kind).kind
    code = edit.code.strip()
    if not code:
        raise BadInput(
            "mapping.no_code", f"{kind.name}: a row without a code.", f"{kind.name}: строка без кода."
        )
    if edit.direction not in kind.directions:
        way, ways = SPOKEN[edit.direction], ", ".join(SPOKEN[one] for one in kind.directions)
        raise BadInput(
            "mapping.no_direction",
            f"{kind.name}: «{code}» cannot be «{way}» here; only: {ways}.",
            f"{kind.name}: «{code}» — направления «{way}» в этой таблице нет; есть: {ways}.",
        )
    if edit.value is None:
        return Edit(kind.name, code, None, edit.direction)
    if kind.digits and not code.isdecimal():
        raise BadInput(
            "mapping.no_number",
            f"{kind.name}: «{code}» is no id; ids are numbers here.",
            f"{kind.name}: «{code}» — не ID; здесь ID — числа.",
        )
    return Edit(kind.name, code, kind.value(edit.value), edit.direction)


def _says_new(tx: Tx, hub: Hub, connection: str, edit: Edit, overlay: Sequence[Row]) -> bool:
    if edit.value is None:
        return any(row.code == edit.code for row in overlay)
    row = Row(edit.code, edit.value, edit.direction)
    if any(one.code == edit.code for one in overlay):
        return row not in overlay
    return all(laid.row != row for laid in standing(tx, hub, connection, edit.kind))


def _write(tx: Tx, hub: Hub, connection: str, edits: Sequence[Edit], by: str) -> None:
    held = {(row.kind, row.direction, row.code) for row in tx.mappings(connection)}
    for edit in edits:
        for way in _WAYS:
            written = edit.value is not None and way == edit.direction
            if written or (edit.kind, way, edit.code) in held:
                row = MappingRow(
                    connection=connection,
                    kind=edit.kind,
                    direction=way,
                    code=edit.code,
                    value=edit.value if written else None,
                    by=by,
                )
                tx.put_mapping(row, at=hub.now())


def _look_again(tx: Tx, hub: Hub, connection: str, edits: Sequence[Edit]) -> None:
    """Have the objects looked at again that wait for these codes: a table may be asked while an object is read."""
    tables = reference(hub, connection).tables
    wakes = ((table_of(tables, edit.kind).kind.wakes, edit.code) for edit in edits)
    keys = {f"map:{connection}:{word}:{code}" for word, code in wakes if word}
    waiting = {
        waiter.record for key, waiter in tx.waiters(limit=MOST) if key in keys and waiter.kind == "look"
    }
    refs = tx.refs_of(connection, waiting)
    entities = {record.id: record.entity for record in tx.records(refs).values()}
    for entity in sorted(set(entities.values())):
        looks = [Look(ref=refs[number], fields={}) for number in sorted(refs) if entities[number] == entity]
        if isinstance(hub.connections[connection], Source):
            waking.remember(tx, hub, connection, entity, looks, read_at=0, why="mapping changed")


# --- re-projecting ----------------------------------------------------------------------------------------------------


def queued(tx: Tx, hub: Hub, connection: str) -> Mapping[str, Queued]:
    """Return what is still to be judged anew, by entity."""
    found = {entity: judging.queued(tx, connection, entity) for entity in hub.topologies}
    return {entity: one for entity, one in found.items() if one is not None}


async def finish(hub: Hub, connection: str) -> None:
    """Do all that is to be judged anew, portion by portion."""
    while await go_on(hub, connection):
        pass


async def go_on(hub: Hub, connection: str) -> bool:
    """Do the next portion of what is to be judged anew; False when nothing is left.

    The tables must have been taken up. What waits for a code comes first, and is written without a plan.
    """
    left = await hub.ledger.run(lambda tx: queued(tx, hub, connection))
    if not left:
        return False
    if any(not one.begun for one in left.values()):
        await reread(hub, connection)
        await rewrite(hub, connection)
        await _acquaint(hub, connection, left)
        await hub.ledger.run(lambda tx: _begin(tx, connection, left))
        await follow(hub, connection)
        return True
    entity, one = next(iter(left.items()))
    await hub.ledger.run(lambda tx: _portion(tx, hub, connection, entity, one))
    return True


async def _acquaint(hub: Hub, connection: str, entities: Collection[str]) -> None:
    """Let the system learn its dictionaries by the new tables; stores of a shop are found by them."""
    system = hub.connections[connection]
    if isinstance(system, Source):
        for entity in entities:
            await system.look(entity, ())


def _begin(tx: Tx, connection: str, left: Mapping[str, Queued]) -> None:
    for entity, one in left.items():
        if judging.queued(tx, connection, entity) == one:  # else it was queued anew meanwhile
            judging.put(tx, connection, entity, msgspec.structs.replace(one, begun=True))


def _portion(tx: Tx, hub: Hub, connection: str, entity: str, one: Queued) -> None:
    if judging.queued(tx, connection, entity) != one:
        return
    last = reprojecting.portion(tx, hub, connection, entity, after=one.after, held=not one.live)
    done = None if last is None else msgspec.structs.replace(one, after=last)
    judging.put(tx, connection, entity, done)
    if done is None:
        for reader in hub.topologies[entity].readers:
            reprojecting.tell_held(tx, hub, reader.to)
