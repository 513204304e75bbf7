"""What an order costs on its way to 1C, and whether many cost more each than few.

100, 1,000 and 10,000 new orders wait for a 1C that takes all of them in one exchange over HTTP: login, one `query`, the
`success` that confirms it. They go out as CommerceML, each with its payment and a shipment whose units are marked.
Counted is the whole exchange, from the login to the last order known to be there, on SQLite with `synchronous=FULL`. The
answer is read as it comes and thrown away, so that the peak is the hub's own. Beside it stands what the papers cost
alone, nothing stored and nothing sent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from statistics import median

import aiohttp

from benchmarks.hubs import Mirror, NoBudget, peak_mb
from obmen.connectors.contract import Ports, Step
from obmen.connectors.onec.connector import Onec
from obmen.connectors.onec.orders.papers import OrderPapers
from obmen.connectors.onec.settings import Settings
from obmen.engine.hub import Hub
from obmen.engine.intake import HubIntake
from obmen.engine.settling import Arrival, settle_page
from obmen.gateway import Entrance, Gateway
from obmen.ledger.contract import Binding
from obmen.ledger.sql import SqlLedger
from obmen.sync.rules import Origin, Owner, Reader, Topology
from obmen.sync.shadow import Look

SIZES = (100, 1_000, 10_000)
PAGE = 500
BOUND = 1.3


class Shop(Mirror):
    """Where the orders come from."""


GOODS = tuple(f"bd72d913-55bc-11d9-848a-{number:012x}" for number in range(50))


def order(number: int, dice: Random, goods: Sequence[int]) -> Look:
    """An order of three lines and its delivery, paid, one pair of marked boots shipped."""
    chosen = dice.sample(goods, 3)
    lines = [
        {
            "offer": str(offer),
            "name": f"Ботинки рабочие, размер {offer}",
            "unit": "796",
            "quantity": "3",
            "sum": "100.00 RUB",
            "vat": "22",
        }
        for offer in chosen
    ]
    code = f"0104601234567893215{number:06}\x1d91EE06\x1d92{dice.randbytes(33).hex()}"
    fields = {
        "number": f"{number}/2026",
        "placed": "2026-11-20T10:00:00Z",
        "stage": "confirmed",
        "money": {
            "currency": "RUB",
            "lines": lines,
            "delivery": {"sum": "350.00 RUB", "vat": "22"},
            "total": "650.00 RUB",
        },
        "contact": {"kind": "person", "name": f"Иванов Пётр {number}", "phone": f"+7916{number:07}"},
        "address": {"text": f"Ленина, {number}", "zip": "101000", "city": "Москва"},
        "delivery": {"service": "courier"},
        "comment": "позвонить за час",
        f"payments.shop-{number}": {"sum": "650.00 RUB", "method": "card", "paid": True},
        f"shipments.shop-{number}": {
            "state": "shipped",
            "lines": [{"offer": str(chosen[0]), "quantity": "1", "codes": [code]}],
        },
    }
    return Look(ref=str(number), fields=fields, title=f"{number}/2026")


def stock(hub: Hub) -> list[int]:
    """Let both systems have the goods orders are for; return their records, which is what the shop calls them."""
    with hub.ledger.begin() as tx:
        looks = [Look(ref=ref, fields={"name": ref}) for ref in GOODS]
        page = Arrival(connection="erp", entity="offer", looks=looks, read_at=tx.tick(), evidence="file")
        settle_page(tx, hub, page)
        records = list(tx.bound("erp", "offer", GOODS).values())
        tx.bind([Binding("shop", "offer", str(record), record) for record in records])
        return records


def fill(hub: Hub, count: int, seed: int) -> None:
    """Take orders in from the shop, as a poll does."""
    dice, goods = Random(seed), stock(hub)
    for start in range(0, count, PAGE):
        looks = [order(number, dice, goods) for number in range(start + 1, min(start + PAGE, count) + 1)]
        with hub.ledger.begin() as tx:
            page = Arrival(connection="shop", entity="order", looks=looks, read_at=tx.tick(), evidence="poll")
            settle_page(tx, hub, page)


@asynccontextmanager
async def door(count: int, seed: int) -> AsyncIterator[tuple[Hub, str]]:
    """Open a hub with orders that wait, and its door."""
    with tempfile.TemporaryDirectory(prefix="obmen-bench-") as folder:
        ledger = SqlLedger.open(f"sqlite:///{folder}/bench.db", exclusive=True)
        spool = Path(folder) / "spool" / "erp"
        ports = Ports(budget=NoBudget(), log=lambda _: None, now=time.time, spool=spool)
        settings = Settings(
            login="1c", password="1c", orders=True, orders_at_once=SIZES[-1], orders_version="2.10"
        )
        erp = Onec("erp", settings, ports, wait_s=600)
        hub = Hub(
            ledger=ledger,
            connections={"shop": Shop("shop"), "erp": erp},
            topologies={
                "offer": Topology("offer", ("erp",), Owner("erp"), {}, ()),
                "order": Topology("order", ("shop",), Origin(), {}, (Reader(to="erp"),)),
            },
            now=time.time,
            rng=Random(seed),
        )
        intake = HubIntake(hub, lambda _: None)
        gateway = Gateway([Entrance(connection="erp", receiver=erp)], intake)
        port = await gateway.start("127.0.0.1", 0)
        try:
            fill(hub, count, seed)
            yield hub, f"http://127.0.0.1:{port}{settings.routes[0]}"
        finally:
            await gateway.stop()
            ledger.close_here()


async def exchange(url: str) -> int:
    """Take everything in one exchange; return the bytes of the answer."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        login = {"Authorization": aiohttp.encode_basic_auth("1c", "1c")}
        async with session.get(url, params={"type": "sale", "mode": "checkauth"}, headers=login) as answer:
            _, name, cookie, *_ = (await answer.text()).split("\n")
        asked = {"headers": {"Cookie": f"{name}={cookie}"}, "timeout": aiohttp.ClientTimeout(total=None)}
        await session.get(url, params={"type": "sale", "mode": "init", "version": "2.10"}, **asked)
        size = 0
        async with session.get(url, params={"type": "sale", "mode": "query"}, **asked) as answer:
            async for block in answer.content.iter_chunked(1 << 16):
                size += len(block)
        async with session.get(url, params={"type": "sale", "mode": "success"}, **asked) as answer:
            if not (await answer.text()).startswith("success"):
                raise SystemExit("the orders were not confirmed")
        return size


