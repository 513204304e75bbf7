"""How long eight hundred orders take to be in a RetailCRM that answers each call after three to five seconds.

The orders are taken in at once, as a poll of the shop does it; a hub that runs delivers them on SQLite with
`synchronous=FULL`, within the account's ten calls a second: each is looked for before it is made, and every buyer is
recognised by the shop's id, by phone and e-mail and name, or gets a card. Every tenth buyer or so orders more than once.
The crowds differ in how many buyers the account knows already; two thousand other cards are there. The hub has delivered
an order before, so that it knows the account. The clock runs from the first order taken in to the last one in the simulator's own book, and it is the simulator that counts
doubles and calls beyond the limit.

Beside it the official client sends the same orders, fifty in a call, one call after the other: it looks for nothing and
makes no cards. Ten orders every ten seconds are reckoned and not waited for.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import retailcrm

from benchmarks.hubs import Mirror, peak_mb
from obmen.connectors.contract import Ports
from obmen.connectors.retailcrm import Settings, connector
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.sandbox import Crm
from obmen.connectors.retailcrm.sandbox.customers.saving import create_customer
from obmen.connectors.retailcrm.sandbox.rows import Offer, Product
from obmen.engine.exchanges import ExchangeLog
from obmen.engine.hub import Hub, Matching
from obmen.engine.local import LocalRunner
from obmen.engine.settling import Arrival, settle_page
from obmen.ledger.budget import budget_of
from obmen.ledger.contract import Binding
from obmen.ledger.sql import SqlLedger
from obmen.sync.rules import Origin, Owner, Reader, Topology
from obmen.sync.shadow import Look

CROWDS = {"known": 1.0, "half": 0.5, "new": 0.0}
"""Share of the buyers who have a card with the shop's id."""
GOODS = tuple(str(number) for number in range(201, 251))
PAGE = 500
PACK = 50
RATE = 10
BOUND_S = 20.0
DRIP = 10
"""Orders every ten seconds, as the exchange of the case study went."""


class Burst:
    """The orders of a burst: the same for the hub and for its peers."""

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        dice = Random(seed)
        self._buyers = [dice.randrange(count * 4) for _ in range(count + 1)]
        self._goods = [dice.sample(GOODS, 3) for _ in range(count + 1)]

    @property
    def buyers(self) -> set[int]:
        """Whoever orders."""
        return set(self._buyers)

    def look(self, number: int, offers: dict[str, int]) -> Look:
        """An order as the hub reads it from the shop; number `count` + 1 is one more, placed before."""
        lines = [
            {
                "offer": str(offers[code]),
                "name": f"Товар {code}",
                "unit": "796",
                "quantity": "2",
                "sum": "200.00 RUB",
                "vat": "22",
            }
            for code in self._goods[number - 1]
        ]
        who = self._buyers[number - 1]
        fields = {
            "number": str(number),
            "placed": "2026-11-20T10:00:00Z",
            "stage": "new",
            "money": {
                "currency": "RUB",
                "lines": lines,
                "delivery": {"sum": "350.00 RUB"},
                "total": "950.00 RUB",
            },
            "contact": {
                "kind": "person",
                "name": " ".join(name(who)),
                "phone": phone(who),
                "email": email(who),
            },
            "address": {"text": f"ул. Ленина, д. {number}", "zip": "101000", "city": "Москва"},
            "delivery": {"service": "courier"},
            "properties.user": str(who + 1),
            f"payments.shop-{number}": {"sum": "950.00 RUB", "method": "cash", "paid": False},
        }
        return Look(ref=str(number), fields=fields, title=str(number))

    def body(self, number: int) -> dict[str, object]:
        """The same order as the official client is given it."""
        who = self._buyers[number - 1]
        last, first = name(who)
        return {
            "externalId": str(number),
            "number": str(number),
            "createdAt": "2026-11-20 13:00:00",
            "status": "new",
            "lastName": last,
            "firstName": first,
            "phone": phone(who),
            "email": email(who),
            "items": [
                {"offer": {"externalId": code}, "quantity": 2, "initialPrice": 100, "vatRate": "22"}
                for code in self._goods[number - 1]
            ],
            "delivery": {
                "code": "courier",
                "cost": 350,
                "address": {"index": "101000", "city": "Москва", "text": f"ул. Ленина, д. {number}"},
            },
            "payments": [{"externalId": f"{number}-1", "type": "cash", "amount": 950}],
        }


