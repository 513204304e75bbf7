"""Plans: what waits for one is shown with its reasons, and only what still holds is let go."""

import msgspec
from toy_world import offer, product, record, rows, send, write

from obmen.engine.planning import apply_plan, make_plan
from obmen.sync.plan import digest


def plan(world, connection="shop"):
    with world.begin() as tx:
        return make_plan(tx, world.hub, connection)


def apply(world, steps):
    with world.begin() as tx:
        return apply_plan(tx, world.hub, digest(steps))


def by_plan(world, *pairs):
    world.hub = msgspec.structs.replace(world.hub, planned=frozenset(pairs))


async def test_a_plan_is_asked_of_the_entities_it_is_set_for_and_of_no_other(world):
    by_plan(world, ("shop", "offer"))
    drill = product(world)
    sku = offer(world, drill)
    await send(world)

    assert rows(world) == {
        record(world, drill.ref).id: ("ready", ""),
        record(world, sku.ref, "offer").id: ("held", "held_plan"),
    }


async def test_nothing_is_written_until_the_plan_is_applied_and_then_exactly_that(world):
    by_plan(world, ("shop", "product"))
    product(world)
    await send(world)
    await write(world)
    assert world.shop.writes == 0

    steps = plan(world)
    assert (steps[0].title, steps[0].ref, steps[0].fields["name"]) == ("Дрель", None, "Дрель")

    assert apply(world, steps).released == list(steps)
    await write(world)
    assert world.shop.writes == 1


async def test_a_step_that_moved_since_the_plan_stays_held(world):
    by_plan(world, ("shop", "product"))
    drill, saw = product(world), product(world, name="Пила", sku="S-1")
    await send(world)
    steps = plan(world)
    world.erp.person_types(drill, "name", "Дрель-2")
    await send(world)
    applied = apply(world, steps)

    assert [record(world, drill.ref).id] == [step.record for step in applied.moved]
    assert [record(world, saw.ref).id] == [step.record for step in applied.released]
    await write(world)
    assert [thing.fields["name"] for thing in world.shop.alive("product")] == ["Пила"]


async def test_a_plan_nobody_made_is_not_applied(world):
    with world.begin() as tx:
        assert apply_plan(tx, world.hub, "no such digest") is None


async def test_what_a_guard_holds_is_shown_and_stays_held(world):
    drill = product(world)
    sku = offer(world, drill)
    await send(world)
    await write(world)
    world.erp.person_types(sku, "prices.retail", "1000.00 RUB")
    await send(world)
    steps = plan(world)
    apply(world, steps)

    assert [step.fields for step in steps] == [{"prices.retail": "1000.00 RUB"}]
    assert rows(world) == {record(world, sku.ref, "offer").id: ("held", "held_guard")}