async def measure(count: int, seed: int) -> tuple[float, int]:
    """Return the seconds of one exchange and the bytes of its answer."""
    async with door(count, seed) as (hub, url):
        started = time.perf_counter()
        size = await exchange(url)
        seconds = time.perf_counter() - started
        with hub.ledger.begin() as tx:
            if tx.outbox("erp") or tx.count_bound("erp", "order") != count:
                raise SystemExit("not every order arrived")
    return seconds, size


def papers_alone(count: int, seed: int) -> float:
    """Return the milliseconds one order takes to be put into the words of 1C and into XML."""
    dice = Random(seed)
    ports = Ports(budget=NoBudget(), log=lambda _: None, now=time.time, spool=Path(tempfile.mkdtemp()))
    erp = Onec("erp", Settings(login="1c", password="1c", orders=True, orders_version="2.10"), ports)
    codec = erp.codec("order")
    papers = OrderPapers(
        connection="erp",
        tables=erp.settings.order,
        version="2.10",
        charset="windows-1251",
        now=lambda: datetime(2026, 11, 20),  # noqa: DTZ001 - 1C's local time
        called=erp.called,
    )
    looks = [order(number, dice, range(50)) for number in range(count)]
    started = time.perf_counter()
    for number, look in enumerate(looks):
        whole = {name: codec.encode(name, value) for name, value in look.fields.items()}
        papers.order(Step(record=number, entity="order", ref=None, fields=whole, whole=whole), "2.10")
    return (time.perf_counter() - started) / count * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="one round")
    given = parser.parse_args()
    rounds = 1 if given.quick else given.rounds
    print(f"orders taken by 1C in one exchange, SQLite, synchronous=FULL, median of {rounds}")
    print(f"{'orders':>8}{'seconds':>10}{'ms each':>10}{'MB':>8}{'peak MB':>10}")
    each: dict[int, float] = {}
    for count in sorted(given.sizes):
        # A short exchange is repeated more often: its cost is the more easily disturbed.
        runs = [
            asyncio.run(measure(count, given.seed + turn))
            for turn in range(rounds * (5 if count < 1000 else 1))
        ]
        seconds, size = median(run[0] for run in runs), runs[0][1]
        each[count] = seconds / count * 1000
        print(f"{count:8}{seconds:10.2f}{each[count]:10.2f}{size / 2**20:8.1f}{peak_mb():10.1f}", flush=True)
    first, last = min(each), max(each)
    ratio = each[last] / each[first]
    print(f"ratio {ratio:.2f} (bound {BOUND})")
    alone = median(papers_alone(1000, given.seed + turn) for turn in range(rounds))
    print(f"the papers alone: {alone:.2f} ms each, {alone / each[last]:.2f} of the exchange")
    print(
        json.dumps(
            {
                "name": "orders",
                "ratios": {"flat": round(ratio, 3), "papers": round(alone / each[last], 3)},
                "peak_mb": round(peak_mb(), 1),
                "ms_each": {str(count): round(cost, 3) for count, cost in each.items()},
                "seed": given.seed,
                "durability": "SQLite synchronous=FULL",
            }
        )
    )


if __name__ == "__main__":
    main()
