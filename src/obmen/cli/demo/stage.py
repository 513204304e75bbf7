"""The stage: a simulated 1C, a simulated shop, and a real hub between them, all on loopback."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from obmen.cli.assemble import gateway_of, open_hub, runner_of
from obmen.config import Config, parse_config
from obmen.connectors import SHIPPED
from obmen.connectors.bitrix.sandbox import Shop
from obmen.connectors.onec.sandbox.exchange import Outcome
from obmen.connectors.onec.sandbox.export import Export
from obmen.connectors.onec.sandbox.manners import Account
from obmen.connectors.onec.sandbox.server import ExchangeOrder, Infobase
from obmen.engine.hub import Hub
from obmen.ledger.contract import READY
from obmen.sandbox.world import World

QUIET_S = 1.0
POLL = "1s"

SETTINGS = """
[hub]
ledger = "sqlite:///demo.db"

[connections.erp]
type = "onec"
login = "1c"
password = "demo"
price_types = {{ "Розничная" = "base", "Мелкооптовая" = "wholesale", "Закупочная" = "purchase" }}
warehouses = {{ "Основной склад" = "main", "Магазин на Ленина" = "lenina" }}

[connections.shop]
type = "bitrix"
keyed_by = "erp"
url = "{url}"
user = {user}
secret = "{secret}"
prices = {{ base = 1 }}
create_choices = true
rate_per_s = 1000
parallel = 2

[connections.shop.schedule]
every = "{poll}"
deliver = "live"

[sync.category]
creators = ["erp"]
owners = {{ default = "erp", slug = {{ rule = "once", by = "shop" }} }}
readers = ["shop"]

[sync.product]
creators = ["erp"]
owners = {{ default = "erp", slug = {{ rule = "once", by = "shop" }}, description = {{ rule = "once", by = "shop" }} }}
readers = ["shop"]

[sync.offer]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]

[guards]
quiet_s = {quiet}
"""


class Stage:
    """Everything on the stage, and what the story may do with it."""

    def __init__(self, erp: Infobase, shop: Shop, hub: Hub, door: str) -> None:
        self.erp = erp
        self.shop = shop
        self.hub = hub
        self._account = Account(url=door, login="1c", password="demo")  # noqa: S106 - a door of the demo

    async def export(self, export: Export | None = None) -> Outcome:
        """Let 1C visit the hub, as its schedule does."""
        order = ExchangeOrder(account=self._account, export=export or Export())
        (outcome,) = await self.erp.exchange(order)
        return outcome

    def written(self) -> int:
        """Count the writes of the hub that the shop remembers."""
        return self.shop.ledger.writes(by="rest")

    async def rest(self, *, at_most_s: float = 60.0) -> bool:
        """Wait until nothing is to be delivered any more; tell whether it came to that."""
        deadline = asyncio.get_running_loop().time() + at_most_s
        calm = 0
        while asyncio.get_running_loop().time() < deadline:
            calm = calm + 1 if await self._is_calm() else 0
            if calm >= 3:
                return True
            await asyncio.sleep(0.1)
        return False

    async def _is_calm(self) -> bool:
        return await self.hub.ledger.run(
            lambda tx: (
                not tx.waiting_envelopes()
                and all(row.state not in {READY, "leased"} for row in tx.outbox("shop"))
                and not tx.due_attempts("shop", now=self.hub.now() + 3600, limit=1)
            )
        )


def swept(folder: Path) -> Path:
    """Return the folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@asynccontextmanager
async def stage(folder: Path, seed: int) -> AsyncIterator[Stage]:
    """Start the simulators and the hub in an empty folder; stop them at the end."""
    async with Infobase(World.seeded(seed), seed=seed) as erp, Shop(seed=seed) as shop:
        config = _config(folder, shop)
        with open_hub(config, exclusive=True) as hub:
            runner = runner_of(config, hub, idle_s=0.1)
            gateway = gateway_of(config, hub, runner)
            port = await gateway.start("127.0.0.1", 0)
            work = asyncio.create_task(runner.run())
            try:
                yield Stage(erp, shop, hub, f"http://127.0.0.1:{port}/bitrix/admin/1c_exchange.php")
            finally:
                runner.stop()
                await work
                await gateway.stop()
                for connection in hub.connections.values():
                    await connection.close()


def _config(folder: Path, shop: Shop) -> Config:
    setup = shop.state.setup
    text = SETTINGS.format(
        url=shop.url, user=setup.webhook_user, secret=setup.webhook_secret, poll=POLL, quiet=QUIET_S
    )
    path = folder / "obmen.toml"
    path.write_text(text, encoding="utf-8")
    return parse_config(text, path=path, connectors=SHIPPED, env={})
