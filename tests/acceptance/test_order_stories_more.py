"""More stories of orders between a shop and a 1C, counted in the two systems themselves."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from order_caller import OrderCaller, package
from orders_stage import SETTINGS, orders_stage

DELIVERY = "ORDER_DELIVERY"
CLOSED = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.09" ДатаФормирования="2026-11-20T10:00:00"><Документ>
<Номер>{}</Номер><ХозОперация>Заказ товара</ХозОперация><ЗначенияРеквизитов><ЗначениеРеквизита>
<Наименование>Статус заказа</Наименование><Значение>Закрыт</Значение></ЗначениеРеквизита></ЗначенияРеквизитов>
</Документ></КоммерческаяИнформация>"""


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path) as stage:
        yield stage


def article(stage, number=0):
    return stage.erp.world.products[number].article


def goods_of(there):
    """Ids of the goods of an order in 1C."""
    return [line.goods for line in there.lines if line.goods != DELIVERY]


def told(stage):
    """What a person is told of orders, in both languages."""
    with stage.hub.ledger.begin() as tx:
        return [(one.issue.en, one.issue.ru) for one in tx.issues() if one.issue.entity == "order"]


async def taken_by_1c(stage, *numbers, pays="cash", quantity="1"):
    """Place an order of some goods and let 1C take it."""
    goods = [article(stage, number) for number in numbers]
    order = stage.place(*goods, quantity=quantity, pay_system=pays, delivery="courier")
    if pays == "card":
        stage.shop.act("pay", order=order)
    await stage.seen()
    await stage.exchange()
    stage.agree(order)
    return order


async def brought_back(stage):
    """Let 1C bring what it changed, and the shop be read after it."""
    await stage.exchange(version="2.10", schema="2.10")
    await stage.seen()


# --- shipments and cancellations -------------------------------------------------------------------------------------


async def test_goods_that_left_1c_and_are_not_in_the_shop_are_told_to_a_person(stage):
    order = await taken_by_1c(stage, 0)
    (element,) = stage.shop.act("find", xml_id=goods_of(stage.in_1c(order))[0])
    left = stage.shop.state.elements.get(element).quantity
    stage.shop.act("sell", element=element, quantity=str(left))
    stage.erp.act("ship_order", order=stage.number(order))
    await brought_back(stage)

    _, _, (shipment,) = stage.rows(order)
    ((en, ru),) = told(stage)
    assert shipment.deducted == "N"
    assert "Недостаточно товара на складе" in en
    assert "Недостаточно товара на складе" in ru
    assert f"№ {stage.number(order)}" in ru


@pytest.mark.parametrize("first", ["1C", "the buyer"])
async def test_goods_shipped_in_part_while_the_buyer_cancels_are_a_persons_in_either_order(stage, first):
    order = await taken_by_1c(stage, 0, 1, quantity="2")
    ref = goods_of(stage.in_1c(order))[0]
    stage.erp.act("ship_order", order=stage.number(order), quantities={ref: "1"})
    stage.shop.act("cancel_order", order=order, reason="передумал")
    if first == "1C":
        await stage.exchange(version="2.10", schema="2.10")
        await stage.seen()
    else:
        await stage.seen()
        await stage.exchange(version="2.10", schema="2.10")
    await brought_back(stage)

    assert len(told(stage)) == 1
    assert "отменён и отгружен" in told(stage)[0][1]
    assert "cancelled and shipped" in told(stage)[0][0]
    assert stage.in_shop(order).canceled == "Y"
    assert stage.in_1c(order).cancelled == (None if first == "1C" else "передумал")
    assert len(stage.in_1c(order).movements) == 1


async def test_three_of_five_pieces_refused_at_the_door_leave_two_paid_and_the_rest_returned(stage):
    order = await taken_by_1c(stage, 0, quantity="5")
    number, there = stage.number(order), stage.in_1c(order)
    (ref,) = goods_of(there)
    price = there.lines[0].price
    stage.erp.act("ship_order", order=number)
    await brought_back(stage)
    stage.erp.act("return_goods", order=number, quantities={ref: "3"})
    stage.erp.act("pay_order", order=number, amount=str(price * 2 + 350))
    await brought_back(stage)
    await brought_back(stage)

    (back,) = (value for name, value in stage.record(order).atoms.items() if name.startswith("returns."))
    assert [line["quantity"] for line in back["lines"]] == ["3"]
    _, payments, shipments = stage.rows(order)
    assert sum(one.sum for one in payments if one.paid == "Y") == price * 2 + 350
    assert [one.deducted for one in shipments] == ["Y"]
    stage.agree(order)


async def test_money_for_an_order_1c_has_made_smaller_covers_what_the_buyer_was_to_pay(stage):
    order = await taken_by_1c(stage, 0, quantity="3")
    number, (ref,) = stage.number(order), goods_of(stage.in_1c(order))
    stage.erp.act("change_line", order=number, goods=ref, quantity="2")
    await brought_back(stage)
    stage.erp.act("pay_order", order=number)
    await brought_back(stage)

    head = stage.in_shop(order)
    assert [(one.paid, one.sum) for one in stage.rows(order)[1]] == [("Y", head.price)]
    assert head.payed == "Y"
    stage.agree(order)


# --- what two people decide ------------------------------------------------------------------------------------------


