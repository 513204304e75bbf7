"""A shop, a 1C and a real hub between them, with goods already exchanged: where stories of orders are played."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path

from obmen.cli.assemble import gateway_of, open_hub, runner_of
from obmen.config import Config, parse_config
from obmen.connectors import SHIPPED
from obmen.connectors.bitrix.sandbox import Setup, Shop
from obmen.connectors.onec.sandbox.export import Export
from obmen.connectors.onec.sandbox.manners import Account
from obmen.connectors.onec.sandbox.sale.exchange import OrderManners
from obmen.connectors.onec.sandbox.server import ExchangeOrder, Infobase
from obmen.engine.hub import Bindings, view_of
from obmen.engine.pulling import pull
from obmen.ledger.contract import READY
from obmen.sandbox.world import World
from obmen.sync.behind import need

ROUTE = "/bitrix/admin/1c_exchange.php"

SETTINGS = """
[hub]
ledger = "sqlite:///hub.db"
{hub}

[connections.erp]
type = "onec"
login = "1c"
password = "stage"
price_types = {{ "Розничная" = "base", "Мелкооптовая" = "wholesale", "Закупочная" = "purchase" }}
warehouses = {{ "Основной склад" = "main", "Магазин на Ленина" = "lenina" }}
orders = true
{onec}

[connections.erp.schedule]
deliver = "live"

[connections.shop]
type = "bitrix"
keyed_by = "erp"
url = "{url}"
user = {user}
secret = "{secret}"
prices = {{ base = 1 }}
rate_per_s = 1000
parallel = 2
create_choices = true

[connections.shop.orders]
number_of = "erp"
{orders}
pay_systems = {{ "1" = {{ method = "cash" }}, "2" = {{ method = "card", prepaid = true, receipts = "bank" }}, "3" = {{ method = "invoice", prepaid = true, receipts = "none" }}, "4" = {{ method = "account", prepaid = true }} }}

[connections.shop.schedule]
every = "{poll}"
deliver = "live"

[sync.category]
creators = ["erp"]
owners = {{ default = "erp", slug = {{ rule = "once", by = "shop" }} }}
readers = ["shop"]

[sync.product]
creators = ["erp"]
owners = {{ default = "erp", slug = {{ rule = "once", by = "shop" }} }}
readers = ["shop"]

[sync.offer]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]

[sync.order]
creators = {creators}
match = ["number"]
owners = {{ default = "origin", money = {{ rule = "review", any = ["shop", "erp"] }}, stage = {{ rule = "forward", any = ["shop", "erp"] }}, cancelled = {{ rule = "review", any = ["shop", "erp"] }}, payments = "each", shipments = "each", returns = "each", numbers = "each" }}
readers = ["shop", {{ to = "erp", when = "paid or not prepaid" }}]

