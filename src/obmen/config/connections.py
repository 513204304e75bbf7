"""`[connections.<name>]`: whose settings they are, when the connection is asked and when it is written to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, TypeVar

import msgspec

from obmen.config.faults import Complaint, Where, stands_at, unknown
from obmen.config.owners import SPOKEN
from obmen.config.reading import Reading
from obmen.config.schedule import Cadence, Window, parse_cron, parse_every, parse_window
from obmen.config.tables import ConnectionTable, FunctionPair, Timing
from obmen.connectors.contract import Connection, Connector, Ports
from obmen.model import ENTITIES, Entity
from obmen.sync.functions import Functions
from obmen.sync.rules import family

T = TypeVar("T")
Delivery: TypeAlias = Literal["live", "plan"]

JOBS = ("reconcile",)
"""What a connection does by the clock beside asking for entities."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OURS = tuple(field.encode_name for field in msgspec.structs.fields(ConnectionTable))
_BY_CLOCK = ("every", "cron")
_TIMINGS = (*_BY_CLOCK, "write", "deliver")


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a schedule; None is left to the next wider line."""

    cadence: Cadence | None = None
    write: tuple[Window, ...] | None = None
    deliver: Delivery | None = None


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """One connection as configured, not opened yet."""

    name: str
    connector: Connector
    settings: msgspec.Struct
    schedule: dict[str, Timed] = {}
    """By entity, atom or family (`offer.prices`), or job; an empty name speaks for the whole connection."""
    match: dict[str, tuple[str, ...]] = {}
    """By entity; an empty name speaks for all."""
    keyed_by: str | None = None
    """The connection whose refs this system keeps as its external code."""
    silent_after_s: float = 45 * 60.0
    """How long a system that calls by itself may not be heard of."""
    own: dict[str, FunctionPair] = {}
    """An integrator's functions by `<entity>.<atom or family>`."""

    def functions(self, entity: str) -> Functions | None:
        """Return the integrator's functions for an entity, or None."""
        pairs = {
            name.partition(".")[2]: pair for name, pair in self.own.items() if name.startswith(f"{entity}.")
        }
        if not pairs:
            return None
        return Functions(
            read={name: pair.read for name, pair in pairs.items() if pair.read is not None},
            write={name: pair.write for name, pair in pairs.items() if pair.write is not None},
        )

    def open(self, ports: Ports) -> Connection:
        """Open it; nothing is sent until it is used."""
        return self.connector.open(self.name, self.settings, ports)

    def cadence(self, what: str) -> Cadence | None:
        """Return when an entity is asked for or a job runs; None is never by the clock."""
        lines = (self.schedule.get(name, Timed()) for name in ((what,) if what in JOBS else (what, "")))
        return next((line.cadence for line in lines if line.cadence is not None), None)

    def windows(self, entity: str, atom: str) -> tuple[Window, ...]:
        """Return when an atom may be written; none is always."""
        family = atom.partition(".")[0]
        names = (f"{entity}.{atom}", f"{entity}.{family}", entity, "")
        lines = (self.schedule.get(name, Timed()) for name in names)
        return next((line.write for line in lines if line.write is not None), ())

    def delivers(self, entity: str) -> Delivery:
        """Tell whether writes go at once or wait for a plan; a plan unless said otherwise: going live is quiet."""
        lines = (self.schedule.get(name, Timed()) for name in (entity, ""))
        return next((line.deliver for line in lines if line.deliver is not None), "plan")


def read_connections(
    reading: Reading, connectors: Sequence[Connector]
) -> tuple[dict[str, Connector | None], dict[str, Configured]]:
    """Read every `[connections.<name>]`: the connector of every name (None where its type is wrong), and what is configured."""
    vendors = {connector.vendor: connector for connector in connectors}
    named: dict[str, Connector | None] = {}
    whole: dict[str, Configured] = {}
    for name, table in reading.tables(("connections",)).items():
        where = ("connections", name)
        _check_name(reading, name, where)
        connector = _connector(reading, table, where, vendors)
        named[name] = connector
        if connector is None:
            continue
        own = {key: value for key, value in table.items() if key not in _OURS}
        settings = reading.table(connector.settings, own, where, beside=_OURS)
        schedule = _schedule(reading, table.get("schedule", {}), (*where, "schedule"))
        match = _match(reading, table.get("match", []), (*where, "match"))
        if settings is not None:
            whole[name] = Configured(
                name=name,
                connector=connector,
                settings=settings,
                schedule=schedule,
                match=match,
                keyed_by=_keyed_by(reading, table, where),
                silent_after_s=_silent_after(reading, table, where),
                own=_functions(reading, table.get("functions", {}), (*where, "functions")),
            )
    return named, whole


def _check_name(reading: Reading, name: str, where: Where) -> None:
    if _NAME.fullmatch(name) is None or name in {*SPOKEN, "default"}:
        reading.faults.add(
            where,
            "a connection is named in small Latin letters, digits and _, and not origin, each or default",
            "имя подключения — строчные латинские буквы, цифры и _, но не origin, each или default",
            show=False,
        )


def _keyed_by(reading: Reading, table: Mapping[str, object], where: Where) -> str | None:
    key = table.get("keyed_by")
    everyone = stands_at(reading.document, where[:1])
    known = [name for name in everyone if name != where[-1]] if isinstance(everyone, dict) else []
    if key is None or key in known:
        return None if key is None else str(key)
    problem = unknown("no such other connection", "такого другого подключения нет", str(key), known)
    reading.faults.complain((*where, "keyed_by"), problem)
    return None


def _silent_after(reading: Reading, table: Mapping[str, object], where: Where) -> float:
    text = table.get("silent_after", "45m")
    every = _parsed(reading, parse_every, str(text), (*where, "silent_after"))
    return float(every.seconds) if every is not None else 0.0


