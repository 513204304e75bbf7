"""Orders as the connector reads them from the account."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from open_account import an_order, opened
from stocked_crm import stock

from obmen.connectors.contract import Done
from obmen.connectors.retailcrm.orders.codec import OrderCodec
from obmen.connectors.retailcrm.orders.settings import OrderSettings, PaymentType
from obmen.connectors.retailcrm.sandbox import API_KEY, OTHER_KEY, SCOPES, Key, Setup
from obmen.errors import AuthFailed, BadInput, ConfigError, Transient
from obmen.model.order import normal_money
from obmen.sync.shadow import Blocked, OneOf

CODEC = OrderCodec(connection="crm", settings=OrderSettings(), site="main", sites={"s1": "main"})


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        stock(world.crm)
        stock(world.crm, "kz")
        yield world


def phoned(world, **more: Any) -> int:
    lines = more.pop(
        "lines", [{"offer": "201", "quantity": 2, "discount": "90.5"}, {"offer": "202", "quantity": 1}]
    )
    return world.crm.act("new_order", lines=lines, **more)


async def all_of(world, cursor=""):
    """Read until there is nothing more; return refs in order, gone ones with where they went, and the cursor."""
    seen: list[tuple[str, bool, str | None]] = []
    while True:
        page = await world.connection.pull("order", cursor)
        seen += [(look.ref, look.gone, look.merged_into) for look in page.looks]
        cursor = page.cursor
        if page.last:
            return seen, cursor


async def test_an_order_by_phone_is_read_to_the_kopeck_with_rates_delivery_and_buyer(world):
    order = phoned(world, who="petrov", comment="перезвонить")
    world.crm.act("set_discount", order=order, amount="0.01")
    atoms = await world.read(str(order))

    money = normal_money(atoms["money"])
    assert {line["offer"]: line["sum"] for line in money["lines"]} == {
        "201": "9799.99 RUB",
        "202": "100.00 RUB",
    }
    assert {line["offer"]: line["vat"] for line in money["lines"]} == {"201": "22", "202": "10"}
    assert [line["discount"] for line in money["lines"] if "discount" in line] == ["181.01 RUB"]
    assert (money["delivery"], money["total"]) == ({"sum": "350.00 RUB"}, "10249.99 RUB")
    assert atoms["contact"] == {
        "kind": "person",
        "name": "Петров Илья Сергеевич",
        "phone": "+79044901122",
        "email": "i.petrov@example.ru",
    }
    assert atoms["address"]["city"] == "Тюмень"
    assert (atoms["stage"], atoms["cancelled"], atoms["site"]) == ("new", None, "s1")
    assert atoms["placed"] == "2026-01-31T21:30:00Z"
    assert (atoms["note"], atoms["comment"]) == ("перезвонить", None)
    (payment,) = [value for name, value in atoms.items() if name.startswith("payments.crm-")]
    assert (payment["method"], payment["paid"], payment["sum"]) == ("cash", False, "10250.00 RUB")


async def test_the_first_run_reads_everything_once_and_then_only_what_moves(world):
    orders = [phoned(world) for _ in range(3)]
    seen, cursor = await all_of(world)
    assert {ref for ref, _, _ in seen} == {str(order) for order in orders}

    assert await all_of(world, cursor) == ([], cursor)
    world.crm.act("change_status", order=orders[1], status="client-confirmed")
    late = phoned(world)
    seen, cursor = await all_of(world, cursor)

    assert [ref for ref, _, _ in seen] == [str(orders[1]), str(late)]
    assert (await all_of(world, cursor))[0] == []


async def test_what_happens_while_everything_is_read_for_the_first_time_is_read_after_it(world):
    world.crm.act("seed_orders", count=230)
    page = await world.connection.pull("order", "")
    first = page.looks[0].ref
    world.crm.act("delete_order", order=int(first))
    late = phoned(world)
    seen, _ = await all_of(world, page.cursor)
    refs = {look.ref for look in page.looks} | {ref for ref, gone, _ in seen if not gone}

    assert {str(order.id) for order in world.crm.state.orders} <= refs
    assert (first, True, None) in seen
    assert str(late) in refs


async def test_years_of_orders_come_by_pages_each_once(world):
    world.crm.act("seed_orders", count=250)
    pages = [page async for page in world.connection.walk("order")]
    refs = [look.ref for page in pages for look in page.looks]

    assert (len(refs), len(set(refs)), [page.last for page in pages]) == (250, 250, [False, False, True])


async def test_the_history_from_its_first_record_shows_each_order_as_it_is_now(world):
    first, _ = await world.create(record=1, **an_order()), phoned(world)
    world.crm.act("change_status", order=int(first.ref), status="delivering")
    page = await world.connection.pull("order", '{"since":0}')

    assert page.last
    assert {look.fields["stage"] for look in page.looks if look.ref == first.ref} == {"delivering"}
    assert len(page.looks) == 2


async def acts_of_managers(world):
    """What the staff does to an order, as the journal will tell it."""
    order = phoned(world)
    _, start = await all_of(world)
    for number, user in enumerate(world.crm.state.users):
        world.crm.act("edit_order", order=order, managerComment=f"заметка {number}", user=user.id)
    return [act.by for act in (await world.connection.pull("order", start)).acts]


async def test_the_journal_names_who_of_the_staff_did_something(world):
    first = next(iter(world.crm.state.users))
    world.crm.state.users.change(first, first_name="", last_name="")

    assert await acts_of_managers(world) == [
        "user director@shop.example",
        "user Рябов Олег",
        "user Ушёл Денис",
    ]


async def test_a_key_that_may_not_ask_for_the_staff_leaves_their_numbers_and_no_refusal(tmp_path):
    key = Key(key=API_KEY, scopes=tuple(scope for scope in SCOPES if scope != "user_read"))
    async with opened(tmp_path, Setup(keys=(key,), rate_limit=None)) as world:
        stock(world.crm)
        assert await acts_of_managers(world) == [f"user {user.id}" for user in world.crm.state.users]
        assert [exchange.what for exchange in world.log if exchange.status >= 400] == []


async def test_our_own_acts_are_read_as_what_is_held(world):
    page = await world.connection.pull("order", '{"since":0}')
    outcome = await world.create(**an_order())
    assert isinstance(outcome, Done)
    page = await world.connection.pull("order", page.cursor)

    (look,) = page.looks
    assert look.fields == outcome.returned


async def test_an_order_put_into_another_says_which_and_one_deleted_is_gone(world):
    first, second, third = (phoned(world) for _ in range(3))
    _, cursor = await all_of(world)
    world.crm.act("combine", order=first, into=second, technique="summ")
    world.crm.act("delete_order", order=third)
    seen, _ = await all_of(world, cursor)

    assert sorted(seen) == sorted(
        [(str(first), True, str(second)), (str(second), False, None), (str(third), True, None)]
    )
    (look,) = await world.connection.look("order", [str(first)])
    assert (look.gone, look.merged_into) == (True, str(second))


async def test_an_order_taken_apart_is_read_as_two(world):
    order = phoned(world)
    _, cursor = await all_of(world)
    row = next(item for item in world.crm.state.items if item.order_id == order)
    twin = world.crm.act("split_order", order=order, pieces={str(row.id): "1"})
    seen, _ = await all_of(world, cursor)

    assert {ref for ref, _, _ in seen} == {str(order), str(twin)}
    lines = (await world.read(str(twin)))["money"]["lines"]
    assert [(line["offer"], line["quantity"]) for line in lines] == [("201", "1")]


async def test_orders_of_shops_nobody_named_are_left_alone(world):
    other = phoned(world, site="kz")
    seen, _ = await all_of(world, '{"since":0}')
    walked = [look async for page in world.connection.walk("order") for look in page.looks]

    assert (seen, walked) == ([], [])
    (look,) = await world.connection.look("order", [str(other)])
    assert look.gone


async def test_an_order_another_module_brought_carries_its_key_and_its_payments(tmp_path, api_to):
    settings = OrderSettings(payments_of="shop")
    async with opened(tmp_path, orders=settings) as world:
        stock(world.crm)
        old = {"externalId": "10512", "items": [{"offer": {"externalId": "201"}, "quantity": 1}]}
        payment = {"externalId": "31_a1b2", "type": "bank-card", "status": "paid", "amount": 1}
        order = await api_to(world.crm, OTHER_KEY).order(**old, payments=[payment])
        (look,) = await world.connection.look("order", [str(order["id"])])

        assert (look.keys["xml_id"], look.mark) == ("10512", None)
        assert "payments.shop-31" in look.fields


async def test_our_mark_names_the_record(world):
    outcome = await world.create(record=7, **an_order())
    (look,) = await world.connection.look("order", [outcome.ref])

    assert (look.mark, look.keys["number"], look.title) == (7, "17", "№ 17")


async def test_custom_fields_and_managers_go_where_the_tables_say(tmp_path):
    settings = OrderSettings(
        fields={"coupon": "properties.coupon", "number_1c": "numbers.erp"}, managers={"19": "kuzmina"}
    )
    async with opened(tmp_path, orders=settings) as world:
        stock(world.crm)
        for code in ("coupon", "number_1c"):
            world.crm.act("add_custom_field", entity="order", code=code)
        outcome = await world.create(**an_order(properties__coupon="ЛЕТО", responsible="kuzmina"))
        assert isinstance(outcome, Done), outcome
        await world.write(outcome.ref, numbers__erp="УТ-1")
        atoms = await world.read(outcome.ref)

        assert (atoms["properties.coupon"], atoms["numbers.erp"], atoms["responsible"]) == (
            "ЛЕТО",
            "УТ-1",
            "kuzmina",
        )


def test_codes_nobody_mapped_are_named():
    assert CODEC.decode("stage", "vip") == Blocked("map:crm:stage:vip", "vip")
    assert CODEC.decode("delivery", {"code": "sova"}) == Blocked("map:crm:delivery:sova", "sova")
    assert CODEC.decode("payments.crm-1", {"type": "barter"}) == Blocked("map:crm:payment:barter", "barter")


def test_a_stage_without_a_status_of_its_own_reads_as_either():
    codec = OrderCodec(
        connection="crm",
        settings=OrderSettings(
            statuses={"new": "new", "complete": "done"}, payments={"cash": PaymentType(method="cash")}
        ),
        site="main",
        sites={"s1": "main", "s2": "main"},
    )
    assert codec.decode("stage", "new") == OneOf(("new", "confirmed", "supply", "assembling", "delivery"))
    assert codec.encode("stage", "delivery") == "new"
    assert codec.decode("site", "main") == OneOf(("s1", "s2"))


def test_tables_that_walk_backwards_or_say_two_things_are_refused():
    with pytest.raises(ConfigError, match="walks backwards: new new → delivering done → complete delivery"):
        OrderSettings(statuses={"new": "new", "delivering": "done", "complete": "delivery"})
    with pytest.raises(ConfigError, match=r"stands in orders\.statuses and in orders\.cancels"):
        OrderSettings(statuses={"cancel-other": "done"})
    with pytest.raises(ConfigError, match="no such place"):
        OrderSettings(fields={"x": "contact.name"})


async def test_a_mark_of_another_connector_is_refused_in_words(world):
    with pytest.raises(BadInput, match="not one of this connector"):
        await world.connection.pull("order", "2026-01-31")


@pytest.mark.parametrize("fault", ["error", "unavailable", "limit", "lost_answer"])
async def test_a_question_that_failed_is_asked_again(tmp_path, fault):
    async with opened(tmp_path) as world:
        world.crm.faults.dials = msgspec.structs.replace(world.crm.faults.dials, **{fault: 1.0})
        with pytest.raises(Transient):
            await world.connection.pull("order", "")


async def test_a_key_without_rights_and_an_address_of_nobody_are_told_apart(tmp_path):
    async with opened(tmp_path, api_key="wrong") as world:
        with pytest.raises(AuthFailed, match="api_key"):
            await world.connection.pull("order", "")
    async with opened(tmp_path, Setup(exists=False)) as world:
        with pytest.raises(ConfigError, match="no RetailCRM account"):
            await world.connection.pull("order", "")
