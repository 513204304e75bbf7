"""A random walk over orders of a shop and a RetailCRM with a bad line between: the two systems' own books agree."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from retail_stage import retail_stage

from obmen.engine.choosing import choose
from obmen.sandbox.faults import Dials

STATUSES = ("client-confirmed", "send-to-assembling", "assembling", "delivering", "complete")
BUYERS = ("petrov", "sokolova", "smirnova", "remstroy")
STEPS = 16


class Walk:
    """What people did, drawn from one seed."""

    def __init__(self, stage, seed: int) -> None:
        self.stage, self.rng = stage, random.Random(seed)
        self.done: list[str] = []

    async def run(self) -> None:
        self.stage.crm.faults.dials = Dials(
            lost_answer=0.06, unavailable=0.05, error=0.05, late_effect=0.04, late_s=0.3
        )
        await self.place()
        for _ in range(STEPS):
            act = self.rng.choices(
                [self.place, self.phone, self.pay_in_shop, self.cancel_in_shop, self.in_crm, self.wait],
                weights=[4, 2, 2, 1, 6, 5],
            )[0]
            self.done.append(act.__name__)
            await act()
        self.stage.crm.faults.dials = Dials()
        for _ in range(3):
            await self.stage.seen(3)
        if self.decide():
            await self.stage.seen(3)

    def decide(self) -> int:
        """Let a person say that the CRM is right where lines are in question; return how often he was asked."""
        with self.stage.hub.ledger.begin() as tx:
            asked = [one.issue for one in tx.issues() if one.issue.key.endswith(":money")]
            for issue in asked:
                choose(tx, self.stage.hub, "order", issue.record, "money", "crm", why="the manager knows")
        return len(asked)

    async def wait(self) -> None:
        await self.stage.seen(1)

    async def place(self) -> None:
        pieces = [self.rng.randint(0, 3) for _ in self.stage.ids]
        pieces[0] += 1
        self.stage.place(*pieces, who=self.rng.choice(BUYERS), pay_system=self.rng.choice(["cash", "card"]))

    async def phone(self) -> None:
        lines = [
            {"offer": str(offer), "quantity": self.rng.randint(1, 3), "discount": "0.77"}
            for offer in self.rng.sample(self.stage.ids, 2)
        ]
        self.stage.crm.act("new_order", lines=lines, who=self.rng.choice(BUYERS))

    async def pay_in_shop(self) -> None:
        waiting = [one for one in self.orders if one.payed == "N" and one.canceled == "N"]
        if waiting:
            self.stage.shop.act("pay", order=self.rng.choice(waiting).id)

    async def cancel_in_shop(self) -> None:
        live = [
            one for one in self.orders if one.canceled == "N" and one.payed == "N" and one.deducted == "N"
        ]
        if live:
            self.stage.shop.act("cancel_order", order=self.rng.choice(live).id, reason="передумал")

    async def in_crm(self) -> None:
        crm = self.stage.crm
        live = [one for one in crm.state.orders if crm.state.group_of(one.status) != "cancel"]
        if not live:
            return
        order = self.rng.choice(live)
        what = self.rng.choice(["status", "lines", "pay", "note", "discount"])
        if what == "status":
            crm.act("change_status", order=order.id, status=self.rng.choice(STATUSES))
        elif what == "lines":
            row = self.rng.choice(crm.state.items_of(order))
            crm.act(
                "edit_lines", order=order.id, change=[{"line": row.id, "quantity": self.rng.randint(1, 4)}]
            )
        elif what == "pay":
            if order.prepay_sum == 0:
                crm.act("pay", order=order.id)
        elif what == "discount":
            crm.act("set_discount", order=order.id, amount=str(self.rng.randint(1, 500) / 100))
        else:
            crm.act("edit_order", order=order.id, managerComment=f"заметка {self.rng.randint(1, 99)}")

    @property
    def orders(self):
        return list(self.stage.shop.state.sale.orders.where())


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_no_order_is_lost_doubled_or_falls_back(tmp_path, seed):
    async with retail_stage(tmp_path) as stage:
        walk = Walk(stage, seed)
        await walk.run()
        told = f"seed {seed}: {walk.done}, issues {stage.issues()}, outbox {stage.outbox()}"
        counts = stage.crm.counts()
        for name in ("order_doubles", "number_doubles", "payment_doubles", "customer_doubles"):
            assert counts[name] == {}, (name, told)
        falls = [fall for moves in counts["order_fallbacks"].values() for fall in moves]
        assert not any(fall.endswith("by api") for fall in falls), told
        assert len(walk.orders) == len(list(stage.crm.state.orders)), told
        by_ref = {}
        with stage.hub.ledger.begin() as tx:
            for order in stage.crm.state.orders:
                (record,) = tx.bound("crm", "order", [str(order.id)]).values()
                by_ref[int(tx.refs_of("shop", [record])[record])] = order
        for here in walk.orders:
            there = by_ref[here.id]
            if not any("total" in issue for issue in stage.issues()):
                assert there.total_summ == here.price.quantize(Decimal("0.01")), (here.id, told)
            cancelled = stage.crm.state.group_of(there.status) == "cancel"
            assert cancelled == (here.canceled == "Y") or stage.issues(), (here.id, told)
            ours, theirs = stage.shop.state.sale.payments_of(here), stage.crm.state.payments_of(there)
            paid_here = sum(one.sum for one in ours if one.paid == "Y")
            paid_there = sum(one.amount for one in theirs if one.status == "paid")
            assert paid_here == paid_there or stage.issues(), (here.id, paid_here, paid_there, told)
