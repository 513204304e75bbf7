"""Orders as the connector writes them into the shop."""

from __future__ import annotations

from typing import Any

import pytest
from open_shop import make_step, opened
from stocked_shop import place, stock

from obmen.connectors.bitrix.orders.settings import OrderSettings, PaySystem
from obmen.connectors.bitrix.sandbox.errors import RestError
from obmen.connectors.contract import Done, Missing, Refused, Unlanded

ORDERS = OrderSettings(
    pay_systems={
        "1": PaySystem(method="cash"),
        "2": PaySystem(method="card", prepaid=True, receipts="shop"),
        "3": PaySystem(method="invoice", prepaid=True),
    },
    number_of="erp",
)


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, orders=ORDERS) as world:
        world.ids = stock(world.shop)
        yield world


async def write(world, order, **atoms):
    """Write canonical atoms; return the outcome."""
    codec = world.connection.codec("order")
    fields = {name.replace("__", "."): value for name, value in atoms.items()}
    fields = {name: codec.encode(name, value) for name, value in fields.items()}
    ref = None if order is None else str(order)
    (outcome,) = await world.connection.push([make_step("order", ref=ref, **fields)])
    return outcome


async def read(world, order) -> dict[str, Any]:
    (look,) = await world.connection.look("order", [str(order)])
    codec = world.connection.codec("order")
    return {atom: codec.decode(atom, wire) for atom, wire in look.fields.items()}


def part(atoms, family):
    return {
        name: value for name, value in atoms.items() if name.startswith(f"{family}.") and value is not None
    }


def paid(amount, method="cash"):
    return {"sum": f"{amount} RUB", "method": method, "paid": True, "prepaid": False, "refund": False}


async def test_a_status_and_a_cancellation_are_written_with_the_reason(world):
    order = place(world.shop)
    assert isinstance(await write(world, order, stage="supply"), Done)
    assert isinstance(await write(world, order, cancelled="нет на складе"), Done)

    assert (await read(world, order))["cancelled"] == "нет на складе"
    assert world.shop.state.sale.orders.get(order).status_id == "P"


async def test_cash_paid_at_the_door_covers_the_shops_own_row_and_prints_what_the_shop_prints(world):
    order = place(world.shop, pay_system="cash")
    (own,) = part(await read(world, order), "payments").values()
    outcome = await write(world, order, **{"payments.erp-ПКО-7": paid(own["sum"].removesuffix(" RUB"))})

    assert isinstance(outcome, Done)
    payments = part(await read(world, order), "payments")
    assert list(payments) == ["payments.erp-ПКО-7"]
    assert payments["payments.erp-ПКО-7"]["paid"] is True
    assert len(world.shop.state.sale.payments.where(order_id=order)) == 1


async def test_a_payment_of_another_sum_is_a_row_of_its_own(world):
    order = place(world.shop, pay_system="cash")
    await write(world, order, **{"payments.erp-1": paid("100.00")})

    payments = part(await read(world, order), "payments")
    assert {value["paid"] for value in payments.values()} == {True, False}
    assert payments["payments.erp-1"]["sum"] == "100.00 RUB"


async def test_the_same_payment_again_writes_nothing(world):
    order = place(world.shop, pay_system="cash")
    await write(world, order, **{"payments.erp-1": paid("100.00")})
    before = world.writes()
    await write(world, order, **{"payments.erp-1": paid("100.00")})

    assert world.writes() == before


async def test_a_whole_shipment_takes_the_shops_own_and_keeps_its_price(world):
    order = place(world.shop, delivery="cdek:pvz")
    lines = [
        {"offer": str(world.ids["boots#42"]), "quantity": "2"},
        {"offer": str(world.ids["mattress"]), "quantity": "1"},
    ]
    shipped = {"state": "shipped", "lines": lines, "tracking": "RB1"}
    total = (await read(world, order))["money"]["total"]
    assert isinstance(await write(world, order, **{"shipments.erp-1": shipped}), Done)

    atoms = await read(world, order)
    assert list(part(atoms, "shipments")) == ["shipments.erp-1"]
    assert part(atoms, "shipments")["shipments.erp-1"]["tracking"] == "RB1"
    assert atoms["money"]["total"] == total


async def test_a_partial_shipment_leaves_the_rest_waiting(world):
    order = place(world.shop)
    one = {"state": "shipped", "lines": [{"offer": str(world.ids["boots#42"]), "quantity": "1"}]}
    total = (await read(world, order))["money"]["total"]
    assert isinstance(await write(world, order, **{"shipments.erp-1": one}), Done)

    atoms = await read(world, order)
    shipments = part(atoms, "shipments")
    waiting = next(value for name, value in shipments.items() if name != "shipments.erp-1")
    assert shipments["shipments.erp-1"]["lines"] == [{"offer": str(world.ids["boots#42"]), "quantity": "1"}]
    assert shipments["shipments.erp-1"]["state"] == "shipped"
    assert sorted(line["quantity"] for line in waiting["lines"]) == ["1", "1"]
    assert atoms["money"]["total"] == total


