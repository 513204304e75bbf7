"""Customers as the connector reads them: everything once, then what the history says has moved."""

from __future__ import annotations

import msgspec
import pytest
from open_account import FaultsInTurn, opened

from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.sandbox import API_KEY, OTHER_KEY, SCOPES, Key, Setup
from obmen.errors import AuthFailed, BadInput, Transient
from obmen.sync.shadow import Blocked


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, customers=CustomerSettings()) as world:
        yield world


def people(world, count, site="main"):
    return [
        world.crm.act(
            "new_customer", site=site, lastName=f"Иванов-{number}", phones=[{"number": f"+7916{number:07}"}]
        )
        for number in range(count)
    ]


async def all_of(world, cursor=""):
    """Read until there is nothing more; return (ref, gone, merged into) in order, the acts, and the cursor."""
    seen, acts = [], []
    while True:
        page = await world.connection.pull("customer", cursor)
        seen += [(look.ref, look.gone, look.merged_into) for look in page.looks]
        acts += page.acts
        cursor = page.cursor
        if page.last:
            return seen, acts, cursor


async def test_a_card_by_phone_is_read_in_canonical_values(world):
    card = world.crm.act("new_customer", who="petrov", birthday="1980-05-17")
    atoms = await world.card(card)

    assert atoms == {
        "name": "Петров Илья Сергеевич",
        "phones": ["+79044901122"],
        "emails": ["i.petrov@example.ru"],
        "birthday": "1980-05-17",
    }


async def test_the_first_run_walks_the_list_by_hundreds_and_then_only_what_moves_is_read(world):
    cards = people(world, 230)
    seen, acts, cursor = await all_of(world)
    assert {ref for ref, _, _ in seen} == {str(card) for card in cards}
    assert (len(seen), acts) == (230, [])
    assert world.asked.count("customers") == 3

    assert (await all_of(world, cursor))[0] == []
    world.crm.act("edit_customer", customer=cards[7], email="ivan@example.ru")
    late = world.crm.act("new_customer", who="smirnova")
    seen, _, cursor = await all_of(world, cursor)
    assert [ref for ref, _, _ in seen] == [str(cards[7]), str(late)]
    assert (await all_of(world, cursor))[0] == []


async def test_the_history_is_never_asked_for_by_cursor_and_page_at_once(world):
    cards = people(world, 120)
    seen, _, _ = await all_of(world, '{"since":0}')  # the simulated account refuses both together

    assert [ref for ref, _, _ in seen] == [str(card) for card in cards]
    assert world.asked.count("customers/history") == 2


async def test_what_happens_while_everything_is_read_for_the_first_time_is_read_after_it(world):
    cards = people(world, 130)
    page = await world.connection.pull("customer", "")
    world.crm.act("delete_customer", customer=cards[-1])
    late = world.crm.act("new_customer", who="petrov")
    seen, _, _ = await all_of(world, page.cursor)
    refs = {look.ref for look in page.looks} | {ref for ref, gone, _ in seen if not gone}

    assert {str(each.id) for each in world.crm.state.customers} <= refs
    assert (str(cards[-1]), True, None) in seen
    assert str(late) in refs


async def test_a_page_lost_in_the_middle_is_read_again_from_where_reading_had_got(world):
    cards = people(world, 250)
    page = await world.connection.pull("customer", '{"since":0}')
    faults = FaultsInTurn()
    world.crm.faults = faults
    for fault in ("error", "lost_answer", "limit"):
        faults.next = [fault, fault]  # a question whose answer was lost is asked once more at once
        with pytest.raises(Transient):
            await world.connection.pull("customer", page.cursor)
    faults.next = ["", "error"]  # the history is answered, the cards are not
    with pytest.raises(Transient):
        await world.connection.pull("customer", page.cursor)
    seen, _, _ = await all_of(world, page.cursor)

    refs = [look.ref for look in page.looks] + [ref for ref, _, _ in seen]
    assert refs == [str(card) for card in cards]


async def test_noise_about_segments_costs_no_call_and_a_card_that_has_changed_is_read_once(world):
    cards = people(world, 20)
    _, _, cursor = await all_of(world)
    world.crm.act("noise", count=90)
    before = world.asked.count("customers")
    seen, acts, cursor = await all_of(world, cursor)
    assert (seen, acts, world.asked.count("customers") - before) == ([], [], 0)

    world.crm.act("noise", count=30)
    for number in range(3):
        world.crm.act("edit_customer", customer=cards[0], firstName=f"Пётр-{number}")
    before = world.asked.count("customers")
    seen, _, _ = await all_of(world, cursor)
    assert (seen, world.asked.count("customers") - before) == ([(str(cards[0]), False, None)], 1)


