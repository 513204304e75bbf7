"""Customers as the connector writes them: nobody doubled, nobody merged, nothing changed that was not named."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from open_account import FaultsInTurn, an_order, opened
from stocked_crm import stock

from obmen.connectors.contract import Done, Missing, Refused, Unknown, Unlanded
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.sandbox import API_KEY, SCOPES, Key, Setup
from obmen.errors import AuthFailed, Transient

PETROV = {
    "name": "Петров Илья Сергеевич",
    "phones": ["+79044901122", "+79161234567"],
    "emails": ["i.petrov@example.ru"],
    "birthday": "1980-05-17",
}


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, customers=CustomerSettings()) as world:
        stock(world.crm)
        yield world


def cards(world):
    return list(world.crm.state.customers)


def a_card(world, **more):
    return world.step(entity="customer", **{"record": 1, **PETROV, **more})


async def write(world, *steps):
    outcomes = {one.record: one for one in await world.connection.push(steps)}
    return [outcomes[step.record] for step in steps]


async def test_a_new_card_is_written_whole_bears_our_mark_and_is_read_back(world):
    (outcome,) = await write(world, a_card(world, record=7))

    assert isinstance(outcome, Done)
    (card,) = cards(world)
    assert (outcome.ref, card.external_id, card.site) == (str(card.id), "obmen:7", "main")
    assert (card.plain["lastName"], card.plain["firstName"], card.plain["patronymic"]) == (
        "Петров",
        "Илья",
        "Сергеевич",
    )
    assert card.phones == ["+79044901122", "+79161234567"]
    assert await world.card(card.id) == PETROV
    (look,) = await world.connection.look("customer", [outcome.ref])
    assert (look.mark, look.fields) == (7, outcome.returned)


async def test_a_customer_of_the_shop_bears_the_shops_id_and_gets_it_where_it_had_none(world):
    born = world.crm.act("new_customer", who="smirnova")
    made, named = await write(
        world,
        a_card(world, record=1, xml_id="77"),
        world.step(entity="customer", record=2, ref=str(born), xml_id="78", emails=["new@example.ru"]),
    )

    assert {type(made), type(named)} == {Done}
    assert [card.external_id for card in cards(world)] == ["78", "77"]


async def test_a_change_sends_what_is_named_and_leaves_the_rest(world):
    card = world.crm.act("new_customer", who="petrov", birthday="1980-05-17", vip=True)
    last = world.crm.state.journal.last_id("customer")
    (outcome,) = await write(world, world.step(entity="customer", ref=str(card), emails=["new@example.ru"]))

    assert isinstance(outcome, Done)
    told = [(one.field, one.new) for one in world.crm.state.journal.after("customer", last)]
    assert told == [("email", "new@example.ru")]
    atoms = await world.card(card)
    assert (atoms["name"], atoms["birthday"], atoms["phones"]) == (
        "Петров Илья Сергеевич",
        "1980-05-17",
        ["+79044901122"],
    )


async def test_a_phone_added_leaves_the_others_as_they_were_typed_and_keeps_what_is_no_phone(world):
    card = world.crm.act(
        "new_customer", lastName="Петров", phones=[{"number": "8 (904) 490-11-22"}, {"number": "не звонить"}]
    )
    (outcome,) = await write(world, a_card(world, ref=str(card), name="Петров Илья"))

    assert isinstance(outcome, Done)
    assert cards(world)[0].phones == ["8 (904) 490-11-22", "+79161234567", "не звонить"]
    assert (await world.card(card))["phones"] == PETROV["phones"]


async def test_what_is_cleared_is_cleared(world):
    card = world.crm.act("new_customer", who="petrov", birthday="1980-05-17")
    step = world.step(entity="customer", ref=str(card), phones=None, emails=None, birthday=None)
    await write(world, step)

    assert await world.card(card) == {
        "name": "Петров Илья Сергеевич",
        "phones": None,
        "emails": None,
        "birthday": None,
    }


async def test_managers_and_custom_fields_go_by_their_tables(tmp_path):
    settings = CustomerSettings(fields={"card": "properties.card", "shoe": "properties.shoe"})
    orders = OrderSettings(managers={"manager@shop.example": "ryabov"})
    async with opened(tmp_path, customers=settings, orders=orders) as world:
        world.crm.act("add_custom_field", entity="customer", code="card")
        world.crm.act("add_custom_field", entity="customer", code="shoe", type="integer")
        step = a_card(world, responsible="ryabov", properties__card="777", properties__shoe="сорок два")
        (outcome,) = await write(world, step)

        (card,) = cards(world)
        assert (card.plain["managerId"], card.custom_fields) == (20, {"card": "777"})
        assert [doubt.code for doubt in outcome.doubts] == ["retailcrm.custom_fields"]
        assert "customers.fields" in outcome.doubts[0].en
        assert (await world.card(card.id))["responsible"] == "ryabov"


async def test_many_new_cards_go_in_packs_and_one_that_is_refused_spoils_no_other(world):
    steps = [
        a_card(world, record=number, name=f"Иванов-{number} Пётр", phones=[f"+7916{number:07}"], emails=None)
        for number in range(1, 61)
    ]
    steps.append(
        a_card(world, record=99, name="Слишком", phones=["+79169999999"], birthday="вчера", emails=None)
    )
    outcomes = await write(world, *steps)

    assert [type(one) for one in outcomes] == [Done] * 60 + [Refused]
    assert "birthday" in outcomes[-1].en
    assert len(cards(world)) == 60
    calls = Counter(world.asked)
    assert (calls["customers/upload"], calls["customers/create"]) == (2, 1)


async def test_a_card_that_says_nothing_to_know_anybody_by_is_refused_in_words(world):
    nobody, somebody = await write(
        world,
        world.step(entity="customer", record=1, birthday="1980-05-17"),
        world.step(entity="customer", record=2, phones=["+79044901122"]),
    )

    assert (type(nobody), type(somebody)) == (Refused, Done)
    assert "neither a name nor a phone" in nobody.en
    assert len(cards(world)) == 1


@pytest.mark.parametrize(
    "shown",
    [
        {"phones": [{"number": "+7 (904) 490-11-22"}], "lastName": "ПЕТРОВ", "firstName": "Илья"},
        {"phones": [{"number": "8904 490-11-22"}], "firstName": "илья"},
        {"phones": [{"number": "89044901122"}]},
        {"email": "I.Petrov@Example.RU", "firstName": "Илья", "lastName": "Петров"},
        {"email": "I.PETROV@example.ru", "phones": [{"number": "9161234567"}], "lastName": "Сидорова"},
    ],
)
async def test_the_same_person_spelt_otherwise_is_found_and_gets_no_second_card(world, shown):
    card = world.crm.act("new_customer", **shown)
    step = a_card(world)

    assert await world.connection.find("customer", [step]) == {1: [str(card)]}
    (outcome,) = await write(world, step)  # as if the search had come too early
    assert isinstance(outcome, Unknown)
    assert f"The card {card} may be theirs" in outcome.text
    assert len(cards(world)) == 1


async def test_two_people_of_one_phone_are_two_cards_and_the_doubt_is_told(world):
    mother = a_card(world, record=1, name="Петрова Анна", phones=["+79044901122"], emails=None)
    son = a_card(world, record=2, name="Петров Илья", phones=["+79044901122"], emails=["i.petrov@example.ru"])
    first, second = await write(world, mother, son)

    assert (type(first), type(second)) == (Done, Done)
    assert len(cards(world)) == 2
    told = [doubt.code for one in (first, second) for doubt in one.doubts]
    assert told == ["retailcrm.shared_contact"]
    refs = await world.connection.find("customer", [mother, son])
    assert refs == {1: [first.ref], 2: [second.ref]}


async def test_two_cards_that_may_be_one_person_are_both_found_for_a_person_to_decide(world):
    twins = [world.crm.act("new_customer", who="petrov") for _ in range(2)]

    assert await world.connection.find("customer", [a_card(world)]) == {1: [str(card) for card in twins]}


async def test_a_card_of_another_id_of_the_shop_is_somebody_else(world):
    world.crm.act("new_customer", who="petrov", externalId="77")
    step = a_card(world, xml_id="78")

    assert await world.connection.find("customer", [step]) == {1: []}
    (outcome,) = await write(world, step)
    assert isinstance(outcome, Done)
    assert len(cards(world)) == 2


async def test_the_card_an_id_was_combined_into_is_the_one_found(world):
    old = world.crm.act("new_customer", who="petrov", externalId="77")
    kept = world.crm.act("new_customer", who="petrov", externalId="5")
    world.crm.act("combine_customers", customers=[old], into=kept)

    assert await world.connection.find("customer", [a_card(world, xml_id="77")]) == {1: [str(kept)]}


async def test_a_card_in_another_shop_of_the_connection_is_found(tmp_path):
    sites = {"s1": "main", "s2": "kz"}
    async with opened(tmp_path, customers=CustomerSettings(), sites=sites) as world:
        card = world.crm.act("new_customer", who="petrov", site="kz")
        assert await world.connection.find("customer", [a_card(world)]) == {1: [str(card)]}
        (outcome,) = await write(world, a_card(world, ref=str(card)))

        assert isinstance(outcome, Done)
        assert (await world.card(card))["phones"] == PETROV["phones"]


async def test_a_lost_answer_is_unknown_and_the_card_is_found_by_its_mark(world):
    step = a_card(world, record=7)
    post = world.connection._api.post
    faults = FaultsInTurn()

    async def losing(method, **fields):
        world.crm.faults = faults
        faults.next = ["lost_answer"]
        return await post(method, **fields)

    world.connection._api.post = losing
    (outcome,) = await write(world, step)
    world.connection._api.post = post
    assert isinstance(outcome, Unknown)

    (card,) = cards(world)
    assert await world.connection.find("customer", [step]) == {7: [str(card.id)]}
    (again,) = await write(world, step)
    assert isinstance(again, Unknown)
    assert len(cards(world)) == 1


async def test_a_card_that_lands_late_is_found_once_it_has_landed(world):
    step = a_card(world, record=7)
    post = world.connection._api.post
    faults = FaultsInTurn()
    faults.dials = world.crm.faults.dials

    async def late(method, **fields):
        world.crm.faults = faults
        faults.next = ["late_effect"]
        return await post(method, **fields)

    world.connection._api.post = late
    (outcome,) = await write(world, step)
    world.connection._api.post = post
    assert isinstance(outcome, Unknown)
    await world.crm.settle()

    (card,) = cards(world)
    world.connection._buyers.forget("main")
    assert await world.connection.find("customer", [step]) == {7: [str(card.id)]}


async def test_a_lost_answer_to_a_change_is_unknown_and_a_question_that_failed_before_it_is_not(world):
    card = world.crm.act("new_customer", who="petrov")
    await world.connection.look("customer", [])
    step = world.step(entity="customer", ref=str(card), emails=["new@example.ru"])
    faults = FaultsInTurn()
    world.crm.faults = faults
    faults.next = ["", "lost_answer"]
    (outcome,) = await write(world, step)
    assert isinstance(outcome, Unknown)

    faults.next = ["error"]
    (outcome,) = await write(world, step)
    assert isinstance(outcome, Unlanded)


async def test_what_is_refused_is_told_in_the_accounts_words_and_what_is_gone_is_missing(world):
    card = world.crm.act("new_customer", who="petrov")
    refused, gone, done = await write(
        world,
        world.step(entity="customer", record=1, ref=str(card), birthday="вчера"),
        world.step(entity="customer", record=2, ref="999", emails=["a@example.ru"]),
        world.step(entity="customer", record=3, ref=str(card), emails=["b@example.ru"]),
    )

    assert (type(refused), type(gone), type(done)) == (Refused, Missing, Done)
    assert "birthday" in refused.en


async def test_a_card_deleted_between_reading_and_writing_is_missing(world):
    card = world.crm.act("new_customer", who="petrov")
    post = world.connection._api.post

    async def late(method, **fields):
        world.crm.act("delete_customer", customer=card)
        world.connection._api.post = post
        return await post(method, **fields)

    world.connection._api.post = late
    (outcome,) = await write(world, world.step(entity="customer", ref=str(card), emails=["a@example.ru"]))

    assert isinstance(outcome, Missing)


async def test_a_wrong_key_pauses_the_connection_and_writes_nothing(tmp_path):
    scopes = tuple(scope for scope in SCOPES if scope != "customer_write")
    for keys, key in (((Key(key=API_KEY, scopes=scopes),), API_KEY), ((), "wrong")):
        setup = Setup(keys=keys, rate_limit=None)
        async with opened(tmp_path, setup, customers=CustomerSettings(), api_key=key) as world:
            with pytest.raises(AuthFailed):
                await world.connection.push([a_card(world)])
            assert cards(world) == []
            said = [one.en for one in await world.connection.check() if not one.ok]
            assert any("customer_write" in text or "does not let us in" in text for text in said)


async def test_an_order_and_the_card_of_its_buyer_under_way_at_once_make_one_card(world):
    contact = {
        "kind": "person",
        "name": PETROV["name"],
        "phone": "+79044901122",
        "email": "i.petrov@example.ru",
    }
    orders = [
        world.step(record=number, **an_order(number=str(number), contact=contact)) for number in (11, 12)
    ]
    for order, key in zip(orders, ("payments.shop-31", "payments.shop-31"), strict=True):
        order.fields.pop(key)
    await asyncio.gather(
        world.connection.push(orders[:1]),
        world.connection.push([a_card(world)]),
        world.connection.push(orders[1:]),
    )

    (card,) = cards(world)
    assert {order.customer_id for order in world.crm.state.orders} == {card.id}
    assert await world.connection.find("customer", [a_card(world)]) == {1: [str(card.id)]}


async def test_a_burst_of_orders_and_of_the_cards_of_their_buyers_doubles_nobody(world):
    def contact(number):
        return {"kind": "person", "name": f"Иванов-{number} Пётр", "phone": f"+7916{number:07}"}

    orders, people = [], []
    for number in range(60):
        order = world.step(record=1000 + number, **an_order(number=str(number), contact=contact(number)))
        order.fields.pop("payments.shop-31")
        orders.append(order)
        who = contact(number)
        people.append(a_card(world, record=number, name=who["name"], phones=[who["phone"]], emails=None))
    packs = [orders[:30], people[:30], orders[30:], people[30:]]
    outcomes = await asyncio.gather(*(world.connection.push(pack) for pack in packs))

    assert len(cards(world)) == 60
    assert {type(one) for one in (*outcomes[0], *outcomes[2])} == {Done}
    assert {type(one) for one in (*outcomes[1], *outcomes[3])} <= {Done, Unknown}
    assert len(world.crm.state.orders) == 60
    found = await world.connection.find("customer", people)
    assert all(len(refs) == 1 for refs in found.values())


async def test_an_order_that_knows_the_shops_id_takes_over_the_card_that_bore_our_mark(tmp_path):
    orders = OrderSettings(customer_id="properties.user")
    async with opened(tmp_path, customers=CustomerSettings(), orders=orders) as world:
        stock(world.crm)
        await write(world, a_card(world))
        contact = {"kind": "person", "name": PETROV["name"], "phone": "+79044901122"}
        outcome = await world.create(record=2, **an_order(contact=contact, properties__user="77"))

        assert isinstance(outcome, Done), outcome
        (card,) = cards(world)
        assert card.external_id == "77"


async def test_writing_what_stands_there_already_leaves_no_trace(world):
    (outcome,) = await write(world, a_card(world))
    last = world.crm.state.journal.last_id("customer")
    (again,) = await write(world, a_card(world, ref=outcome.ref))

    assert isinstance(again, Done)
    assert world.crm.state.journal.last_id("customer") == last


async def test_a_month_of_history_replayed_from_its_first_record_shows_what_is_held(world):
    made = await write(
        world,
        *(
            a_card(world, record=number, name=f"Иванов-{number}", phones=[f"+7916{number:07}"], emails=None)
            for number in (1, 2, 3)
        ),
    )
    held = {one.ref: one.returned for one in made}
    for ref in held:
        world.crm.act("edit_customer", customer=int(ref), vip=True)
    page = await world.connection.pull("customer", '{"since":0}')

    assert {look.ref: look.fields for look in page.looks} == held


@pytest.mark.parametrize("fault", ["error", "unavailable", "limit"])
async def test_a_search_that_failed_is_no_search_that_found_nobody(world, fault):
    world.crm.act("new_customer", who="petrov")
    await world.connection.look("customer", [])
    faults = FaultsInTurn()
    world.crm.faults = faults
    for place in range(3):
        world.connection._buyers.forget("main")
        faults.next = [""] * place + [fault]
        with pytest.raises(Transient):
            await world.connection.find("customer", [a_card(world)])