async def test_an_item_swapped_in_1c_while_the_shop_changes_the_paid_order_is_a_conflict_for_a_person(stage):
    order = await taken_by_1c(stage, 0, 1, pays="card")
    there = stage.in_1c(order)
    other = stage.erp.world.products[3]
    swapped = msgspec.structs.replace(there.lines[0], goods=other.id, name=other.name, price=Decimal("99.90"))
    there.lines = [swapped, *there.lines[1:]]
    stage.erp.book.touch(there)
    items, _, _ = stage.rows(order)
    stage.shop.act("edit_lines", order=order, change=[{"line": items[1].id, "quantity": "2"}])
    in_the_shop, in_1c = stage.in_shop(order).price, there.total
    await stage.exchange()
    await brought_back(stage)

    ((en, ru),) = told(stage)
    assert "the order is paid or shipped already: a person decides" in en
    assert "заказ уже оплачен или отгружен" in ru
    assert stage.in_shop(order).price == in_the_shop
    assert stage.in_1c(order).total == in_1c
    assert [one.paid for one in stage.rows(order)[1]] == ["Y"]


async def test_the_name_a_content_manager_gave_survives_1c(tmp_path):
    kept = SETTINGS.replace(
        '[sync.product]\ncreators = ["erp"]\nowners = {{ default = "erp",',
        '[sync.product]\ncreators = ["erp"]\nowners = {{ default = "erp", name = {{ rule = "once", by = "shop" }},',
    )
    async with orders_stage(tmp_path, settings=kept) as stage:
        product = stage.erp.world.products[0]
        (element,) = stage.shop.act("find", xml_id=product.id)
        stage.shop.act("rename", element=element, name="Дрель с характером")
        stage.erp.act("rename", product=product.article, name="ДРЕЛЬ УДАРН. ДУ-13")
        stage.erp.act("price", offer=product.article, price_type="Розничная", amount="5000.01")
        await stage.goods()
        order = await taken_by_1c(stage, 0)

        shown = stage.shop.state.elements.get(element)
        assert shown.name == "Дрель с характером"
        assert stage.in_1c(order).lines[0].price == Decimal("5000.01")
        assert [item.name for item in stage.rows(order)[0]] == ["Дрель с характером"]


# --- the line --------------------------------------------------------------------------------------------------------


async def test_packages_sent_twice_and_out_of_order_leave_what_the_latest_one_said(stage):
    order = await taken_by_1c(stage, 0, quantity="2")
    number, there = stage.number(order), stage.in_1c(order)
    early = package(there, book=stage.erp.book, formed_at="2026-11-20T10:00:00")
    stage.erp.act("change_line", order=number, goods=goods_of(there)[0], quantity="1")
    stage.erp.act("pay_order", order=number)
    stage.erp.act("ship_order", order=number)
    stage.erp.act("set_state", order=number, state="Закрыт")
    late = package(there, book=stage.erp.book, formed_at="2026-11-20T12:00:00")
    caller = await OrderCaller(stage).login()
    for count, body in enumerate([late, early, late, early, early]):
        assert (await caller.bring(f"{count}.xml", body)).startswith("success")
        await stage.rest()
        await stage.seen()

    head = stage.in_shop(order)
    items, payments, shipments = stage.rows(order)
    assert (head.status_id, head.payed, head.deducted) == ("F", "Y", "Y")
    assert [item.quantity for item in items] == [Decimal(1)]
    assert [(one.paid, one.sum) for one in payments] == [("Y", head.price)]
    assert [one.deducted for one in shipments] == ["Y"]
    stage.agree(order)


async def test_an_exchange_goes_on_with_a_hub_that_was_stopped_and_started_in_its_middle(stage):
    first, second = (
        stage.place(article(stage, number), pay_system="cash", delivery="courier") for number in (0, 1)
    )
    await stage.seen()
    caller = await OrderCaller(stage).login()

    async def again():
        await stage.stop()
        await stage.start(stage.config)

    await again()
    taken = await caller.ask("query")
    await again()
    assert (await caller.ask("success")).startswith("success")
    await again()
    assert stage.number(first) in taken
    assert "<Документ>" not in await caller.ask("query")
    await stage.exchange()
    assert stage.erp.book.orders == {}  # both were confirmed by hand, and are not offered again

    number = stage.number(first)
    body = CLOSED.format(number).encode()
    assert (await caller.ask("file", body, filename="orders.xml")).startswith("success")
    await again()
    while (answer := await caller.ask("import", filename="orders.xml")).startswith("progress"):
        await again()
    assert answer.startswith("success")
    await stage.rest()

    assert [stage.in_shop(order).status_id for order in (first, second)] == ["F", "N"]


# --- taxes -----------------------------------------------------------------------------------------------------------


async def test_a_december_order_keeps_its_20_percent_all_the_way_to_1c_and_back(stage):
    stage.erp.act("vat", rate="20", instead_of="22")
    await stage.goods()
    order = stage.place(article(stage), quantity="3", pay_system="cash", delivery="courier")
    await stage.seen()
    stage.erp.act("vat", rate="22", instead_of="20")
    await stage.goods()
    await stage.exchange()
    number, there = stage.number(order), stage.in_1c(order)
    assert {line.rate for line in there.lines if line.goods != DELIVERY} == {"20"}

    stage.erp.act("change_line", order=number, goods=goods_of(there)[0], quantity="2")
    await brought_back(stage)
    stage.erp.act("pay_order", order=number)
    stage.erp.act("ship_order", order=number)
    stage.erp.act("set_state", order=number, state="Закрыт")
    await brought_back(stage)
    await stage.goods()

    items, _, _ = stage.rows(order)
    assert [(item.quantity, item.vat_rate) for item in items] == [(Decimal(2), Decimal("0.2"))]
    assert {line["vat"] for line in stage.record(order).atoms["money"]["lines"]} == {"20"}
    assert {line.rate for line in stage.in_1c(order).lines if line.goods != DELIVERY} == {"20"}
    later = stage.place(article(stage), pay_system="cash")
    assert [item.vat_rate for item in stage.rows(later)[0]] == [Decimal("0.22")]
    stage.agree(order)