def name(who: int) -> tuple[str, str]:
    return f"Иванов-{who}", "Пётр"


def phone(who: int) -> str:
    return f"+7916{who:07}"


def email(who: int) -> str:
    return f"buyer{who}@example.ru"


def furnish(crm: Crm, known: Sequence[int], others: int) -> None:
    """Give the account its goods, the cards of buyers it knows, and cards of other people."""
    state = crm.state
    catalog = state.catalog_of("main")
    with state.acting(state.actor):
        for code in GOODS:
            product = state.products.insert(Product(catalog=catalog, external_id=code, name=f"Товар {code}"))
            prices = {"base": Decimal(100)}
            state.offers.insert(
                Offer(
                    catalog=catalog,
                    product_id=product.id,
                    external_id=code,
                    name=f"Товар {code}",
                    vat_rate="22",
                    prices=prices,
                )
            )
        for who in (*known, *range(1_000_000, 1_000_000 + others)):
            last, first = name(who)
            card = {
                "lastName": last,
                "firstName": first,
                "phones": [{"number": phone(who)}],
                "email": email(who),
            }
            create_customer(state, "main", {**card, "externalId": str(who + 1)})


@asynccontextmanager
async def a_hub(crm: Crm, rate: float) -> AsyncIterator[tuple[Hub, LocalRunner]]:
    """Run a hub between a shop that is only read and the account."""
    with tempfile.TemporaryDirectory(prefix="obmen-bench-") as folder:
        ledger = SqlLedger.open(f"sqlite:///{folder}/bench.db", exclusive=True)
        settings = Settings(
            url=crm.url,
            rate_per_s=rate,
            visible_after_s=5.0,
            orders=OrderSettings(customer_id="properties.user"),
            **crm.credentials(),
        )
        budget = budget_of(ledger, "crm", rate_per_s=rate, at_once=settings.parallel)
        exchanges = ExchangeLog(ledger, now=time.time)
        ports = Ports(budget=budget, log=exchanges.add, now=time.time, spool=Path(folder) / "crm")
        account = connector.open("crm", settings, ports)
        hub = Hub(
            ledger=ledger,
            connections={"shop": Mirror("shop"), "crm": account},
            topologies={
                "offer": Topology("offer", ("shop",), Owner("shop"), {}, ()),
                "order": Topology("order", ("shop",), Origin(), {}, (Reader(to="crm"),)),
            },
            now=time.time,
            rng=Random(1),
            matching={("crm", "order"): Matching(keys=("xml_id",), keyed_by="shop")},
            budgets={"crm": budget},
            packs={"crm": settings.packs},
        )
        runner = LocalRunner(hub, ())
        work = asyncio.create_task(runner.run())
        try:
            yield hub, runner
        finally:
            runner.stop()
            await work
            await account.close()
            exchanges.close_here()
            ledger.close_here()


def stock(hub: Hub) -> dict[str, int]:
    """Let both systems have the goods orders are for; return their records by code."""
    with hub.ledger.begin() as tx:
        looks = [Look(ref=code, fields={"name": code}) for code in GOODS]
        page = Arrival(connection="shop", entity="offer", looks=looks, read_at=tx.tick(), evidence="file")
        settle_page(tx, hub, page)
        records = tx.bound("shop", "offer", GOODS)
        tx.bind([Binding("crm", "offer", code, record) for code, record in records.items()])
        # The shop names goods in the lines of its orders by their records.
        tx.bind([Binding("shop", "offer", str(record), record) for record in records.values()])
        return dict(records)


async def take_in(hub: Hub, looks: Sequence[Look]) -> None:
    """Take orders in from the shop, as a poll does."""

    def settle(tx) -> None:
        page = Arrival(connection="shop", entity="order", looks=some, read_at=tx.tick(), evidence="poll")
        settle_page(tx, hub, page)

    for start in range(0, len(looks), PAGE):
        some = looks[start : start + PAGE]
        await hub.ledger.run(settle)


async def there(crm: Crm, count: int) -> None:
    """Wait until the account has so many orders."""
    while len(crm.state.orders) < count:  # noqa: ASYNC110 - the account tells nobody
        await asyncio.sleep(0.02)


