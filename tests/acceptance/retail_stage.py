"""A shop, a RetailCRM and a real hub between them, with the same goods in both: where stories of managers are played."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec

from obmen.cli.assemble import gateway_of, open_hub, runner_of
from obmen.config import parse_config
from obmen.connectors import SHIPPED
from obmen.connectors.bitrix.sandbox import Shop
from obmen.connectors.bitrix.sandbox.elements import add_element
from obmen.connectors.bitrix.sandbox.prices import put_price
from obmen.connectors.bitrix.sandbox.rows import Element
from obmen.connectors.retailcrm.sandbox import Crm, Setup
from obmen.connectors.retailcrm.sandbox.rows import Offer, Product
from obmen.engine.pulling import pull
from obmen.ledger.contract import READY

SETTINGS = """
[hub]
ledger = "sqlite:///hub.db"

[connections.shop]
type = "bitrix"
url = "{url}"
user = {user}
secret = "{secret}"
prices = {{ base = 1 }}
rate_per_s = 1000
parallel = 2

[connections.shop.orders.pay_systems]
1 = {{ method = "cash" }}
2 = {{ method = "card", prepaid = true, receipts = "none" }}
3 = {{ method = "invoice", prepaid = true }}
4 = {{ method = "account", prepaid = true }}

[connections.shop.orders.deliveries]
{deliveries}

[connections.shop.schedule]
every = "1s"
deliver = "live"

[connections.crm]
type = "retailcrm"
keyed_by = "shop"
url = "{crm_url}"
api_key = "{api_key}"
sites = {{ s1 = "main" }}
rate_per_s = {rate}
visible_after_s = 1
{crm}

[sync.product]
creators = ["shop"]
owners = {{ default = "shop" }}
readers = []

[sync.offer]
creators = ["shop"]
owners = {{ default = "shop" }}
readers = ["crm"]

[sync.order]
creators = ["shop", "crm"]
match = ["xml_id"]
owners = {{ {owners}default = "origin", money = {{ rule = "review", any = ["shop", "crm"] }}, stage = {{ rule = "forward", any = ["shop", "crm"] }}, cancelled = {{ rule = "review", any = ["shop", "crm"] }}, payments = {{ rule = "review", any = ["shop", "crm"] }}, note = {{ rule = "review", any = ["shop", "crm"] }}, contact = {{ rule = "review", any = ["shop", "crm"] }}, address = {{ rule = "review", any = ["shop", "crm"] }}, delivery = {{ rule = "review", any = ["shop", "crm"] }}, shipments = "each" }}
readers = ["shop", "crm"]

