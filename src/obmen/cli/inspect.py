"""`obmen inspect`: what is in a file, touching nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from obmen.cli.app import screen, told, word
from obmen.errors import BadInput, ConfigError
from obmen.formats import commerceml

KNOWN = {"onec": ("catalog",)}


@told
def inspect(
    connector: Annotated[str, typer.Argument(help="onec")],
    entity: Annotated[str, typer.Argument(help="catalog")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs · для программ")] = False,
) -> None:
    """Say what is in recorded files: totals over the files given, and what is odd in them."""
    if entity not in KNOWN.get(connector, ()):
        known = ", ".join(f"{name} {' '.join(entities)}" for name, entities in KNOWN.items())
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
    try:
        summary = commerceml.inspect(files)
    except commerceml.MalformedFile as error:
        raise BadInput(error.code, str(error), error.text("ru")) from error
    if as_json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(summary), ensure_ascii=False) + "\n")
        return
    table = Table(show_header=False, box=None)
    for name, value in msgspec.to_builtins(summary).items():
        if name != "findings":
            table.add_row(name, str(value))
    screen.print(table)
    for finding in summary.findings:
        screen.print(
            f"{finding.code} × {finding.count}: {finding.text} {word('Например', 'For example')}: {finding.example}",
            markup=False,
        )