[guards]
quiet_s = 0.3
"""


class Stage:
    """Everything on the stage, and what a story may do with it."""

    def __init__(self, erp: Infobase, shop: Shop, *, name: str = "shop", prefix: str = "") -> None:
        """`name` is the shop's connection, `prefix` what the hub puts before its numbers."""
        self.erp, self.shop = erp, shop
        self.name, self.prefix = name, prefix
        self.polls = True
        self.url = ""
        self.hub = None
        self.runner = None
        self._port = 0
        self._stack = AsyncExitStack()

    async def start(self, config: Config) -> None:
        """Begin the hub; begun again, it is found where it was."""
        stack = self._stack = AsyncExitStack()
        self.hub = stack.enter_context(open_hub(config, exclusive=True))
        self.runner = runner_of(config, self.hub, idle_s=0.05)
        gateway = gateway_of(config, self.hub, self.runner)
        self._port = await gateway.start("127.0.0.1", self._port)
        self.url = f"http://127.0.0.1:{self._port}"
        work = asyncio.create_task(self.runner.run())

        async def stop() -> None:
            self.runner.stop()
            await work
            await gateway.stop()
            for connection in self.hub.connections.values():
                await connection.close()

        stack.push_async_callback(stop)

    async def stop(self) -> None:
        """End the hub; what has begun is finished first."""
        await self._stack.aclose()

    def beside(self, shop: Shop, *, name: str, prefix: str) -> Stage:
        """Return the same stage as seen from another shop on it."""
        other = Stage(self.erp, shop, name=name, prefix=prefix)
        other.url, other.hub, other.runner, other.polls = self.url, self.hub, self.runner, self.polls
        return other

    async def goods(self) -> None:
        """Let 1C fill the shop."""
        order = ExchangeOrder(account=self.account, export=Export())
        (outcome,) = await self.erp.exchange(order)
        assert outcome.verdict == "success", outcome.sentences
        await self.rest()

    @property
    def account(self) -> Account:
        return Account(url=self.url + ROUTE, login="1c", password="stage")

    def place(self, *articles: str, quantity: str = "1", **wanted: str) -> int:
        """Let a buyer place an order of the first offers of some articles; return its id in the shop."""
        cart = []
        for article in articles:
            product = self.erp.world.product(article)
            offer = product.offers[0]
            ref = product.id if offer.characteristic is None else f"{product.id}#{offer.characteristic}"
            cart.append({"xml_id": ref, "quantity": quantity})
        return int(self.shop.act("place_order", cart=cart, who=wanted.pop("who", "sokolova"), **wanted))

    async def exchange(self, *, version: str = "2.09", **habits) -> None:
        """Let 1C exchange orders, and wait until all is quiet."""
        outcome = await self.erp.exchange_orders(self.account, OrderManners(**habits), version=version)
        if not habits.get("dies_after"):
            assert outcome.verdict == "success", outcome.sentences
        await self.rest()

    async def seen(self) -> None:
        """Wait until the hub has read what the shop shows now, and written what follows from it."""
        if self.polls:
            await asyncio.sleep(POLL_S * 2.5)
        else:
            for _ in range(2):  # what is written after the first is seen by the second
                await pull(self.hub, self.name, "order")
                self.runner.nudge()
                await self.rest()
        await self.rest()

    async def rest(self, *, at_most_s: float = 120.0) -> None:
        deadline = asyncio.get_running_loop().time() + at_most_s
        calm = 0
        while calm < 3:
            assert asyncio.get_running_loop().time() < deadline, self.outbox()
            calm = calm + 1 if await self._is_calm() else 0
            await asyncio.sleep(0.05)

    async def _is_calm(self) -> bool:
        return await self.hub.ledger.run(
            lambda tx: (
                not tx.waiting_envelopes()
                and all(row.state not in {READY, "leased"} for row in tx.outbox(self.name))
                and not tx.due_attempts(self.name, now=self.hub.now() + 3600, limit=1)
            )
        )

    def outbox(self, connection: str = ""):
        with self.hub.ledger.begin() as tx:
            rows = tx.outbox(connection or self.name)
            return [(row.entity, row.record, row.state, row.reason) for row in rows]

    def issues(self, entity: str = "") -> list[str]:
        """What needs a person; with an entity, what of it."""
        with self.hub.ledger.begin() as tx:
            return [one.issue.en for one in tx.issues() if one.issue.entity == entity or not entity]

    def record(self, order: int):
        with self.hub.ledger.begin() as tx:
            number = tx.bound(self.name, "order", [str(order)])[str(order)]
            return tx.records([number])[number]

    def reason(self, order: int, atom: str) -> str:
        """Why an atom is, or is not, written to the shop."""
        record, topology = self.record(order), self.hub.topologies["order"]
        with self.hub.ledger.begin() as tx:
            shadow = tx.shadows("shop", [record.id])[record.id]
        found = need(
            record=record,
            shadow=shadow,
            view=view_of(self.hub, "shop", "order", Bindings()),
            topology=topology,
            reader=topology.reader("shop"),
        )
        return found.reasons[atom].code

    def in_1c(self, order: int):
        return self.erp.book.find(self.number(order))

    def number(self, order: int) -> str:
        return self.prefix + self.shop.state.sale.orders.get(order).account_number

    def in_shop(self, order: int):
        return self.shop.state.sale.orders.get(order)

    def rows(self, order: int):
        sale = self.shop.state.sale
        head = sale.orders.get(order)
        return sale.items_of(head), sale.payments_of(head), sale.shipments_of(head)

    def agree(self, order: int) -> None:
        """The sum is the same to the kopeck everywhere, and there is one order in each system."""
        total = self.in_shop(order).price.quantize(Decimal("0.01"))
        assert self.in_1c(order).total == total
        assert self.record(order).atoms["money"]["total"] == f"{total} RUB"
        numbers = [one.number for one in self.erp.book.orders.values()]
        assert len(numbers) == len(set(numbers))
        assert self.erp.book.faults == []


POLL_S = 1.0


@asynccontextmanager
async def orders_stage(
    folder: Path,
    *,
    onec: str = "",
    orders: str = "",
    hub: str = "",
    creators: str = '["shop"]',
    shop_setup: Setup | None = None,
    infobase: type[Infobase] = Infobase,
    seed: int = 17,
    settings: str = SETTINGS,
    world: World | None = None,
    polls: bool = False,
):
    """Open the stage, the shop filled with goods; it is read only when a story says `seen`, or by the clock with `polls`."""
    async with (
        infobase(world or World.seeded(seed), seed=seed) as erp,
        Shop(shop_setup, seed=seed) as shop,
    ):
        setup = shop.state.setup
        text = settings.format(
            url=shop.url,
            user=setup.webhook_user,
            secret=setup.webhook_secret,
            poll=f"{POLL_S:.0f}s" if polls else "6h",
            hub=hub,
            onec=onec,
            orders=orders,
            creators=creators,
        )
        stage = Stage(erp, shop)
        stage.polls = polls
        stage.config = configured(folder, text)
        await stage.start(stage.config)
        try:
            await stage.goods()
            yield stage
        finally:
            await stage.stop()


def configured(folder: Path, text: str) -> Config:
    """Write a configuration down and read it."""
    path = folder / "obmen.toml"
    path.write_text(text, encoding="utf-8")
    return parse_config(text, path=path, connectors=SHIPPED, env={})