async def test_lines_are_changed_added_and_cut_and_the_total_is_what_was_meant(world):
    order = place(world.shop)
    money = (await read(world, order))["money"]
    boots = next(line for line in money["lines"] if line["offer"] == str(world.ids["boots#42"]))
    cable = {
        "offer": str(world.ids["cable"]),
        "name": "Кабель",
        "quantity": "1.5",
        "sum": "132.56 RUB",
        "vat": "22",
        "vat_included": True,
    }
    delivery = money["delivery"]["sum"].removesuffix(" RUB")
    total = f"{100 + 132.56 + float(delivery):.2f} RUB"
    changed = {**money, "lines": [{**boots, "quantity": "3", "sum": "100.00 RUB"}, cable], "total": total}
    outcome = await write(world, order, money=changed)

    assert isinstance(outcome, Done), outcome
    after = (await read(world, order))["money"]
    assert after["total"] == total
    assert {line["offer"]: line["sum"] for line in after["lines"]} == {
        str(world.ids["boots#42"]): "100.00 RUB",
        str(world.ids["cable"]): "132.56 RUB",
    }


async def test_properties_that_are_not_written_stay(world):
    order = place(world.shop, who="sokolova", pickup_point="TMN14")
    contact = (await read(world, order))["contact"]
    await write(world, order, contact={**contact, "phone": "+79990000000"})

    atoms = await read(world, order)
    assert atoms["contact"]["phone"] == "+79990000000"
    assert atoms["contact"]["name"] == contact["name"]
    assert atoms["delivery"]["pickup"] == {"address": "TMN14"}


async def test_an_order_born_in_1c_is_made_once_even_when_it_is_completed_later(world):
    line = {
        "offer": str(world.ids["boots#42"]),
        "name": "Ботинки",
        "quantity": "1",
        "sum": "3290.50 RUB",
        "vat": "22",
        "vat_included": True,
    }
    money = {"currency": "RUB", "lines": [line], "total": "3290.50 RUB"}
    outcome = await write(world, None, number="УТ-1", money=money, stage="confirmed", numbers__erp="УТ-1")
    assert isinstance(outcome, Done), outcome

    found = await world.connection.find("order", [make_step("order")])
    assert found == {1: [outcome.ref]}
    atoms = await read(world, outcome.ref)
    assert atoms["money"]["total"] == "3290.50 RUB"
    assert atoms["numbers.erp"] == "УТ-1"
    # What a crash left: the same atoms again, as an update.
    before = world.writes()
    assert isinstance(await write(world, outcome.ref, money=money), Done)
    assert world.writes() == before


async def test_an_order_that_was_deleted_is_missing(world):
    order = place(world.shop)
    world.shop.act("delete_order", order=order)

    assert isinstance(await write(world, order, stage="done"), Missing)


async def test_an_unknown_status_is_refused_in_words(world):
    order = place(world.shop)
    (outcome,) = await world.connection.push([make_step("order", ref=str(order), stage="ZZ")])

    assert isinstance(outcome, Refused)
    assert outcome.en


def returned(world, quantity="1", **said):
    lines = [{"offer": str(world.ids["boots#42"]), "quantity": quantity}]
    return {"lines": lines, "sum": "3290.50 RUB", "at": "2026-01-31T08:00:00Z", "document": "ВЗ-1", **said}


async def test_returned_goods_are_noted_on_their_shipment_and_nothing_leaves_or_comes_back(world):
    order = place(world.shop)
    world.shop.act("ship", order=order)
    mails = world.shop.counts()["mails"]
    value = returned(world, reason="жмут | по ширине")
    assert isinstance(await write(world, order, **{"returns.erp-ВЗ-1": value}), Done)

    (shipment,) = world.shop.state.sale.shipments_of(world.shop.state.sale.orders.get(order))
    assert shipment.deducted == "Y"
    assert shipment.comments.startswith(
        "Возврат товара ВЗ-1 | 2026-01-31T08:00:00Z | Ботинки рабочие «Урал», 42 ["
    )
    assert part(await read(world, order), "returns") == {
        "returns.erp-ВЗ-1": {**value, "reason": "жмут по ширине"}
    }
    assert world.shop.counts()["mails"] == mails
    before = world.writes()
    await write(world, order, **{"returns.erp-ВЗ-1": value})
    assert world.writes() == before


