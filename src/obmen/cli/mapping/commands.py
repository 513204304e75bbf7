"""`obmen mapping list | suggest | set | clear | export | import`: what codes of each system mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table as Grid

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, errors, say, screen, speaks, told, word
from obmen.cli.configured import configured, facts, known, opened
from obmen.cli.mapping import sheet
from obmen.cli.mapping.asking import books_of, candidates, run, tables_meant
from obmen.cli.mapping.lines import Line, lines_of, words_of
from obmen.cli.mapping.saving import save
from obmen.cli.speech import speech
from obmen.engine import mapping
from obmen.engine.hub import Hub
from obmen.engine.mapping import Edit
from obmen.errors import BadInput, ObmenError
from obmen.sync.mapping import LEFT_OUT, SPOKEN, Direction, Kind
from obmen.sync.suggesting import Candidate, is_private_price

group = typer.Typer(
    no_args_is_help=True,
    help="What codes of each system mean: statuses, payments, deliveries, prices, stores.",
)

Connection = Annotated[str, typer.Argument(help="Connection · подключение")]
KindName = Annotated[str, typer.Argument(metavar="KIND", help="Table, such as order_status · таблица")]
AnyConnection = Annotated[
    str, typer.Argument(metavar="[CONNECTION]", help="Connection; all without it · подключение, иначе все")
]
AnyKind = Annotated[str, typer.Argument(metavar="[KIND]", help="Table; all without it · таблица, иначе все")]
Code = Annotated[str, typer.Argument(help="Code in that system · код в этой системе")]
Why = Annotated[str, typer.Option("--why", help="Reason, kept with the row · причина, хранится со строкой")]
Now = Annotated[
    bool,
    typer.Option(
        "--now", help="Write what follows at once, without a plan · записать следствия сразу, без плана"
    ),
]
_WAYS: dict[str, Direction] = {"": "both", **{said: way for way, said in SPOKEN.items()}}


# --- list -------------------------------------------------------------------------------------------------------------


@group.command("list")
@told
def list_(connection: AnyConnection = "", kind: AnyKind = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Show the tables as they stand, whose word each row is, and the codes nobody has mapped."""
    settings = configured(config)
    with opened(settings) as (hub, _):
        meant = tables_meant(hub, connection, kind)
        books = run(hub, books_of(hub, meant))
        plain = speech(settings.zone)
        with facts(hub).begin() as tx:
            for name, table in meant:
                _show(name, table, lines_of(tx, hub, name, table, books.get((name, table.name), ()), plain))


def _show(connection: str, kind: Kind, lines: Sequence[Line]) -> None:
    later = word(" — с ближайшей выгрузки", ", from the next export on") if kind.later else ""
    screen.print(f"\n[bold]{connection} {kind.name}[/]: {word(kind.ru, kind.en)}{later}")
    if not lines:
        say("  пусто", "  empty")
        return
    grid = Grid(box=None, padding=(0, 3, 0, 0), show_header=False)
    for line in lines:
        grid.add_row(
            f"  {escape(line.code)}",
            escape(line.name),
            escape(words_of(kind, line.value, speaks())) if line.value else line.lacks(kind),
            _spoken(line.direction),
            f"[dim]{escape(line.source)}[/]",
        )
    screen.print(grid)


# --- suggest ----------------------------------------------------------------------------------------------------------


@group.command("suggest")
@told
def suggest_(
    connection: Connection,
    kind: AnyKind = "",
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write what is certain · записать то, что ясно")
    ] = False,
    now: Now = False,
) -> None:
    """Propose what the codes of a system mean that have no meaning yet, each with the reason; nothing is written."""
    settings = configured(config)
    with opened(settings) as (hub, alone):
        found = run(hub, candidates(hub, known(hub, connection), kind))
        edits = [
            Edit(one.name, each.entry.code, each.value) for one, here in found for each in here if each.value
        ]
        for one, here in found:
            _propose(connection, one, here)
        if not any(here for _, here in found):
            say(
                "Предлагать нечего: у всех кодов есть значение.",
                "Nothing to propose: every code has a meaning.",
            )
        elif apply and edits:
            save(hub, {connection: edits}, why=word("предложено", "suggested"), live=now, alone=alone)
        elif edits:
            command = " ".join(filter(None, ("obmen mapping suggest", connection, kind, "--apply")))
            say(f"Записать предложенное: {command}", f"To write what is proposed: {command}")