async def test_a_card_combined_with_another_says_which_and_one_deleted_is_gone(world):
    first, second, third = people(world, 3)
    _, _, cursor = await all_of(world)
    world.crm.act("combine_customers", customers=[first], into=second)
    world.crm.act("delete_customer", customer=third)
    seen, _, _ = await all_of(world, cursor)

    assert sorted(seen) == sorted(
        [(str(second), False, None), (str(first), True, str(second)), (str(third), True, None)]
    )
    (look,) = await world.connection.look("customer", [str(first)])
    assert (look.gone, look.merged_into) == (True, str(second))
    (look,) = await world.connection.look("customer", ["999"])
    assert (look.gone, look.merged_into) == (True, None)
    assert (await world.card(second))["phones"] == ["+79160000000", "+79160000001"]


async def test_customers_of_shops_nobody_named_are_left_alone(world):
    (other,) = people(world, 1, site="kz")
    seen, acts, _ = await all_of(world, '{"since":0}')
    walked = [look async for page in world.connection.walk("customer") for look in page.looks]
    world.crm.act("edit_customer", customer=other, firstName="Пётр")
    assert (await all_of(world, '{"since":0}'))[:2] == ([], [])

    assert (seen, acts, walked) == ([], [], [])
    (look,) = await world.connection.look("customer", [str(other)])
    assert look.gone


async def test_what_others_did_is_told_act_by_act_though_it_has_been_overwritten_since(world):
    (card,) = people(world, 1)
    _, _, cursor = await all_of(world)
    world.crm.act("edit_customer", customer=card, firstName="Пётр", user=19)
    world.crm.act("module_customer", module="bitrix", customer=card, firstName="Павел")
    await world.connection.push(
        [world.step(entity="customer", ref=str(card), name="Иванов-0 Семён")]  # ours is no act of others
    )
    world.crm.act("edit_customer", customer=card, managerId=20)  # managers are not exchanged here
    seen, acts, _ = await all_of(world, cursor)

    assert seen == [(str(card), False, None)]
    assert [(act.atom, act.before, act.after, act.by) for act in acts] == [
        ("name", None, "Пётр", "user Кузьмина Мария"),
        ("name", "Пётр", "Павел", "api"),
    ]
    assert {act.ref for act in acts} == {str(card)}
    assert acts[0].at == "2026-01-31T21:30:00Z"


async def test_what_a_rule_and_a_combination_did_is_told_as_well(tmp_path):
    orders = OrderSettings(managers={"19": "kuzmina", "20": "ryabov"})
    async with opened(tmp_path, customers=CustomerSettings(), orders=orders) as world:
        first, second = people(world, 2)
        _, _, cursor = await all_of(world)
        world.crm.act("edit_customer", customer=second, managerId=20)
        world.crm.act("combine_customers", customers=[first], into=second)
        _, acts, _ = await all_of(world, cursor)

        assert [(act.atom, act.after, act.by) for act in acts] == [
            ("responsible", "20", "user Кузьмина Мария"),
            ("phones", "+79160000000", "combine"),
        ]
        assert (await world.card(second))["responsible"] == "ryabov"


async def test_another_key_sees_our_acts_as_those_of_a_stranger(tmp_path):
    async with opened(tmp_path, customers=CustomerSettings()) as ours:
        await ours.connection.push([ours.step(entity="customer", name="Петров Илья")])
        (card,) = ours.crm.state.customers
        await ours.connection.push([ours.step(entity="customer", ref=str(card.id), name="Петров Иван")])
        assert (await all_of(ours, '{"since":0}'))[1] == []
        stranger = type(ours)(ours.crm, tmp_path, customers=CustomerSettings(), api_key=OTHER_KEY)
        _, acts, _ = await all_of(stranger, '{"since":0}')
        await stranger.connection.close()

        assert [(act.atom, act.after, act.by) for act in acts] == [("name", "Иван", "api")]


async def test_our_own_acts_are_read_as_what_is_held(world):
    page = await world.connection.pull("customer", '{"since":0}')
    step = world.step(entity="customer", name="Петров Илья", phones=["+79044901122"], birthday="1980-05-17")
    (outcome,) = await world.connection.push([step])
    page = await world.connection.pull("customer", page.cursor)

    (look,) = page.looks
    assert look.fields == outcome.returned


