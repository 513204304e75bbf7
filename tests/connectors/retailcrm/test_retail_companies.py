"""Whose order it is: companies by INN and KPP with the people who speak for them, and cards that were combined."""

from __future__ import annotations

import pytest
from open_account import PETROV, FaultsInTurn, an_order, opened
from stocked_crm import stock

from obmen.connectors.contract import Done, Unlanded
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.sandbox.customers.saving import create_customer

FIRM = {
    "kind": "company",
    "name": "Гусев Пётр",
    "phone": "+73452123456",
    "email": "zakaz@remstroy.example",
    "company": "ООО «РемСтрой»",
    "tin": "7206012345",
    "kpp": "720601001",
    "legal_address": "Тобольск, ул. Ленина, д. 1",
}


def order_of(**more):
    """The usual order without its payment, whose name is unique in the account."""
    atoms = an_order(**more)
    del atoms["payments__shop-31"]
    return atoms


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, orders=OrderSettings(corporate=True)) as world:
        stock(world.crm)
        yield world


def firms(world):
    return [one for one in world.crm.state.customers if one.type == "customer_corporate"]


def people(world):
    return [one for one in world.crm.state.customers if one.type != "customer_corporate"]


async def test_an_order_of_a_company_goes_to_its_corporate_customer_with_person_and_legal_entity(world):
    outcome = await world.create(xml_id="31", **order_of(contact=FIRM))
    assert isinstance(outcome, Done), outcome
    assert outcome.doubts == ()
    (firm,), (person,), (company,) = firms(world), people(world), world.crm.state.companies
    (order,) = world.crm.state.orders
    assert (order.customer_id, order.contact_id, order.company_id) == (firm.id, person.id, company.id)
    assert (firm.external_id, company.contragent["INN"], company.contragent["KPP"]) == (
        "corp-7206012345",
        "7206012345",
        "720601001",
    )
    (contact,) = world.crm.state.contacts
    assert (contact.customer_id, contact.person_id) == (firm.id, person.id)
    assert order.plain["orderType"] == "eshop-legal"
    back = await world.read(outcome.ref)
    assert back["contact"] == FIRM


async def test_the_same_company_is_found_by_its_inn_whatever_it_is_called_and_another_branch_is_added(world):
    await world.create(record=1, xml_id="31", **order_of(contact=FIRM))
    again = {**FIRM, "company": "РЕМСТРОЙ ООО", "name": "Сидорова Анна", "phone": "+79031112233"}
    again["email"] = "anna@remstroy.example"
    await world.create(record=2, xml_id="32", **order_of(number="18", contact=again))
    branch = {**FIRM, "kpp": "770601002"}
    await world.create(record=3, xml_id="33", **order_of(number="19", contact=branch))

    (firm,) = firms(world)
    assert len(people(world)) == 2
    assert [one.contragent["KPP"] for one in world.crm.state.companies] == ["720601001", "770601002"]
    assert len({order.company_id for order in world.crm.state.orders}) == 2
    assert {order.customer_id for order in world.crm.state.orders} == {firm.id}
    assert len(list(world.crm.state.contacts)) == 2


async def test_a_company_a_manager_wrote_down_twice_is_told_and_not_doubled_again(world):
    with world.crm.state.acting(world.crm.state.actor):
        for name in ("РемСтрой", "ООО РемСтрой"):
            given = {"nickName": name, "companies": [{"name": name, "contragent": {"INN": "7206012345"}}]}
            create_customer(world.crm.state, "main", given, "customer_corporate")
    outcome = await world.create(**order_of(contact=FIRM))
    assert [doubt.code for doubt in outcome.doubts] == ["retailcrm.twofold_company"]
    assert len(firms(world)) == 2


@pytest.mark.parametrize("place", range(4, 9))
async def test_a_lost_answer_on_the_way_leaves_one_company_one_person_and_one_order(world, place):
    world.crm.faults = world.crm.state.faults = faults = FaultsInTurn()
    await world.connection.check()
    faults.next = [""] * place + ["lost_answer"]
    outcome = await world.create(xml_id="31", **order_of(contact=FIRM))
    faults.next = []
    if isinstance(outcome, Unlanded):
        outcome = await world.create(xml_id="31", **order_of(contact=FIRM))
    counts = len(firms(world)), len(people(world)), len(list(world.crm.state.companies))
    assert counts == (1, 1, 1)
    assert len(list(world.crm.state.contacts)) == 1


async def test_without_corporate_customers_a_company_orders_by_its_person_and_keeps_its_details(tmp_path):
    async with opened(tmp_path) as world:
        stock(world.crm)
        await world.create(**order_of(contact=FIRM))
        (order,) = world.crm.state.orders
        assert firms(world) == []
        assert order.contragent["INN"] == "7206012345"


async def test_a_buyer_whose_card_was_combined_is_followed_to_the_one_that_stays(tmp_path):
    """His id in the shop went with the card; without the history he would get a third one."""
    async with opened(tmp_path, orders=OrderSettings(customer_id="properties.user")) as world:
        stock(world.crm)
        who = {"properties__user": "77", "contact": PETROV}
        await world.create(record=1, xml_id="31", **order_of(**who))
        other = {**PETROV, "phone": "+79990000000", "email": "other@example.ru"}
        await world.create(
            record=2, xml_id="32", **order_of(number="18", properties__user="78", contact=other)
        )
        first, second = people(world)
        third = world.crm.act("new_customer", who="smirnova")
        world.crm.act("combine_customers", customers=[first.id], into=second.id)
        world.crm.act("combine_customers", customers=[second.id], into=third)
        outcome = await world.create(record=3, xml_id="33", **order_of(number="19", **who))

        assert isinstance(outcome, Done), outcome
        assert {order.customer_id for order in world.crm.state.orders} == {third}
        assert len(people(world)) == 1


async def test_the_responsible_is_known_by_mail_and_who_has_left_is_left_to_the_crm(tmp_path):
    managers = {"Manager@shop.example": "7", "fired@shop.example": "8"}
    async with opened(tmp_path, orders=OrderSettings(managers=managers)) as world:
        stock(world.crm)
        ids = {user.email: user.id for user in world.crm.state.users}
        outcome = await world.create(record=1, xml_id="31", **order_of(responsible="7"))
        await world.create(record=2, xml_id="32", **order_of(number="18", responsible="8"))
        first, second = world.crm.state.orders
        assert first.plain["managerId"] == ids["manager@shop.example"]
        assert "managerId" not in second.plain
        assert (await world.read(outcome.ref))["responsible"] == "7"
        world.crm.act("set_manager", order=first.id, manager=ids["director@shop.example"])
        assert (await world.read(outcome.ref))[
            "responsible"
        ].wakes_on == "map:crm:manager:director@shop.example"
