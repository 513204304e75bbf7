"""The suite every connector keeps, over the simulated account, for customers."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from open_account import FaultsInTurn, opened

from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.testkit.conformance import Bench, Conformance


class TestRetailCrmCustomers(Conformance):
    entity = "customer"

    async def start(self) -> Bench:
        stack = AsyncExitStack()
        folder = stack.enter_context(TemporaryDirectory())
        world = await stack.enter_async_context(opened(Path(folder), customers=CustomerSettings()))
        post = world.connection._api.post

        async def lose_answer() -> None:
            async def losing(method, **fields):
                world.connection._api.post = post
                world.crm.faults = faults = FaultsInTurn()
                faults.next = ["lost_answer"]
                return await post(method, **fields)

            world.connection._api.post = losing

        return Bench(
            connection=world.connection,
            atoms={
                "name": "Петров Илья Сергеевич",
                "phones": ["+79044901122", "+79161234567"],
                "emails": ["i.petrov@example.ru"],
                "birthday": "1980-05-17",
            },
            changed={"name": "Петров Иван", "phones": ["+79161234567"], "emails": None},
            count=lambda: len(world.crm.state.customers),
            writes=world.writes,
            lose_answer=lose_answer,
            close=stack.aclose,
        )
