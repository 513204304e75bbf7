"""What a person decides: bind, unbind, merge and split; nothing doubles, and every act is in the journal."""

import pytest
from toy_world import history, issue_keys, offer, product, record, rows, send, write

from obmen.engine.following import follow
from obmen.engine.holding import release
from obmen.engine.linking import bind, split, unbind
from obmen.engine.merging import merge
from obmen.engine.pulling import pull
from obmen.engine.settling import Arrival, settle_page
from obmen.errors import BadInput
from obmen.ledger.contract import Reserve
from obmen.sync.shadow import Look

WHY = "проверено по накладной"


@pytest.fixture
async def sold(world):
    """A product of the accounting system that stands in the shop."""
    thing = product(world)
    await send(world)
    await write(world, "shop")
    return record(world, thing.ref).id


def there(world, number, connection="shop"):
    with world.begin() as tx:
        return tx.refs_of(connection, [number]).get(number)


def names(world, entity="product"):
    return sorted(thing.fields["name"] for thing in world.shop.alive(entity))


def act(world, work, *args, **how):
    with world.begin() as tx:
        return work(tx, world.hub, *args, why=WHY, **how)


async def test_an_unbound_object_is_left_alone_and_nothing_is_created_in_its_place(world, sold):
    ref = there(world, sold)
    assert act(world, unbind, "shop", "product", sold) == ref

    world.shop.person_types(world.shop.things[ref], "name", "Совсем другое")
    await pull(world.hub, "shop", "product")
    world.erp.person_types(next(iter(world.erp.alive("product"))), "name", "Дрель новая")
    await send(world)
    assert await write(world) == 0

    assert rows(world)[sold] == ("held", "held_person")
    assert names(world) == ["Совсем другое"]
    assert "parted" in history(world, sold)


async def test_a_released_record_is_created_anew_beside_the_object_it_was_parted_from(world, sold):
    act(world, unbind, "shop", "product", sold)
    assert act(world, release, "shop", "product", record=sold) == 1
    await write(world)

    assert len(names(world)) == 2
    assert there(world, sold) is not None
    assert issue_keys(world) == []


async def test_what_was_deleted_there_is_created_anew_once_it_is_unbound(world, sold):
    world.shop.person_deletes(world.shop.things[there(world, sold)])
    with world.begin() as tx:
        look = Look(ref=tx.refs_of("shop", [sold])[sold], fields={}, gone=True)
        arrival = Arrival(
            connection="shop", entity="product", looks=[look], read_at=tx.tick(), evidence="test"
        )
        settle_page(tx, world.hub, arrival)
    assert issue_keys(world) == [f"gone:shop:{sold}"]
    assert await write(world) == 0

    act(world, unbind, "shop", "product", sold)
    await write(world)

    assert len(names(world)) == 1
    assert there(world, sold) is not None
    assert issue_keys(world) == []


async def test_a_bound_object_is_looked_at_and_brought_up_to_date(world, sold):
    act(world, unbind, "shop", "product", sold)
    stranger = world.shop.person_creates("product", {"name": "Чужая", "sku": "X-9"})
    await bind(world.hub, "shop", "product", stranger.ref, sold, why=WHY)
    await write(world)

    assert there(world, sold) == stranger.ref
    assert stranger.fields["name"] == "Дрель"
    assert rows(world) == {}
    assert "linked" in history(world, sold)


async def test_binding_settles_the_question_which_of_two_objects_it_is(world):
    for _ in range(2):
        world.crm.person_creates("product", {"name": "Дрель", "sku": "D-1"})
    thing = product(world)
    await send(world)
    await write(world, "crm")
    number = record(world, thing.ref).id
    assert issue_keys(world) == [f"two:crm:{number}"]

    chosen = world.crm.alive("product")[1]
    await bind(world.hub, "crm", "product", chosen.ref, number, why=WHY)
    await write(world, "crm")

    assert there(world, number, "crm") == chosen.ref
    assert len(world.crm.alive("product")) == 2
    assert issue_keys(world) == []


async def test_what_belongs_to_another_is_not_bound_twice(world, sold):
    other = product(world, sku="D-2", name="Пила")
    await send(world)
    await write(world)
    second = record(world, other.ref).id

    with pytest.raises(BadInput, match="is bound to «Дрель»"):
        await bind(world.hub, "shop", "product", there(world, sold), second, why=WHY)
    with pytest.raises(BadInput, match="unbind that first"):
        await bind(
            world.hub,
            "shop",
            "product",
            world.shop.person_creates("product", {"name": "x", "sku": "y"}).ref,
            second,
            why=WHY,
        )
    with pytest.raises(BadInput, match="has no product"):
        await bind(world.hub, "shop", "product", "shop-99", second, why=WHY)
    with pytest.raises(BadInput, match="is not bound in crm"):
        act(world, unbind, "crm", "product", second)


