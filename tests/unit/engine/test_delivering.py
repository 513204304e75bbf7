"""Deliveries: looked at, found, written down, sent, received; and nothing twice, whatever is lost on the way."""

import msgspec
import pytest
from toy_world import history, issue_keys, offer, product, record, rows, send, write

from obmen.connectors.contract import Doubt
from obmen.engine.delivering import deliver
from obmen.engine.resolving import resolve
from obmen.errors import AuthFailed, Transient


def names(world):
    return sorted(thing.fields["name"] for thing in world.shop.alive("product"))


async def test_what_is_new_is_created_with_its_partner_first_and_then_nothing_is_left(world):
    offer(world, product(world))
    await send(world)
    await write(world)

    assert names(world) == ["Дрель"]
    (sku,) = world.shop.alive("offer")
    (drill,) = world.shop.alive("product")
    assert sku.fields["product"] == drill.ref
    assert rows(world) == {}
    assert await write(world) == 0


async def test_a_hundred_updates_are_one_write(world):
    drill = product(world)
    await send(world)
    await write(world)
    for number in range(5):
        world.erp.person_types(drill, "name", f"Дрель {number}")
        await send(world)
    await write(world)

    assert names(world) == ["Дрель 4"]
    assert world.shop.writes == 2


async def test_what_stands_there_already_is_adopted_and_not_created_again(world):
    drill = product(world)
    await send(world)
    there = world.shop.new("product", {"name": "Дрель старая"})
    there.keys = {"xml_id": drill.ref}
    await write(world)

    assert names(world) == ["Дрель"]
    assert "adopted" in history(world, record(world, drill.ref).id)


async def test_two_candidates_are_a_persons_to_choose(world):
    drill = product(world)
    await send(world)
    for _ in range(2):
        world.shop.new("product", {"name": "Двойник"}).keys = {"xml_id": drill.ref}
    await write(world)

    assert names(world) == ["Двойник", "Двойник"]
    number = record(world, drill.ref).id
    assert rows(world) == {number: ("waiting", "double")}
    assert issue_keys(world) == [f"two:shop:{number}"]


@pytest.mark.parametrize("fault", ["lost request", "lost answer"])
async def test_an_answer_that_is_lost_is_looked_up_before_anything_is_repeated(world, fault):
    product(world)
    await send(world)
    world.shop.faults.append(fault)
    await write(world)
    assert await write(world) == 0  # the attempt is open: nobody writes over it
    world.pass_time(1000.0)
    await resolve(world.hub, "shop")
    await write(world)

    assert names(world) == ["Дрель"]
    assert world.shop.wrongs == []
    assert rows(world) == {}


async def test_an_unanswered_write_is_looked_up_as_soon_as_it_can_have_landed(world):
    product(world)
    await send(world)
    world.shop.faults.append("lost request")
    await write(world)
    world.pass_time(world.shop.visible_after_s - 1)
    assert await resolve(world.hub, "shop") == 0
    world.pass_time(2.0)
    assert await resolve(world.hub, "shop") == 1
    await write(world)

    assert names(world) == ["Дрель"]


async def test_what_could_not_even_be_asked_about_is_ready_again_at_once(world):
    drill = product(world)
    await send(world)
    find, world.shop.find = world.shop.find, _down
    with pytest.raises(Transient):
        await deliver(world.hub, "shop")
    assert rows(world) == {record(world, drill.ref).id: ("ready", "")}

    world.shop.find = find
    await write(world)
    assert names(world) == ["Дрель"]


async def _down(_entity, _steps):
    raise Transient("toy.down", "the shop does not answer", "магазин не отвечает")


async def test_a_write_that_did_not_land_is_repeated_later(world):
    drill = product(world)
    await send(world)
    world.shop.faults.append("busy")
    await write(world)
    assert rows(world) == {record(world, drill.ref).id: ("ready", "transient")}
    world.pass_time(3600.0)
    await write(world)

    assert names(world) == ["Дрель"]


async def test_a_refused_record_waits_with_an_issue_until_it_changes(world):
    drill = product(world)
    await send(world)
    world.shop.faults.append("refused")
    await write(world)
    number = record(world, drill.ref).id
    assert rows(world) == {number: ("waiting", "rejected")}
    assert issue_keys(world) == [f"refused:shop:{number}"]

    world.erp.person_types(drill, "name", "Дрель-2")
    await send(world)
    await write(world)
    assert names(world) == ["Дрель-2"]
    assert issue_keys(world) == []


async def test_a_token_that_expired_leaves_the_work_to_be_done(world):
    product(world)
    await send(world)
    world.shop.read_faults.append("token")
    with pytest.raises(AuthFailed):
        await deliver(world.hub, "shop")
    world.pass_time(1000.0)
    await write(world)

    assert names(world) == ["Дрель"]


async def test_what_was_deleted_there_is_told_and_not_created_again(world):
    drill = product(world)
    await send(world)
    await write(world)
    (there,) = world.shop.alive("product")
    there.gone = True
    world.erp.person_types(drill, "name", "Дрель-2")
    await send(world)
    await write(world)

    assert names(world) == []
    assert issue_keys(world) == [f"gone:shop:{record(world, drill.ref).id}"]


async def test_a_write_that_leaves_a_doubt_is_done_and_tells_a_person(world, monkeypatch):
    drill = product(world)
    await send(world)
    push = world.shop.push
    doubt = Doubt(code="toy.shared", en="two share a phone", ru="телефон общий")

    async def doubtful(steps):
        return [msgspec.structs.replace(done, doubts=(doubt,)) for done in await push(steps)]

    monkeypatch.setattr(world.shop, "push", doubtful)
    await write(world)

    number = record(world, drill.ref).id
    assert rows(world) == {}
    assert issue_keys(world) == [f"doubt:shop:{number}:toy.shared"]
    with world.begin() as tx:
        (opened,) = tx.issues()
    assert opened.issue.en == "shop, «Дрель»: two share a phone"