def _propose(connection: str, kind: Kind, found: Sequence[Candidate]) -> None:
    if not found:
        return
    screen.print(f"\n[bold]{connection} {kind.name}[/]: {word(kind.ru, kind.en)}")
    grid = Grid(box=None, padding=(0, 3, 0, 0), show_header=False)
    for one in found:
        value = words_of(kind, one.value, speaks()) if one.value else word("решает человек", "for a person")
        cells = (f"  {one.entry.code}", one.entry.name, f"→ {value}")
        grid.add_row(*map(escape, cells), f"[dim]{escape(word(one.ru, one.en))}[/]")
    screen.print(grid)


# --- set and clear ----------------------------------------------------------------------------------------------------


@group.command("set")
@told
def set_(
    connection: Connection,
    kind: KindName,
    code: Code,
    value: Annotated[
        str,
        typer.Argument(
            help="What it means; - leaves it out on purpose · что он значит; - — намеренно не передавать"
        ),
    ],
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    read: Annotated[
        bool,
        typer.Option("--read", help="Only understood, never written · только понимать, самим не ставить"),
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Written before others that mean this · писать именно его")
    ] = False,
    why: Why = "",
    now: Now = False,
) -> None:
    """Say what a code of a system means; what waited for it goes on, what else would be written waits for a plan."""
    if read and write:
        raise BadInput(
            "cli.read_and_write",
            "Either --read or --write, not both; without them the code is both read and written.",
            "Что-то одно: --read или --write; без них код и читается, и пишется.",
        )
    direction: Direction = "in" if read else "out" if write else "both"
    with opened(configured(config)) as (hub, alone):
        edit = mapping.judged(hub, known(hub, connection), Edit(kind, code, value, direction))
        _warn_of(hub, connection, edit)
        save(hub, {connection: [edit]}, why=why, live=now, alone=alone)


@group.command("clear")
@told
def clear(
    connection: Connection,
    kind: KindName,
    code: Code,
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    why: Why = "",
    now: Now = False,
) -> None:
    """Take back what the hub says of a code: the configuration counts again."""
    with opened(configured(config)) as (hub, alone):
        edits = {known(hub, connection): [Edit(kind, code, None)]}
        if not save(hub, edits, why=why, live=now, alone=alone):
            raise typer.Exit(1)


def _warn_of(hub: Hub, connection: str, edit: Edit) -> None:
    kind = mapping.table_of(mapping.reference(hub, connection).tables, edit.kind).kind
    book = run(hub, books_of(hub, [(connection, kind)])).get((connection, kind.name), ())
    said = [entry for entry in book if edit.code in {entry.code, entry.name}]
    if book and not said:
        listed = ", ".join(entry.code for entry in book if entry.active)
        _warn(
            f"Кода «{edit.code}» в {connection} сейчас нет; есть: {listed}.",
            f"{connection} lists no code «{edit.code}» now; there are: {listed}.",
        )
    shown = next((entry.name or entry.code for entry in said), edit.code)
    if is_private_price(kind, shown) and edit.value != LEFT_OUT:
        _warn(
            f"«{shown}» похоже на закупочную или оптовую цену: в {connection} её увидят все, кому видны цены.",
            f"«{shown}» looks like a purchase or wholesale price: in {connection} all who see prices will see it.",
        )


