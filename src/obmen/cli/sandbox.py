"""`obmen sandbox`: a vendor's simulator as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import suppress
from typing import Annotated

import typer

from obmen.cli.app import told
from obmen.connectors.bitrix.sandbox import Shop
from obmen.connectors.onec.sandbox.server import Infobase
from obmen.connectors.retailcrm.sandbox import Crm
from obmen.errors import ConfigError
from obmen.sandbox.app import Simulator
from obmen.sandbox.world import World

SIMULATORS = ("bitrix", "onec", "retailcrm")


@told
def sandbox(
    vendor: Annotated[str, typer.Argument(help="bitrix | onec | retailcrm")],
    port: Annotated[int, typer.Option(help="0: any free port · любой свободный")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed, the same world · то же число, тот же мир")] = 17,
    faults: Annotated[str, typer.Option(help='For example "lost_answer=0.02,latency=0.1..0.3"')] = "",
) -> None:
    """Start a simulator on loopback; one JSON line with its URL and credentials says it is ready."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(_simulator(vendor, seed, faults), port))


def _simulator(vendor: str, seed: int, faults: str) -> Simulator:
    if vendor == "bitrix":
        return Shop(faults=faults, seed=seed)
    if vendor == "onec":
        return Infobase(World.seeded(seed), seed=seed)
    if vendor == "retailcrm":
        return Crm(faults=faults, seed=seed)
    known = ", ".join(SIMULATORS)
    raise ConfigError(
        "cli.unknown_simulator",
        f"There is no simulator of «{vendor}»; known: {known}.",
        f"Симулятора «{vendor}» нет; есть: {known}.",
    )


async def _serve(simulator: Simulator, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM"):
        with suppress(NotImplementedError):  # Windows has no signal handlers in its loop
            loop.add_signal_handler(getattr(signal, name), stop.set)
    await simulator.start(port=port)
    sys.stdout.write(json.dumps(simulator.ready()) + "\n")
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        await simulator.stop()
