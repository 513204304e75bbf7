"""What 1C's documents do to an order, to stock and to buyers, counted in the shop and in 1C themselves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from orders_stage import orders_stage

from obmen.connectors.onec.sandbox.manners import Mischief
from obmen.connectors.onec.sandbox.sale.exchange import OrderManners

CODE = "010460123456789321ABC-17<&\x1d91EE06\x1d92dGVzdA=="


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path) as stage:
        yield stage


def articles(stage, many=1):
    return [product.article for product in stage.erp.world.products[:many]]


def goods_of(stage, order):
    return [line for line in stage.in_1c(order).lines if line.goods != "ORDER_DELIVERY"]


def stock(stage, ref):
    return sum(stage.erp.world.offer(ref).stock.values(), Decimal(0))


async def test_what_1c_reserves_and_ships_is_gone_from_its_next_export(stage):
    order = stage.place(*articles(stage), quantity="2", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    number, ref = stage.number(order), goods_of(stage, order)[0].goods
    before = stock(stage, ref)

    stage.erp.act("post_order", order=number)
    assert before - 2 == stock(stage, ref)
    stage.erp.act("ship_order", order=number)
    assert before - 2 == stock(stage, ref)
    stage.erp.act("return_goods", order=number, quantities={ref: "1"}, reason="брак")
    assert before - 1 == stock(stage, ref)

    await stage.exchange(version="2.10", schema="2.10")
    await stage.goods()
    with stage.hub.ledger.begin() as tx:
        offer = tx.bound("erp", "offer", [ref])[ref]
        atoms = tx.records([offer])[offer].atoms
    shown = sum(Decimal(amount) for name, amount in atoms.items() if name.startswith("stock."))
    assert before - 1 == shown
    returned = next(atom for name, atom in stage.record(order).atoms.items() if name.startswith("returns."))
    assert ("брак", "1") == (returned["reason"], returned["lines"][0]["quantity"])
    assert 1 == len(stage.rows(order)[2])


async def test_a_cancelled_order_gives_its_reserve_back(stage):
    order = stage.place(*articles(stage), quantity="2", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    ref = goods_of(stage, order)[0].goods
    before = stock(stage, ref)
    stage.erp.act("post_order", order=stage.number(order))
    stage.erp.act("delete_order", order=stage.number(order))
    await stage.exchange()
    await stage.seen()

    assert before == stock(stage, ref)
    assert "Y" == stage.in_shop(order).canceled


async def test_marking_codes_of_a_shipment_reach_the_record_whole(stage):
    order = stage.place(*articles(stage), pay_system="cash")
    await stage.seen()
    await stage.exchange()
    ref = goods_of(stage, order)[0].goods
    stage.erp.act("ship_order", order=stage.number(order), codes={ref: [CODE]})
    await stage.exchange(version="2.10", schema="2.10", encoding="windows-1251")
    await stage.seen()

    shipped = [atom for name, atom in stage.record(order).atoms.items() if name.startswith("shipments.erp-")]
    assert [[CODE]] == [atom["lines"][0]["codes"] for atom in shipped]
    stage.agree(order)


async def test_a_buyer_who_comes_again_is_the_same_counterparty_in_1c(stage):
    first = stage.place(*articles(stage), pay_system="cash")
    second = stage.place(*articles(stage, 2), pay_system="cash")
    await stage.seen()
    await stage.exchange()

    assert stage.in_1c(first).buyer == stage.in_1c(second).buyer
    assert 1 == len(stage.erp.book.counterparties)


async def test_a_comment_of_1c_is_the_managers_and_the_buyers_stays(tmp_path):
    async with orders_stage(tmp_path) as stage:
        order = stage.place(*articles(stage), pay_system="cash", comment="позвонить за час")
        await stage.seen()
        await stage.exchange()
        requisites = stage.in_1c(order).requisites
        assert ("позвонить за час", "") == (
            requisites["Комментарии покупателя"],
            stage.in_1c(order).comment,
        )
        stage.erp.act("comment_order", order=stage.number(order), text="отгрузить в среду")
        await stage.exchange()

        atoms = stage.record(order).atoms
        assert "позвонить за час" == atoms["comment"]
        assert atoms.get("note") in {None, "", "отгрузить в среду"}


async def test_an_order_of_two_rates_is_two_documents_in_1c_and_one_order_in_the_shop(tmp_path):
    tables = '[connections.erp.order]\nsplit = "vat"\n'
    async with orders_stage(tmp_path, onec=tables) as stage:
        second = stage.erp.world.products[1]
        stage.erp.act("vat", rate="10", products=[second.article])
        await stage.goods()
        order = stage.place(*articles(stage, 2), quantity="3", pay_system="cash", delivery="courier")
        await stage.seen()
        await stage.exchange()
        number = stage.number(order)
        parts = list(stage.erp.book.orders.values())

        assert {number, f"{number}#НДС10"} == {part.number for part in parts}
        assert stage.in_shop(order).price == sum(part.total for part in parts)
        assert [] == stage.erp.book.faults

        (line,) = stage.erp.book.find(f"{number}#НДС10").lines
        stage.erp.act("change_line", order=f"{number}#НДС10", goods=line.goods, quantity="2")
        await stage.exchange()
        await stage.seen()
        assert stage.in_shop(order).price == sum(part.total for part in stage.erp.book.orders.values())
        items, _, _ = stage.rows(order)
        assert [Decimal(2), Decimal(3)] == sorted(item.quantity for item in items)


async def test_a_1c_with_a_wrong_cookie_or_token_is_refused_and_loses_nothing(tmp_path):
    async with orders_stage(tmp_path, onec="csrf = true") as stage:
        order = stage.place(*articles(stage), pay_system="cash")
        await stage.seen()
        for mischief in (Mischief(wrong_cookie=True), Mischief(wrong_session=True)):
            outcome = await stage.erp.exchange_orders(stage.account, OrderManners(), mischief=mischief)
            assert "failure" == outcome.verdict
            assert "начните обмен заново" in outcome.sentences[-1] or "sessid" in outcome.sentences[-1]
        assert {} == stage.erp.book.orders
        await stage.exchange()
        stage.agree(order)


async def test_a_1c_whose_clock_went_back_changes_nothing_until_it_has_caught_up(stage):
    order = stage.place(*articles(stage), quantity="2", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    line = goods_of(stage, order)[0]
    stage.erp.act("change_line", order=stage.number(order), goods=line.goods, quantity="3")
    await stage.exchange()
    await stage.seen()
    stage.erp.act("change_line", order=stage.number(order), goods=line.goods, quantity="9")
    outcome = await stage.erp.exchange_orders(
        stage.account, OrderManners(), mischief=Mischief(clock_skew_s=-86_400)
    )
    await stage.rest()

    assert "success" == outcome.verdict
    assert "3" == stage.record(order).atoms["money"]["lines"][0]["quantity"]


@pytest.mark.parametrize("where", ["shop", "1c", "both"])
async def test_an_old_schema_that_only_says_paid_pays_an_order_once(stage, where):
    order = stage.place(*articles(stage), pay_system="cash")
    await stage.seen()
    if where in {"shop", "both"}:
        stage.shop.act("pay", order=order)
        await stage.seen()
    await stage.exchange()
    if where in {"1c", "both"}:
        stage.erp.act("pay_order", order=stage.number(order))
        await stage.exchange()
        await stage.seen()

    _, payments, _ = stage.rows(order)
    assert [("Y", stage.in_shop(order).price)] == [(one.paid, one.sum) for one in payments]
    assert not any("payment" in issue for issue in stage.issues())
