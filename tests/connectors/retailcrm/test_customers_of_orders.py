"""Orders that name the card of their buyer, where customers are cards of their own."""

from __future__ import annotations

import pytest
from open_account import PETROV, an_order, opened
from stocked_crm import stock

from obmen.connectors.contract import Done
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.orders.settings import OrderSettings

FIRM = {**PETROV, "kind": "company", "company": "ООО «РемСтрой»", "tin": "7206012345", "kpp": "720601001"}


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, customers=CustomerSettings(), orders=OrderSettings(corporate=True)) as world:
        stock(world.crm)
        yield world


def named(world, card, **more):
    """A step that names its buyer: partners are refs in a step."""
    step = world.step(**{"record": 11, **an_order(**more)})
    step.fields["buyer"] = str(card)
    return step


async def only(world, step):
    (outcome,) = await world.connection.push([step])
    return outcome


async def buyer_of(world, ref):
    (look,) = await world.connection.look("order", [str(ref)])
    return look.fields["buyer"]


async def test_an_order_shows_the_card_of_whoever_ordered(world):
    order = world.crm.act("new_order", lines=[{"offer": "201", "quantity": 1}])
    (card,) = world.crm.state.customers

    assert await buyer_of(world, order) == str(card.id)
    assert world.connection.codec("order").carries("buyer")


async def test_where_customers_are_no_cards_of_their_own_nothing_is_said_of_a_buyer(tmp_path):
    async with opened(tmp_path) as world:
        stock(world.crm)
        order = world.crm.act("new_order", lines=[{"offer": "201", "quantity": 1}])
        (look,) = await world.connection.look("order", [str(order)])

        assert "buyer" not in look.fields
        assert not world.connection.codec("order").carries("buyer")


async def test_an_order_that_names_its_buyer_searches_for_nobody(world):
    card = world.crm.act("new_customer", lastName="Совсем", firstName="Другой")
    outcome = await only(world, named(world, card))

    assert isinstance(outcome, Done), outcome
    assert outcome.returned["buyer"] == str(card)
    assert len(world.crm.state.customers) == 1
    assert "customers" not in world.asked


async def test_whom_we_found_for_an_order_is_told_by_the_next_reading_and_is_no_default_of_the_account(world):
    outcome = await only(world, world.step(record=11, **an_order()))
    (card,) = world.crm.state.customers

    assert isinstance(outcome, Done), outcome
    assert "buyer" not in outcome.returned
    assert await buyer_of(world, outcome.ref) == str(card.id)


async def test_an_order_is_given_to_another_card(world):
    order = world.crm.act("new_order", lines=[{"offer": "201", "quantity": 1}])
    other = world.crm.act("new_customer", who="smirnova")
    step = world.step(record=11, ref=str(order), note="перезвонить")
    step.fields["buyer"] = str(other)
    outcome = await only(world, step)

    assert isinstance(outcome, Done), outcome
    assert await buyer_of(world, order) == str(other)


async def test_where_a_company_buys_the_card_is_of_the_person_who_speaks_for_it(world):
    card = world.crm.act("new_customer", who="petrov")
    outcome = await only(world, named(world, card, contact=FIRM))

    assert isinstance(outcome, Done), outcome
    (order,) = world.crm.state.orders
    assert (order.contact_id, order.customer_id != card) == (card, True)
    assert outcome.returned["buyer"] == str(card)

    other = world.crm.act("new_customer", who="smirnova")
    step = world.step(record=11, ref=outcome.ref)
    step.fields["buyer"] = str(other)
    outcome = await only(world, step)
    assert isinstance(outcome, Done), outcome
    assert (await buyer_of(world, outcome.ref), order.customer_id) == (
        str(other),
        world.crm.state.orders.get(order.id).customer_id,
    )


async def test_a_card_that_is_no_more_is_replaced_by_the_one_the_contacts_tell(world):
    gone = world.crm.act("new_customer", who="petrov")
    kept = world.crm.act("new_customer", who="petrov")
    world.crm.act("combine_customers", customers=[gone], into=kept)
    outcome = await only(world, named(world, gone))

    assert isinstance(outcome, Done), outcome
    assert outcome.returned["buyer"] == str(kept)
    assert len(world.crm.state.customers) == 1


async def test_a_buyer_of_another_shape_is_not_spoken_of_and_the_order_is_read(world):
    order = world.crm.act("new_order", lines=[{"offer": "201", "quantity": 1}])
    get = world.connection._api.get

    async def spoiling(method, params=None, **more):
        body = await get(method, params, **more)
        for row in body.get("orders", ()):
            row["customer"] = ["нет"]
        return body

    world.connection._api.get = spoiling
    (look,) = await world.connection.look("order", [str(order)])

    assert "buyer" not in look.fields
    assert look.fields["number"]
