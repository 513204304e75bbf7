"""Orders as the connector writes them into the account."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from open_account import PETROV, FaultsInTurn, an_order, line, money, opened
from stocked_crm import stock

from obmen.connectors.contract import Done, Missing, Refused, Unknown, Unlanded
from obmen.connectors.retailcrm.orders.codec import OrderCodec
from obmen.connectors.retailcrm.orders.lines import divided
from obmen.connectors.retailcrm.orders.settings import OrderSettings, PaymentType
from obmen.connectors.retailcrm.sandbox import API_KEY, SCOPES, Key, Setup
from obmen.errors import AuthFailed
from obmen.model.order import normal_money


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        stock(world.crm)
        stock(world.crm, "kz")
        yield world


def orders(world):
    return list(world.crm.state.orders)


def items(world):
    return list(world.crm.state.items)


def customers(world):
    return list(world.crm.state.customers)


async def test_an_order_of_the_shop_is_there_to_the_kopeck_with_buyer_address_and_payment(world):
    outcome = await world.create(xml_id="31", **an_order())
    assert isinstance(outcome, Done), outcome
    assert outcome.doubts == ()

    (order,) = orders(world)
    assert (order.external_id, order.number, order.site, order.status) == ("31", "17", "main", "new")
    assert order.total_summ == Decimal(450)
    assert order.plain["createdAt"] == "2026-01-31 23:00:00"  # in the account's time, Moscow
    assert order.plain["orderType"] == "eshop-individual"
    assert order.delivery["time"] == {"from": "10:00", "to": "18:00"}
    assert sum(item.summ for item in items(world)) == Decimal(100)
    assert sum(item.quantity for item in items(world)) == Decimal(3)
    off = sum(part["amount"] for item in items(world) for part in item.discounts)
    assert off == Decimal(8)
    (payment,) = world.crm.state.payments
    assert (payment.external_id, payment.status, payment.type) == ("obmen:shop-31", "paid", "bank-card")
    assert payment.paid_at == "2026-01-31 23:05:00"
    (customer,) = customers(world)
    assert order.customer_id == customer.id
    assert (customer.phones, customer.plain["email"]) == (["+79044901122"], "i.petrov@example.ru")


async def test_what_was_written_reads_as_what_was_meant(world):
    wanted = an_order()
    outcome = await world.create(**wanted)
    atoms = await world.read(outcome.ref)

    assert normal_money(atoms["money"]) == normal_money(wanted["money"])
    for name in ("number", "placed", "site", "stage", "contact", "address", "delivery", "comment"):
        assert atoms[name] == wanted[name], name
    assert atoms["payments.shop-31"] == wanted["payments__shop-31"]


async def test_the_second_order_of_a_buyer_goes_to_the_same_card(world):
    await world.create(record=1, **an_order())
    spelt = {**PETROV, "name": "Петров Илья", "phone": "8 904 490-11-22", "email": "other@example.ru"}
    outcome = await world.create(
        record=2, **an_order(number="18", contact=spelt, **{"payments__shop-31": None})
    )

    assert isinstance(outcome, Done), outcome
    assert (len(customers(world)), outcome.doubts) == (1, ())


async def test_a_family_phone_makes_nobody_one_and_is_told_to_a_person(world):
    await world.create(record=1, **an_order())
    wife = {"kind": "person", "name": "Петрова Анна", "phone": "+79044901122", "email": "anna@example.ru"}
    outcome = await world.create(
        record=2, **an_order(number="18", contact=wife, **{"payments__shop-31": None})
    )

    assert [doubt.code for doubt in outcome.doubts] == ["retailcrm.shared_contact"]
    assert "Петров Илья Сергеевич" in outcome.doubts[0].ru
    assert len(customers(world)) == 2
    # Now both are known, each by the name.
    again = await world.create(record=3, **an_order(number="19", contact=wife, **{"payments__shop-31": None}))
    assert (again.doubts, len(customers(world))) == ((), 2)


async def test_a_buyer_who_is_there_twice_is_told_and_not_doubled_again(world):
    for _ in range(2):
        world.crm.act("new_customer", who="petrov")
    outcome = await world.create(**an_order())

    assert [doubt.code for doubt in outcome.doubts] == ["retailcrm.twofold_customer"]
    assert len(customers(world)) == 2


async def test_a_buyer_is_known_by_the_shops_id_whatever_the_phone_says(tmp_path):
    async with opened(tmp_path, orders=OrderSettings(customer_id="properties.user")) as world:
        stock(world.crm)
        await world.create(record=1, properties__user="77", **an_order())
        moved = {**PETROV, "name": "Сидоров", "phone": "+79990001122", "email": "s@example.ru"}
        outcome = await world.create(
            record=2,
            properties__user="77",
            **an_order(number="18", contact=moved, **{"payments__shop-31": None}),
        )

        assert outcome.doubts == ()
        (customer,) = customers(world)
        assert customer.external_id == "77"
        assert (await world.read(outcome.ref))["properties.user"] == "77"


async def test_orders_go_in_packs_by_shop_and_each_failure_is_told_alone(world):
    good = [
        world.step(record=number, **an_order(number=str(number), **{"payments__shop-31": None}))
        for number in (1, 2, 3)
    ]
    bad = world.step(
        record=4,
        **an_order(
            number="4", money=money(line("999", "1", "10.00"), total="10.00"), **{"payments__shop-31": None}
        ),
    )
    outcomes = {one.record: one for one in await world.connection.push([*good, bad])}

    assert [type(outcomes[number]) for number in (1, 2, 3, 4)] == [Done, Done, Done, Refused]
    assert "999" in outcomes[4].en
    assert world.asked.count("orders/upload") == 1
    assert len(orders(world)) == 3


async def test_a_lost_answer_is_unknown_and_the_order_is_found_by_its_external_id(world):
    step = world.step(xml_id="31", **an_order())
    await world.connection.look("order", [])
    faults = FaultsInTurn()
    world.crm.faults = faults
    # After the number of cards, customers by phone, by e-mail, and the new one.
    faults.next = ["", "", "", "", "lost_answer"]
    outcomes = await world.connection.push([step])
    faults.next = []

    assert [type(one) for one in outcomes] == [Unknown]
    (order,) = orders(world)
    assert await world.connection.find("order", [step]) == {1: [str(order.id)]}


async def test_the_same_external_id_in_another_shop_is_another_order(tmp_path):
    async with opened(tmp_path, sites={"s1": "main", "s2": "kz"}) as world:
        stock(world.crm)
        stock(world.crm, "kz")
        first = await world.create(record=1, xml_id="31", **an_order())
        other = world.step(record=2, xml_id="31", **an_order(site="s2"))

        assert await world.connection.find("order", [other]) == {2: []}
        assert await world.connection.find("order", [world.step(xml_id="31", **an_order())]) == {
            1: [first.ref]
        }


async def test_an_order_that_is_there_already_is_looked_up_and_not_refused(world):
    await world.create(record=1, xml_id="31", **an_order())
    outcome = await world.create(record=1, xml_id="31", **an_order())

    assert isinstance(outcome, Unknown)
    assert len(orders(world)) == 1


async def test_changes_of_head_lines_and_payments_keep_what_nobody_named(world):
    outcome = await world.create(**an_order())
    ref, held = outcome.ref, {item.offer_id for item in items(world)}
    note = await world.write(ref, note="перезвонить")
    assert isinstance(note, Done)
    changed = money(line("201", "2", "80.00"), line("202", "1", "19.99"), delivery="350.00", total="449.99")
    assert isinstance(await world.write(ref, money=changed), Done)

    atoms = await world.read(ref)
    assert atoms["note"] == "перезвонить"
    assert atoms["comment"] == "после 18"
    assert atoms["contact"] == PETROV
    assert atoms["money"]["total"] == "449.99 RUB"
    assert held < {item.offer_id for item in items(world)}
    assert atoms["payments.shop-31"]["paid"] is True


async def test_writing_the_same_lines_twice_leaves_the_same_rows(world):
    wanted = an_order()
    outcome = await world.create(**wanted)
    before = [(item.id, item.quantity, item.summ) for item in items(world)]
    await world.write(outcome.ref, money=wanted["money"])

    assert [(item.id, item.quantity, item.summ) for item in items(world)] == before


async def test_a_discount_of_the_whole_order_gives_way_to_lines_that_hold_it(world):
    outcome = await world.create(**an_order())
    world.crm.act("set_discount", order=int(outcome.ref), amount="10")
    atoms = await world.read(outcome.ref)
    assert atoms["money"]["total"] == "440.00 RUB"
    await world.write(outcome.ref, money=normal_money(atoms["money"]))

    assert (await world.read(outcome.ref))["money"]["total"] == "440.00 RUB"
    assert (
        "discountManualAmount" not in orders(world)[0].plain
        or not orders(world)[0].plain["discountManualAmount"]
    )


async def test_a_line_a_manager_has_cancelled_stays_cancelled(world):
    outcome = await world.create(
        **an_order(money=money(line("201", "1", "80.00"), line("202", "1", "20.00"), total="100.00"))
    )
    tea = next(item for item in items(world) if item.summ == Decimal(20))
    world.crm.act("edit_lines", order=int(outcome.ref), change=[{"line": tea.id, "status": "out-of-stock"}])
    atoms = await world.read(outcome.ref)
    assert atoms["money"]["total"] == "80.00 RUB"
    await world.write(outcome.ref, money=money(line("201", "2", "160.00"), total="160.00"))

    assert {item.status for item in items(world)} == {"new", "out-of-stock"}
    assert (await world.read(outcome.ref))["money"]["total"] == "160.00 RUB"


async def test_a_status_and_a_cancellation_are_one_status_and_its_end_brings_the_stage_back(world):
    ref = (await world.create(**an_order())).ref
    await world.write(ref, stage="assembling")
    assert orders(world)[0].status == "send-to-assembling"
    await world.write(ref, cancelled="нет в наличии")
    assert orders(world)[0].status == "no-product"
    await world.write(ref, stage="delivery")
    assert orders(world)[0].status == "no-product"
    await world.write(ref, cancelled="кончилось терпение")
    assert (orders(world)[0].status, orders(world)[0].plain["statusComment"]) == (
        "cancel-other",
        "кончилось терпение",
    )
    assert (await world.read(ref))["cancelled"] == "кончилось терпение"
    await world.write(ref, cancelled=None, stage="confirmed")

    atoms = await world.read(ref)
    assert (atoms["stage"], atoms["cancelled"]) == ("confirmed", None)


def paid(amount, method="cash", **more):
    return {"sum": f"{amount} RUB", "method": method, "paid": True, "prepaid": False, **more}


async def test_money_that_came_elsewhere_covers_the_accounts_own_waiting_row(world):
    order = world.crm.act("new_order", lines=[{"offer": "201", "quantity": 1}], payment="cash")
    atoms = await world.read(str(order))
    total = atoms["money"]["total"].removesuffix(" RUB")
    assert isinstance(await world.write(str(order), **{"payments__erp-7": paid(total)}), Done)

    (payment,) = world.crm.state.payments
    assert (payment.external_id, payment.status) == ("obmen:erp-7", "paid")
    before = world.writes()
    await world.write(str(order), **{"payments__erp-7": paid(total)})
    assert world.writes() == before


async def test_a_payment_of_another_type_takes_the_place_of_ours_unless_it_was_paid(world):
    waits = {"sum": "450.00 RUB", "method": "card", "prepaid": True, "paid": False}
    ref = (await world.create(**an_order(**{"payments__shop-31": waits}))).ref
    await world.write(ref, **{"payments__shop-31": paid("450.00")})
    assert [(one.type, one.status) for one in world.crm.state.payments] == [("cash", "paid")]
    await world.write(ref, **{"payments__shop-31": waits})
    await world.write(ref, **{"payments__shop-31": None})

    assert [(one.type, one.status) for one in world.crm.state.payments] == [("cash", "paid")]


async def test_what_a_payment_module_looks_after_is_not_told_its_state(tmp_path):
    settings = OrderSettings(payments={"online": PaymentType(method="card", prepaid=True)})
    async with opened(tmp_path, orders=settings) as world:
        stock(world.crm)
        module = {"code": "yookassa"}
        world.crm.act(
            "add_reference", book="payment-types", code="online", name="Онлайн", integrationModule=module
        )
        outcome = await world.create(**an_order())

        assert isinstance(outcome, Done), outcome
        assert [(one.type, one.status) for one in world.crm.state.payments] == [("online", "not-paid")]


async def test_an_order_given_to_a_carrier_keeps_its_address_and_says_so(world):
    world.crm.act("add_reference", book="delivery-types", code="courier", name="СДЭК", integrationCode="sdek")
    ref = (await world.create(**an_order())).ref
    world.crm.act("ship", order=int(ref), tracking="RB1")
    outcome = await world.write(ref, address={"text": "другой дом", "city": "Тюмень"}, note="позвонить")

    assert isinstance(outcome, Done)
    assert [doubt.code for doubt in outcome.doubts] == ["retailcrm.carried"]
    atoms = await world.read(ref)
    assert (atoms["note"], atoms["address"]["text"]) == ("позвонить", "ул. Мельникайте, д. 102, кв. 45")


async def test_an_account_that_rounds_is_told_to_a_person(tmp_path):
    async with opened(tmp_path, Setup(rate_limit=None, round_to="1")) as world:
        stock(world.crm)
        wanted = an_order(
            money=money(line("201", "1", "99.50"), total="99.50"), **{"payments__shop-31": None}
        )
        outcome = await world.create(**wanted)

        assert (outcome.doubts, (await world.read(outcome.ref))["money"]["total"]) == ((), "99.50 RUB")


async def test_an_order_that_was_deleted_is_missing(world):
    ref = (await world.create(**an_order())).ref
    world.crm.act("delete_order", order=int(ref))

    assert isinstance(await world.write(ref, stage="done"), Missing)


async def test_a_wrong_key_pauses_and_a_busy_account_waits(world, tmp_path):
    async with opened(tmp_path, api_key="wrong") as other:
        with pytest.raises(AuthFailed):
            await other.create(**an_order())
    world.crm.act("configure", rate_limit=(1, 0.001))
    outcome = await world.create(**an_order())

    assert isinstance(outcome, Unlanded)
    assert world.budget.frozen
    assert orders(world) == []


def test_a_reason_and_a_refund_and_an_unknown_method():
    codec = OrderCodec(connection="crm", settings=OrderSettings(), site="main", sites={})
    assert codec.encode("cancelled", "передумал") == {"status": "cancel-other", "comment": "передумал"}
    assert (
        codec.encode("payments.shop-1", {"sum": "1.00 RUB", "method": "barter"}).wakes_on
        == "map:crm:payment:barter"
    )
    assert (
        codec.encode("payments.shop-1", {"sum": "1.00 RUB", "method": "cash", "refund": True}).reason
        == "not_carried"
    )
    assert codec.encode("delivery", {"service": "сова"}).wakes_on == "map:crm:delivery:сова"


kopecks = st.integers(0, 1_000_000).map(lambda number: Decimal(number) / 100)


@given(st.integers(1, 40).map(Decimal), kopecks, kopecks)
def test_pieces_come_to_the_sum_and_the_discount_exactly(quantity, amount, discount):
    rows = divided(quantity, amount, discount)

    assert sum(row.quantity for row in rows) == quantity
    assert sum(row.amount for row in rows) == amount
    assert sum(row.discount for row in rows) == discount
    assert all(row.off >= 0 and row.price >= row.off for row in rows)
    assert len(rows) <= 3


@given(st.integers(1, 99_999).map(lambda number: Decimal(number) / 1000), kopecks, kopecks)
def test_fractions_come_to_the_sum_exactly(quantity, amount, discount):
    rows = divided(quantity, amount, discount)

    assert sum(row.quantity for row in rows) == quantity
    assert sum(row.amount for row in rows) == amount
    assert all(row.off >= 0 for row in rows)


async def test_a_burst_of_orders_of_few_buyers_makes_each_card_once(world):
    people = [
        {
            "kind": "person",
            "name": f"Покупатель {name}",
            "phone": f"+7900000000{number}",
            "email": f"{number}@example.ru",
        }
        for number, name in enumerate(("Первый", "Второй", "Третий"))
    ]
    # Somebody orders with a friend's e-mail: three chains become one.
    people.append({**people[0], "email": people[2]["email"]})
    steps = [
        world.step(
            record=number,
            **an_order(number=str(number), contact=people[number % 4], **{"payments__shop-31": None}),
        )
        for number in range(1, 61)
    ]
    outcomes = await world.connection.push(steps)

    assert {type(one) for one in outcomes} == {Done}
    assert [one.record for one in outcomes] == list(range(1, 61))
    assert len(customers(world)) == 3
    assert world.asked.count("orders/upload") == 2
    assert world.asked.count("customers/create") == 3


async def test_a_key_that_lost_its_rights_in_the_middle_pauses_once_and_writes_nothing(tmp_path):
    scopes = tuple(one for one in SCOPES if one != "order_write")
    async with opened(tmp_path, Setup(rate_limit=None, keys=(Key(key=API_KEY, scopes=scopes),))) as world:
        stock(world.crm)
        steps = [
            world.step(record=number, **an_order(number=str(number), **{"payments__shop-31": None}))
            for number in (1, 2, 3)
        ]
        with pytest.raises(AuthFailed, match="Access denied"):
            await world.connection.push(steps)

        assert orders(world) == []


async def test_orders_of_two_shops_go_each_to_its_own_with_buyers_of_its_own(tmp_path):
    async with opened(tmp_path, sites={"s1": "main", "s2": "kz"}) as world:
        stock(world.crm)
        stock(world.crm, "kz")
        steps = [
            world.step(
                record=number,
                xml_id="31" if number < 3 else "",
                **an_order(number=str(number), site=f"s{1 + number % 2}", **{"payments__shop-31": None}),
            )
            for number in range(1, 5)
        ]
        outcomes = await world.connection.push(steps)

        assert {type(one) for one in outcomes} == {Done}
        assert sorted((one.site, one.external_id) for one in orders(world)) == [
            ("kz", "31"),
            ("kz", "obmen:3"),
            ("main", "31"),
            ("main", "obmen:4"),
        ]
        assert sorted(one.site for one in customers(world)) == ["kz", "main"]
        assert all(world.crm.state.customers.get(one.customer_id).site == one.site for one in orders(world))


async def test_a_doubt_about_the_buyer_is_told_though_the_order_failed(world):
    await world.create(record=1, **an_order())
    wife = {"kind": "person", "name": "Петрова Анна", "phone": "+79044901122", "email": "anna@example.ru"}
    order = world.step(record=2, **an_order(number="18", contact=wife, **{"payments__shop-31": None}))
    world.crm.faults = faults = FaultsInTurn()
    faults.next = [
        "",
        "",
        "unavailable",
    ]  # after the search by e-mail (the phone was just asked about) and the new card
    (outcome,) = await world.connection.push([order])

    assert isinstance(outcome, Unlanded)
    assert [doubt.code for doubt in outcome.doubts] == ["retailcrm.shared_contact"]
