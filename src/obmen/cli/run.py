"""`obmen check`, `run`, `reconcile`, `pause`, `resume`: the life of the hub."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from obmen.cli.alerts import check_alerts
from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, errors, say, screen, speaks, told, word
from obmen.cli.assemble import gateway_of, open_hub, runner_of, tell_restored
from obmen.cli.configured import configured, facts, hub_of, known, opened
from obmen.cli.logs import start_log
from obmen.config import Config
from obmen.connectors.contract import Door, Finding
from obmen.engine import identity
from obmen.engine.hub import Hub
from obmen.engine.issues import paused_key, restored_key
from obmen.engine.reconciling import reconcile as walk
from obmen.errors import ConfigError, ObmenError
from obmen.gateway import Gateway


@told
def check(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Ask every system whether all that is needed is there; nothing is written anywhere.

    ✓ holds, ! works but should be mended, ✗ is missing: then the exit code is 1.
    """
    settings = configured(config)
    with opened(settings) as (hub, _):
        findings = asyncio.run(_check(settings, hub))
    warnings = sum(not finding.ok and finding.warning for finding in findings)
    if any(not finding.ok and not finding.warning for finding in findings):
        raise typer.Exit(1)
    if warnings:
        say(f"Работать можно, замечаний: {warnings}.", f"It will work; warnings: {warnings}.")
    else:
        say("Всё на месте.", "Everything is in place.")


async def _check(settings: Config, hub: Hub) -> Sequence[Finding]:
    everything: list[Finding] = []
    for name, connection in hub.connections.items():
        try:
            findings: Sequence[Finding] = [*await connection.check(), *_never_taken(hub, name)]
        except ObmenError as error:
            findings = [Finding(ok=False, code=error.code, en=error.en, ru=error.ru)]
        finally:
            await connection.close()
        _print(name, findings)
        everything += findings
    alerts = await check_alerts(settings, facts(hub))
    _print("alerts", alerts)
    return [*everything, *alerts]


def _print(name: str, findings: Sequence[Finding]) -> None:
    for finding in findings:
        screen.print(f"{_mark(finding)} {name}: ", end="")
        screen.print(finding.ru if speaks() == "ru" else finding.en, markup=False, soft_wrap=True)


def _never_taken(hub: Hub, name: str) -> list[Finding]:
    """Tell what is meant for a system that comes and takes, and never takes this."""
    target = hub.connections[name]
    if not isinstance(target, Door):
        return []
    return [
        Finding(
            ok=False,
            code="check.never_taken",
            en=f"[sync.{entity}] names {name} among its readers, but {name} does not take that: switch it on in [connections.{name}], or take {name} out.",
            ru=f"[sync.{entity}]: {name} среди получателей, но забирать это не будет: включите в [connections.{name}] или уберите {name} из получателей.",
        )
        for entity, topology in hub.topologies.items()
        if topology.reader(name) is not None and entity not in target.collects
    ]


def _mark(finding: Finding) -> str:
    if finding.ok:
        return "[green]✓[/]"
    return "[yellow]![/]" if finding.warning else "[red]✗[/]"


@told
def run(
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="More of the log · подробнее")] = False,
) -> None:
    """Run the hub until it is stopped; what has begun is finished first."""
    start_log(errors, verbose=verbose)
    settings = configured(config)
    with open_hub(settings, exclusive=True) as hub:
        for name in tell_restored(hub):
            say(
                f"{name} придержан: база восстановлена из копии, см. obmen issues.",
                f"{name} is on hold: the database was restored, see obmen issues.",
            )
        asyncio.run(serve(settings, hub))


async def serve(settings: Config, hub: Hub) -> None:
    """Run jobs and doors of a hub until a signal."""
    runner = runner_of(settings, hub)
    gateway = gateway_of(settings, hub, runner)
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM"):
        with suppress(NotImplementedError):  # Windows has no signal handlers in its loop
            loop.add_signal_handler(getattr(signal, name), runner.stop)
    try:
        port = await _listen(gateway, settings.hub.host, settings.hub.port)
        say(
            f"Обмен работает: http://{settings.hub.host}:{port}, остановить — Ctrl+C.",
            f"The hub runs: http://{settings.hub.host}:{port}, Ctrl+C stops it.",
        )
        await runner.run()
        say("Обмен остановлен; начатое доделано.", "The hub has stopped; what had begun is finished.")
    finally:
        await gateway.stop()
        for connection in hub.connections.values():
            await connection.close()


async def _listen(gateway: Gateway, host: str, port: int) -> int:
    try:
        return await gateway.start(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                "hub.port_in_use",
                f"Port {port} is taken by another program: stop it, or set another port in [hub].",
                f"Порт {port} занят другой программой: остановите её или задайте другой port в [hub].",
            ) from None
        raise ConfigError(
            "hub.no_listening",
            f"Cannot listen at {host}:{port}: {error.strerror}. Mend host and port in [hub].",
            f"Не получается слушать {host}:{port}: {error.strerror}. Исправьте host и port в [hub].",
        ) from None


@told
def reconcile(
    connection: Annotated[str, typer.Argument(help="Connection · подключение")],
    entity: Annotated[str, typer.Argument(help="category | product | offer")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Walk a system in full, compare, and say what differs; corrections go out by the usual way."""
    with hub_of(config) as hub:
        known(hub, connection)
        with hub.ledger.begin() as tx:
            identity.refuse_another(tx, hub, connection)
        entities = [entity] if entity else list(hub.topologies)
        asyncio.run(_reconcile(hub, connection, entities))


async def _reconcile(hub: Hub, connection: str, entities: Sequence[str]) -> None:
    try:
        for name in entities:
            counted = await walk(hub, connection, name)
            say(
                f"{connection}, {name}: прочитано {counted['received']}, совпадает {counted['echoed']}, "
                f"расхождений {counted['refused'] + counted['applied']}, исчезло {counted['gone']}",
                f"{connection}, {name}: {counted['received']} read, {counted['echoed']} agree, "
                f"{counted['refused'] + counted['applied']} differ, {counted['gone']} gone",
            )
    finally:
        await hub.connections[connection].close()


@told
def pause(connection: str, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Stop exchanging with one system; nothing is lost meanwhile."""
    _put_state(connection, "paused", word("остановлено вручную", "stopped by hand"), config)
    say(f"{connection}: обмен приостановлен.", f"{connection}: paused.")


@told
def resume(connection: str, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Go on exchanging with one system."""
    _put_state(connection, "active", "", config)
    say(f"{connection}: обмен возобновлён.", f"{connection}: resumed.")


@told
def trust(connection: str, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Say that a system has moved: where its connection leads now is where it belongs."""
    with hub_of(config) as hub:
        known(hub, connection)
        with hub.ledger.begin() as tx:
            before = identity.trust(tx, hub, connection)
            now = tx.identity_of(connection)
        if before is None:
            say(f"{connection}: адрес прежний.", f"{connection}: the address is the same as before.")
        else:
            say(
                f"{connection}: вместо {before} теперь {now}.",
                f"{connection}: {now} instead of {before} now.",
            )


def _put_state(connection: str, state: str, reason: str, config: ConfigPath) -> None:
    with hub_of(config) as hub:
        known(hub, connection)
        with hub.ledger.begin() as tx:
            identity.refuse_another(tx, hub, connection)
            tx.put_state(connection, state, reason)
            if state == "active":
                tx.close_issues([paused_key(connection), restored_key(connection)], at=hub.now())
