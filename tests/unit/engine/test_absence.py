"""Absence: only a complete exchange withdraws, and too much at once is a question."""

from toy_world import issue_keys, offer, product, record, rows, send, write

from obmen.engine import guarding


async def goods(world, count=20):
    things = [product(world, name=f"Дрель {n}", sku=str(n), active=True) for n in range(count)]
    await send(world, complete=True, entities=("product",))
    await write(world)
    return things


def active(world):
    return sum(thing.fields.get("active") is True for thing in world.shop.alive("product"))


def drop(things):
    for thing in things:
        thing.gone = True


async def test_what_a_complete_exchange_does_not_show_is_withdrawn_and_not_deleted(world):
    things = await goods(world)
    drop(things[:1])
    ended = await send(world, complete=True, entities=("product",))
    await write(world)

    assert ended.state == "done"
    assert record(world, things[0].ref).atoms["active"] is False
    assert active(world) == 19
    assert len(world.shop.alive("product")) == 20


async def test_what_an_exchange_of_changes_does_not_show_stays(world):
    things = await goods(world)
    drop(things[:1])
    await send(world, complete=False, entities=("product",))

    assert record(world, things[0].ref).atoms["active"] is True
    assert rows(world) == {}


async def test_more_than_a_tenth_at_once_is_asked_about_and_nothing_changes(world):
    things = await goods(world)
    drop(things[:3])
    await send(world, complete=True, entities=("product",))
    await write(world)

    assert issue_keys(world) == ["guard:erp:disappearance"]
    assert active(world) == 20
    assert record(world, things[0].ref).atoms["active"] is True


async def test_a_confirmed_disappearance_withdraws_exactly_those(world):
    things = await goods(world)
    drop(things[:3])
    await send(world, complete=True, entities=("product",))
    with world.begin() as tx:
        (opened,) = tx.issues()
        assert guarding.confirm(tx, world.hub, opened.issue.ref) == 3
    await write(world)

    assert active(world) == 17
    assert issue_keys(world) == []


async def test_what_comes_back_is_sold_again(world):
    things = await goods(world)
    drop(things[:1])
    await send(world, complete=True, entities=("product",))
    await write(world)
    things[0].gone = False
    await send(world, complete=True, entities=("product",))
    await write(world)

    assert record(world, things[0].ref).atoms["active"] is True
    assert active(world) == 20


async def test_one_entity_does_not_speak_for_another(world):
    things = await goods(world, count=2)
    sku = offer(world, things[0])
    await send(world, entities=("offer",))
    await send(world, complete=True, entities=("product",))

    assert record(world, sku.ref, "offer").atoms["active"] is True
