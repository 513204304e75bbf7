"""Stories of orders between a shop and a RetailCRM, counted in the two systems themselves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from retail_stage import retail_stage

from obmen.connectors.retailcrm.sandbox import Setup
from obmen.connectors.retailcrm.sandbox.orders.saving import create_order
from obmen.connectors.retailcrm.sandbox.state import Actor
from obmen.sandbox.faults import Dials


@pytest.fixture
async def stage(tmp_path):
    async with retail_stage(tmp_path) as stage:
        yield stage


async def test_what_is_placed_in_the_shop_is_in_the_crm_within_seconds(stage):
    order = stage.place(2, 1, 3, pay_system="cash", delivery="courier", comment="после 18")
    await stage.seen()

    stage.agree(order)
    there = stage.in_crm(order)
    assert (there.status, there.plain["customerComment"]) == ("new", "после 18")
    assert there.delivery["address"]["text"] == "ул. Мельникайте, д. 102, кв. 45"
    assert there.delivery["code"] == "courier"
    (customer,) = stage.crm.state.customers
    assert (there.customer_id, customer.phones) == (customer.id, ["+79044901122"])
    (payment,) = stage.payments(order)[1]
    assert (payment.type, payment.status, payment.amount) == ("cash", "not-paid", there.total_summ)
    assert stage.issues() == []


async def test_what_the_manager_does_comes_back(stage):
    order = stage.place(2, 1, pay_system="cash", delivery="courier")
    await stage.seen()
    there = stage.in_crm(order)
    (line, *_) = stage.crm.state.items_of(there)
    stage.crm.act("edit_lines", order=there.id, change=[{"line": line.id, "quantity": "3"}])
    stage.crm.act("edit_order", order=there.id, managerComment="звонил, ждёт")
    stage.crm.act("change_status", order=there.id, status="complete")
    await stage.seen()

    stage.agree(order)
    here = stage.in_shop(order)
    assert (here.status_id, here.comments) == ("F", "звонил, ждёт")
    items = stage.shop.state.sale.items_of(here)
    assert sorted(item.quantity for item in items) == [Decimal(1), Decimal(3)]


async def test_a_late_status_is_refused_with_its_reason_and_nothing_falls_back(stage):
    order = stage.place(1, pay_system="cash")
    await stage.seen()
    stage.crm.act("change_status", order=stage.in_crm(order).id, status="complete")
    await stage.seen()
    stage.crm.act("change_status", order=stage.in_crm(order).id, status="assembling")
    await stage.seen()

    assert stage.in_shop(order).status_id == "F"
    assert stage.record(order).atoms["stage"] == "done"


async def test_a_payment_confirmed_by_the_manager_pays_the_shops_own_row_once(stage):
    order = stage.place(1, pay_system="cash")
    await stage.seen()
    stage.crm.act("pay", order=stage.in_crm(order).id)
    await stage.seen()

    ours, theirs = stage.payments(order)
    assert [(one.paid, one.sum) for one in ours] == [("Y", stage.in_shop(order).price)]
    assert [(one.status, one.amount) for one in theirs] == [("paid", stage.in_crm(order).total_summ)]


async def test_a_payment_in_the_shop_is_paid_in_the_crm(stage):
    order = stage.place(1, 1, pay_system="card")
    await stage.seen()
    stage.shop.act("pay", order=order)
    await stage.seen()

    (payment,) = stage.payments(order)[1]
    assert (payment.type, payment.status, payment.external_id[:11]) == ("bank-card", "paid", "obmen:shop-")
    assert stage.in_crm(order).full_paid_at


async def test_a_cancellation_goes_both_ways_with_its_reason(stage):
    first, second = stage.place(1, pay_system="cash"), stage.place(2, pay_system="cash")
    await stage.seen()
    stage.crm.act("cancel", order=stage.in_crm(first).id, status="no-call")
    stage.shop.act("cancel_order", order=second, reason="передумал")
    await stage.seen()

    here = stage.in_shop(first)
    assert (here.canceled, here.reason_canceled) == ("Y", "не удалось дозвониться")
    there = stage.in_crm(second)
    assert (there.status, there.plain["statusComment"]) == ("cancel-other", "передумал")


async def test_an_order_by_phone_reaches_the_shop_once(stage):
    lines = [
        {"offer": str(stage.ids[0]), "quantity": 2},
        {"offer": str(stage.ids[2]), "quantity": 3, "discount": "1.11"},
    ]
    phoned = stage.crm.act("new_order", lines=lines, who="smirnova", comment="по телефону")
    await stage.seen()
    await stage.seen()

    (order,) = stage.shop.state.sale.orders.where()
    assert order.price == stage.crm.state.orders.get(phoned).total_summ
    assert order.comments == "по телефону"
    assert len(list(stage.crm.state.orders)) == 1
    assert stage.record(phoned, "crm").origin == "crm"
    stage.crm.act("change_status", order=phoned, status="complete")
    await stage.seen()
    assert stage.in_shop(order.id).status_id == "F"


async def test_an_answer_lost_after_the_effect_leaves_one_order(stage):
    stage.crm.faults.dials = Dials(lost_answer=0.25)
    orders = [
        stage.place(1, pay_system="cash", who=who) for who in ("petrov", "sokolova", "smirnova", "remstroy")
    ]
    await stage.seen(8)
    stage.crm.faults.dials = Dials()
    await stage.seen()

    for order in orders:
        stage.agree(order)
    counts = stage.crm.counts()
    assert (counts["orders"], counts["customers"], counts["customer_doubles"]) == (4, 4, {})


async def test_a_family_phone_makes_two_cards_and_asks_a_person(stage):
    stage.crm.act(
        "edit_customer",
        customer=stage.crm.act("new_customer", who="smirnova"),
        phones=[{"number": "8 904 490 11 22"}],
    )
    order = stage.place(1, pay_system="cash", who="petrov")
    await stage.seen()

    stage.agree(order)
    assert len(list(stage.crm.state.customers)) == 2
    (issue,) = stage.issues()
    assert "Смирнова-Ёлкина Ольга" in issue
    assert "combine the cards" in issue


async def test_a_month_of_history_read_again_from_its_first_record_writes_nothing(stage):
    orders = [
        stage.place(1, number % 3 + 1, pay_system=kind) for number in range(4) for kind in ("cash", "card")
    ]
    await stage.seen()
    for order, status in zip(
        orders, ("client-confirmed", "assembling", "delivering", "complete", "no-call"), strict=False
    ):
        stage.crm.act("change_status", order=stage.in_crm(order).id, status=status)
    stage.shop.act("pay", order=orders[-1])
    stage.crm.act("noise", count=40)
    await stage.seen()
    held, records = stage.writes(), {order: stage.record(order).atoms for order in orders}
    await stage.hub.ledger.run(lambda tx: tx.put_cursor("crm", "order", '{"since":0}'))
    await stage.seen(4)

    assert stage.writes() == held
    assert {order: stage.record(order).atoms for order in orders} == records
    for order in orders:
        stage.agree(order)


async def test_orders_put_together_and_taken_apart_keep_every_piece_and_every_kopeck(stage):
    first, second = stage.place(1, 2, pay_system="cash"), stage.place(0, 1, 1, pay_system="cash")
    await stage.seen()
    there = stage.in_crm(first)
    line = next(item for item in stage.crm.state.items_of(there) if item.quantity == 2)
    twin = stage.crm.act("split_order", order=there.id, pieces={str(line.id): "1"})
    await stage.seen()
    stage.agree(first)
    assert len(stage.shop.state.sale.orders.where()) == 3
    assert (
        stage.record(twin, "crm").atoms["money"]["total"]
        == f"{stage.crm.state.orders.get(twin).total_summ:.2f} RUB"
    )

    gone = stage.in_crm(second)
    stage.crm.act("combine", order=gone.id, into=there.id, technique="summ")
    await stage.seen()
    assert stage.in_shop(first).price == stage.in_crm(first).total_summ
    assert any("was put into" in issue and "obmen merge order" in issue for issue in stage.issues())


async def test_prices_and_what_may_be_sold_follow_the_shop(tmp_path):
    crm = 'prices = { base = "base" }\navailable_store = "main"'
    async with retail_stage(tmp_path, crm=crm) as stage:
        boots = stage.crm.state.find_offer("main", external_id=str(stage.ids[0]))
        assert boots.stores["main"]["quantity"] == Decimal(100)
        order = stage.place(3, pay_system="cash")
        await stage.seen()

        stage.agree(order)
        assert boots.prices["base"] == Decimal("3290.50")


async def test_a_trigger_wakes_the_hub_long_before_the_next_reading(tmp_path):
    secret = "/hooks/retailcrm/0123456789abcdef"
    async with retail_stage(tmp_path, crm=f'hook = "{secret}"', every="1h") as stage:
        order = stage.place(1, pay_system="cash")
        await stage.seen()
        stage.crm.act("add_trigger", url=stage.url + secret)
        stage.crm.act("change_status", order=stage.in_crm(order).id, status="complete")
        await stage.crm.settle()
        await stage.seen(1)

        assert stage.in_shop(order).status_id == "F"


async def test_a_new_product_goes_by_the_feed_and_its_first_order_waits_for_it(tmp_path):
    path = "/feeds/0123456789abcdef.xml"
    feed = f'prices = {{ base = "base" }}\nfeed = {{ path = "{path}", price = "base", every_s = 1 }}'
    async with retail_stage(tmp_path, crm=feed) as stage:
        number = stage.add("Лопата штыковая", "750.00", 22, in_crm=False)
        stage.crm.act("add_reference", book="sites", code="main", ymlUrl=stage.url + path, loadFromYml=True)
        order = stage.place(*[0] * number, 2, pay_system="cash")
        await stage.seen()
        assert stage.crm.state.orders.where(external_id=str(order)) == []

        stage.crm.act("load_catalogue")
        await stage.crm.settle()
        await stage.seen()
        stage.agree(order)
        assert stage.issues() == []


async def test_orders_another_module_brought_are_recognised_whoever_is_read_first(stage):
    """The account shows them before the shop does, as after a backup was put back: still nobody is doubled."""
    crm = stage.crm.state
    with crm.acting(Actor("past", "api", key="of the module used before")):
        order = create_order(
            crm,
            "main",
            {
                "externalId": "1",
                "number": "BX-1",
                "phone": "+79044901122",
                "items": [{"offer": {"externalId": str(stage.ids[0])}, "quantity": 1}],
                "delivery": {"code": "courier", "cost": 350},
            },
        )
    await stage.seen()
    unknown, other = sorted(stage.issues(), key=lambda said: "another program" in said)
    assert "bears the code «1» of another system" in unknown
    assert "another program writes orders there" in other
    assert list(stage.shop.state.sale.orders.where()) == []

    placed = stage.place(1, pay_system="cash", delivery="courier")
    await stage.seen()
    assert (placed, stage.in_crm(placed).id) == (1, order.id)
    assert len(list(crm.orders)) == len(list(stage.shop.state.sale.orders.where())) == 1
    assert not any("another system" in issue for issue in stage.issues())


async def test_a_phone_and_an_address_the_manager_corrects_are_corrected_in_the_shop(stage):
    order = stage.place(1, pay_system="cash", delivery="courier")
    await stage.seen()
    there = stage.in_crm(order)
    stage.crm.act("edit_order", order=there.id, phone="8 (999) 123-45-67", email="")
    stage.crm.act(
        "edit_order",
        order=there.id,
        delivery={"address": {"text": "ул. Мира, д. 1"}, "date": "2026-12-01", "cost": 400},
    )
    await stage.seen()

    sale = stage.shop.state.sale
    values = sale.values_of(stage.in_shop(order))
    assert (values["PHONE"], values["ADDRESS"], values["FIO"]) == (
        "+79991234567",
        "ул. Мира, д. 1",
        "Петров Илья Сергеевич",
    )
    stage.agree(order)
    held = stage.writes()
    await stage.seen()
    assert stage.writes() == held
    assert stage.issues() == []


async def test_a_delivery_nobody_mapped_is_named_and_holds_back_nothing_else(stage):
    order = stage.place(1, pay_system="cash", delivery="cdek:pvz", pickup_point="TMN14")
    await stage.seen()

    stage.agree(order)
    assert "code" not in stage.in_crm(order).delivery
    (issue,) = stage.issues()
    assert "no mapping of delivery for «cdek:pvz»" in issue


async def test_a_burst_stays_within_the_vendors_limit_and_everything_arrives(tmp_path):
    async with retail_stage(tmp_path, rate=8, setup=Setup()) as stage:
        buyers = ("petrov", "sokolova", "smirnova", "remstroy")
        orders = [
            stage.place(1, number % 3, pay_system="cash", who=buyers[number % 4]) for number in range(40)
        ]
        await stage.seen(6)

        assert stage.crm.state.over_limit == 0
        for order in orders:
            stage.agree(order)
        assert len(list(stage.crm.state.customers)) == 4
