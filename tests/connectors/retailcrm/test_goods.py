"""Prices and stock as the connector keeps them in the account."""

from __future__ import annotations

from decimal import Decimal

import pytest
from open_account import FaultsInTurn, opened
from stocked_crm import stock

from obmen.connectors.contract import Done, Missing, Refused, Step, Unknown, Unlanded
from obmen.sync.shadow import Blocked

TABLES = {"prices": {"retail": "base", "opt": "wholesale"}, "stores": {"main": "main", "lenina": "shop"}}


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, **TABLES) as world:
        stock(world.crm)
        yield world


def step(world, ref, record=1, xml_id="", **atoms):
    codec = world.connection.codec("offer")
    named = {name.replace("__", "."): value for name, value in atoms.items()}
    fields = {name: codec.encode(name, value) for name, value in named.items()}
    keys = {"xml_id": xml_id} if xml_id else {}
    return Step(record=record, entity="offer", ref=ref, fields=fields, mark=f"obmen:{record}", keys=keys)


async def read(world, ref):
    (look,) = await world.connection.look("offer", [ref])
    codec = world.connection.codec("offer")
    return {atom: codec.decode(atom, wire) for atom, wire in look.fields.items()}


async def test_prices_and_stock_by_store_are_written_and_read(world):
    wanted = {
        "prices__retail": "4990.50 RUB",
        "prices__opt": "4000.00 RUB",
        "stock__main": "16",
        "stock__lenina": "-2",
    }
    outcomes = await world.connection.push([step(world, "201", **wanted)])

    assert outcomes == [Done(record=1, ref="201")]
    assert await read(world, "201") == {
        "prices.retail": "4990.50 RUB",
        "prices.opt": "4000.00 RUB",
        "stock.main": "16",
        "stock.lenina": "0",
    }


async def test_a_price_that_is_no_more_is_taken_away_and_others_stay(world):
    await world.connection.push([step(world, "201", prices__opt="4000.00 RUB")])
    await world.connection.push([step(world, "201", prices__opt=None)])

    atoms = await read(world, "201")
    assert (atoms["prices.opt"], atoms["prices.retail"]) == (None, "4990.50 RUB")


async def test_an_offer_the_feed_has_not_brought_waits_for_it_and_one_it_dropped_is_missing(world):
    new, gone = (
        step(world, None, xml_id="999", stock__main="1"),
        step(world, "998", record=2, stock__main="1"),
    )
    assert await world.connection.find("offer", [new, step(world, None, record=3, xml_id="202")]) == {
        1: [],
        3: ["202"],
    }
    outcomes = await world.connection.push([new, gone, step(world, "202", record=3, stock__main="5")])

    assert [type(one) for one in outcomes] == [Unlanded, Missing, Done]
    assert (await world.connection.look("offer", ["998"]))[0].gone
    assert (await read(world, "202"))["stock.main"] == "5"


async def test_one_bad_row_spoils_only_itself(tmp_path):
    async with opened(tmp_path, stores={"main": "main"}, prices={"retail": "nowhere"}) as world:
        stock(world.crm)
        outcomes = await world.connection.push(
            [step(world, "201", stock__main="1"), step(world, "202", record=2, prices__retail="1.00 RUB")]
        )

        assert [type(one) for one in outcomes] == [Done, Refused]
        assert "nowhere" in outcomes[1].en


async def test_a_lost_answer_is_unknown(world):
    world.crm.faults = faults = FaultsInTurn()
    faults.next = ["", "lost_answer"]
    (outcome,) = await world.connection.push([step(world, "201", stock__main="1")])

    assert isinstance(outcome, Unknown)


async def test_what_may_be_sold_goes_to_one_store(tmp_path):
    async with opened(tmp_path, available_store="shop") as world:
        stock(world.crm)
        await world.connection.push([step(world, "203", available="7")])

        offer = world.crm.state.find_offer("main", external_id="203")
        assert offer.stores["shop"]["quantity"] == Decimal(7)
        assert await read(world, "203") == {"available": "7"}


async def test_only_what_the_tables_name_is_carried_and_in_one_currency(world):
    codec = world.connection.codec("offer")
    carried = [
        name
        for name in ("prices.retail", "prices.b2b", "stock.main", "stock.x", "available", "name")
        if codec.carries(name)
    ]

    assert carried == ["prices.retail", "stock.main"]
    assert codec.encode("prices.retail", "5.00 KZT") == Blocked("map:crm:currency:KZT", "KZT")


async def test_a_shop_that_knows_goods_by_their_1c_code_finds_them_by_it(tmp_path):
    async with opened(tmp_path, offers_by="xmlId", stores={"main": "main"}) as world:
        stock(world.crm)
        assert await world.connection.find("offer", [step(world, None, xml_id="guid-tea")]) == {
            1: ["guid-tea"]
        }
        await world.connection.push([step(world, "guid-tea", stock__main="3")])

        assert await read(world, "guid-tea") == {"stock.main": "3"}
