"""Packs of one connection side by side: disjoint, bounded, stopped gently, and alone after a failure."""

import asyncio

import msgspec
import pytest
from toy_world import product, record, rows, send

from obmen.engine.packs import Packs
from obmen.errors import AuthFailed, Transient

MOST = 3


class SlowShop:
    """Lets a shop take writes only when told, and notes what was under way at once."""

    def __init__(self, shop):
        self.under_way = []
        self.most = 0
        self.open = asyncio.Event()
        self._push, shop.push = shop.push, self.push

    async def push(self, steps):
        names = {step.record for step in steps}
        assert all(names.isdisjoint(others) for others in self.under_way)
        self.under_way.append(names)
        self.most = max(self.most, len(self.under_way))
        try:
            await self.open.wait()
            return await self._push(steps)
        finally:
            self.under_way.remove(names)


class Begun:
    """Packs of the shop, the tasks they run in, and how many rows have ended."""

    def __init__(self, world, **hub):
        self.tasks = []
        self.ended = []
        hub = msgspec.structs.replace(world.hub, packs={"shop": MOST}, **hub)
        self.packs = Packs(hub, "shop", start=self._start, ended=self.ended.append)

    def _start(self, work):
        self.tasks.append(asyncio.create_task(work))

    async def one(self):
        await self.packs.room()
        return await self.packs.begin(limit=2)

    async def all(self):
        while await self.one() or not all(task.done() for task in self.tasks):  # noqa: ASYNC110
            await asyncio.sleep(0)


@pytest.fixture
async def drills(world):
    made = [product(world, name=f"Дрель {number}", sku=f"D-{number}") for number in range(10)]
    await send(world, entities=("product",))
    return [record(world, one.ref).id for one in made]


def shown(world):
    return sorted(thing.fields["name"] for thing in world.shop.alive("product"))


async def test_packs_go_side_by_side_and_never_more_than_allowed(world, drills):
    shop, begun = SlowShop(world.shop), Begun(world)
    work = asyncio.create_task(begun.all())
    while len(shop.under_way) < MOST:  # noqa: ASYNC110 - the shop tells nobody
        await asyncio.sleep(0)
    leased = [state for state, _ in rows(world).values() if state == "leased"]
    shop.open.set()
    await work

    assert (len(leased), shop.most) == (2 * MOST, MOST)
    assert begun.ended == [2] * 5
    assert shown(world) == [f"Дрель {number}" for number in range(10)]
    assert rows(world) == {}


async def test_nothing_is_leased_while_the_budget_is_waited_for(world, drills):
    class Spent:
        async def ready(self):
            asked.append([state for state, _ in rows(world).values()])

    asked = []
    begun = Begun(world, budgets={"shop": Spent()})
    await begun.one()

    assert asked == [["ready"] * 10]
    await begun.all()


async def test_after_a_failure_one_pack_goes_alone_until_it_passes(world, drills):
    async def down(_entity, _steps):
        failures.append(1)
        raise Transient("toy.down", "the shop does not answer", "магазин не отвечает")

    failures = []
    find, world.shop.find = world.shop.find, down
    begun = Begun(world)
    for _ in range(MOST):
        await begun.one()
    with pytest.raises(Transient):
        await begun.one()
    for count in (1, 2):
        with pytest.raises(Transient):
            await begun.one()
        assert len(failures) == MOST + count
    assert {state for state, _ in rows(world).values()} == {"ready"}

    world.shop.find = find
    shop = SlowShop(world.shop)
    alone = asyncio.create_task(begun.one())
    while not shop.under_way:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert shop.most == 1
    shop.open.set()
    await alone
    shop.open.clear()
    for _ in range(MOST):
        await begun.one()
    while len(shop.under_way) < MOST:  # noqa: ASYNC110
        await asyncio.sleep(0)
    shop.open.set()
    await begun.all()

    assert len(shown(world)) == 10


async def test_an_access_lost_in_one_of_many_packs_is_what_is_told(world, drills):
    failures = [
        Transient("toy.down", "the shop does not answer", "магазин не отвечает"),
        AuthFailed("toy.token", "the token has expired", "ключ истёк"),
        Transient("toy.down", "the shop does not answer", "магазин не отвечает"),
    ]

    async def down(_entity, _steps):
        raise failures.pop(0)

    world.shop.find = down
    begun = Begun(world)
    for _ in range(MOST):
        await begun.one()
    await asyncio.gather(*begun.tasks)
    with pytest.raises(AuthFailed, match="expired"):
        await begun.packs.room()
