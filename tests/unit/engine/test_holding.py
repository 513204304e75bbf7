"""Hold and release: a person keeps a flow or a record from being written; reading goes on."""

from toy_world import history, product, record, rows, send, write

from obmen.engine.holding import hold, release
from obmen.engine.planning import apply_plan, make_plan
from obmen.sync.plan import digest

WHY = "инвентаризация"


def act(world, work, *args, **how):
    with world.begin() as tx:
        return work(tx, world.hub, *args, why=WHY, **how)


def in_shop(world):
    return [thing.fields["name"] for thing in world.shop.alive("product")]


async def test_a_held_flow_is_not_written_and_loses_nothing(world):
    product(world)
    await send(world)
    assert act(world, hold, "shop", "product") == 1
    product(world, name="Пила", sku="P-1")
    await send(world)
    await write(world)
    await write(world, "crm")

    assert in_shop(world) == []
    assert len(world.crm.alive("product")) == 2
    assert set(rows(world).values()) == {("held", "held_person")}

    assert act(world, release, "shop", "product") == 2
    await write(world)
    assert sorted(in_shop(world)) == ["Дрель", "Пила"]
    assert act(world, release, "shop", "product") is None


async def test_one_held_record_waits_while_the_others_go(world):
    first, _ = product(world), product(world, name="Пила", sku="P-1")
    await send(world)
    number = record(world, first.ref).id
    act(world, hold, "shop", "product", record=number)
    await write(world)

    assert in_shop(world) == ["Пила"]
    assert "held_person" in history(world, number)

    act(world, hold, "shop", "product")
    act(world, release, "shop", "product")
    await write(world)
    assert in_shop(world) == ["Пила"], "its own hold outlives that of the flow"

    act(world, release, "shop", "product", record=number)
    await write(world)
    assert sorted(in_shop(world)) == ["Дрель", "Пила"]


async def test_a_plan_shows_what_is_held_and_does_not_let_it_go(world):
    thing = product(world)
    await send(world)
    act(world, hold, "shop", "product")
    with world.begin() as tx:
        steps = make_plan(tx, world.hub, "shop")
        applied = apply_plan(tx, world.hub, digest(steps))

    assert [step.record for step in steps] == [record(world, thing.ref).id]
    assert applied.released == []
    assert [row.reason for _, row in applied.kept] == ["held_person"]


async def test_what_changes_while_it_is_held_goes_out_as_it_is_at_the_end(world):
    thing = product(world)
    await send(world)
    act(world, hold, "shop", "product")
    for name in ("Дрель 2", "Дрель 3"):
        world.erp.person_types(thing, "name", name)
        await send(world)
        await write(world)
    act(world, release, "shop", "product")
    await write(world)

    assert in_shop(world) == ["Дрель 3"]
    assert world.shop.writes == 1
