"""`obmen show`: the passport of one record."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, screen, speaks, told, word
from obmen.cli.configured import configured, facts, opened
from obmen.cli.passport import NOT_HELD, SAME, Passport, fields, ids, passport_of, upcoming
from obmen.cli.speech import Speech, speech, titles_of
from obmen.cli.timeline import timeline
from obmen.config import Config
from obmen.engine.hub import Hub
from obmen.errors import BadInput
from obmen.ledger.contract import OpenIssue
from obmen.ledger.journal import Told
from obmen.ledger.sql import SqlTx
from obmen.model import Record, Value
from obmen.sync.reasons import Reason

FOUND_AT_MOST = 20
LINES = 30
REF_CUT = 20
EXCUSES = frozenset({Reason.BARE_SIBLING.code, Reason.INACTIVE_NEW.code, Reason.GONE.code})


@told
def show(
    entity: Annotated[str, typer.Argument(help="category | product | offer")],
    ref: Annotated[
        str,
        typer.Argument(
            help="Id in any system, article, record number or part of the title · "
            "код в любой системе, артикул, номер карточки или часть названия"
        ),
    ],
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Whole texts, the whole journal · тексты и журнал целиком")
    ] = False,
) -> None:
    """Show everything about one record: fields by systems, who said what, what was done and why, what comes next."""
    settings = configured(config)
    with opened(settings) as (hub, _):
        _known_entity(hub, entity)
        with facts(hub).begin() as tx:
            records = _found(tx, entity, ref)
            if len(records) == 1:
                _print(tx, hub, settings, records[0], whole=everything)
            else:
                _choose(tx, entity, ref, records)


def _known_entity(hub: Hub, entity: str) -> None:
    if entity in hub.topologies:
        return
    known = ", ".join(hub.topologies)
    raise BadInput(
        "cli.no_such_entity",
        f"«{entity}» is not exchanged here; there are: {known}.",
        f"«{entity}» здесь не обменивается; есть: {known}.",
    )


def _found(tx: SqlTx, entity: str, ref: str) -> list[Record]:
    wanted = ref.strip()
    found = (
        tx.by_code(entity, wanted)
        or _by_article(tx, entity, wanted)
        or (tx.search(entity, wanted, limit=FOUND_AT_MOST + 1) if wanted else [])
    )
    if not found:
        raise BadInput(
            "cli.nothing_found",
            f"There is no {entity} «{ref}»: no id, article, number or part of a title. Has it been imported? See obmen issues.",
            f"Ничего не найдено по «{ref}» ({entity}): ни кода, ни артикула, ни номера, ни части названия. Загружено ли оно? См. obmen issues.",
        )
    records = tx.records(found)
    return [records[number] for number in found]


def _by_article(tx: SqlTx, entity: str, ref: str) -> list[int]:
    """Return the records with this article. Articles are no keys of the ledger: it is read through, by pages."""
    found: list[int] = []
    after = 0
    while ids_ := tx.ids(entity, after=after, limit=1000):
        after = ids_[-1]
        found += [one.id for one in tx.records(ids_).values() if _is_article(one.atoms.get("sku"), ref)]
    return found


def _is_article(sku: Value, ref: str) -> bool:
    return isinstance(sku, str) and sku.casefold() == ref.casefold() != ""


def _choose(tx: SqlTx, entity: str, ref: str, records: list[Record]) -> None:
    screen.print(
        word(
            f"По «{ref}» нашлось несколько, выберите номер:",
            f"Several are found by «{ref}», choose a number:",
        ),
        markup=False,
    )
    refs = tx.bindings([record.id for record in records])
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for record in records[:FOUND_AT_MOST]:
        bound = ", ".join(f"{one.connection} {_short(one.ref)}" for one in refs if one.record == record.id)
        sku = record.atoms.get("sku")
        table.add_row(f"{record.id}", _plain(record.title), _plain(str(sku or "")), _plain(bound))
    screen.print(table)
    if len(records) > FOUND_AT_MOST:
        screen.print(word("… и другие: уточните", "… and others: say more"))
    screen.print(f"  obmen show {entity} {records[0].id}", markup=False)


def _short(ref: str) -> str:
    return ref if len(ref) <= REF_CUT else f"…{ref[1 - REF_CUT :]}"


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


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