def _connector(
    reading: Reading, table: Mapping[str, object], where: Where, vendors: Mapping[str, Connector]
) -> Connector | None:
    vendor = table.get("type")
    listed = ", ".join(vendors)
    if vendor is None:
        reading.faults.add(
            where,
            f"say which system it is: type = one of {listed}",
            f"скажите, что это за система: type = одно из {listed}",
            show=False,
        )
        return None
    if not isinstance(vendor, str) or vendor not in vendors:
        problem = unknown("no such type of connection", "такого типа подключения нет", str(vendor), vendors)
        reading.faults.complain((*where, "type"), problem)
        return None
    return vendors[vendor]


# Own functions


def _functions(reading: Reading, table: object, where: Where) -> dict[str, FunctionPair]:
    if not isinstance(table, dict):
        reading.faults.add(where, "expected a table", "ожидается таблица")
        return {}
    pairs: dict[str, FunctionPair] = {}
    for name, inside in table.items():
        entity, dot, atom = name.partition(".")
        if entity not in ENTITIES or not dot:
            problem = unknown(
                'no such entity; write "product.vat"',
                'такой сущности нет; пишется "product.vat"',
                entity,
                ENTITIES,
            )
            reading.faults.complain((*where, name), problem, show=False)
            continue
        known = [each.name.removesuffix(".*") for each in ENTITIES[entity].atoms]
        if family(atom) not in known:
            problem = unknown("no such field", "такого поля нет", atom, known)
            reading.faults.complain((*where, name), problem, show=False)
            continue
        pair = reading.table(FunctionPair, inside, (*where, name))
        if pair is not None:
            pairs[name] = pair
    return pairs


# Schedules


def _schedule(reading: Reading, table: object, where: Where) -> dict[str, Timed]:
    if not isinstance(table, dict):
        reading.faults.add(where, "expected a table", "ожидается таблица")
        return {}
    lines = {"": _timed(reading, {key: table[key] for key in table if key in _TIMINGS}, where)}
    for name, inside in table.items():
        if name in _TIMINGS:
            continue
        head, dot, atom = name.partition(".")
        if head not in ENTITIES and name not in JOBS:
            known = [*ENTITIES, *JOBS, *_TIMINGS]
            problem = unknown("nothing to schedule by this name", "такого в расписании нет", name, known)
            reading.faults.complain((*where, name), problem, show=False)
            continue
        if dot:
            lines[name] = _atom_line(reading, ENTITIES[head], atom, inside, (*where, name))
            continue
        families, own = _split(inside)
        lines[name] = _timed(reading, own, (*where, name), only=_BY_CLOCK if name in JOBS else _TIMINGS)
        for member, line in families.items():
            entity = ENTITIES.get(name)
            lines[f"{name}.{member}"] = _atom_line(reading, entity, member, line, (*where, name, member))
    return lines


def _split(table: object) -> tuple[Mapping[str, object], object]:
    """Part the lines of families (`offer.prices = {…}`, written with or without quotes) from an entity's own."""
    if not isinstance(table, dict):
        return {}, table
    families = {key: value for key, value in table.items() if isinstance(value, dict)}
    return families, {key: value for key, value in table.items() if key not in families}


def _atom_line(reading: Reading, entity: Entity | None, atom: str, table: object, where: Where) -> Timed:
    known = [known.name.removesuffix(".*") for known in entity.atoms] if entity is not None else []
    if atom.partition(".")[0] not in known:
        reading.faults.complain(where, unknown("no such field", "такого поля нет", atom, known), show=False)
        return Timed()
    return _timed(reading, table, where, only=("write",))


def _timed(reading: Reading, table: object, where: Where, *, only: tuple[str, ...] = _TIMINGS) -> Timed:
    timing = reading.table(Timing, table, where)
    if timing is None or not isinstance(table, dict):
        return Timed()
    for key in table:
        if key in _TIMINGS and key not in only:
            listed = ", ".join(only)
            reading.faults.add((*where, key), f"here stands only: {listed}", f"здесь бывает только: {listed}")
    if timing.every and timing.cron:
        reading.faults.add(where, "either every or cron, not both", "что-то одно: every или cron", show=False)
    cadence: Cadence | None = None
    if timing.every:
        cadence = _parsed(reading, parse_every, timing.every, (*where, "every"))
    elif timing.cron:
        cadence = _parsed(reading, parse_cron, timing.cron, (*where, "cron"))
    windows = None
    if timing.write is not None:
        read = [
            _parsed(reading, parse_window, text, (*where, "write", index))
            for index, text in enumerate(timing.write)
        ]
        windows = tuple(window for window in read if window is not None)
    return Timed(cadence=cadence, write=windows, deliver=timing.deliver)


def _parsed(reading: Reading, parse: Callable[[str], T], text: str, where: Where) -> T | None:
    try:
        return parse(text)
    except Complaint as complaint:
        reading.faults.complain(where, complaint)
        return None


# Keys to match by


def _match(reading: Reading, written: object, where: Where) -> dict[str, tuple[str, ...]]:
    by_entity = written if isinstance(written, dict) else {"": written}
    keys: dict[str, tuple[str, ...]] = {}
    for entity, names in by_entity.items():
        at: Where = (*where, entity) if entity else where
        if entity and entity not in ENTITIES:
            problem = unknown("no such entity", "такой сущности нет", entity, ENTITIES)
            reading.faults.complain(at, problem, show=False)
        elif not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            reading.faults.add(
                at, 'expected a list of keys: ["xml_id", "sku"]', 'ожидается список ключей: ["xml_id", "sku"]'
            )
        else:
            keys[entity] = tuple(names)
    return keys
