"""Goods that come back and money that goes back: both sides end at the same facts, to the kopeck."""

from __future__ import annotations

from decimal import Decimal

import pytest
from orders_stage import orders_stage


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path) as stage:
        yield stage


def goods_of(stage, order):
    return [line for line in stage.in_1c(order).lines if line.goods != "ORDER_DELIVERY"]


async def delivered(stage, *, lines=5, pay_system="bill"):
    """An order paid in advance and brought to its pickup point."""
    articles = [product.article for product in stage.erp.world.products[:lines]]
    order = stage.place(*articles, pay_system=pay_system, delivery="cdek:pvz", pickup_point="TMN14")
    await stage.seen()
    stage.shop.act("pay", order=order)
    await stage.seen()
    await stage.exchange()
    stage.erp.act("ship_order", order=stage.number(order), tracking="RB1")
    await stage.exchange(version="2.10", schema="2.10")
    await stage.seen()
    assert stage.in_shop(order).deducted == "Y"
    return order


def parts(stage, order, family):
    atoms = stage.record(order).atoms
    return {name: value for name, value in atoms.items() if name.startswith(f"{family}.") and value}


def shown(stage, order):
    """What the hub believes the shop to hold."""
    with stage.hub.ledger.begin() as tx:
        number = tx.bound("shop", "order", [str(order)])[str(order)]
        return tx.shadows("shop", [number])[number].held


async def test_three_of_five_lines_refused_at_the_pickup_point_and_two_of_them_refunded(stage):
    order = await delivered(stage)
    lines = goods_of(stage, order)
    refused, refunded = lines[:3], sum((line.sum for line in lines[:2]), Decimal(0))
    mails, receipts = stage.shop.counts()["mails"], stage.shop.counts()["receipts"]

    quantities = {line.goods: str(line.quantity) for line in refused}
    stage.erp.act("return_goods", order=stage.number(order), quantities=quantities)
    stage.erp.act("pay_order", order=stage.number(order), amount=str(refunded), how="bank", back=True)
    for _ in range(2):  # the second time nothing is new
        await stage.exchange(version="2.10", schema="2.10", sends_all=True)
        await stage.seen()

    (returned,) = parts(stage, order, "returns").values()
    assert returned["sum"] == f"{sum((line.sum for line in refused), Decimal(0)):.2f} RUB"
    assert len(returned["lines"]) == 3
    back = [value for value in parts(stage, order, "payments").values() if value["refund"]]
    assert [value["sum"] for value in back] == [f"{refunded:.2f} RUB"]

    head = stage.in_shop(order)
    _, payments, shipments = stage.rows(order)
    assert (head.payed, head.deducted, [one.paid for one in payments]) == ("Y", "Y", ["Y"])
    assert f"{refunded:.2f} RUB" in payments[0].comments
    assert all(line.name.split(" ")[0] in shipments[0].comments for line in refused)
    assert {name for name in shown(stage, order) if name.startswith("returns.")} == set(
        parts(stage, order, "returns")
    )
    assert (stage.shop.counts()["mails"], stage.shop.counts()["receipts"]) == (mails, receipts)
    stage.agree(order)
    assert stage.issues("order") == []


async def test_all_the_money_given_back_marks_the_payment_in_the_shop_and_stays_a_payment(stage):
    order = await delivered(stage, lines=2)
    quantities = {line.goods: str(line.quantity) for line in goods_of(stage, order)}
    stage.erp.act("return_goods", order=stage.number(order), quantities=quantities)
    stage.erp.act("pay_order", order=stage.number(order), how="bank", back=True)
    for _ in range(2):
        await stage.exchange(version="2.10", schema="2.10", sends_all=True)
        await stage.seen()

    _, payments, _ = stage.rows(order)
    assert [(one.is_return, one.paid, bool(one.pay_return_num)) for one in payments] == [("P", "N", True)]
    found = parts(stage, order, "payments").values()
    assert sorted((value["refund"], value["paid"]) for value in found) == [(False, True), (True, True)]
    assert stage.issues("order") == []


async def test_where_the_bank_prints_receipts_a_refund_made_in_1c_is_a_note_and_prints_nothing(stage):
    order = await delivered(stage, lines=2, pay_system="card")
    receipts = stage.shop.counts()["receipts"]
    stage.erp.act("pay_order", order=stage.number(order), how="bank", back=True)
    stage.erp.act(
        "return_goods", order=stage.number(order), quantities={goods_of(stage, order)[0].goods: "1"}
    )
    await stage.exchange(version="2.10", schema="2.10")
    await stage.seen()

    _, payments, shipments = stage.rows(order)
    assert [(one.paid, one.is_return) for one in payments] == [("Y", "N")]
    assert payments[0].comments.startswith("Возврат денег")
    assert shipments[0].comments.startswith("Возврат товара")
    assert stage.shop.counts()["receipts"] == receipts


async def test_a_refund_the_shops_manager_makes_is_a_fact_and_the_payment_stays_paid(stage):
    order = await delivered(stage, lines=1)
    stage.shop.act("refund", order=order, comment="по заявлению")
    await stage.seen()

    found = parts(stage, order, "payments")
    assert sorted((value["refund"], value["paid"]) for value in found.values()) == [
        (False, True),
        (True, True),
    ]
    assert len({value["sum"] for value in found.values()}) == 1
    await stage.exchange(sends_all=True)
    assert stage.in_1c(order).requisites["Заказ оплачен"] == "true"


async def test_a_refund_by_card_is_withheld_where_the_bank_prints_it_and_the_reason_says_so(tmp_path):
    card = 'order = { methods = { card = "Выплата денег по карте", invoice = "Выплата безналичных денег" } }'
    async with orders_stage(tmp_path, onec=card) as stage:
        order = await delivered(stage, lines=1, pay_system="card")
        receipts = stage.shop.counts()["receipts"]
        stage.erp.act("pay_order", order=stage.number(order), how="bank", back=True)
        stage.in_1c(order).payments[-1].operation = "Возврат денег по карте"
        await stage.exchange(version="2.10", schema="2.10")
        await stage.seen()

        (refund,) = (name for name, value in parts(stage, order, "payments").items() if value["refund"])
        assert stage.record(order).atoms[refund]["method"] == "card"
        _, payments, _ = stage.rows(order)
        assert [(one.paid, one.is_return, one.comments) for one in payments] == [("Y", "N", "")]
        assert stage.shop.counts()["receipts"] == receipts
        assert stage.reason(order, refund) == "receipt_elsewhere"