async def test_cards_whose_contacts_cannot_be_any_are_told_of_once_and_the_rest_is_read(world):
    good = world.crm.act("new_customer", who="petrov")
    bad = world.crm.act(
        "new_customer", lastName="Тихий", phones=[{"number": "не звонить"}, {"number": "89991234567"}]
    )
    page = await world.connection.pull("customer", "")

    (doubt,) = page.doubts
    assert doubt.code == "retailcrm.unfit_contacts"
    assert f": 1 ({bad})" in doubt.en
    assert "не звонить" not in doubt.en + doubt.ru
    assert {look.ref for look in page.looks} == {str(good), str(bad)}
    assert (await world.card(bad))["phones"] == ["+79991234567"]


async def test_entries_that_do_not_say_whose_they_are_are_told_and_passed_over(world):
    card = world.crm.act("new_customer", who="petrov")
    get = world.connection._api.get

    async def spoiling(method, params=None, **more):
        body = await get(method, params, **more)
        if method == "customers/history":
            body["history"] += [{"field": "email"}, {"id": 99_999, "field": "phones", "customer": []}]
        if method == "customers":
            body["customers"].append({"phones": []})
        return body

    world.connection._api.get = spoiling
    page = await world.connection.pull("customer", '{"since":0}')

    assert [look.ref for look in page.looks] == [str(card)]
    assert [doubt.code for doubt in page.doubts] == ["retailcrm.nameless_customers"]
    assert ": 2." in page.doubts[0].en


async def test_an_answer_without_its_list_says_nothing_and_is_asked_again(world):
    get = world.connection._api.get

    async def spoiled(method, params=None, **more):
        body = await get(method, params, **more)
        return {**body, "history": "нет"} if method == "customers/history" else body

    world.connection._api.get = spoiled
    with pytest.raises(Transient, match="no list under `history`"):
        await world.connection.pull("customer", '{"since":0}')


async def test_a_wrong_key_or_one_that_may_not_read_customers_is_no_empty_base(tmp_path):
    scopes = tuple(scope for scope in SCOPES if scope != "customer_read")
    setup = Setup(keys=(Key(key=API_KEY, scopes=scopes),), rate_limit=None)
    async with opened(tmp_path, setup, customers=CustomerSettings()) as world:
        with pytest.raises(AuthFailed):
            await world.connection.pull("customer", "")
        (said,) = [one.en for one in await world.connection.check() if one.code == "retailcrm.scopes"]
        assert "The key lacks customer_read" in said
    async with opened(tmp_path, customers=CustomerSettings(), api_key="wrong") as world:
        with pytest.raises(AuthFailed):
            await world.connection.pull("customer", '{"since":5}')


async def test_a_mark_of_another_connector_is_refused_in_words(world):
    with pytest.raises(BadInput, match="not one of this connector"):
        await world.connection.pull("customer", "2026-01-31")


async def test_custom_fields_are_read_where_the_table_says_and_a_missing_one_is_named_by_the_check(tmp_path):
    settings = CustomerSettings(fields={"card": "properties.card", "lost": "properties.lost"})
    async with opened(tmp_path, customers=settings) as world:
        world.crm.act("add_custom_field", entity="customer", code="card")
        card = world.crm.act("new_customer", who="petrov", customFields={"card": "777"})
        assert (await world.card(card))["properties.card"] == "777"
        texts = [one.en for one in await world.connection.check()]

    assert any("customers.fields: RetailCRM has no custom field «lost»" in text for text in texts)
    assert any("Customer properties go by type: properties.card → card (string)" in text for text in texts)


async def test_a_birthday_nobody_can_read_blocks_itself_only(world):
    card = world.crm.act("new_customer", who="petrov")
    held = world.crm.state.customers.get(card)
    world.crm.state.customers.change(held, plain={**held.plain, "birthday": "0000-00-00"})
    atoms = await world.card(card)

    assert isinstance(atoms["birthday"], Blocked)
    assert atoms["name"] == "Петров Илья Сергеевич"


@pytest.mark.parametrize("fault", ["error", "unavailable", "limit", "lost_answer"])
async def test_a_question_that_failed_is_asked_again(tmp_path, fault):
    async with opened(tmp_path, customers=CustomerSettings()) as world:
        world.crm.faults.dials = msgspec.structs.replace(world.crm.faults.dials, **{fault: 1.0})
        with pytest.raises(Transient):
            await world.connection.pull("customer", "")
