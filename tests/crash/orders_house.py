"""A shop and a 1C that live in the test, and between them a hub in a process of its own that is killed and begun again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from random import SystemRandom

from hub_process import environment
from orders_stage import SETTINGS, Stage

from obmen.cli.assemble import open_hub
from obmen.config import load_config
from obmen.connectors import SHIPPED
from obmen.connectors.bitrix.sandbox import Shop
from obmen.connectors.onec.sandbox.sale.exchange import OrderManners
from obmen.connectors.onec.sandbox.server import Infobase
from obmen.sandbox.world import World

MORTAL = Path(__file__).with_name("mortal_hub.py")
LATER_S = 300.0
"""How much later a killed hub is begun again: longer than its leases and than the shop takes to show a write."""


def port_of_its_own() -> int:
    """Return a free port no outgoing connection is ever given: somebody calling a dead hub must not take its place."""
    for port in SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class House(Stage):
    """The stage of orders with a hub that may be dead."""

    def __init__(self, erp: Infobase, shop: Shop, config: Path) -> None:
        super().__init__(erp, shop)
        self.config = config
        self.log = config.with_name("run.log")
        self.process: asyncio.subprocess.Process | None = None
        self.later_s = 0.0
        self.kills = 0

    # --- the process ----------------------------------------------------------------------------------------------

    async def begin(self, *, commit: int = 0, when: str = "after") -> None:
        """Begin a hub, `LATER_S` after the one before it; it kills itself at a commit where one is named."""
        told = {"OBMEN_LATER_S": str(self.later_s), "OBMEN_DIES_AT": str(commit), "OBMEN_DIES": when}
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(MORTAL),
                "run",
                "-c",
                str(self.config),
                env={**environment(), **told},
                stdout=out,
                stderr=out,
            )
        for _ in range(1500):
            if not self.is_alive or await self._answers():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(self._said())

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def _answers(self) -> bool:
        host, _, port = self.url.removeprefix("http://").partition(":")
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            return False
        writer.close()
        return True

    async def kill(self) -> None:
        """Kill the hub where it stands, and let time pass until the next one begins."""
        await self.end()
        assert self.process.returncode == -signal.SIGKILL, self._said()
        self.kills += 1
        self.later_s += LATER_S
        for simulator in (self.shop, self.erp):
            simulator.clock.advance(LATER_S)

    async def end(self) -> None:
        """Kill the hub if it lives."""
        if self.is_alive:
            with suppress(ProcessLookupError):  # it may have killed itself a moment ago
                # Not `Process.kill`: it would reap a hub that has just died, and how it died would be lost.
                os.kill(self.process.pid, signal.SIGKILL)
        if self.process is not None:
            await self.process.wait()

    def _said(self) -> str:
        return self.log.read_text(encoding="utf-8")[-3000:]

    # --- what people see ------------------------------------------------------------------------------------------

    async def visit(self, *, version: str = "2.10", **habits) -> str:
        """Let 1C exchange orders with whatever answers; return how it ended."""
        return (await self.erp.exchange_orders(self.account, OrderManners(**habits), version=version)).verdict

    @contextmanager
    def looking(self):
        """Stand beside the running hub, to see when it has come to rest."""
        config = load_config(self.config, connectors=SHIPPED, env={})
        with open_hub(config, exclusive=False) as self.hub:
            yield


@asynccontextmanager
async def orders_house(folder: Path, ledger: str, *, seed: int) -> AsyncIterator[House]:
    """Open the house; the hub is alive and the shop is filled."""
    async with Infobase(World.seeded(seed), seed=seed) as erp, Shop(seed=seed) as shop:
        port, setup = port_of_its_own(), shop.state.setup
        text = SETTINGS.format(
            url=shop.url,
            user=setup.webhook_user,
            secret=setup.webhook_secret,
            poll="1s",
            onec="",
            hub="",
            orders="",
            creators='["shop", "erp"]',
        )
        config = folder / "obmen.toml"
        where = f'ledger = "{ledger}"\nport = {port}'
        config.write_text(text.replace('ledger = "sqlite:///hub.db"', where), encoding="utf-8")
        house = House(erp, shop, config)
        house.url = f"http://127.0.0.1:{port}"
        try:
            await house.begin()
            with house.looking():
                await house.goods()
            yield house
        finally:
            await house.end()
