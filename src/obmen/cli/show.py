"""`obmen show`: the passport of one record."""

from __future__ import annotations

from typing import Annotated

import typer

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, say, screen, speaks, told, word
from obmen.cli.configured import configured, facts, opened
from obmen.cli.finding import FOUND_AT_MOST, choice, found, known_entity
from obmen.cli.order_speech import lines
from obmen.cli.passport import NOT_HELD, SAME, Passport, fields, ids, passport_of, upcoming
from obmen.cli.raw import print_exchanges
from obmen.cli.speech import Speech, speech, titles_of
from obmen.cli.timeline import timeline
from obmen.config import Config
from obmen.engine.hub import Hub
from obmen.ledger.contract import OpenIssue, Told
from obmen.ledger.sql import SqlTx
from obmen.model import Record
from obmen.sync.reasons import Reason

LINES = 30
EXCUSES = frozenset({Reason.BARE_SIBLING.code, Reason.INACTIVE_NEW.code, Reason.GONE.code})


@told
def show(
    entity: Annotated[str, typer.Argument(help="category | product | offer | customer | order")],
    ref: Annotated[
        str,
        typer.Argument(
            help="Id in any system, article, order number, phone, e-mail, record number or part of the title · "
            "код в любой системе, артикул, номер заказа, телефон, почта, номер карточки или часть названия"
        ),
    ],
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Whole texts, the whole journal · тексты и журнал целиком")
    ] = False,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="Requests and answers that name it · запросы и ответы, где она названа"),
    ] = False,
) -> None:
    """Show everything about one record: fields by systems, who said what, what was done and why, what comes next."""
    settings = configured(config)
    with opened(settings) as (hub, _):
        known_entity(hub, entity)
        with facts(hub).begin() as tx:
            records = found(tx, entity, ref)
            if len(records) == 1:
                _print(tx, hub, settings, records[0], whole=everything)
                if raw:
                    print_exchanges(tx, records[0], speech(settings.zone))
            else:
                say(
                    f"По «{ref}» нашлось несколько, выберите номер:",
                    f"Several are found by «{ref}», choose a number:",
                )
                screen.print(choice(tx, records))
                if len(records) > FOUND_AT_MOST:
                    say("… и другие: уточните", "… and others: say more")
                screen.print(f"  obmen show {entity} {records[0].id}", markup=False)


def _print(tx: SqlTx, hub: Hub, config: Config, record: Record, *, whole: bool) -> None:
    passport = passport_of(tx, hub, record)
    keys = [key for one in passport.standings if one.delivery is not None for key in one.delivery.wakes_on]
    speaker = speech(config.zone, titles_of(tx, [record], keys), whole=whole)
    screen.print(f"{speaker.entity(record.entity).capitalize()} «{record.title}»", style="bold", markup=False)
    screen.print(_birth(record, speaker), markup=False)
    for line in ids(passport, speaker):
        screen.print(f"  {line}", markup=False)
    if record.merged_into is not None:
        screen.print(
            speaker.say(
                f"Объединена с карточкой № {record.merged_into}", f"Merged into record № {record.merged_into}"
            )
        )
    _heading("Поля", "Fields")
    screen.print(fields(passport, speaker))
    screen.print(
        speaker.say(
            f"{SAME} то же, что в карточке   {NOT_HELD} такого поля там нет",
            f"{SAME} the same as the record   {NOT_HELD} no such field there",
        ),
        style="dim",
    )
    money = record.atoms.get("money")
    if isinstance(money, dict):
        _heading("Состав", "Lines")
        screen.print(lines(money, speaker))
    history = tx.history(record.id, limit=10_000 if whole else LINES + 1)
    _journal(history, speaker, whole=whole)
    _issues(tx, passport)
    _heading("Что дальше", "What happens next")
    for line in upcoming(passport, hub, speaker, _excuses(history)):
        screen.print(f"  {line}", markup=False, soft_wrap=True)


def _birth(record: Record, speaker: Speech) -> str:
    text = speaker.say(
        f"карточка № {record.id}, создана из {record.origin}, версия {record.version}",
        f"record № {record.id}, born in {record.origin}, version {record.version}",
    )
    return (
        text
        if record.atoms.get("active") is not False
        else text + speaker.say(", снята с продажи", ", withdrawn")
    )


def _journal(history: list[Told], speaker: Speech, *, whole: bool) -> None:
    _heading("Журнал", "Journal")
    shown = history if whole else history[:LINES]
    if len(history) > len(shown):
        screen.print(speaker.say("… раньше: --all", "… earlier: --all"), style="dim", markup=False)
    screen.print(timeline(list(reversed(shown)), speaker))


def _issues(tx: SqlTx, passport: Passport) -> None:
    refs = {(one.connection, one.ref) for one in passport.standings if one.ref is not None}
    found = [
        one
        for one in tx.issues(limit=10_000)
        if one.issue.record == passport.record.id
        or (one.issue.entity == passport.record.entity and (one.issue.connection, one.issue.ref) in refs)
    ]
    if found:
        _heading("Требует внимания", "Needs attention")
        for one in found:
            screen.print(f"  {_issue(one)}", markup=False, soft_wrap=True)


def _issue(one: OpenIssue) -> str:
    return one.issue.ru if speaks() == "ru" else one.issue.en


def _excuses(history: list[Told]) -> dict[str, str]:
    """Return, per system, why the record was last left out of it; `history` is newest first."""
    found: dict[str, str] = {}
    for told_ in history:
        for entry in told_.line.entries:
            if entry.reason in EXCUSES and told_.line.kind in {"write", "create"}:
                found.setdefault(told_.line.connection, entry.reason)
    return found


def _heading(ru: str, en: str) -> None:
    screen.print(f"\n[bold cyan]{word(ru, en)}[/]")
