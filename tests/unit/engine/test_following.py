"""Wake-ups: what thousands of hooks name is looked at in packs, and each of them ends with its own count."""

import pytest
from toy_world import accept, product, record, send, write

from obmen.connectors.contract import wake_up
from obmen.engine import following
from obmen.engine.following import follow
from obmen.engine.pulling import pull
from obmen.errors import BadInput, Transient


def hook(world, *refs, names=(), entity="product"):
    """A thin webhook of the shop in the inbox."""
    number = len(world.hooks)
    world.hooks.append(f"hook {number}")
    return accept(world, wake_up("shop", entity, refs, name="hook", key=world.hooks[-1], names=names))


def ended(world, *numbers):
    """State and counters of envelopes."""
    with world.begin() as tx:
        stored = [tx.envelope(number) for number in numbers]
    return [(one.state, one.received, {name: n for name, n in one.counters.items() if n}) for one in stored]


def asks(world):
    """How many objects each look at the shop asks for."""
    sizes = []
    look = world.shop.look

    async def counted(entity, refs):
        sizes.append(len(refs))
        return await look(entity, refs)

    world.shop.look = counted
    return sizes


async def sold(world, count):
    """Products of the shop whose descriptions a person has written there; their refs."""
    world.hooks = []
    for number in range(count):
        product(world, name=f"Дрель {number}", sku=str(number))
    await send(world)
    await write(world)
    await pull(world.hub, "shop", "product")
    world.pass_time(60.0)
    things = world.shop.alive("product")
    for thing in things:
        world.shop.person_types(thing, "description", "Сверлит")
    return [thing.ref for thing in things]


async def test_hooks_are_looked_at_in_packs_and_each_has_its_own_count(world, monkeypatch):
    monkeypatch.setattr(following, "PACK", 4)
    refs = await sold(world, 9)
    numbers = [hook(world, ref) for ref in refs]
    again = hook(world, refs[0])
    sizes = asks(world)

    assert await follow(world.hub, "shop") == 10
    assert sizes == [4, 4, 2]
    assert ended(world, *numbers) == [("done", 1, {"applied": 1})] * 9
    assert ended(world, again) == [("done", 1, {"echoed": 1})]
    assert await follow(world.hub, "shop") == 0


async def test_the_same_object_is_looked_at_once_however_many_hooks_name_it(world):
    (ref,) = await sold(world, 1)
    numbers = [hook(world, ref) for _ in range(250)]
    sizes = asks(world)
    await follow(world.hub, "shop")

    assert sizes == [1]
    assert ended(world, *numbers) == [("done", 1, {"applied": 1})] + [("done", 1, {"echoed": 1})] * 249


async def test_an_object_that_cannot_be_read_fails_its_own_hook_and_no_other(world):
    refs = await sold(world, 7)
    bad = refs[4]
    look = world.shop.look

    async def spoiled(entity, asked):
        if bad in asked:
            raise BadInput("toy.bad", f"{bad} cannot be read", f"{bad} не читается")
        return await look(entity, asked)

    world.shop.look = spoiled
    numbers = [hook(world, ref) for ref in refs]
    both = hook(world, bad, refs[0])
    await follow(world.hub, "shop")

    told = ended(world, *numbers)
    assert told.pop(4) == ("failed", 1, {"refused": 1})
    assert told == [("done", 1, {"applied": 1})] * 6
    assert ended(world, both) == [("failed", 2, {"refused": 1, "echoed": 1})]
    with world.begin() as tx:
        assert tx.envelope(numbers[4]).error_ru == f"{bad} не читается"


async def test_an_outage_leaves_the_hooks_that_were_not_followed_where_they_are(world, monkeypatch):
    monkeypatch.setattr(following, "PACK", 2)
    refs = await sold(world, 4)
    numbers = [hook(world, ref) for ref in refs]
    world.shop.read_faults.extend(["", "down"])
    with pytest.raises(Transient):
        await follow(world.hub, "shop")
    assert [state for state, *_ in ended(world, *numbers)] == ["done", "done", "waiting", "waiting"]

    sizes = asks(world)
    await follow(world.hub, "shop")
    assert sizes == [2]
    assert ended(world, *numbers) == [("done", 1, {"applied": 1})] * 4


async def test_a_crash_in_the_middle_does_one_pack_again_at_most(world, monkeypatch):
    monkeypatch.setattr(following, "PACK", 2)
    refs = await sold(world, 6)
    numbers = [hook(world, ref) for ref in refs]
    usual = following.settle_page
    settled = []

    def dies(tx, hub, arrival):
        settled.append(usual(tx, hub, arrival))
        if len(settled) == 2:
            raise KeyboardInterrupt
        return settled[-1]

    with monkeypatch.context() as patch:
        patch.setattr(following, "settle_page", dies)
        with pytest.raises(KeyboardInterrupt):
            await follow(world.hub, "shop")
    sizes = asks(world)
    await follow(world.hub, "shop")

    assert sizes == [2, 2]
    assert ended(world, *numbers) == [("done", 1, {"applied": 1})] * 6


async def test_a_hook_that_another_loop_has_followed_meanwhile_is_counted_once(world):
    refs = await sold(world, 2)
    numbers = [hook(world, ref) for ref in refs]
    look = world.shop.look

    async def slow(entity, asked):
        world.shop.look = look
        await follow(world.hub, "shop")
        return await look(entity, asked)

    world.shop.look = slow
    await follow(world.hub, "shop")

    assert ended(world, *numbers) == [("done", 1, {"applied": 1})] * 2


async def test_a_hub_that_stops_ends_behind_the_pack_in_hand(world, monkeypatch):
    monkeypatch.setattr(following, "PACK", 2)
    refs = await sold(world, 4)
    numbers = [hook(world, ref) for ref in refs]
    answers = iter([False, True])
    await follow(world.hub, "shop", stopped=lambda: next(answers))

    assert [state for state, *_ in ended(world, *numbers)] == ["done", "done", "waiting", "waiting"]


async def test_objects_named_by_ids_of_another_system_are_sought_together(world):
    refs = await sold(world, 3)
    asked = []

    async def named(entity, names):
        asked.append((entity, tuple(names)))
        return [(name, refs[int(name)]) for name in names if name.isdecimal()]

    world.shop.named = named
    numbers = [hook(world, names=("0",)), hook(world, names=("1", "nobody")), hook(world, refs[2])]
    sizes = asks(world)
    await follow(world.hub, "shop")

    assert asked == [("product", ("0", "1", "nobody"))]
    assert sizes == [3]
    assert ended(world, *numbers) == [
        ("done", 1, {"applied": 1}),
        ("done", 2, {"applied": 1, "refused": 1}),
        ("done", 1, {"applied": 1}),
    ]


async def test_what_is_not_exchanged_here_is_refused_without_a_look(world):
    await sold(world, 1)
    number = hook(world, "deal-17", entity="lead")
    sizes = asks(world)
    await follow(world.hub, "shop")

    assert sizes == []
    assert ended(world, number) == [("done", 1, {"refused": 1})]


async def test_what_a_hook_tells_of_is_settled(world):
    drill = product(world)
    world.hooks = []
    await send(world)
    await write(world)
    world.pass_time(60.0)
    (there,) = world.shop.alive("product")
    world.shop.person_types(there, "description", "Сверлит")
    hook(world, there.ref)
    await follow(world.hub, "shop")

    assert record(world, drill.ref).atoms["description"] == "Сверлит"
