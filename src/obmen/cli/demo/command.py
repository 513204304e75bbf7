"""The command: plays the scenes, counts the verdict, and says how to look further."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Annotated

import typer

from obmen.cli.app import say, screen, told
from obmen.cli.demo.board import Board
from obmen.cli.demo.scenes import SCENES
from obmen.cli.demo.stage import Stage, stage, swept
from obmen.cli.demo.verdict import verdict

FOLDER = Path(".demo")


@told
def demo(
    seed: Annotated[int, typer.Option(help="Another number, another world · другое число, другой мир")] = 17,
) -> None:
    """Show the main job on simulators: 1C fills the shop, and nothing is lost, doubled or unexplained."""
    logging.getLogger("obmen").addHandler(logging.NullHandler())  # the play itself says what happens
    swept(FOLDER)
    if not asyncio.run(_play(seed)):
        raise typer.Exit(1)


async def _play(seed: int) -> bool:
    began = time.monotonic()
    say(
        "[bold]Обмен: 1С, магазин «Инструмент и дом», RetailCRM[/]\nВсё локально, ничего никуда не отправляется: "
        "три системы — симуляторы на этом компьютере, обмен настоящий, на одном файле SQLite.",
        "[bold]Obmen: 1C, the shop «Инструмент и дом», RetailCRM[/]\nEverything is local, nothing is sent anywhere: "
        "the three systems are simulators on this machine, the hub is real, on one SQLite file.",
    )
    async with stage(FOLDER, seed) as live:
        board = Board(live)
        kept = True
        for number, scene in enumerate(SCENES, 1):
            board.title(number, len(SCENES), scene.ru, scene.en)
            kept &= await scene.play(live, board)
        kept &= _verdict(live, board)
    seconds = time.monotonic() - began
    say(f"\nЗаняло {seconds:.0f} с. Дальше:", f"\nIt took {seconds:.0f} s. Next:")
    screen.print(f"  obmen show order 17 -c {FOLDER}/obmen.toml", markup=False)
    say(
        "  README: первый настоящий обмен за десять минут", "  README: the first real exchange in ten minutes"
    )
    return kept


def _verdict(live: Stage, board: Board) -> bool:
    board.heading(
        "Итог, подсчитанный по журналам самих симуляторов",
        "The verdict, counted in the simulators' own ledgers",
    )
    lines = verdict(live)
    for line in lines:
        board.check(line.kept, line.ru, line.en)
    return all(line.kept for line in lines)
