"""A hub between a shop and a 1C is killed again and again; the books of the two systems must not show it.

`OBMEN_ORDER_KILLS` kills it more often, `OBMEN_ORDER_STRIDE=1` at every commit, `OBMEN_SEED` plays another walk. A
failure tells the seed and what was done.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from orders_house import House, orders_house

from obmen.connectors.onec.sandbox.sale.book import CustomerOrder
from obmen.ledger.sql import SqlLedger
from obmen.testkit.soak import wipe

KILLS = int(os.environ.get("OBMEN_ORDER_KILLS", "4"))
STRIDE = int(os.environ.get("OBMEN_ORDER_STRIDE", "20"))
"""Every how manieth commit."""
SEED = int(os.environ.get("OBMEN_SEED", "1"))
ACTS = 7
"""What people do in one life of the hub."""
COMMITS = 60
"""A life that ends by itself ends within so many commits."""
STATES = ("Ожидается согласование", "Готов к обеспечению", "Готов к отгрузке", "Закрыт")
STATUS_OF = {
    "Ожидается согласование": "N",
    "Готов к обеспечению": "P",
    "Готов к отгрузке": "P",
    "Закрыт": "F",
}
RANK = {"N": 10, "P": 30, "F": 70}
DELIVERY = "ORDER_DELIVERY"


class Walk:
    """Buyers, the bank and the users of 1C, drawn from one seed; the hub dies meanwhile."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.rng = house, Random(seed)
        self.shop, self.erp = house.shop, house.erp
        self.orders: list[int] = []
        self.counter: list[str] = []
        self.prepaid: set[int] = set()
        self.done: list[str] = []

    async def run(self) -> None:
        """Let the hub live and die again and again."""
        for _ in range(KILLS):
            await self._life()
        await self.finish()

    async def finish(self) -> None:
        """Live to the end of what was begun."""
        await self.house.begin()
        with self.house.looking():
            for _ in range(3):
                await self.house.seen()
                assert await self.house.visit(schema="2.10", sends_all=True) == "success"
            await self.house.seen()

    async def _life(self) -> None:
        if not self.house.is_alive:
            by_itself = self.rng.random() < 0.5
            commit = self.rng.randrange(1, COMMITS) if by_itself else 0
            when = self.rng.choice(["before", "after"])
            self.done.append(f"| begin, dies {when} commit {commit}" if commit else "| begin")
            await self.house.begin(commit=commit, when=when)
        acts = [self.place, self.pay, self.cancel, self.at_the_counter, self.in_1c, self.exchange, self.wait]
        life = asyncio.create_task(self._acts(acts))
        if self.rng.random() < 0.5:  # in the middle of whatever happens then, else after the last act
            await asyncio.wait([life], timeout=self.rng.uniform(0.1, 4.0))
            await self.house.kill()
            self.done.append("killed")
            await life
        else:
            await life
            await self.house.kill()

    async def _acts(self, acts) -> None:
        dice = Random(self.rng.random())  # whenever the hub dies, the people do the same
        for act in dice.choices(acts, weights=[4, 3, 1, 1, 6, 5, 3], k=ACTS):
            self.done.append(act.__name__)
            await act(dice)

    # --- the shop -------------------------------------------------------------------------------------------------

    async def place(self, dice: Random) -> None:
        articles = [product.article for product in self.erp.world.products[:6]]
        pays = dice.choice(["cash", "card"])
        order = self.house.place(
            *dice.sample(articles, dice.randint(1, 3)),
            quantity=str(dice.randint(1, 3)),
            pay_system=pays,
            delivery="courier",
        )
        self.orders.append(order)
        if pays == "card":
            self.prepaid.add(order)

    async def pay(self, dice: Random) -> None:
        due = [order for order in self.orders if order in self.prepaid and self._is_open(order)]
        if due:
            self.shop.act("pay", order=dice.choice(due))

    async def cancel(self, dice: Random) -> None:
        known = {order.number for order in self.erp.book.orders.values()}
        due = [
            order for order in self.orders if self._is_open(order) and self.house.number(order) not in known
        ]
        if due:
            self.shop.act("cancel_order", order=dice.choice(due), reason="передумал")

    def _is_open(self, order: int) -> bool:
        head = self.house.in_shop(order)
        return (head.payed, head.canceled, head.deducted) == ("N", "N", "N")

    # --- 1C -------------------------------------------------------------------------------------------------------

    async def at_the_counter(self, dice: Random) -> None:
        product = dice.choice(self.erp.world.products[:6])
        offer = product.offers[0]
        ref = product.id if offer.characteristic is None else f"{product.id}#{offer.characteristic}"
        goods = {ref: ("2", Decimal("100.50"))}
        order = self.erp.book.create(goods=goods, date="2026-11-20T10:00:00", buyer="Петров")
        self.counter.append(order.own_number)

    async def in_1c(self, dice: Random) -> None:
        known = [one for one in self.erp.book.orders.values() if one.cancelled is None and not one.born_here]
        if not known:
            return
        order = dice.choice(known)
        what = dice.choice(["state", "pay", "ship", "part", "line"])
        line = next(line for line in order.lines if line.goods != DELIVERY)
        if what == "state":
            later = STATES[STATES.index(order.state) + 1 :] if order.state else STATES
            if later:
                self.erp.act("set_state", order=order.number, state=later[0])
        elif what == "pay" and not order.payments and not self.is_prepaid(order.number):
            self.erp.act("pay_order", order=order.number)
        elif what == "ship" and (left := self._left(order)):
            self.erp.act("ship_order", order=order.number, quantities=left, tracking=f"RB{order.own_number}")
        elif what == "part" and not order.movements:
            self.erp.act("ship_order", order=order.number, quantities={line.goods: "1"})
        elif what == "line" and self._is_untouched(order):
            more = str(line.quantity + dice.choice([1, 2]))
            self.erp.act("change_line", order=order.number, goods=line.goods, quantity=more)

    def _left(self, order: CustomerOrder) -> dict[str, str]:
        """What has not been shipped yet."""
        gone = sum((Counter(one.quantities) for one in order.movements), Counter())
        left = {
            line.goods: line.quantity - gone[line.goods] for line in order.lines if line.goods != DELIVERY
        }
        return {goods: str(quantity) for goods, quantity in left.items() if quantity}

    def _is_untouched(self, order: CustomerOrder) -> bool:
        """Whether nobody has paid or shipped any of it."""
        is_final = order.state == STATES[-1]  # after that a shop takes no lines
        return not (order.payments or order.movements or self.is_prepaid(order.number) or is_final)

    def is_prepaid(self, number: str) -> bool:
        return any(self.house.number(order) == number for order in self.prepaid)

    # --- the line -------------------------------------------------------------------------------------------------

    async def exchange(self, dice: Random) -> None:
        verdict = await self.house.visit(
            schema=dice.choice(["2.10", "3.1"]),
            says_success=dice.random() < 0.7,
            sends_all=dice.random() < 0.3,
            times=dice.choice([1, 1, 2]),
        )
        self.done[-1] += f" {verdict}"

    async def wait(self, dice: Random) -> None:
        await asyncio.sleep(dice.uniform(0.2, 1.5))

    # --- the books ------------------------------------------------------------------------------------------------

    def judge(self) -> None:
        """Compare the two books, order by order, and what cannot be taken back."""
        self._nothing_is_doubled()
        self._nothing_falls_back()
        with_a_person = {found.issue.record for found in self._issues() if found.issue.entity == "order"}
        for order in self.orders:
            self._order(order, is_settled=self._record(order) not in with_a_person)

    def _nothing_is_doubled(self) -> None:
        book, sale = self.erp.book, self.shop.state.sale
        numbers = Counter(order.number for order in book.orders.values())
        assert [number for number, times in numbers.items() if times > 1] == []
        assert book.faults == []
        born_here = Counter(order.id_1c for order in sale.orders.where() if order.id not in self.orders)
        assert born_here == Counter(self.counter)
        assert self.shop.counts()["order_doubles"] == {}
        effects = self.shop.ledger.effects
        mails = Counter(
            (effect.id, effect.after["kind"], effect.after["about"])
            for effect in effects
            if effect.entity == "mail"
        )
        assert [mail for mail, times in mails.items() if times > 1] == []
        receipts = Counter(effect.id for effect in effects if effect.entity == "receipt")
        assert [receipt for receipt, times in receipts.items() if times > 1] == []

    def _nothing_falls_back(self) -> None:
        for effect in self.shop.ledger.effects:
            before, after = effect.before, effect.after
            if effect.entity == "order" and effect.action == "update":
                if "status_id" in after:
                    assert RANK[after["status_id"]] > RANK[before["status_id"]], effect
                assert (before.get("payed"), after.get("payed")) != ("Y", "N"), effect
            if effect.entity == "payment" and effect.action == "update":
                assert (before.get("paid"), after.get("paid")) != ("Y", "N"), effect
            if effect.entity == "shipment" and effect.action == "update":
                assert (before.get("deducted"), after.get("deducted")) != ("Y", "N"), effect

    def _order(self, order: int, *, is_settled: bool) -> None:
        head, number = self.house.in_shop(order), self.house.number(order)
        there = next((one for one in self.erp.book.orders.values() if one.number == number), None)
        _, payments, shipments = self.house.rows(order)
        paid = sum(one.sum for one in payments if one.paid == "Y")
        assert paid in (0, head.price), number
        if there is None:
            assert head.canceled == "Y" or (order in self.prepaid and head.payed == "N"), number
            return
        assert there.total == head.price, number
        if not is_settled:
            return
        assert (there.cancelled is not None) == (head.canceled == "Y"), number
        assert (head.payed == "Y") == (order in self.prepaid or bool(there.payments)), number
        sale = self.shop.state.sale
        left: Counter[str] = Counter()
        for shipment in shipments:
            if shipment.deducted == "Y":
                for item in sale.contents_of(shipment):
                    left[sale.basket.get(item.basket_id).product_xml_id] += item.quantity
        assert left == sum((Counter(one.quantities) for one in there.movements), Counter()), number
        if there.state:
            assert RANK[head.status_id] >= RANK[STATUS_OF[there.state]], number

    def _issues(self):
        with self.house.hub.ledger.begin() as tx:
            return tx.issues(limit=10_000)

    def _record(self, order: int) -> int | None:
        with self.house.hub.ledger.begin() as tx:
            return tx.bound("shop", "order", [str(order)]).get(str(order))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty ledger."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    url = request.getfixturevalue("postgres_url")

    def emptied() -> None:
        ledger = SqlLedger.open(url, exclusive=True)
        wipe(ledger)
        ledger.close_here()

    emptied()
    yield url
    emptied()


