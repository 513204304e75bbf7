"""What waits for a code continues by itself when the code has come, whoever brought it."""

from toy_world import issue_keys, product, record, rows, send, write

from obmen.engine.remapping import reread, rewrite


async def test_a_code_a_later_file_explains_is_read_when_that_file_is_done(world):
    drill = product(world, kind="K")
    await send(world)
    assert record(world, drill.ref).atoms.get("kind") is None
    assert issue_keys(world) == ["waits:map:erp:kind:K"]

    world.tables["erp"]["kind"]["K"] = ("service",)  # nobody tells the hub
    saw = product(world, name="Пила", sku="S-1")
    await send(world, refs=[saw.ref])

    assert record(world, drill.ref).atoms["kind"] == "service"
    assert issue_keys(world) == []


async def test_a_code_nobody_explains_goes_on_waiting_and_is_not_counted_again(world):
    product(world, kind="K")
    await send(world)
    assert await reread(world.hub, "erp") == 0

    with world.begin() as tx:
        (opened,) = tx.issues()
    assert opened.count == 1


async def test_all_who_wait_for_one_code_continue_together(world):
    drills = [product(world, name=f"Дрель {number}", sku=str(number), kind="K") for number in range(5)]
    await send(world)
    world.tables["erp"]["kind"]["K"] = ("goods",)
    assert await reread(world.hub, "erp") == 1

    assert {record(world, drill.ref).atoms["kind"] for drill in drills} == {"goods"}
    with world.begin() as tx:
        assert tx.waited_for("map:", "look") == []


async def test_a_write_that_waits_for_a_code_of_the_target_goes_when_the_code_is_there(world):
    code = world.tables["crm"]["kind"].pop("2")
    drill = product(world, kind="G")
    await send(world)
    await write(world, "crm")
    world.erp.person_types(drill, "kind", "S")
    await send(world)
    await write(world, "crm")
    number = record(world, drill.ref).id
    assert rows(world, "crm") == {number: ("waiting", "waiting_mapping")}

    assert await rewrite(world.hub, "crm") == 1
    await write(world, "crm")
    assert rows(world, "crm") == {number: ("waiting", "waiting_mapping")}

    world.tables["crm"]["kind"]["2"] = code
    assert await rewrite(world.hub, "crm") == 1
    await write(world, "crm")
    assert rows(world, "crm") == {}
    assert [thing.fields["kind"] for thing in world.crm.alive("product")] == ["2"]
    assert await rewrite(world.hub, "crm") == 0