async def test_a_return_that_1c_corrects_replaces_its_note_and_leaves_a_managers_words(world):
    order = place(world.shop)
    shipment = world.shop.state.sale.shipments_of(world.shop.state.sale.orders.get(order))[0]
    world.shop.state.sale.shipments.change(shipment, comments="Позвонить до 12")
    await write(world, order, **{"returns.erp-ВЗ-1": returned(world)})
    await write(world, order, **{"returns.erp-ВЗ-1": returned(world, "2")})
    assert len(shipment.comments.splitlines()) == 2
    await write(world, order, **{"returns.erp-ВЗ-1": None})

    assert shipment.comments == "Позвонить до 12"


async def test_a_refund_of_what_nobody_paid_is_refused_in_words_and_the_rest_is_written(world):
    order = place(world.shop, pay_system="cash")
    back = {**paid("100.00"), "refund": True}
    outcome = await write(world, order, stage="supply", **{"payments.erp-РКО-1": back})

    assert isinstance(outcome, Refused)
    assert "no payment stands as paid" in outcome.en
    assert "нет проведённой оплаты" in outcome.ru
    assert world.shop.state.sale.orders.get(order).status_id == "P"


async def test_a_refund_that_comes_together_with_its_payment_goes_behind_it(world):
    order = place(world.shop, pay_system="cash")
    total = (await read(world, order))["money"]["total"].removesuffix(" RUB")
    back = {**paid(total), "refund": True}
    outcome = await write(world, order, **{"payments.erp-РКО-1": back, "payments.erp-ПКО-1": paid(total)})

    assert isinstance(outcome, Done), outcome
    payments = part(await read(world, order), "payments")
    assert {name: value["refund"] for name, value in payments.items()} == {
        "payments.erp-ПКО-1": False,
        "payments.erp-РКО-1": True,
    }


async def test_a_part_of_a_payment_is_noted_and_never_unpays_it(world):
    order = place(world.shop, pay_system="cash")
    world.shop.act("pay", order=order)
    receipts = world.shop.counts()["receipts"]
    back = {**paid("100.00"), "refund": True, "at": "2026-01-31T08:00:00Z", "document": "РКО-1"}
    assert isinstance(await write(world, order, **{"payments.erp-РКО-1": back}), Done)

    payments = part(await read(world, order), "payments")
    assert sorted(value["refund"] for value in payments.values()) == [False, True]
    assert payments["payments.erp-РКО-1"]["sum"] == "100.00 RUB"
    assert world.shop.state.sale.orders.get(order).payed == "Y"
    assert world.shop.counts()["receipts"] == receipts

    await write(world, order, **{"payments.erp-РКО-1": None})  # 1C has taken it back
    assert len(part(await read(world, order), "payments")) == 1


async def test_money_is_never_marked_as_given_back_where_a_receipt_is_printed(world):
    order = place(world.shop, pay_system="card")
    world.shop.act("pay", order=order)
    receipts = world.shop.counts()["receipts"]
    total = (await read(world, order))["money"]["total"].removesuffix(" RUB")
    # Paid by card, given back in cash: the row of the card is only noted on.
    assert isinstance(
        await write(world, order, **{"payments.erp-РКО-1": {**paid(total), "refund": True}}), Done
    )

    (payment,) = world.shop.state.sale.payments.where(order_id=order)
    assert (payment.paid, payment.is_return) == ("Y", "N")
    assert world.shop.counts()["receipts"] == receipts


async def test_an_order_the_shop_cannot_show_is_neither_gone_nor_missing(world):
    order = place(world.shop)

    def broken(_state, _params):
        raise RestError(0, "Call to a member function getField() on null")

    methods = world.shop._rest._methods
    shows, methods["sale.order.get"] = methods["sale.order.get"], broken
    assert await world.connection.look("order", [str(order)]) == []
    outcome = await write(world, order, stage="supply")
    assert isinstance(outcome, Unlanded)
    methods["sale.order.get"] = shows
    assert isinstance(await write(world, order, stage="supply"), Done)


async def test_until_it_is_said_who_prints_receipts_money_given_back_is_only_noted(world):
    order = place(world.shop, pay_system="cash")
    world.shop.act("pay", order=order)
    receipts = world.shop.counts()["receipts"]
    total = (await read(world, order))["money"]["total"].removesuffix(" RUB")
    assert isinstance(
        await write(world, order, **{"payments.erp-РКО-1": {**paid(total), "refund": True}}), Done
    )

    (payment,) = world.shop.state.sale.payments.where(order_id=order)
    assert (payment.paid, payment.is_return, payment.comments[:13]) == ("Y", "N", "Возврат денег")
    assert world.shop.counts()["receipts"] == receipts