@pytest.mark.timeout(120 + 20 * KILLS)
async def test_a_hub_killed_while_people_work_loses_no_order_and_doubles_nothing(tmp_path, empty):
    async with orders_house(tmp_path, empty, seed=SEED) as house:
        walk = Walk(house, SEED)
        try:
            await walk.run()
            with house.looking():
                walk.judge()
        except BaseException as failure:
            failure.add_note(f"OBMEN_SEED={SEED} OBMEN_ORDER_KILLS={KILLS}: {' '.join(walk.done)}")
            raise
    assert house.kills == KILLS


@pytest.mark.timeout(120 + 600 // STRIDE)
async def test_a_hub_killed_at_a_commit_on_the_way_of_an_order_loses_nothing_and_doubles_nothing(tmp_path):
    async with orders_house(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}", seed=SEED) as house:
        walk, dice = Walk(house, SEED), Random(SEED)
        await house.kill()
        for commit in range(1, COMMITS + 1, STRIDE):
            await walk.place(dice)
            await walk.pay(dice)
            for order in house.erp.book.orders.values():
                if not order.movements:  # taken in the life before: today it is shipped, paid and closed
                    house.erp.act("ship_order", order=order.number)
                    if not walk.is_prepaid(order.number):
                        house.erp.act("pay_order", order=order.number)
                    house.erp.act("set_state", order=order.number, state="Закрыт")
            await house.begin(commit=commit, when="after" if commit % 2 else "before")
            for _ in range(2):
                walk.done.append(f"{commit}: {await house.visit()}")
                await asyncio.sleep(0.7)
            await house.kill()
        await walk.finish()
        with house.looking():
            walk.judge()
