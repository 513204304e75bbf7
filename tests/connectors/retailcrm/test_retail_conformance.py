"""Orders of an account through the suite every connector must keep."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from open_account import PETROV, FaultsInTurn, line, money, opened

from obmen.testkit.conformance import Bench, Conformance


class TestRetailCrmOrders(Conformance):
    entity = "order"

    async def start(self) -> Bench:
        stack = AsyncExitStack()
        folder = stack.enter_context(TemporaryDirectory())
        world = await stack.enter_async_context(opened(Path(folder)))
        post = world.connection._api.post

        async def lose_answer() -> None:
            async def losing(method, **fields):
                if method.startswith("orders/"):
                    world.connection._api.post = post
                    world.crm.faults = faults = FaultsInTurn()
                    faults.next = ["lost_answer"]
                return await post(method, **fields)

            world.connection._api.post = losing

        return Bench(
            connection=world.connection,
            atoms={
                "number": "17",
                "placed": "2026-01-31T20:00:00Z",
                "stage": "new",
                "cancelled": None,
                "money": money(
                    line(None, "3", "100.00", discount="8.00", name="Сборка мебели"),
                    delivery="350.00",
                    total="450.00",
                ),
                "contact": PETROV,
                "comment": "после 18",
                "payments.shop-31": {"sum": "450.00 RUB", "method": "cash", "prepaid": False, "paid": False},
            },
            changed={
                "stage": "delivery",
                "note": "позвонить",
                "money": money(
                    line(None, "2", "66.67", name="Сборка мебели"), delivery="0.00", total="66.67"
                ),
                "payments.shop-31": {"sum": "66.67 RUB", "method": "cash", "prepaid": False, "paid": True},
            },
            count=lambda: len(world.crm.state.orders),
            writes=world.writes,
            lose_answer=lose_answer,
            close=stack.aclose,
        )