async def measure(burst: Burst, share: float, *, latency: str, others: int, seed: int) -> dict[str, object]:
    """Deliver a burst of a crowd of which such a share is known; return its figures."""
    known = sorted(burst.buyers)[: round(share * len(burst.buyers))]
    async with Crm(seed=seed) as crm:
        furnish(crm, known, others)
        async with a_hub(crm, RATE) as (hub, runner):
            offers = stock(hub)
            before = burst.look(burst.count + 1, offers)
            await take_in(hub, [before])  # a hub that runs knows the account
            runner.nudge()
            await there(crm, 1)
            crm.faults = type(crm.faults)(f"latency={latency}", seed=seed)
            asked = crm.ledger.requests()
            looks = [burst.look(number, offers) for number in range(1, burst.count + 1)]
            started = time.perf_counter()
            await take_in(hub, looks)
            runner.nudge()
            await there(crm, burst.count + 1)
            seconds = time.perf_counter() - started
        said = crm.counts()
    return {
        "seconds": round(seconds, 2),
        "calls": crm.ledger.requests() - asked,
        "orders": said["orders"] - 1,
        "doubles": len(said["order_doubles"]) + len(said["customer_doubles"]),
        "strangers": said["customers"] - others - len(burst.buyers),
        "over_limit": said["over_limit"],
    }


async def official(burst: Burst, *, latency: str, seed: int) -> float:
    """Send the same orders with the official client; return seconds."""
    async with Crm(faults=f"latency={latency}", seed=seed) as crm:
        furnish(crm, (), 0)
        client = retailcrm.v5(crm.url, crm.credentials()["api_key"])

        def send() -> None:
            for start in range(1, burst.count + 1, PACK):
                some = range(start, min(start + PACK, burst.count + 1))
                answer = client.orders_upload([burst.body(number) for number in some], "main")
                if not answer.is_successful():
                    raise SystemExit(f"the official client: {answer.get_response()}")

        started = time.perf_counter()
        await asyncio.to_thread(send)
        seconds = time.perf_counter() - started
        if crm.counts()["orders"] != burst.count:
            raise SystemExit("the official client has lost orders")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=800)
    parser.add_argument("--latency", default="3..5", help="seconds of each answer, evenly between")
    parser.add_argument("--others", type=int, default=2000, help="cards of people who order nothing")
    parser.add_argument("--crowds", nargs="+", choices=CROWDS, default=list(CROWDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="one crowd, no official client")
    given = parser.parse_args()
    burst = Burst(given.count, given.seed)
    print(f"{given.count} orders at once, answers after {given.latency} s, {RATE} calls a second")
    print(f"{'buyers':>10}{'seconds':>10}{'calls':>8}{'orders':>8}{'doubles':>9}{'over limit':>12}")
    results: dict[str, dict[str, object]] = {}
    for crowd in given.crowds[:1] if given.quick else given.crowds:
        results[crowd] = said = asyncio.run(
            measure(burst, CROWDS[crowd], latency=given.latency, others=given.others, seed=given.seed)
        )
        print(
            f"{crowd:>10}{said['seconds']:10.2f}{said['calls']:8}{said['orders']:8}{said['doubles']:9}"
            f"{said['over_limit']:12}",
            flush=True,
        )
    worst = max(said["seconds"] for said in results.values())
    drip = (given.count - 1) // DRIP * 10.0
    peers = {"ten_every_ten_seconds": drip}
    if not given.quick:
        peers["official_client"] = asyncio.run(official(burst, latency=given.latency, seed=given.seed))
    for peer, seconds in peers.items():
        print(f"{peer.replace('_', ' ')}: {seconds:.1f} s, {seconds / worst:.1f} times as long")
    print(
        json.dumps(
            {
                "name": "retail_burst",
                "ratios": {peer: round(seconds / worst, 3) for peer, seconds in peers.items()},
                "seconds": worst,
                "crowds": results,
                "peers_s": {peer: round(seconds, 1) for peer, seconds in peers.items()},
                "bound_s": BOUND_S,
                "peak_mb": round(peak_mb(), 1),
                "seed": given.seed,
                "durability": "SQLite synchronous=FULL",
            }
        )
    )
    wrong = [
        crowd
        for crowd, said in results.items()
        if said["doubles"] or said["over_limit"] or said["strangers"] or said["orders"] != given.count
    ]
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
