"""A random walk over orders of a shop and a 1C: whatever people and lines do, the two systems' own books agree."""

from __future__ import annotations

import random

import pytest
from orders_stage import orders_stage

RANK = {"N": 10, "P": 30, "F": 70}
STATES = ("Ожидается согласование", "Готов к обеспечению", "Готов к отгрузке", "Закрыт")
STEPS = 14


class Walk:
    """What people did, drawn from one seed."""

    def __init__(self, stage, seed: int) -> None:
        self.stage, self.rng = stage, random.Random(seed)
        self.orders: list[int] = []
        self.done: list[str] = []

    async def run(self) -> None:
        await self.place()
        for _ in range(STEPS):
            act = self.rng.choices(
                [self.place, self.pay, self.cancel, self.in_1c, self.exchange, self.stage.seen],
                weights=[3, 3, 1, 5, 5, 3],
            )[0]
            self.done.append(act.__name__)
            await act()
        for _ in range(3):  # the faults are over: everything arrives
            await self.stage.seen()
            await self.stage.exchange(version="2.10", schema="2.10", sends_all=True)
        await self.stage.seen()

    async def place(self) -> None:
        articles = [product.article for product in self.stage.erp.world.products[:6]]
        self.orders.append(
            self.stage.place(
                *self.rng.sample(articles, self.rng.randint(1, 3)),
                quantity=str(self.rng.randint(1, 3)),
                pay_system=self.rng.choice(["cash", "card"]),
                delivery="courier",
            )
        )

    async def pay(self) -> None:
        order = self.rng.choice(self.orders)
        head = self.stage.in_shop(order)
        if head.payed == "N" and head.canceled == "N":
            self.stage.shop.act("pay", order=order)

    async def cancel(self) -> None:
        order = self.rng.choice(self.orders)
        head = self.stage.in_shop(order)
        if head.canceled == "N" and head.deducted == "N" and head.payed == "N":
            self.stage.shop.act("cancel_order", order=order, reason="передумал")

    async def in_1c(self) -> None:
        known = [order for order in self.stage.erp.book.orders.values() if order.cancelled is None]
        if not known:
            return
        order = self.rng.choice(known)
        what = self.rng.choice(["state", "pay", "ship"])
        if what == "state":
            self.stage.erp.act("set_state", order=order.number, state=self.rng.choice(STATES))
        elif what == "pay" and not order.payments and order.requisites.get("Заказ оплачен") != "true":
            self.stage.erp.act("pay_order", order=order.number)
        elif what == "ship" and not order.movements:
            self.stage.erp.act("ship_order", order=order.number)

    async def exchange(self) -> None:
        schema = self.rng.choice(["2.09", "2.10", "3.1"])
        await self.stage.exchange(
            version=self.rng.choice(["2.09", "2.10"]),
            schema=schema,
            says_success=self.rng.random() < 0.6,
            sends_all=self.rng.random() < 0.3,
            times=self.rng.choice([1, 1, 2]),
            dies_after=self.rng.choice(["", "", "", "query", "file"]),
        )


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_no_order_is_lost_doubled_or_falls_back(tmp_path, seed):
    async with orders_stage(tmp_path) as stage:
        walk = Walk(stage, seed)
        await walk.run()
        told = f"seed {seed}: {walk.done}, issues {stage.issues()}"
        book = stage.erp.book
        numbers = [order.number for order in book.orders.values()]
        assert len(numbers) == len(set(numbers)), told
        assert book.faults == [], told
        walked: dict[str, list[int]] = {}
        paid: dict[str, list[str]] = {}
        for effect in stage.shop.ledger.effects:
            if effect.entity == "order" and effect.by == "rest":
                after = dict(effect.after or {})
                if "status_id" in after:
                    walked.setdefault(str(effect.id), []).append(RANK[str(after["status_id"])])
                if "payed" in after:
                    paid.setdefault(str(effect.id), []).append(str(after["payed"]))
        assert all(ranks == sorted(ranks) for ranks in walked.values()), told
        assert all("N" not in flags for flags in paid.values()), told
        for order in walk.orders:
            head = stage.in_shop(order)
            _, payments, _ = stage.rows(order)
            assert sum(one.sum for one in payments if one.paid == "Y") <= head.price, told
            if stage.number(order) in numbers:
                there = stage.in_1c(order)
                assert there.total == head.price, told
                assert (there.cancelled is not None) == (head.canceled == "Y") or stage.issues(), told
            else:
                (own,) = payments
                assert own.pay_system_id == 2, told
                assert head.payed == "N", told
