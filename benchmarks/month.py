"""A month of a shop and its 1C: every order end to end, and what the books of both systems say afterwards.

A simulated shop and a simulated 1C live in this process, their clocks moved by hand; between them stands the hub in a
process of its own, on SQLite with `synchronous=FULL`. On each day buyers place orders, most pay or are to pay at the
door, some change their mind; 1C comes three times, takes what is new, ships, takes the money and closes what it took
the day before, and sends the stock that is left every night. Counted is the time from a buyer's order to both books
agreeing; the peak of memory is the hub's own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from benchmarks.hubs import peak_mb
from obmen.cli.assemble import gateway_of, open_hub, runner_of
from obmen.config import load_config
from obmen.connectors import SHIPPED
from obmen.connectors.bitrix.sandbox import Shop
from obmen.connectors.onec.sandbox.export import Export
from obmen.connectors.onec.sandbox.manners import Account
from obmen.connectors.onec.sandbox.sale.exchange import OrderManners
from obmen.connectors.onec.sandbox.server import ExchangeOrder, Infobase
from obmen.engine.hub import Hub
from obmen.engine.pulling import pull
from obmen.ledger.contract import LEASED, READY
from obmen.sandbox.clock import Clock
from obmen.sandbox.world import World

FIRST_DAY = datetime(2026, 11, 1, 6, tzinfo=UTC)
VISITS = 3
"""How often 1C comes in a day."""
GOODS = 12
PREPAID, CHANGE_OF_MIND = 0.5, 0.04
ROUTE = "/bitrix/admin/1c_exchange.php"
SETTINGS = """
[hub]
ledger = "sqlite:///hub.db"

[connections.erp]
type = "onec"
login = "1c"
password = "${{MONTH:-month}}"
price_types = {{ "Розничная" = "base" }}
orders = true

[connections.erp.schedule]
deliver = "live"

[connections.shop]
type = "bitrix"
keyed_by = "erp"
url = "{url}"
user = {user}
secret = "${{MONTH:-{secret}}}"
prices = {{ base = 1 }}
rate_per_s = 100000
parallel = 4
create_choices = true

[connections.shop.orders]
number_of = "erp"
pay_systems = {{ "1" = {{ method = "cash" }}, "2" = {{ method = "card", prepaid = true, receipts = "bank" }} }}

[connections.shop.schedule]
every = "12h"
deliver = "live"

[sync.category]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]

[sync.product]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]

[sync.offer]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]

[sync.order]
creators = ["shop"]
match = ["number"]
owners = {{ default = "origin", money = {{ rule = "review", any = ["shop", "erp"] }}, stage = {{ rule = "forward", any = ["shop", "erp"] }}, cancelled = {{ rule = "review", any = ["shop", "erp"] }}, payments = "each", shipments = "each", returns = "each", numbers = "each" }}
readers = ["shop", {{ to = "erp", when = "paid or not prepaid" }}]

