"""The stage: a simulated 1C, shop and RetailCRM, and a real hub between them, all on loopback."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from obmen.cli.assemble import gateway_of, open_hub, runner_of
from obmen.config import Config, parse_config
from obmen.connectors import SHIPPED
from obmen.connectors.bitrix.sandbox import Setup, Shop
from obmen.connectors.onec.sandbox.exchange import Outcome
from obmen.connectors.onec.sandbox.export import Export
from obmen.connectors.onec.sandbox.manners import Account as Visit
from obmen.connectors.onec.sandbox.sale.exchange import OrderManners
from obmen.connectors.onec.sandbox.server import ExchangeOrder, Infobase
from obmen.connectors.retailcrm.sandbox import Crm
from obmen.connectors.retailcrm.sandbox import Setup as Account
from obmen.engine.hub import Hub
from obmen.ledger.contract import READY
from obmen.model import Record
from obmen.sandbox.world import World

FIRST_ORDER = 17
QUIET_S = 1.0
POLL = "1s"
PUSHED = ("shop", "crm")
"""Systems that are written to; 1C comes by itself."""

SETTINGS = """
[hub]
ledger = "sqlite:///demo.db"

[connections.erp]
type = "onec"
login = "1c"
password = "demo"
price_types = {{ "Розничная" = "base", "Мелкооптовая" = "wholesale", "Закупочная" = "purchase" }}
warehouses = {{ "Основной склад" = "main", "Магазин на Ленина" = "lenina" }}
orders = true

[connections.erp.schedule]
deliver = "live"

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

[connections.shop.orders]
number_of = "erp"
deliveries = {{ "2" = "courier", "5" = "cdek-pvz", "6" = "cdek-door", "7" = "russian-post" }}

[connections.shop.orders.pay_systems]
1 = {{ method = "cash" }}
2 = {{ method = "card", prepaid = true, receipts = "bank" }}
3 = {{ method = "invoice", prepaid = true }}

[connections.shop.schedule]
every = "{poll}"
deliver = "live"

[connections.crm]
type = "retailcrm"
keyed_by = "erp"
offers_by = "xmlId"
url = "{crm_url}"
api_key = "{crm_key}"
sites = {{ s1 = "main" }}
rate_per_s = 1000
visible_after_s = 1

[connections.crm.orders.deliveries]
courier = "courier"
self-delivery = "cdek-pvz"

[connections.crm.customers]

[connections.crm.schedule]
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
readers = ["shop", "crm"]

[sync.customer]
creators = ["crm"]
owners = {{ default = "crm" }}

[sync.order]
creators = ["shop"]
match = ["number"]
readers = ["shop", "crm", {{ to = "erp", when = "paid or not prepaid" }}]

[sync.order.owners]
default = "origin"
money = {{ rule = "review", any = ["shop", "erp"] }}
stage = {{ rule = "forward", any = ["shop", "erp", "crm"] }}
cancelled = {{ rule = "review", any = ["shop", "erp"] }}
payments = "each"
shipments = "each"
returns = "each"
numbers = "each"
buyer = "crm"

[guards]
quiet_s = {quiet}
"""


class Stage:
    """Everything on the stage, and what the story may do with it."""

    def __init__(self, erp: Infobase, shop: Shop, crm: Crm, hub: Hub, door: str) -> None:
        self.erp = erp
        self.shop = shop
        self.crm = crm
        self.hub = hub
        self._account = Visit(url=door, login="1c", password="demo")  # noqa: S106 - a door of the demo

    async def export(self, export: Export | None = None) -> Outcome:
        """Let 1C visit the hub, as its schedule does."""
        order = ExchangeOrder(account=self._account, export=export or Export())
        (outcome,) = await self.erp.exchange(order)
        return outcome

    async def exchange_orders(self, *, version: str = "2.10") -> Outcome:
        """Let 1C exchange orders with the hub, as its schedule does."""
        return await self.erp.exchange_orders(self._account, OrderManners(schema="2.10"), version=version)

    def order(self, number: str) -> Record | None:
        """Return what the hub holds of an order, or None while it has not seen it."""
        with self.hub.ledger.begin() as tx:
            found = tx.by_key("order", "number", [number]).get(number)
            return tx.records(found)[found[0]] if found else None

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
                and all(row.state not in {READY, "leased"} for name in PUSHED for row in tx.outbox(name))
                and not any(tx.due_attempts(name, now=self.hub.now() + 3600, limit=1) for name in PUSHED)
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
    async with (
        Infobase(World.seeded(seed), seed=seed) as erp,
        Shop(Setup(number_template="counter", number_start=FIRST_ORDER), seed=seed) as shop,
        Crm(Account(rate_limit=None), seed=seed) as crm,
    ):
        crm.act("seed_catalogue", seed=seed)
        config = _config(folder, shop, crm)
        with open_hub(config, exclusive=True) as hub:
            runner = runner_of(config, hub, idle_s=0.1)
            gateway = gateway_of(config, hub, runner)
            port = await gateway.start("127.0.0.1", 0)
            work = asyncio.create_task(runner.run())
            try:
                yield Stage(erp, shop, crm, hub, f"http://127.0.0.1:{port}/bitrix/admin/1c_exchange.php")
            finally:
                runner.stop()
                await work
                await gateway.stop()
                for connection in hub.connections.values():
                    await connection.close()


def _config(folder: Path, shop: Shop, crm: Crm) -> Config:
    setup = shop.state.setup
    text = SETTINGS.format(
        url=shop.url,
        user=setup.webhook_user,
        secret=setup.webhook_secret,
        crm_url=crm.url,
        crm_key=crm.credentials()["api_key"],
        poll=POLL,
        quiet=QUIET_S,
    )
    path = folder / "obmen.toml"
    path.write_text(text, encoding="utf-8")
    return parse_config(text, path=path, connectors=SHIPPED, env={})


async def until(holds: Callable[[], bool], *, at_most_s: float = 20) -> bool:
    """Wait for something, at most so long; tell whether it came."""
    deadline = asyncio.get_running_loop().time() + at_most_s
    while not holds():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True
