"""Many orders at once: packs beside each other, buyers recognised and made together, nobody doubled."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from open_account import FaultsInTurn, an_order, opened
from stocked_crm import stock

from obmen.connectors.contract import Done, Refused, Unlanded
from obmen.connectors.retailcrm.customers.cards import BELIEVED_S
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.sandbox.customers.saving import create_customer

PACK = 50


@pytest.fixture(params=["", "properties.user"], ids=["guests", "with ids"])
async def world(request, tmp_path):
    async with opened(tmp_path, orders=OrderSettings(customer_id=request.param), rate_per_s=1000) as world:
        stock(world.crm)
        yield world


def person(number):
    return {
        "kind": "person",
        "name": f"Иванов-{number} Пётр",
        "phone": f"+7916{number:07}",
        "email": f"buyer{number}@example.ru",
    }


def pack(world, first, people, *, who=person):
    """Orders of these people, numbered from `first`."""
    return [
        world.step(
            record=number,
            properties__user=str(buyer + 1000),
            **an_order(number=str(number), contact=who(buyer), **{"payments__shop-31": None}),
        )
        for number, buyer in enumerate(people, first)
    ]


def each_in_the_card_of_its_buyer(world):
    for order in world.crm.state.orders:
        card = world.crm.state.customers.get(order.customer_id)
        assert (card.plain["lastName"], card.phones) == (order.plain["lastName"], [order.plain["phone"]])
    return len(world.crm.state.orders)


async def test_one_buyer_in_two_packs_at_once_gets_one_card(world):
    packs = [pack(world, 1, range(20)), pack(world, 101, range(10, 30)), pack(world, 201, [5, 15, 25])]
    outcomes = await asyncio.gather(*(world.connection.push(steps) for steps in packs))

    assert {type(one) for some in outcomes for one in some} == {Done}
    assert each_in_the_card_of_its_buyer(world) == 43
    assert len(world.crm.state.customers) == 30


async def test_new_buyers_of_a_burst_are_made_together_after_one_look_at_all_cards(world):
    for number in range(150):
        with world.crm.state.acting(world.crm.state.actor):
            create_customer(world.crm.state, "main", {"lastName": f"Прежний-{number}"})
    packs = [pack(world, 1, range(PACK)), pack(world, 101, range(PACK, 2 * PACK))]
    for some in packs:
        await world.connection.find("order", some)
    outcomes = await asyncio.gather(*(world.connection.push(some) for some in packs))

    assert {type(one) for some in outcomes for one in some} == {Done}
    assert each_in_the_card_of_its_buyer(world) == 2 * PACK
    calls = Counter(world.asked)
    assert (calls["customers/upload"], calls["customers/create"], calls["orders/upload"]) == (2, 0, 2)
    assert calls["customers"] <= 3 + 2 + 2  # a count and all pages, by id for each pack or cards read back


async def test_a_family_of_one_phone_in_one_burst_gets_a_card_each(world):
    def relative(number):
        return {**person(number), "phone": "+79160000000"}

    packs = [pack(world, 1, range(12), who=relative), pack(world, 101, range(12), who=relative)]
    outcomes = await asyncio.gather(*(world.connection.push(some) for some in packs))

    doubts = [doubt.code for some in outcomes for one in some for doubt in one.doubts]
    # Who bears an id of the shop is somebody for certain.
    told = 0 if world.settings.orders.customer_id else 11
    assert doubts == ["retailcrm.shared_contact"] * told
    assert each_in_the_card_of_its_buyer(world) == 24
    assert len(world.crm.state.customers) == 12


async def test_cards_whose_making_was_not_answered_are_found_by_the_next_try(world):
    steps = pack(world, 1, range(12))
    await world.connection.look("order", [])
    await world.connection.find("order", steps)
    world.crm.faults = faults = FaultsInTurn()
    faults.next = ["lost_answer"]
    outcomes = await world.connection.push(steps)
    assert {type(one) for one in outcomes} == {Unlanded}
    assert (len(world.crm.state.orders), len(world.crm.state.customers)) == (0, 12)

    outcomes = await world.connection.push(steps)
    assert {type(one) for one in outcomes} == {Done}
    assert each_in_the_card_of_its_buyer(world) == len(world.crm.state.customers) == 12


async def test_what_one_card_is_refused_for_is_no_fault_of_the_others(tmp_path):
    async with opened(tmp_path, orders=OrderSettings(customer_id="properties.user")) as world:
        stock(world.crm)
        with world.crm.state.acting(world.crm.state.actor):
            firm = {"nickName": "ООО Ромашка", "externalId": "1003"}
            create_customer(world.crm.state, "main", firm, "customer_corporate")
        outcomes = await world.connection.push(pack(world, 1, range(12)))

        assert [one.record for one in outcomes if isinstance(one, Refused)] == [4]
        assert sum(isinstance(one, Done) for one in outcomes) == each_in_the_card_of_its_buyer(world) == 11


async def test_what_was_read_is_believed_for_half_a_minute_only(tmp_path):
    async with opened(tmp_path) as world:
        stock(world.crm)
        await world.connection.find("order", pack(world, 1, range(12)))
        with world.crm.state.acting(world.crm.state.actor):
            card = {"lastName": "Иванов-3", "firstName": "Пётр", "phones": [{"number": "+79160000003"}]}
            created = create_customer(world.crm.state, "main", card)
        world.crm.clock.advance(BELIEVED_S + 1)
        await world.connection.push(pack(world, 1, range(12)))

        assert len(world.crm.state.customers) == 12
        assert [order.customer_id for order in world.crm.state.orders][3] == created.id


@pytest.mark.parametrize(("known", "calls"), [(12, 2), (0, 2 + 7)])
async def test_all_cards_are_read_for_strangers_only(tmp_path, known, calls):
    async with opened(tmp_path, orders=OrderSettings(customer_id="properties.user")) as world:
        stock(world.crm)
        with world.crm.state.acting(world.crm.state.actor):
            for number in range(700 - known):
                create_customer(world.crm.state, "main", {"lastName": f"Прежний-{number}"})
            for number in range(known):
                create_customer(world.crm.state, "main", {"externalId": str(1000 + number)})
        steps = pack(world, 1, range(12))
        await world.connection.find("order", steps)
        await world.connection.push(steps)

        assert world.asked.count("customers") == calls
        assert len(world.crm.state.customers) == 712 - known