[guards]
quiet_s = 0.3
"""


# --- the hub, in a process of its own ---------------------------------------------------------------------------------


async def live(path: Path) -> None:
    """Run a hub that is told on standard input when to read the shop, and answers once all is at rest."""
    config = load_config(path, connectors=SHIPPED, env={})
    with open_hub(config, exclusive=True) as hub:
        runner = runner_of(config, hub, idle_s=0.02)
        gateway = gateway_of(config, hub, runner)
        say({"port": await gateway.start("127.0.0.1", 0)})
        work = asyncio.create_task(runner.run())
        try:
            while word := (await asyncio.to_thread(sys.stdin.readline)).strip():
                if word == "read":
                    await pull(hub, "shop", "order")
                    runner.nudge()
                await rest(hub)
                say({"peak_mb": round(peak_mb(), 1), "issues": issues(hub)})
        finally:
            runner.stop()
            await work
            await gateway.stop()
            for connection in hub.connections.values():
                await connection.close()


async def rest(hub: Hub) -> None:
    """Wait until nothing is to be unpacked or written, twice in a row."""
    calm = 0
    while calm < 2:
        calm = calm + 1 if await hub.ledger.run(lambda tx: is_calm(tx, hub)) else 0
        await asyncio.sleep(0.02)


def is_calm(tx, hub: Hub) -> bool:
    return (
        not tx.waiting_envelopes()
        and all(row.state not in {READY, LEASED} for row in tx.outbox("shop"))
        and not tx.due_attempts("shop", now=hub.now() + 3600, limit=1)
    )


def issues(hub: Hub) -> list[str]:
    with hub.ledger.begin() as tx:
        return [one.issue.en for one in tx.issues(limit=1000) if one.issue.entity == "order"]


def say(what: object) -> None:
    print(json.dumps(what), flush=True)


# --- the month --------------------------------------------------------------------------------------------------------


class Month:
    """The two systems, the people in them, and the line to the hub."""

    def __init__(self, erp: Infobase, shop: Shop, dice: Random) -> None:
        self.erp, self.shop, self.dice = erp, shop, dice
        self.goods = erp.world.products[:GOODS]
        self.refs = [_ref(product) for product in self.goods]
        self.placed: list[int] = []
        self.to_close: list[str] = []
        self.sold: Counter[str] = Counter()
        self.peak_mb, self.issues = 0.0, []
        self._hub: asyncio.subprocess.Process | None = None
        self._url = ""

    @asynccontextmanager
    async def hub(self, config: Path) -> AsyncIterator[None]:
        """Begin the hub, and end it."""
        hub = self._hub = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.month",
            "--hub",
            str(config),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )
        try:
            self._url = f"http://127.0.0.1:{(await self._heard())['port']}{ROUTE}"
            yield
        finally:
            hub.stdin.close()
            await hub.wait()

    async def _heard(self):
        line = await self._hub.stdout.readline()
        if not line:
            raise SystemExit("the hub has ended")
        return json.loads(line)

    async def tell(self, word: str) -> None:
        """Tell the hub to `read` the shop or to `rest`, and wait until it has."""
        self._hub.stdin.write(f"{word}\n".encode())
        told = await self._heard()
        self.peak_mb, self.issues = told["peak_mb"], told["issues"]

    # --- 1C ---

    @property
    def account(self) -> Account:
        return Account(url=self._url, login="1c", password="month")

    async def fill(self) -> None:
        """Give 1C plenty of everything, and let it fill the shop."""
        for product in self.goods:
            for offer in product.offers:
                for place in self.erp.world.warehouses:
                    self.erp.act("stock", offer=_id(product, offer), warehouse=place.name, quantity="50000")
        await self.send_goods("full")

    async def send_goods(self, content: str) -> None:
        (outcome,) = await self.erp.exchange(
            ExchangeOrder(account=self.account, export=Export(content=content))
        )
        if outcome.verdict != "success":
            raise SystemExit(outcome.sentences[-1])
        await self.tell("rest")

    async def visit(self) -> None:
        outcome = await self.erp.exchange_orders(self.account, OrderManners(schema="2.10"), version="2.10")
        if outcome.verdict != "success":
            raise SystemExit(outcome.sentences[-1])
        await self.tell("rest")

    def close(self, numbers: list[str]) -> None:
        """Ship, take the money of, and close orders in 1C."""
        for number in numbers:
            order = self.erp.book.find(number)
            if order.cancelled is not None:
                continue
            self.erp.act("ship_order", order=number)
            if order.requisites["Заказ оплачен"] != "true":
                self.erp.act("pay_order", order=number)
            self.erp.act("set_state", order=number, state="Закрыт")
            for line in order.lines:
                self.sold[line.goods] += int(line.quantity)

    async def count_stock(self) -> None:
        """Send the stock that is left, as 1C does at night."""
        for ref, pieces in self.sold.items():
            if ref in self.refs:
                offer = self.erp.world.offer(ref)
                place = self.erp.world.warehouses[0]
                left = offer.stock[place.id] - pieces
                self.erp.act("stock", offer=ref, warehouse=place.name, quantity=str(left))
        self.sold.clear()
        await self.send_goods("changes")

    # --- the shop ---

    def buy(self, count: int) -> None:
        for _ in range(count):
            refs = self.dice.sample(self.refs, self.dice.randint(1, 4))
            cart = [{"xml_id": ref, "quantity": str(self.dice.randint(1, 3))} for ref in refs]
            is_prepaid = self.dice.random() < PREPAID
            order = int(
                self.shop.act(
                    "place_order",
                    cart=cart,
                    who=self.dice.choice(["sokolova", "petrov"]),
                    pay_system="card" if is_prepaid else "cash",
                    delivery="courier",
                )
            )
            self.placed.append(order)
            if self.dice.random() < CHANGE_OF_MIND:
                self.shop.act("cancel_order", order=order, reason="передумал")
            elif is_prepaid:
                self.shop.act("pay", order=order)

    def pass_hours(self, hours: float) -> None:
        for simulator in (self.shop, self.erp):
            simulator.clock.advance(hours * 3600)

    async def day(self, orders: int) -> None:
        """Live one day."""
        yesterday, self.to_close = self.to_close, []
        for visit in range(VISITS):
            known = set(self.erp.book.orders)
            self.buy(orders * (visit + 1) // VISITS - orders * visit // VISITS)
            self.close(yesterday[visit::VISITS])
            self.pass_hours(4)
            await self.tell("read")
            await self.visit()
            self.to_close += [one.number for key, one in self.erp.book.orders.items() if key not in known]
        await self.count_stock()
        self.pass_hours(24 - 4 * VISITS)

    # --- the books ---

    def verdict(self) -> dict[str, object]:
        """Compare the two books, order by order."""
        sale, book = self.shop.state.sale, self.erp.book
        by_number = Counter(order.number for order in book.orders.values())
        there = {order.number: order for order in book.orders.values()}
        wrong: Counter[str] = Counter()
        kopecks = Decimal(0)
        for number in self.placed:
            head = sale.orders.get(number)
            held = there.get(head.account_number)
            if head.canceled == "Y":
                wrong["cancelled here only"] += held is not None and held.cancelled is None
                continue
            if held is None:
                wrong["lost"] += 1
                continue
            kopecks += abs(held.total - head.price)
            payments = [one.sum for one in sale.payments_of(head) if one.paid == "Y"]
            wrong["not paid"] += head.payed != "Y"
            wrong["paid otherwise"] += payments != [head.price]
            wrong["not shipped"] += head.deducted != "Y"
            wrong["not closed"] += head.status_id != "F"
        mails = Counter(
            (effect.id, effect.after["kind"], effect.after["about"])
            for effect in self.shop.ledger.effects
            if effect.entity == "mail"
        )
        wrong["doubled"] = (
            sum(count - 1 for count in by_number.values()) + len(sale.orders) - len(self.placed)
        )
        wrong["mails twice"] = sum(count - 1 for count in mails.values())
        wrong["odd documents"] = len(book.faults)
        wrong["for a person"] = len(self.issues)
        return {
            "in the shop": len(sale.orders),
            "in 1C": len(book.orders),
            "kopecks apart": int(kopecks * 100),
            "wrong": {what: count for what, count in wrong.items() if count},
        }


def _id(product, offer) -> str:
    return product.id if offer.characteristic is None else f"{product.id}#{offer.characteristic}"


def _ref(product) -> str:
    return _id(product, product.offers[0])


async def measure(days: int, orders: int, seed: int) -> dict[str, object]:
    """Live a month; print a line a day, and return its figures."""
    clocks = [Clock(FIRST_DAY, frozen=True) for _ in range(2)]
    with tempfile.TemporaryDirectory(prefix="obmen-bench-") as folder:
        async with (
            Infobase(World.seeded(seed), clock=clocks[0], seed=seed) as erp,
            Shop(clock=clocks[1], seed=seed) as shop,
        ):
            setup = shop.state.setup
            config = Path(folder) / "obmen.toml"
            text = SETTINGS.format(url=shop.url, user=setup.webhook_user, secret=setup.webhook_secret)
            config.write_text(text, encoding="utf-8")
            shop.act("configure", reservation=True)
            month = Month(erp, shop, Random(seed))
            async with month.hub(config):
                await month.fill()
                seconds: list[float] = []
                for number in range(1, days + 3):  # two days more for what was begun
                    started = time.perf_counter()
                    await month.day(orders if number <= days else 0)
                    seconds.append(time.perf_counter() - started)
                    print(
                        f"{number:>6}{len(month.placed):>9}{len(erp.book.orders):>9}{seconds[-1]:>10.2f}"
                        f"{month.peak_mb:>10.1f}",
                        flush=True,
                    )
                await month.tell("read")
                said = month.verdict()
                for issue in month.issues[:3]:
                    print(issue)
    lived = seconds[1:days] or seconds
    return {
        "orders_per_s": round(len(month.placed) / sum(seconds), 2),
        "s_per_day": round(sum(lived) / len(lived), 2),
        "last_to_first": round(lived[-1] / lived[0], 3),
        "seconds": round(sum(seconds), 1),
        "peak_mb": month.peak_mb,
        "verdict": said,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--orders", type=int, default=300, help="a day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="three days")
    parser.add_argument("--hub", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.hub is not None:
        asyncio.run(live(given.hub))
        return
    days = 3 if given.quick else given.days
    print(f"{days} days of {given.orders} orders, SQLite, synchronous=FULL")
    print(f"{'day':>6}{'placed':>9}{'in 1C':>9}{'seconds':>10}{'peak MB':>10}")
    figures = asyncio.run(measure(days, given.orders, given.seed))
    said = figures["verdict"]
    print(
        f"{figures['orders_per_s']} orders/s end to end, {figures['s_per_day']} s a day, "
        f"{figures['peak_mb']} MB at most"
    )
    print(
        "books: " + ", ".join(f"{what} {count}" for what, count in said.items() if what != "wrong"), end="; "
    )
    print(f"wrong: {said['wrong'] or 'nothing'}")
    print(
        json.dumps(
            {
                "name": "month",
                "ratios": {"last_day_to_second": figures.pop("last_to_first")},
                **figures,
                "seed": given.seed,
                "durability": "SQLite synchronous=FULL",
            }
        )
    )
    if said["wrong"] or said["kopecks apart"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
