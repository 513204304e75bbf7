"""The conformance suite, tried on the toys first, so that it is known to pass and to fail."""

from __future__ import annotations

import pytest

from obmen.testkit.conformance import Bench, Conformance
from obmen.testkit.memory import MemoryLedger
from obmen.testkit.toys import Toy
from obmen.testkit.world import World


def bench_of(toy: Toy) -> Bench:
    async def lose_answer() -> None:
        toy.faults.append("lost answer")

    return Bench(
        connection=toy,
        atoms={"name": "n1 a-long-text that will be cut", "sku": "S1", "active": True},
        changed={"name": "n2 another-text that will be cut"},
        count=lambda: len(toy.alive("product")),
        writes=lambda: toy.writes,
        lose_answer=lose_answer,
        close=toy.close,
    )


class TestStrictToy(Conformance):
    entity = "product"

    async def start(self) -> Bench:
        return bench_of(World(MemoryLedger()).shop)


class TestLossyToy(Conformance):
    entity = "product"

    async def start(self) -> Bench:
        return bench_of(World(MemoryLedger()).crm)


class Forgetful(Toy):
    """A toy that finds nothing again."""

    async def find(self, entity, steps):
        return {}


async def test_a_connector_that_cannot_find_what_it_made_does_not_pass():
    world = World(MemoryLedger())

    class Suite(Conformance):
        entity = "product"

        async def start(self) -> Bench:
            kinds = world.shop.kinds
            return bench_of(Forgetful("shop", kinds=kinds, codecs=world.shop.codecs, now=world.now))

    with pytest.raises(AssertionError, match="2 objects, expected 1"):
        await Suite().test_a_lost_answer_makes_no_second_object()
