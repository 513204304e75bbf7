"""Stories of orders between a shop and a 1C, counted in the two systems themselves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from orders_stage import orders_stage


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path) as stage:
        yield stage


def drill(stage):
    return stage.erp.world.products[0].article


def two(stage):
    return [product.article for product in stage.erp.world.products[:2]]


async def test_cash_paid_at_the_door_ends_paid_shipped_and_done_everywhere_with_one_payment(stage):
    order = stage.place(*two(stage), quantity="3", pay_system="cash", delivery="courier")
    await stage.seen()
    await stage.exchange()
    stage.agree(order)
    number = stage.number(order)

    stage.erp.act("ship_order", order=number, tracking="RB1")
    stage.erp.act("pay_order", order=number)
    stage.erp.act("set_state", order=number, state="Закрыт")
    await stage.exchange(version="2.10", schema="2.10")
    await stage.seen()

    head = stage.in_shop(order)
    _, payments, shipments = stage.rows(order)
    assert (head.status_id, head.payed, head.deducted, head.id_1c) == ("F", "Y", "Y", "УТ-000001")
    assert (len(payments), len(shipments), shipments[0].tracking_number) == (1, 1, "RB1")
    stage.agree(order)


async def test_an_order_paid_in_advance_goes_to_1c_once_it_is_paid_and_never_falls_back(stage):
    order = stage.place(drill(stage), pay_system="card")
    await stage.seen()
    await stage.exchange()
    assert stage.erp.book.orders == {}

    stage.shop.act("pay", order=order)
    await stage.seen()
    await stage.exchange()
    stage.agree(order)
    assert stage.in_1c(order).requisites["Заказ оплачен"] == "true"

    walk = []
    for state in ("Готов к обеспечению", "В процессе отгрузки", "Ожидается согласование", "Закрыт"):
        stage.erp.act("set_state", order=stage.number(order), state=state)
        await stage.exchange()
        await stage.seen()
        walk.append(stage.in_shop(order).status_id)

    assert walk == ["P", "P", "P", "F"]
    assert stage.in_shop(order).payed == "Y"


async def test_1c_that_never_says_success_takes_each_order_once(stage):
    first = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    await stage.exchange(says_success=False)
    second = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    await stage.exchange(says_success=False)

    stage.agree(first)
    stage.agree(second)
    assert sorted(stage.erp.book.taken) == sorted([stage.number(first), stage.number(second)])


async def test_an_exchange_that_dies_loses_nothing_and_doubles_nothing(stage):
    order = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    await stage.exchange(dies_after="query")
    await stage.exchange()

    stage.agree(order)
    assert len(stage.erp.book.orders) == 1


async def test_a_package_sent_twice_and_all_over_again_pays_and_ships_once(stage):
    order = stage.place(drill(stage), quantity="2", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    stage.erp.act("pay_order", order=stage.number(order))
    stage.erp.act("ship_order", order=stage.number(order))
    for _ in range(2):
        await stage.exchange(version="2.10", schema="2.10", times=2, sends_all=True)
    await stage.seen()

    _, payments, shipments = stage.rows(order)
    assert [(one.paid, one.sum) for one in payments] == [("Y", stage.in_shop(order).price)]
    assert [one.deducted for one in shipments] == ["Y"]
    assert stage.shop.counts()["receipts"] <= 1


async def test_goods_shipped_in_parts_leave_the_rest_waiting_at_the_same_price(stage):
    order = stage.place(*two(stage), quantity="2", pay_system="cash", delivery="courier")
    await stage.seen()
    await stage.exchange()
    first, _ = (line for line in stage.in_1c(order).lines if line.goods != "ORDER_DELIVERY")
    stage.erp.act("ship_order", order=stage.number(order), quantities={first.goods: "1"})
    await stage.exchange(version="2.10", schema="2.10")
    await stage.seen()

    sale = stage.shop.state.sale
    _, _, shipments = stage.rows(order)
    quantities = {one.deducted: sorted(item.quantity for item in sale.contents_of(one)) for one in shipments}
    assert quantities == {"Y": [Decimal(1)], "N": [Decimal(1), Decimal(2)]}
    stage.agree(order)


async def test_an_order_cancelled_in_1c_is_cancelled_in_the_shop_with_the_reason(stage):
    order = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    await stage.exchange()
    stage.erp.act("cancel_order", order=stage.number(order), reason="нет на складе")
    await stage.exchange()
    await stage.seen()

    head = stage.in_shop(order)
    assert (head.canceled, head.reason_canceled) == ("Y", "нет на складе")


async def test_an_order_cancelled_by_the_buyer_is_cancelled_in_1c(stage):
    order = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    await stage.exchange()
    stage.shop.act("cancel_order", order=order, reason="передумал")
    await stage.seen()
    await stage.exchange()

    assert stage.in_1c(order).cancelled == "передумал"


async def test_shipped_in_1c_while_the_buyer_cancels_is_a_persons(stage):
    order = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    await stage.exchange()
    stage.erp.act("set_state", order=stage.number(order), state="В процессе отгрузки")
    await stage.exchange()
    stage.shop.act("cancel_order", order=order, reason="передумал")
    await stage.seen()

    assert stage.record(order).atoms["cancelled"] is None
    assert any("contradict" in issue for issue in stage.issues())
    assert stage.in_1c(order).cancelled is None


async def test_a_quantity_changed_in_1c_changes_the_order_in_the_shop_to_the_kopeck(stage):
    order = stage.place(*two(stage), quantity="3", pay_system="cash", delivery="courier")
    await stage.seen()
    await stage.exchange()
    line = next(line for line in stage.in_1c(order).lines if line.goods != "ORDER_DELIVERY")
    stage.erp.act("change_line", order=stage.number(order), goods=line.goods, quantity="2")
    await stage.exchange()
    await stage.seen()

    stage.agree(order)
    items, _, _ = stage.rows(order)
    assert sorted(item.quantity for item in items) == [Decimal(2), Decimal(3)]


async def test_an_order_made_at_the_counter_reaches_the_shop_once_with_its_number(tmp_path):
    async with orders_stage(tmp_path, creators='["shop", "erp"]') as stage:
        product = stage.erp.world.products[0]
        offer = product.offers[0]
        ref = product.id if offer.characteristic is None else f"{product.id}#{offer.characteristic}"
        stage.erp.book.create(
            goods={ref: ("2", Decimal("100.50"))}, date="2026-11-20T10:00:00", buyer="Петров"
        )
        for _ in range(2):
            await stage.exchange(sends_all=True)
            await stage.seen()

        orders = stage.shop.state.sale.orders.where()
        assert [(one.price, one.id_1c) for one in orders] == [(Decimal("201.00"), "УТ-000001")]


async def test_an_order_keeps_its_rate_when_the_catalogue_moves_to_another(stage):
    order = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    stage.erp.act("vat", rate="20", instead_of="22")
    await stage.goods()
    await stage.exchange()

    assert {line.rate for line in stage.in_1c(order).lines if line.goods != "ORDER_DELIVERY"} == {"22"}


async def test_nothing_is_written_when_nothing_happens(stage):
    order = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    await stage.exchange()
    await stage.exchange(sends_all=True)
    await stage.seen()
    written = stage.shop.ledger.writes(by="rest")
    documents = len(stage.erp.book.taken)
    for _ in range(2):
        await stage.exchange(sends_all=True)
        await stage.seen()

    assert stage.shop.ledger.writes(by="rest") == written
    assert len(stage.erp.book.taken) == documents
    stage.agree(order)


async def test_a_delivery_reaches_1c_with_a_rate_of_its_own_and_comes_back_with_it(tmp_path):
    async with orders_stage(tmp_path, orders='delivery_vat = { "2" = "10" }') as stage:
        order = stage.place(*two(stage), quantity="3", pay_system="cash", delivery="courier")
        await stage.seen()
        await stage.exchange()
        delivery = next(line for line in stage.in_1c(order).lines if line.goods == "ORDER_DELIVERY")
        assert delivery.rate == "10"

        line = next(line for line in stage.in_1c(order).lines if line.goods != "ORDER_DELIVERY")
        stage.erp.act("change_line", order=stage.number(order), goods=line.goods, quantity="2")
        await stage.exchange()
        await stage.seen()
        stage.agree(order)
        assert stage.record(order).atoms["money"]["delivery"] == {
            "sum": "350.00 RUB",
            "vat": "10",
            "vat_included": True,
        }
        written = stage.shop.ledger.writes(by="rest")
        await stage.exchange(sends_all=True)
        await stage.seen()
        assert stage.shop.ledger.writes(by="rest") == written


async def test_a_variant_bought_after_its_product_changed_its_vat_is_sold_at_the_new_rate(stage):
    boots = next(product for product in stage.erp.world.products if product.offers[0].characteristic)
    before = stage.place(boots.article, pay_system="cash")
    was = {item.vat_rate for item in stage.rows(before)[0]}
    stage.erp.act("vat", rate="10", products=[boots.article])
    await stage.goods()
    after = stage.place(boots.article, pay_system="cash")
    await stage.seen()
    await stage.exchange()

    assert {item.vat_rate for item in stage.rows(after)[0]} == {Decimal("0.1")}
    assert {item.vat_rate for item in stage.rows(before)[0]} == was != {Decimal("0.1")}
    assert [line.rate for line in stage.in_1c(after).lines if line.goods != "ORDER_DELIVERY"] == ["10"]
    stage.agree(before)
    stage.agree(after)