def _warn(ru: str, en: str) -> None:
    errors.print(word(ru, en), style="yellow", markup=False, soft_wrap=True)


# --- export and import ------------------------------------------------------------------------------------------------


@group.command("export")
@told
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Where to · куда")],
    connection: AnyConnection = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write the tables into a CSV file that opens in Excel, the codes nobody has mapped among them."""
    settings = configured(config)
    with opened(settings) as (hub, _):
        meant = tables_meant(hub, connection, "")
        books = run(hub, books_of(hub, meant))
        plain = speech(settings.zone)
        with facts(hub).begin() as tx:
            rows = [
                {
                    "connection": name,
                    "kind": kind.name,
                    "code": line.code,
                    "name": line.name,
                    "value": line.value,
                    "direction": _spoken(line.direction),
                    "source": line.source,
                }
                for name, kind in meant
                for line in lines_of(tx, hub, name, kind, books.get((name, kind.name), ()), plain)
                if not line.written
            ]
    try:
        file.write_bytes(sheet.write(rows, russian=speaks() == "ru"))
    except OSError as error:
        raise BadInput(
            "mapping.unwritable",
            f"{file} cannot be written: {error.strerror}; name another file.",
            f"{file} не записать: {error.strerror}; укажите другой файл.",
        ) from None
    say(f"Записано строк: {len(rows)}, файл {file}.", f"{len(rows)} rows written to {file}.")


@group.command("import")
@told
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="What export wrote · файл из export")],
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change · только показать, что изменится")
    ] = False,
    why: Why = "",
    now: Now = False,
) -> None:
    """Read the tables back from a CSV file: all of it or, where one row is wrong, nothing. Empty values say nothing."""
    try:
        lines = sheet.read(file.read_bytes())
    except OSError as error:
        raise BadInput(
            "mapping.unreadable",
            f"{file} cannot be read: {error.strerror}.",
            f"{file} не читается: {error.strerror}.",
        ) from None
    with opened(configured(config)) as (hub, alone):
        edits, wrong = _judge(hub, lines)
        if wrong:
            for number, fault in wrong:
                said = f"{word('строка', 'line')} {number}: {fault.text(speaks())}"
                errors.print(said, style="red", markup=False, soft_wrap=True)
            say("Ничего не записано: исправьте эти строки.", "Nothing is written: mend these lines.")
            raise typer.Exit(1)
        save(hub, edits, why=why or file.name, live=now, alone=alone, dry_run=dry_run)


def _judge(
    hub: Hub, lines: Sequence[sheet.Line]
) -> tuple[dict[str, list[Edit]], list[tuple[int, ObmenError]]]:
    edits: dict[str, list[Edit]] = {}
    wrong: list[tuple[int, ObmenError]] = []
    seen: dict[tuple[str, str, str], int] = {}
    for line in lines:
        if not line.value.strip():
            continue
        try:
            edit = mapping.judged(
                hub, known(hub, line.connection), Edit(line.kind, line.code, line.value, _way(line.direction))
            )
            first = seen.setdefault((line.connection, edit.kind, edit.code), line.number)
            if first != line.number:
                raise BadInput(
                    "mapping.twice",
                    f"{edit.kind}: «{edit.code}» stands in line {first} already.",
                    f"{edit.kind}: «{edit.code}» уже есть в строке {first}.",
                )
        except ObmenError as error:
            wrong.append((line.number, error))
        else:
            edits.setdefault(line.connection, []).append(edit)
    return edits, wrong


def _spoken(direction: Direction) -> str:
    return "" if direction == "both" else SPOKEN[direction]


def _way(text: str) -> Direction:
    way = _WAYS.get(text.strip().casefold())
    if way is None:
        listed = ", ".join(filter(None, _WAYS))
        raise BadInput(
            "mapping.way",
            f"There is no direction «{text}»; there are: {listed}.",
            f"Направления «{text}» нет; есть: {listed}.",
        )
    return way