[guards]
quiet_s = 0.3
"""
# Name, price, VAT, what it is called in the CRM.
GOODS = (
    ("Ботинки рабочие «Урал», 42", "3290.50", 22),
    ("Матрас детский 60×120 см", "2499.90", 10),
    ("Перчатки х/б с ПВХ, пара", "33.33", 22),
)
POLL_S = 1.0
NEVER = "24h"


class Stage:
    """Everything on the stage, and what a story may do with it."""

    def __init__(self, shop: Shop, crm: Crm) -> None:
        self.shop, self.crm = shop, crm
        self.hub = None
        self.runner = None
        self.polls = True
        self.url = ""
        self.ids: list[int] = []

    def add(self, name: str, price: str, rate: int, *, in_crm: bool = True) -> int:
        """Put one of the goods into the shop and into the account, as its feed would have; return its place."""
        state = self.shop.state
        vat = next(each for each in state.vats if each.rate == rate)
        element = add_element(
            state,
            Element(
                iblock_id=14,
                name=name,
                xml_id=f"guid-{len(self.ids)}",
                vat_id=vat.id,
                quantity=Decimal(100),
                vat_included="Y",
            ),
        )
        put_price(
            state, None, product_id=element.id, catalog_group_id=1, price=Decimal(price), currency="RUB"
        )
        self.ids.append(element.id)
        if in_crm:
            self._offer(str(element.id), name, price, str(rate))
        return len(self.ids) - 1

    def _offer(self, code: str, name: str, price: str, rate: str) -> None:
        crm = self.crm.state
        catalog = crm.catalog_of("main")
        with crm.acting(crm.actor):
            product = crm.products.insert(Product(catalog=catalog, external_id=code, name=name))
            offer = Offer(catalog=catalog, product_id=product.id, external_id=code, name=name, vat_rate=rate)
            crm.offers.insert(msgspec.structs.replace(offer, prices={"base": Decimal(price)}))

    def place(self, *pieces: int, **wanted: str) -> int:
        """Let a buyer place an order: so many pieces of each of the goods, in turn; return its id in the shop."""
        cart = [
            {"xml_id": f"guid-{number}", "quantity": str(count)}
            for number, count in enumerate(pieces)
            if count
        ]
        return int(self.shop.act("place_order", cart=cart, who=wanted.pop("who", "petrov"), **wanted))

    async def seen(self, times: float = 2.5) -> None:
        """Wait until the hub has read what both show now, and written what follows from it."""
        if self.polls:
            await asyncio.sleep(POLL_S * times)
            await self.rest()
            return
        for _ in range(2):  # what is written after the first is seen by the second
            for name in ("shop", "crm"):
                await pull(self.hub, name, "order")
            self.runner.nudge()
            await self.rest()

    async def goods(self) -> None:
        """Let the hub read what both sell."""
        for name, entity in (("shop", "product"), ("shop", "offer"), ("crm", "offer")):
            await pull(self.hub, name, entity)

    async def rest(self, *, at_most_s: float = 120.0) -> None:
        deadline = asyncio.get_running_loop().time() + at_most_s
        calm = 0
        while calm < 3:
            assert asyncio.get_running_loop().time() < deadline, (self.outbox(), self.issues())
            calm = calm + 1 if await self._is_calm() else 0
            await asyncio.sleep(0.05)

    async def _is_calm(self) -> bool:
        return await self.hub.ledger.run(lambda tx: is_calm(tx, self.hub, ("shop", "crm")))

    def outbox(self):
        with self.hub.ledger.begin() as tx:
            return [
                (name, row.entity, row.record, row.state, row.reason)
                for name in ("shop", "crm")
                for row in tx.outbox(name)
            ]

    def issues(self) -> list[str]:
        with self.hub.ledger.begin() as tx:
            return [one.issue.en for one in tx.issues()]

    def record(self, order: int, connection: str = "shop"):
        with self.hub.ledger.begin() as tx:
            number = tx.bound(connection, "order", [str(order)])[str(order)]
            return tx.records([number])[number]

    def in_shop(self, order: int):
        return self.shop.state.sale.orders.get(order)

    def in_crm(self, order: int):
        """The order of the shop as the account has it; there is exactly one."""
        (found,) = self.crm.state.orders.where(external_id=str(order))
        return found

    def payments(self, order: int):
        sale = self.shop.state.sale
        ours = sale.payments_of(sale.orders.get(order))
        theirs = self.crm.state.payments_of(self.in_crm(order))
        return ours, theirs

    def agree(self, order: int) -> None:
        """The sum is the same to the kopeck everywhere, and nothing is doubled."""
        total = self.in_shop(order).price.quantize(Decimal("0.01"))
        assert self.in_crm(order).total_summ == total
        assert self.record(order).atoms["money"]["total"] == f"{total} RUB"
        counts = self.crm.counts()
        assert (counts["order_doubles"], counts["payment_doubles"], counts["order_fallbacks"]) == ({}, {}, {})

    def writes(self) -> tuple[int, int]:
        return self.shop.ledger.writes(by="rest"), self.crm.ledger.writes(by="api")


def is_calm(tx, hub, names) -> bool:
    """Tell whether nothing is to be unpacked, written or looked up now; what waits for the next feed is not."""
    soon, later = hub.now() + 600, hub.now() + 3600
    return (
        not tx.waiting_envelopes()
        and not any(
            row.state == "leased" or (row.state == READY and row.not_before < soon)
            for name in names
            for row in tx.outbox(name)
        )
        and not any(tx.due_attempts(name, now=later, limit=1) for name in names)
    )


@asynccontextmanager
async def retail_stage(
    folder: Path,
    *,
    crm: str = "",
    more: str = "",
    owners: str = "",
    every: str = "1s",
    rate: int = 1000,
    setup: Setup | None = None,
    seed: int = 17,
    polls: bool = True,
    hurry: float = 1.0,
):
    """Open the stage; `more` are further sections, `owners` further owners of orders. Without `polls` both are read only when a story says `seen`; `hurry` lets the hub's clock run faster."""
    async with (
        Shop(seed=seed) as shop,
        Crm(setup or Setup(rate_limit=None), seed=seed) as account,
    ):
        stage = Stage(shop, account)
        for goods in GOODS:
            stage.add(*goods)
        names = {"courier": "courier", "pickup": "pickup"}
        deliveries = "\n".join(
            f'{each.id} = "{names.get(each.code, each.code)}"' for each in shop.state.sale.deliveries
        )
        text = SETTINGS.format(
            url=shop.url,
            user=shop.state.setup.webhook_user,
            secret=shop.state.setup.webhook_secret,
            deliveries=deliveries,
            crm_url=account.url,
            api_key=account.credentials()["api_key"],
            rate=rate,
            owners=f"{owners}, " if owners else "",
            crm=f'{crm}\nschedule = {{ every = "{every if polls else NEVER}", deliver = "live" }}',
        )
        text += more
        text = text.replace("visible_after_s = 1", f"visible_after_s = {max(1.0, hurry / 10)}")
        if not polls:
            text = text.replace('every = "1s"', f'every = "{NEVER}"')
        path = folder / "obmen.toml"
        path.write_text(text, encoding="utf-8")
        config = parse_config(text, path=path, connectors=SHIPPED, env={})
        with open_hub(config, exclusive=True) as hub:
            began = time.time()
            stage.hub = hub = msgspec.structs.replace(  # noqa: PLW2901 (a lost answer is looked up soon)
                hub, lease_s=hurry, now=lambda: began + (time.time() - began) * hurry
            )
            stage.runner = runner = runner_of(config, hub, idle_s=0.05)
            stage.polls = polls
            gateway = gateway_of(config, hub, runner)
            port = await gateway.start("127.0.0.1", 0)
            stage.url = f"http://127.0.0.1:{port}"
            work = asyncio.create_task(runner.run())
            try:
                if not polls:
                    await stage.goods()
                await stage.seen()
                yield stage
            finally:
                runner.stop()
                await work
                await gateway.stop()
                for connection in hub.connections.values():
                    await connection.close()
