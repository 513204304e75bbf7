"""`obmen alerts`: what was told to people, when, and by which channel; `obmen alerts test` tries every channel."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

import typer

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, say, screen, told, word
from obmen.cli.assemble import unlogged
from obmen.cli.channels import telling_of
from obmen.cli.configured import configured, facts, opened
from obmen.cli.speech import Speech, speech
from obmen.config import Config
from obmen.connectors.contract import Finding
from obmen.engine.alerting import Channel, Telling, Words, attempt
from obmen.engine.hub import Hub
from obmen.engine.issues import UNTOLD_KEY
from obmen.errors import BadInput, ConfigError, ObmenError
from obmen.ledger.alerts import DELIVERED, DUE, GIVEN_UP, Alert, Try
from obmen.ledger.sql import SqlLedger, SqlTx

TEST = "test"
SHOWN = 30


@told
def alerts(
    action: Annotated[str, typer.Argument(metavar="[test]", show_default=False)] = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Show what was told to whom by which channel; `alerts test` sends a test message through every channel.

    The exit code of the test is 1 when a channel does not deliver.
    """
    if action not in {"", TEST}:
        raise BadInput(
            "cli.unknown_alert_action",
            f"«{action}» is unknown; write obmen alerts, or obmen alerts test.",
            f"«{action}» — неизвестно что; нужно obmen alerts или obmen alerts test.",
        )
    settings = configured(config)
    telling = telling_of(settings, unlogged(settings))
    with opened(settings) as (hub, _):
        if action == TEST:
            tries = asyncio.run(_test(hub, telling))
            if any(one.error_en for one in tries):
                raise typer.Exit(1)
            return
        with facts(hub).begin() as tx:
            _list(tx, telling, speech(settings.zone))


# --- testing ------------------------------------------------------------------------------------------------------


async def _test(hub: Hub, telling: Telling) -> Sequence[Try]:
    """Send a test message through every channel, and say at once what became of it."""
    if not telling.channels:
        raise ConfigError(
            "alerts.no_channel",
            "No channel is set up: add [alerts.telegram], [alerts.mail] or [alerts.webhook] (obmen example-config).",
            "Ни один канал не настроен: добавьте [alerts.telegram], [alerts.mail] или [alerts.webhook] (obmen example-config).",
        )
    ledger = facts(hub)
    alert = Alert(at=hub.now(), since=hub.now(), state=DELIVERED)
    number = await ledger.run(lambda tx: tx.add_alert(alert))
    letter = telling.words.letter(Alert(id=number, at=alert.at, since=alert.since))
    tries: list[Try] = []
    for channel in telling.channels:
        done = await attempt(channel, letter, now=hub.now)
        await channel.close()
        await ledger.run(lambda tx, done=done: tx.add_tries([done]))  # type: ignore[misc]
        tries.append(done)
        _tell_try(done)
    if all(one.error_en for one in tries):
        await ledger.run(lambda tx: tx.move_alert(number, state=GIVEN_UP))
    return tries


def _tell_try(done: Try) -> None:
    mark = "[red]✗[/]" if done.error_en else "[green]✓[/]"
    said = word(done.error_ru, done.error_en) or word("доставлено", "delivered")
    screen.print(f"{mark} {done.channel}: ", end="")
    screen.print(said, markup=False, soft_wrap=True)


# --- listing ------------------------------------------------------------------------------------------------------


def _list(tx: SqlTx, telling: Telling, plain: Speech) -> None:
    found = tx.alerts(limit=SHOWN)
    if not telling.channels:
        say(
            "Каналы не настроены: раздел [alerts] в настройках.",
            "No channel is set up: section [alerts] of the settings.",
        )
    elif not found:
        say("Сообщений ещё не было.", "Nothing has been told yet.")
    tries = defaultdict[int, list[Try]](list)
    for one in tx.tries([alert.id for alert in found]):
        tries[one.alert].append(one)
    words = Words(language=plain.language, zone=plain.zone, name=telling.words.name)
    for alert in reversed(found):
        _print(alert, tries[alert.id], words, plain)


def _print(alert: Alert, tries: Sequence[Try], words: Words, plain: Speech) -> None:
    screen.print(
        f"{plain.at(alert.at)}  № {alert.id}  {_state(alert, tries, plain)}", style="bold", markup=False
    )
    for notice in alert.notices:
        screen.print(f"  {words.line(notice)}", markup=False, soft_wrap=True)
    if not alert.notices:
        say("  проверка связи", "  a test message")
    last = {one.channel: one for one in tries}
    for one in last.values():
        if one.error_en:
            failed = sum(other.channel == one.channel for other in tries)
            times = f" (×{failed})" if failed > 1 else ""
            text = f"  ✗ {one.channel}: {plain.say(one.error_ru, one.error_en)}{times}"
            screen.print(text, style="dim", markup=False, soft_wrap=True)


def _state(alert: Alert, tries: Sequence[Try], plain: Speech) -> str:
    heard = ", ".join(f"{one.channel} {plain.at(one.at)}" for one in tries if not one.error_en)
    if heard:
        return f"→ {heard}"
    if alert.state == DUE:
        return plain.say("ещё не доставлено", "not delivered yet")
    if alert.state == GIVEN_UP:
        return plain.say("не доставлено", "not delivered")
    return plain.say("вошло в следующее сообщение", "went into a later message")


# --- checking -----------------------------------------------------------------------------------------------------


async def check_alerts(config: Config, ledger: SqlLedger) -> list[Finding]:
    """Return whether people would be told: each channel, and what the watchdog knows."""
    telling = telling_of(config, unlogged(config))
    if not telling.channels:
        return []
    found = [await _checked(channel) for channel in telling.channels]
    opened_now = await ledger.run(lambda tx: tx.issues(connection="", limit=10_000))
    untold = [one.issue for one in opened_now if one.issue.key == UNTOLD_KEY]
    return [*found, *(Finding(ok=False, code=one.code, en=one.en, ru=one.ru) for one in untold)]


async def _checked(channel: Channel) -> Finding:
    try:
        await channel.check()
    except ObmenError as error:
        return Finding(
            ok=False,
            warning=True,
            code=error.code,
            en=f"{channel.name}: {error.en}",
            ru=f"{channel.name}: {error.ru}",
        )
    finally:
        await channel.close()
    return Finding(
        ok=True,
        code="alerts.channel",
        en=f"{channel.name}: nothing stands in the way of messages.",
        ru=f"{channel.name}: сообщениям ничего не мешает.",
    )
