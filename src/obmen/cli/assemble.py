"""From a configuration to a hub: connections opened, ledger opened, jobs on their schedules."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from random import Random

import msgspec

from obmen.cli.channels import telling_of
from obmen.config import Cadence, Config, is_open
from obmen.connectors.contract import Abreast, Budget, Connection, Ports, Publisher, Receiver, Source
from obmen.engine.alerting import tell
from obmen.engine.exchanges import ExchangeLog
from obmen.engine.housekeeping import keep_house
from obmen.engine.hub import Hub, Matching
from obmen.engine.identity import recognise
from obmen.engine.issues import restored, restored_key
from obmen.engine.local import Chore, Job, LocalRunner
from obmen.engine.mapping import take_up_all
from obmen.engine.publishing import publish
from obmen.engine.remapping import reread, rewrite
from obmen.engine.reserving import expire
from obmen.engine.silence import listen
from obmen.gateway.server import Entrance, Gateway, networks
from obmen.ledger.budget import budget_of
from obmen.ledger.epoch import HELD_EPOCH, HOLD
from obmen.ledger.retention import Keep
from obmen.ledger.sql import SqlLedger
from obmen.model import ENTITIES

HOUR_S = 3600.0
MINUTE_S = 60.0
ALERTS_S = 5.0

log = logging.getLogger("obmen.hub")


@contextmanager
def open_hub(config: Config, *, exclusive: bool) -> Iterator[Hub]:
    """Open ledger and connections of a configuration; nothing is sent until a job runs.

    `exclusive` is for the one process that runs the hub; others look, and let a person's acts in.
    """
    config.hub.spool.mkdir(parents=True, exist_ok=True)
    ledger = SqlLedger.open(config.hub.ledger, exclusive=exclusive)
    exchanges = ExchangeLog(ledger, now=time.time)
    try:
        budgets = {name: _budget(config, ledger, name) for name in config.connections}
        connections = {
            name: configured.open(
                Ports(
                    budget=budgets[name],
                    log=exchanges.add,
                    now=time.time,
                    spool=config.hub.spool / name,
                )
            )
            for name, configured in config.connections.items()
        }
        hub = _hub(config, ledger, connections, budgets)
        with ledger.begin() as tx:
            recognise(tx, hub)
            take_up_all(tx, hub)
        yield hub
    finally:
        exchanges.close_here()
        ledger.close_here()


def runner_of(config: Config, hub: Hub, *, idle_s: float = 1.0) -> LocalRunner:
    """Return the runner with the jobs of the configuration."""
    return LocalRunner(
        hub,
        jobs_of(config, hub),
        chores=chores_of(config, hub),
        quiet_s=config.guards.quiet_s,
        idle_s=idle_s,
    )


def gateway_of(config: Config, hub: Hub, runner: LocalRunner) -> Gateway:
    """Return the HTTP server with the doors of the connections that are called."""
    entrances = [
        Entrance(
            connection=name,
            receiver=connection,
            allow_from=tuple(ip_network(net, strict=False) for net in _allowed(config, name)),
        )
        for name, connection in hub.connections.items()
        if isinstance(connection, Receiver)
    ]
    return Gateway(entrances, runner.intake, trusted_proxies=networks(config.hub.trusted_proxies))


def jobs_of(config: Config, hub: Hub) -> list[Job]:
    """Return what each connection is asked for by the clock."""
    jobs: list[Job] = []
    for name, configured in config.connections.items():
        if not isinstance(hub.connections[name], Source):
            continue
        for entity, topology in config.sync.items():
            if topology.reader(name) is None and name not in topology.creators:
                continue
            for kind, cadence in (
                ("pull", configured.cadence(entity)),
                ("reconcile", configured.cadence("reconcile")),
            ):
                if cadence is not None:
                    jobs.append(
                        Job(kind=kind, connection=name, entity=entity, next_at=_next_at(cadence, config))
                    )
    return jobs


def chores_of(config: Config, hub: Hub) -> list[Chore]:
    """Return what the hub does for itself."""
    ledger = facts(hub)
    keep = Keep(
        journal=config.hub.keep_journal_days,
        exchanges=config.hub.keep_exchanges_days,
        envelopes=config.hub.keep_exchanges_days,
    )

    async def housekeeping() -> None:
        counts = await keep_house(
            ledger, hub.connections.values(), spool=config.hub.spool, keep=keep, now=hub.now()
        )
        if any(counts.values()):
            log.info("housekeeping removed %s", {kind: count for kind, count in counts.items() if count})

    async def remapping() -> None:
        for name in hub.connections:
            await reread(hub, name)
            await rewrite(hub, name)

    began = hub.now()
    called = {
        name: config.connections[name].silent_after_s
        for name, connection in hub.connections.items()
        if isinstance(connection, Receiver) and not isinstance(connection, Source)
    }

    async def listening() -> None:
        await listen(ledger, called, since=began, now=hub.now())

    telling = telling_of(config, unlogged(config))

    async def alerting() -> None:
        await tell(hub, ledger, telling)

    async def reserves() -> None:
        released = await hub.ledger.run(lambda tx: expire(tx, hub))
        if released:
            log.info("%d orders were not paid in time and keep nothing any more", released)

    return [
        *(_publishing(hub, name) for name, connection in hub.connections.items() if _publishes(connection)),
        *([Chore(name="alerts", every_s=ALERTS_S, work=alerting)] if telling.channels else []),
        Chore(name="reserves", every_s=MINUTE_S, work=reserves),
        Chore(name="listening", every_s=MINUTE_S, work=listening),
        Chore(name="housekeeping", every_s=HOUR_S, work=housekeeping),
        Chore(name="remapping", every_s=HOUR_S, work=remapping),
    ]


def unlogged(config: Config) -> Ports:
    """Return what the channels of alerts work with: their tries are rows of the ledger, not of the exchange log."""
    return Ports(budget=Unlimited(), log=lambda _: None, now=time.time, spool=config.hub.spool / "alerts")


def _publishes(connection: Connection) -> bool:
    return isinstance(connection, Publisher) and bool(connection.publishes)


def _publishing(hub: Hub, name: str) -> Chore:
    publisher = hub.connections[name]
    every_s = publisher.publish_every_s if isinstance(publisher, Publisher) else HOUR_S
    return Chore(name=f"publish {name}", every_s=every_s, work=lambda: publish(hub, name))


def tell_restored(hub: Hub) -> list[str]:
    """Open an issue for every connection that is held since the ledger was put back in time; return their names."""
    with hub.ledger.begin() as tx:
        held = [name for name in hub.connections if tx.state_of(name) == (HOLD, HELD_EPOCH)]
        known = {opened.issue.key for name in held for opened in tx.issues(connection=name, limit=10_000)}
        written = {reader.to for topology in hub.topologies.values() for reader in topology.readers}
        new = [restored(name, is_written=name in written) for name in held if restored_key(name) not in known]
        tx.open_issues(new, at=hub.now())
    return held


def facts(hub: Hub) -> SqlLedger:
    """Return the ledger with what only SQL can be asked: histories, searches, the exchange log."""
    if not isinstance(hub.ledger, SqlLedger):
        raise TypeError("the command line works with ledgers in SQL")
    return hub.ledger


def _hub(
    config: Config, ledger: SqlLedger, connections: dict[str, Connection], budgets: dict[str, Budget]
) -> Hub:
    def may_write(connection: str, entity: str, atom: str, now: float) -> bool:
        windows = config.connections[connection].windows(entity, atom)
        return not windows or is_open(windows, datetime.fromtimestamp(now, UTC), config.zone)

    return Hub(
        ledger=ledger,
        connections=connections,
        topologies=config.sync,
        now=time.time,
        rng=Random(),
        matching={
            (name, entity): _matching(config, name, entity) for name in connections for entity in config.sync
        },
        functions={
            (name, entity): functions
            for name, configured in config.connections.items()
            for entity in config.sync
            if (functions := configured.functions(entity)) is not None
        },
        limits=config.guards.limits(),
        selling=config.offer.selling(),
        planned=frozenset(
            (name, entity)
            for name, configured in config.connections.items()
            for entity in config.sync
            if configured.delivers(entity) == "plan"
        ),
        may_write=may_write,
        budgets=budgets,
        packs={name: one.packs for name, one in connections.items() if isinstance(one, Abreast)},
    )


def _matching(config: Config, connection: str, entity: str) -> Matching:
    keyed_by = config.connections[connection].keyed_by
    keys = config.match_keys(connection, entity) or (
        *(("xml_id",) if keyed_by is not None else ()),
        *ENTITIES[entity].natural,
    )
    return Matching(keys=keys, keyed_by=keyed_by)


def _next_at(cadence: Cadence, config: Config) -> Callable[[float | None, float], float]:
    def next_at(last: float | None, now: float) -> float:
        before = None if last is None else datetime.fromtimestamp(last, UTC)
        return cadence.next_after(before, datetime.fromtimestamp(now, UTC), config.zone).timestamp()

    return next_at


def _allowed(config: Config, connection: str) -> tuple[str, ...]:
    return tuple(getattr(config.connections[connection].settings, "allow_from", ()))


def _budget(config: Config, ledger: SqlLedger, name: str) -> Budget:
    settings = config.connections[name].settings
    rate: float | None = getattr(settings, "rate_per_s", None)
    if rate is None:
        return Unlimited()
    return budget_of(ledger, name, rate_per_s=rate, at_once=getattr(settings, "parallel", 1))


class Unlimited(msgspec.Struct, frozen=True):
    """The budget of a connection that calls nobody, or whose vendor does not mind."""

    async def take(self, calls: int = 1) -> None:
        """Return at once."""

    async def ready(self) -> None:
        """Return at once."""

    async def freeze(self, seconds: float) -> None:
        """Return at once."""
