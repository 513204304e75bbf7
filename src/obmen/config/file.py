"""Loading `obmen.toml`: everything that is wrong with it is told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from obmen.config.alerts import Alerts
from obmen.config.connections import Configured, read_connections
from obmen.config.faults import FaultyConfig, unknown
from obmen.config.reading import Reading
from obmen.config.tables import Guards, Hub, Offer
from obmen.config.topology import read_topology
from obmen.connectors.contract import Connector, Finding
from obmen.errors import ConfigError
from obmen.sync.rules import Topology

_TOP = ("hub", "connections", "sync", "guards", "offer", "alerts")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration without faults."""

    path: Path
    hub: Hub
    connections: dict[str, Configured]
    sync: dict[str, Topology]
    match: dict[str, tuple[str, ...]] = {}
    """Keys by entity, for connections that name none of their own."""
    guards: Guards = Guards()
    offer: Offer = Offer()
    alerts: Alerts = Alerts()
    findings: tuple[Finding, ...] = ()
    """What works and yet should be mended."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of schedules and printed times."""
        return ZoneInfo(self.hub.time_zone)

    def match_keys(self, connection: str, entity: str) -> tuple[str, ...]:
        """Return the keys an unknown object is recognised by, in order."""
        own = self.connections[connection].match
        return own.get(entity) or own.get("") or self.match.get(entity, ())


def load_config(path: Path, *, connectors: Sequence[Connector], env: Mapping[str, str]) -> Config:
    """Read the file; raises `ConfigError` with everything that is wrong."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise ConfigError(
            "config.unreadable",
            f"{path} cannot be read: {exc.strerror}; name another file or make this one",
            f"{path} не читается: {exc.strerror}; укажите другой файл или создайте этот",
        ) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(
            "config.encoding",
            f"{path.name} is not UTF-8; save it in UTF-8",
            f"{path.name} не в UTF-8; сохраните файл в кодировке UTF-8",
        ) from exc
    return parse_config(text, path=path, connectors=connectors, env=env)


def parse_config(text: str, *, path: Path, connectors: Sequence[Connector], env: Mapping[str, str]) -> Config:
    """Read the text of a file that lies, or would lie, at `path`; nothing is read but Python rules beside it."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(
            "config.toml",
            f"{path.name} is not TOML: {exc}",
            f"{path.name} — ошибка в записи TOML: {exc}",
        ) from exc
    folder = path.absolute().parent
    reading = Reading(raw, env=env, folder=folder)
    for key in raw:
        if key not in _TOP:
            problem = unknown("no such section", "такого раздела нет", key, _TOP)
            reading.faults.complain((key,), problem, show=False)
    hub = reading.section(Hub, "hub")
    guards = reading.section(Guards, "guards")
    offer = reading.section(Offer, "offer")
    alerts = reading.section(Alerts, "alerts")
    named, connections = read_connections(reading, connectors)
    sync, match = read_topology(reading, named, ZoneInfo(hub.time_zone if hub is not None else "UTC"))
    if reading.faults.found or hub is None or guards is None or offer is None or alerts is None:
        raise FaultyConfig(path, reading.faults.found)
    return Config(
        path=path,
        hub=msgspec.structs.replace(hub, ledger=_beside(hub.ledger, folder)),
        connections=connections,
        sync=sync,
        match=match,
        guards=guards,
        offer=offer,
        alerts=alerts,
        findings=tuple(reading.findings),
    )


def _beside(ledger: str, folder: Path) -> str:
    """Return the address of the ledger with a relative SQLite file put beside the configuration."""
    head, mark, file = ledger.partition(":///")
    if not mark or not head.startswith("sqlite") or file.startswith((":", "/")) or not file:
        return ledger
    return f"{head}:///{(folder / file).as_posix()}"
