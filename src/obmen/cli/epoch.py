"""`obmen epoch raise`: for a database that was restored from a copy and cannot know it by itself."""

from __future__ import annotations

import typer

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, say, told
from obmen.cli.assemble import facts, tell_restored
from obmen.cli.configured import hub_of
from obmen.ledger.epoch import raise_epoch

group = typer.Typer(no_args_is_help=True, help="A database restored from a copy.")


@group.callback()
def _group() -> None:
    """Make room for more than one command."""


@group.command("raise")
@told
def raise_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Hold everything after a restore of PostgreSQL, until it is compared, planned and resumed. SQLite sees it itself."""
    with hub_of(config) as hub:
        with facts(hub).begin() as tx:
            number = raise_epoch(tx)
        held = tell_restored(hub)
    names = ", ".join(held) or "—"
    say(
        f"Эпоха {number}. Придержаны: {names}. Ничего не отправляется; как продолжить — obmen issues.",
        f"Epoch {number}. On hold: {names}. Nothing is sent; how to go on: obmen issues.",
    )
