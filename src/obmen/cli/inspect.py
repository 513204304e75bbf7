"""`obmen inspect`: what is in a file, touching nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from obmen.cli.app import screen, told, word
from obmen.cli.configured import configured
from obmen.connectors.retailcrm import Settings
from obmen.connectors.retailcrm import inspecting as retailcrm
from obmen.errors import BadInput, ConfigError
from obmen.formats import commerceml

KNOWN = {"onec": ("catalog",), "retailcrm": tuple(retailcrm.KINDS)}


@told
def inspect(
    connector: Annotated[str, typer.Argument(help="onec | retailcrm")],
    entity: Annotated[str, typer.Argument(help="onec: catalog; retailcrm: orders | history | customers")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs · для программ")] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="retailcrm: name codes these settings do not know · назвать коды, которых нет в этих настройках",
        ),
    ] = None,
    connection: Annotated[
        str,
        typer.Option(
            "--connection", help="Whose tables, where there are several · чьи таблицы, если их несколько"
        ),
    ] = "",
) -> None:
    """Say what is in recorded files: totals over the files given, and what is odd in them."""
    if entity not in KNOWN.get(connector, ()):
        known = ", ".join(f"{name} {each}" for name, entities in KNOWN.items() for each in entities)
        raise ConfigError(
            "cli.cannot_inspect",
            f"There is nothing to inspect as «{connector} {entity}»; known: {known}.",
            f"«{connector} {entity}» посмотреть нельзя; можно: {known}.",
        )
    absent = [str(path) for path in files if not path.is_file()]
    if absent:
        raise BadInput(
            "cli.no_such_file",
            f"No such file: {', '.join(absent)}.",
            f"Нет такого файла: {', '.join(absent)}.",
        )
    if connector == "retailcrm":
        settings = _settings(config, connection) if config is not None else None
        _show(msgspec.to_builtins(retailcrm.inspect(entity, files, settings)), as_json=as_json)
        return
    try:
        summary = commerceml.inspect(files)
    except commerceml.MalformedFile as error:
        raise BadInput(error.code, str(error), error.text("ru")) from error
    _show(msgspec.to_builtins(summary), as_json=as_json)


def _settings(config: Path, connection: str) -> Settings:
    """Return the settings of the account whose codes are compared."""
    accounts = {
        name: each.settings
        for name, each in configured(config).connections.items()
        if isinstance(each.settings, Settings)
    }
    chosen = (
        accounts if not connection else {connection: accounts[connection]} if connection in accounts else {}
    )
    if len(chosen) == 1:
        return next(iter(chosen.values()))
    names = ", ".join(accounts) or "—"
    raise BadInput(
        "cli.which_account",
        f"Whose codes are compared? Name a RetailCRM connection with --connection; there are: {names}.",
        f"С чьими кодами сравнить? Назовите подключение RetailCRM в --connection; есть: {names}.",
    )


def _show(summary: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(summary, ensure_ascii=False) + "\n")
        return
    table = Table(show_header=False, box=None)
    for name, value in summary.items():
        if name != "findings":
            table.add_row(name, escape(_plain(value)))
    screen.print(table)
    for finding in summary["findings"]:
        text = finding.get("text") or word(finding["ru"], finding["en"])
        place = f" {finding['path']}" if finding.get("path") else ""
        screen.print(
            f"{finding['code']}{place} × {finding['count']}: {text} {word('Например', 'For example')}: {finding['example']}",
            markup=False,
        )


def _plain(value: Any) -> str:
    """Print a total: a table of counts as `name count` pairs."""
    if not isinstance(value, dict):
        return "—" if value is None else str(value)
    return ", ".join(f"{name or '—'} {_plain(each)}" for name, each in value.items()) or "—"
