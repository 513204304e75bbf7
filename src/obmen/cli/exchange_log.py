"""`obmen log`: the exchange log, every request with its answer, secrets masked before they were stored."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
import typer

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, say, screen, told
from obmen.cli.configured import configured, facts, known, opened
from obmen.cli.raw import CUT
from obmen.cli.spans import seconds_of
from obmen.cli.speech import Speech, speech
from obmen.engine.hub import Hub
from obmen.ledger.journal import LoggedExchange
from obmen.ledger.sql import SqlTx
from obmen.sync.alerting import outcome_code

NEWEST = 20_000
"""Exchanges a record is looked for in."""


@told
def log(
    connection: Annotated[str, typer.Argument(help="Connection · подключение", show_default=False)] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    since: Annotated[
        str, typer.Option("--since", help="How far back: 30m, 2h, 1d · за какое время: 30m, 2h, 1d")
    ] = "1d",
    record: Annotated[
        str,
        typer.Option(
            "--record",
            help="Only what names this: a number or an id in any system · где названо это: номер или код в любой системе",
        ),
    ] = "",
    only_errors: Annotated[bool, typer.Option("--errors", help="Only what failed · только ошибки")] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="With requests and answers · с запросами и ответами")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many · сколько показать")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per line · по объекту JSON в строке")
    ] = False,
) -> None:
    """Show what was sent and answered, and how it ended; the newest stands last."""
    back_s = seconds_of(since)
    settings = configured(config)
    with opened(settings) as (hub, _):
        name = known(hub, connection) if connection else None
        with facts(hub).begin() as tx:
            found = tx.exchange_log(
                name,
                since=hub.now() - back_s,
                limit=NEWEST if record else limit,
                only_errors=only_errors,
            )
            if record:
                found = _naming(found, _names(tx, hub, record.strip().lstrip("№#")))[:limit]
    found.reverse()
    if as_json:
        for one in found:
            sys.stdout.write(json.dumps(msgspec.to_builtins(one), ensure_ascii=False) + "\n")
    else:
        _print(found, speech(settings.zone), whole=whole)


def _names(tx: SqlTx, hub: Hub, text: str) -> Mapping[str, set[str]]:
    """Return what each system calls the records an operator means; the text itself is a name everywhere."""
    names = {name: {text} for name in hub.connections}
    ids = {number for entity in hub.topologies for number in tx.by_code(entity, text)}
    ids |= set(tx.by_key("order", "number", [text]).get(text, ()))
    for binding in tx.bindings(ids):
        names.setdefault(binding.connection, {text}).add(binding.ref)
    return names


def _naming(found: Sequence[LoggedExchange], names: Mapping[str, set[str]]) -> list[LoggedExchange]:
    patterns = {
        connection: re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(here)))})(?!\w)")
        for connection, here in names.items()
    }
    return [
        one
        for one in found
        if (pattern := patterns.get(one.connection)) is not None
        and (pattern.search(one.request) or pattern.search(one.answer))
    ]


def _print(found: Sequence[LoggedExchange], plain: Speech, *, whole: bool) -> None:
    if not found:
        say(
            "Ничего не найдено; журнал хранится keep_exchanges_days дней.",
            "Nothing is found; the log is kept for keep_exchanges_days days.",
        )
    for one in found:
        arrow = "→" if one.direction == "out" else "←"
        failed = outcome_code(one.status, one.error)
        ended = f"{one.status} {one.error}".strip()
        head = f"{plain.at(one.at)}  {arrow} {one.connection}  {one.what}  {ended}  {one.took_s:.2f} s"
        screen.print(head, style="red" if failed else "", markup=False, soft_wrap=True)
        for text in (one.request, one.answer) if whole else ():
            if text:
                cut = text if len(text) <= CUT else f"{text[:CUT]}…"
                screen.print(cut, style="dim", markup=False, soft_wrap=True)
