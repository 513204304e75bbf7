"""`[sync.<entity>]` turned into the topology the merge works with; what cannot work is refused here, not at night."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from typing import Protocol, TypeAlias, runtime_checkable
from zoneinfo import ZoneInfo

from msgspec import structs

from obmen.config.faults import Where, unknown
from obmen.config.owners import Owners
from obmen.config.reading import Reading
from obmen.config.scope import Scope
from obmen.config.tables import ReaderTable, Sync
from obmen.connectors.contract import Connector
from obmen.model import ENTITIES, Entity, instant
from obmen.sync.rules import Origin, Reader, Topology

Keys: TypeAlias = dict[str, tuple[str, ...]]


@runtime_checkable
class Recogniser(Protocol):
    """A connector whose vendor gets some entities from elsewhere: they are found there, never made."""

    recognises: Collection[str]
    """Entities."""


def read_topology(
    reading: Reading, connections: Mapping[str, Connector | None], zone: ZoneInfo
) -> tuple[dict[str, Topology], Keys]:
    """Read every `[sync.<entity>]`: the topology and the keys to match by; faults go to the reading.

    Days are those of the hub's zone.
    """
    found: dict[str, Topology] = {}
    keys: Keys = {}
    for name, table in reading.tables(("sync",)).items():
        where = ("sync", name)
        if name not in ENTITIES:
            reading.faults.complain(
                where, unknown("no such entity", "такой сущности нет", name, ENTITIES), show=False
            )
            continue
        sync = reading.table(Sync, table, where)
        if sync is not None:
            topology = _topology(Scope(reading, connections, ENTITIES[name]), sync, where)
            if sync.begins is not None:
                topology = structs.replace(topology, begins=_begins(reading, name, sync.begins, zone, where))
            found[name] = topology
            keys[name] = sync.match
    for name, topology in found.items():
        made = [reader.to for reader in topology.readers if not _recognises(connections.get(reader.to), name)]
        _check_partners(reading, ENTITIES[name], topology, found, made)
    return found, keys


def _topology(scope: Scope, sync: Sync, where: Where) -> Topology:
    at_creators: Where = (*where, "creators")
    if not sync.creators and not scope.faults.blame(at_creators):
        scope.faults.add(
            where,
            'say who may bring new records: creators = ["<connection>"]',
            'скажите, кто заводит новые карточки: creators = ["<подключение>"]',
            show=False,
        )
    creators = scope.names(sync.creators, at_creators)
    rules = Owners(scope, creators, (*where, "owners")).rules(sync.owners)
    return Topology(
        entity=scope.entity.name,
        creators=creators,
        default=rules.pop("default", Origin()),
        owners=rules,
        readers=_readers(scope, sync, (*where, "readers")),
    )


def _begins(reading: Reading, name: str, day: date, zone: ZoneInfo, where: Where) -> str:
    """Return the moment a day begins at; entities without a date of their own have no day to begin with."""
    if ENTITIES[name].dated_by is None:
        reading.faults.add(
            (*where, "begins"),
            f"a {name} has no date; only orders can begin with a day",
            f"у сущности {name} нет даты; дату начала можно задать только заказам",
        )
    return instant(datetime.combine(day, time(), zone))


def _readers(scope: Scope, sync: Sync, where: Where) -> tuple[Reader, ...]:
    readers: dict[str, Reader] = {}
    for index, item in enumerate(sync.readers):
        at: Where = (*where, index)
        is_plain = isinstance(item, str)
        table = scope.reading.table(ReaderTable, {"to": item} if is_plain else item, at)
        if table is None or not scope.is_connection(table.to, at if is_plain else (*at, "to")):
            continue
        if table.to in readers:
            scope.faults.add(at, "this reader is named twice", "этот получатель назван дважды")
        for place, atom in enumerate(table.only):
            scope.is_atom(atom, (*at, "only", place))
        when = scope.condition(table.when, (*at, "when")) if table.when else None
        readers[table.to] = Reader(to=table.to, when=when, only=table.only)
    return tuple(readers.values())


def _check_partners(
    reading: Reading,
    entity: Entity,
    topology: Topology,
    all_of: Mapping[str, Topology],
    made: Collection[str],
) -> None:
    """Refuse a reader that would wait for ever for partners it never receives; `made`: who makes this entity."""
    for atom in entity.atoms:
        partner = atom.partner
        if partner is None or partner == entity.name or atom.inside is not None or atom.loose:
            continue  # a CRM takes the lines of an order without holding the catalogue, a shop one without its buyer
        is_vital = atom.name == entity.lane_by
        for index, reader in enumerate(topology.readers):
            if reader.to not in made:
                continue
            if not (reader.receives(atom.name) or is_vital) or _has(all_of.get(partner), reader.to):
                continue
            if not is_vital and partner not in all_of:
                continue
            reading.faults.add(
                ("sync", entity.name, "readers", index),
                f"{entity.name}.{atom.name} needs {partner}: add «{reader.to}» to the readers of [sync.{partner}]",
                f"полю {entity.name}.{atom.name} нужна сущность {partner}: добавьте «{reader.to}» в readers [sync.{partner}]",
            )


def _recognises(connector: Connector | None, entity: str) -> bool:
    if connector is None or not isinstance(connector, Recogniser):
        return False
    return entity in connector.recognises


def _has(topology: Topology | None, connection: str) -> bool:
    """Tell whether a connection comes to hold the records of an entity."""
    return topology is not None and (
        connection in topology.creators or topology.reader(connection) is not None
    )