async def test_a_split_object_is_a_record_of_its_own_from_then_on(world, sold):
    ref = there(world, sold)
    new = await split(world.hub, "shop", "product", sold, why=WHY)
    await write(world)

    assert there(world, new) == ref
    assert there(world, sold) is None
    assert rows(world)[sold] == ("held", "held_person")
    assert names(world) == ["Дрель"]
    world.shop.person_types(world.shop.things[ref], "slug", "mine")
    await pull(world.hub, "shop", "product")
    assert record(world, ref, connection="shop").id == new
    assert record(world, ref, connection="shop").atoms["slug"] == "mine"


async def test_what_is_bound_in_one_system_only_cannot_be_split(world):
    thing = product(world)
    await send(world)
    number = record(world, thing.ref).id

    with pytest.raises(BadInput, match="nothing to split"):
        await split(world.hub, "erp", "product", number, why=WHY)


async def test_merged_records_are_one_and_what_named_the_other_names_it(world, sold):
    twin = product(world, sku="D-1b", name="Дрель (дубль)")
    variant = offer(world, twin)
    await send(world)
    other, offered = record(world, twin.ref).id, record(world, variant.ref, "offer").id
    with world.begin() as tx:
        tx.put_reserves([Reserve(77, offered, "2")])

    act(world, merge, "product", sold, other)

    with world.begin() as tx:
        merged, child = tx.records([other])[other], tx.records([offered])[offered]
        assert tx.bound("erp", "product", [twin.ref]) == {twin.ref: sold}
    assert merged.merged_into == sold
    assert (child.atoms["product"], child.lane) == (sold, sold)
    await write(world)
    assert names(world) == ["Дрель"]
    assert len(world.shop.alive("offer")) == 1
    assert "united" in history(world, sold)
    assert "united" in history(world, other)


async def test_the_kept_record_takes_over_what_it_lacks_and_an_object_it_had_not(world):
    own = world.shop.person_creates("product", {"name": "Дрель", "sku": "D-7"})
    world.crm.person_creates("product", {"name": "Drill", "sku": "D-8", "country": "RU"})
    thing = product(world, sku="D-1")
    await send(world)
    number = record(world, thing.ref).id
    await write(world, "shop")
    with world.begin() as tx:
        looks = [Look(ref=own.ref, fields={"name": "Дрель", "description": "Хорошая"}, title="Дрель")]
        settle_page(
            tx,
            world.hub,
            Arrival(
                connection="shop",
                entity="product",
                looks=looks,
                read_at=tx.tick(),
                evidence="t",
                separate=True,
            ),
        )
    other = record(world, own.ref, connection="shop").id

    twofold = act(world, merge, "product", number, other)

    assert twofold == ("shop",)
    assert record(world, thing.ref).atoms["description"] == "Хорошая"
    assert issue_keys(world) == [f"two:shop:{number}"]


async def test_orders_name_the_offer_that_stays(world):
    first, second = product(world), product(world, sku="D-2")
    kept, gone = offer(world, first), offer(world, second)
    await send(world)
    await write(world)
    one, two = record(world, kept.ref, "offer").id, record(world, gone.ref, "offer").id
    money = {
        "currency": "RUB",
        "lines": [{"offer": there(world, two), "quantity": "2", "sum": "10.00 RUB"}],
        "total": "10.00 RUB",
    }
    look = Look(ref="o1", fields={"number": "o1", "money": money}, title="заказ o1")
    with world.begin() as tx:
        settle_page(
            tx,
            world.hub,
            Arrival(connection="shop", entity="order", looks=[look], read_at=tx.tick(), evidence="t"),
        )

    act(world, merge, "offer", one, two)

    order = record(world, "o1", "order", "shop")
    assert [line["offer"] for line in order.atoms["money"]["lines"]] == [one]
    with world.begin() as tx:
        assert [(reserve.offer, reserve.quantity) for reserve in tx.reserves([order.id])] == [(one, "2")]


async def test_no_act_breaks_into_a_write_under_way(world, sold):
    world.erp.person_types(next(iter(world.erp.alive("product"))), "name", "Дрель 2")
    await send(world)
    world.shop.faults.append("lost request")
    await write(world)

    with pytest.raises(BadInput, match="under way"):
        act(world, unbind, "shop", "product", sold)
    await follow(world.hub, "shop")
