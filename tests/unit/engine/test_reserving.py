"""What may be sold: the owner's stock less what orders keep, until he counts them himself."""

from __future__ import annotations

import msgspec
import pytest
from toy_world import offer, product, record, rows, send, write

from obmen.engine.reserving import acknowledged, expire
from obmen.engine.settling import Arrival, settle_page
from obmen.ledger.contract import Binding
from obmen.sync.shadow import Look


def money(ref, quantity):
    lines = [{"offer": ref, "quantity": quantity, "sum": "100.00 RUB"}]
    return {"currency": "RUB", "lines": lines, "total": "100.00 RUB"}


def place(world, ref, connection="shop", **fields):
    """An order as a channel shows it."""
    look = Look(ref=ref, fields={"number": ref, **fields}, title=f"заказ {ref}")
    with world.begin() as tx:
        arrival = Arrival(
            connection=connection, entity="order", looks=[look], read_at=tx.tick(), evidence="test"
        )
        return settle_page(tx, world.hub, arrival)


def taken_by_owner(world, ref):
    """The owner of the stock takes an order."""
    number = record(world, ref, "order", "shop").id
    with world.begin() as tx:
        tx.bind([Binding("erp", "order", f"erp-{ref}", number)])
        acknowledged(tx, world.hub, "erp", [number], tick=tx.tick())


@pytest.fixture
async def sold(world):
    """One offer, five in stock, in the shop and in the other channel; and its ref in the shop."""
    thing = offer(world, product(world))
    await send(world)
    await write(world, "shop")
    await write(world, "crm")
    number = record(world, thing.ref, "offer").id
    with world.begin() as tx:
        return thing, tx.refs_of("shop", [number])[number]


def available(world, thing):
    return record(world, thing.ref, "offer").atoms["available"]


async def test_an_order_lowers_what_may_be_sold_and_a_channel_that_does_not_reserve_is_told(world, sold):
    thing, ref = sold
    place(world, "o1", money=money(ref, "2"))

    assert available(world, thing) == "3"
    assert record(world, thing.ref, "offer").id in rows(world, "shop")


async def test_a_cancelled_order_gives_its_goods_back(world, sold):
    thing, ref = sold
    place(world, "o1", money=money(ref, "2"))
    place(world, "o1", cancelled="передумал")

    assert available(world, thing) == "5"


async def test_a_line_cut_to_one_piece_keeps_one(world, sold):
    thing, ref = sold
    place(world, "o1", money=money(ref, "2"))
    place(world, "o1", money=money(ref, "1"))

    assert available(world, thing) == "4"


async def test_what_the_owner_has_taken_and_counted_is_not_subtracted_twice(world, sold):
    thing, ref = sold
    place(world, "o1", money=money(ref, "2"))
    taken_by_owner(world, "o1")
    assert available(world, thing) == "3"

    world.erp.person_types(thing, "stock.main", "3")
    await send(world)

    assert available(world, thing) == "3"


async def test_a_stock_the_owner_showed_before_he_took_the_order_does_not_let_it_go(world, sold):
    thing, ref = sold
    place(world, "o1", money=money(ref, "2"))
    world.erp.person_types(thing, "stock.main", "4")
    await send(world)

    assert available(world, thing) == "2"


async def test_the_same_stock_shown_again_after_he_took_the_order_counts_too(world, sold):
    thing, ref = sold
    place(world, "o1", money=money(ref, "2"))
    taken_by_owner(world, "o1")
    await send(world)

    assert available(world, thing) == "5"


async def test_where_the_owners_stock_ignores_orders_the_goods_are_kept_until_shipped(world, sold):
    thing, ref = sold
    world.hub = msgspec.structs.replace(
        world.hub, selling=msgspec.structs.replace(world.hub.selling, owner_reserves=False)
    )
    place(world, "o1", money=money(ref, "2"))
    taken_by_owner(world, "o1")
    await send(world)
    assert available(world, thing) == "3"

    shipped = {"state": "shipped", "lines": [{"offer": ref, "quantity": "2"}]}
    place(world, "o1", **{"shipments.shop-1": shipped})

    assert available(world, thing) == "5"


async def test_an_order_nobody_pays_lets_its_goods_go_in_time(world, sold):
    thing, ref = sold
    payment = {"sum": "100.00 RUB", "paid": False, "prepaid": True}
    place(world, "o1", money=money(ref, "2"), **{"payments.shop-1": payment})
    with world.begin() as tx:
        assert expire(tx, world.hub) == 0

    world.clock += 73 * 3600
    with world.begin() as tx:
        assert expire(tx, world.hub) == 1

    assert available(world, thing) == "5"


async def test_cash_on_delivery_keeps_its_goods_as_long_as_it_lives(world, sold):
    thing, ref = sold
    payment = {"sum": "100.00 RUB", "paid": False, "prepaid": False}
    place(world, "o1", money=money(ref, "2"), **{"payments.shop-1": payment})
    world.clock += 1000 * 3600
    with world.begin() as tx:
        assert expire(tx, world.hub) == 0

    assert available(world, thing) == "3"


async def test_the_last_piece_sold_in_two_channels_leaves_nothing_and_never_less(world, sold):
    thing, ref = sold
    place(world, "o1", money=money(ref, "5"))
    place(world, "o2", money=money(ref, "1"))

    assert available(world, thing) == "0"


async def test_a_channel_that_reserves_by_itself_is_not_told_of_its_own_order(world, sold, monkeypatch):
    thing, ref = sold
    traits = world.shop.traits
    monkeypatch.setattr(
        world.shop, "traits", lambda entity: msgspec.structs.replace(traits(entity), reserves=True)
    )
    place(world, "o1", money=money(ref, "2"))
    number = record(world, thing.ref, "offer").id

    assert available(world, thing) == "3"
    assert number not in rows(world, "shop")
