"""Payments and shipments: flags that follow, receipts and mails, shipments in parts, warnings after the save."""

import pytest
from stocked_shop import place, stock


@pytest.fixture
def goods(shop):
    return stock(shop)


@pytest.fixture
def order(shop, goods):
    return place(shop)


async def _order(rest, order):
    return (await rest.result("sale.order.get", {"id": order}))["order"]


async def _shipment(rest, order):
    return (await _order(rest, order))["shipments"][0]


async def test_paid_follows_from_all_payments_and_prints_one_receipt_each(rest, order, shop):
    main = (await _order(rest, order))["payments"][0]
    half = main["sum"] - 1000
    await rest.ask(
        "sale.payment.update", {"id": main["id"], "fields": {"paySystemId": 2, "sum": half, "paid": "Y"}}
    )
    part = (await _order(rest, order))["payed"]
    second = {"orderId": order, "paySystemId": 1, "sum": 1000, "xmlId": "obmen:pay:2"}
    made = (await rest.result("sale.payment.add", {"fields": second}))["payment"]
    await rest.ask("sale.payment.update", {"id": made["id"], "fields": {"paySystemId": 1, "paid": "Y"}})
    await rest.ask("sale.payment.update", {"id": made["id"], "fields": {"paySystemId": 1, "paid": "Y"}})

    assert ("N", "Y") == (part, (await _order(rest, order))["payed"])
    assert ({"sell": 2}, 1) == (shop.counts()["receipts_by_kind"], shop.counts()["mails_by_kind"]["paid"])
    assert 2 == shop.ledger.writes(by="rest", entity="receipt")
    assert [f"{order}/1", f"{order}/2"] == [
        row["accountNumber"] for row in (await _order(rest, order))["payments"]
    ]


async def test_paying_twice_over_prints_twice(rest, order, shop):
    payment = (await _order(rest, order))["payments"][0]["id"]
    for paid in "YNY":
        await rest.ask("sale.payment.update", {"id": payment, "fields": {"paySystemId": 2, "paid": paid}})

    assert {"sell": 2} == shop.counts()["receipts_by_kind"]


async def test_a_refund_is_a_receipt_of_its_own(rest, order, shop):
    payment = shop.act("pay", order=order)
    fields = {"paySystemId": 2, "isReturn": "Y", "payReturnComment": "Не подошёл размер"}
    await rest.ask("sale.payment.update", {"id": payment, "fields": fields})
    shown = (await _order(rest, order))["payments"][0]

    assert ("Y", "N", "Не подошёл размер") == (shown["isReturn"], shown["paid"], shown["payReturnComment"])
    assert {"sell": 1, "refund": 1} == shop.counts()["receipts_by_kind"]
    assert (
        "неоплаченную"
        in (await rest.refusal("sale.payment.update", {"id": (await _unpaid(rest, shop)), "fields": fields}))[
            1
        ]
    )


async def _unpaid(rest, shop):
    return (await _order(rest, place(shop)))["payments"][0]["id"]


async def test_a_bill_prints_nothing_and_switches_keep_silent(open_shop):
    shop = await open_shop(mails=(), receipts=False)
    stock(shop)
    loud = await open_shop()
    stock(loud)
    for each in (shop, loud):
        for pay_system in ("card", "bill", "cash"):
            each.act("pay", order=place(each, pay_system=pay_system))

    assert (0, 0) == (shop.counts()["mails"], shop.counts()["receipts"])
    assert {"new_order": 3, "paid": 3, "receipt": 2} == loud.counts()["mails_by_kind"]


async def test_an_update_without_the_pay_system_is_refused(rest, order):
    payment = (await _order(rest, order))["payments"][0]["id"]

    assert (0, "Required fields: paySystemId") == await rest.refusal(
        "sale.payment.update", {"id": payment, "fields": {"paid": "Y"}}
    )
    assert (
        200640400001
        == (await rest.refusal("sale.payment.update", {"id": 777, "fields": {"paySystemId": 2}}))[0]
    )


@pytest.mark.parametrize("absent", ["allowDelivery", "deducted", "deliveryId"])
async def test_a_shipment_needs_its_three_fields_on_every_update(rest, order, absent):
    shipment = await _shipment(rest, order)
    fields = {"allowDelivery": "Y", "deducted": "N", "deliveryId": 2, "trackingNumber": "10045678901"}
    del fields[absent]

    assert (0, f"Required fields: {absent}") == await rest.refusal(
        "sale.shipment.update", {"id": shipment["id"], "fields": fields}
    )


async def test_an_update_without_a_price_makes_the_delivery_free(rest, order):
    shipment = await _shipment(rest, order)
    fields = {"allowDelivery": "N", "deducted": "N", "deliveryId": 2}
    before = (await _order(rest, order))["price"]
    await rest.ask("sale.shipment.update", {"id": shipment["id"], "fields": fields | {"priceDelivery": 350}})
    kept = (await _order(rest, order))["price"]
    await rest.ask("sale.shipment.update", {"id": shipment["id"], "fields": fields})

    assert (before, before - 350) == (kept, (await _order(rest, order))["price"])


async def test_deducted_follows_from_all_shipments(rest, order, shop, goods):
    shipment = await _shipment(rest, order)
    fields = {
        "allowDelivery": "Y",
        "deducted": "Y",
        "deliveryId": 2,
        "statusId": "DF",
        "trackingNumber": "1004567",
    }
    await rest.ask("sale.shipment.update", {"id": shipment["id"], "fields": fields})
    shown = await _order(rest, order)

    assert ("Y", "Y", "DF") == (
        shown["deducted"],
        shown["shipments"][0]["allowDelivery"],
        shown["shipments"][0]["statusId"],
    )
    assert shown["shipments"][0]["dateDeducted"] is not None
    assert (1, 1) == (shop.counts()["mails_by_kind"]["shipped"], shop.counts()["mails_by_kind"]["tracking"])
    assert 8 == shop.state.elements.get(goods["boots#42"]).quantity


async def test_items_lie_in_the_hidden_shipment_until_they_are_put_into_one(rest, goods, shop):
    head = {"lid": "s1", "personTypeId": 1, "currency": "RUB"}
    order = (await rest.result("sale.order.add", {"fields": head}))["order"]["id"]
    fields = {"orderId": order, "productId": goods["boots#42"], "currency": "RUB", "quantity": 5}
    line = (await rest.result("sale.basketitem.add", {"fields": fields}))["basketItem"]["id"]
    fields = {"orderId": order, "allowDelivery": "Y", "deducted": "Y", "deliveryId": 3}
    shipment = (await rest.result("sale.shipment.add", {"fields": fields}))["shipment"]
    # An empty shipment leaves with nothing: the order is not deducted.
    assert ("N", f"{order}/2") == ((await _order(rest, order))["deducted"], shipment["accountNumber"])
    fields["deducted"] = "N"
    await rest.ask("sale.shipment.update", {"id": shipment["id"], "fields": fields})
    put = {"orderDeliveryId": shipment["id"], "basketId": line, "quantity": 3}
    row = (await rest.result("sale.shipmentitem.add", {"fields": put}))["shipmentItem"]
    twice = await rest.refusal("sale.shipmentitem.add", {"fields": put})
    over = await rest.refusal("sale.shipmentitem.update", {"id": row["id"], "fields": {"quantity": 6}})

    assert (3, 201250000001) == (row["quantity"], twice[0])
    assert "больше, чем осталось" in over[1]
    system = shop.state.sale.system_of(shop.state.sale.orders.get(order))
    assert [2] == [each.quantity for each in shop.state.sale.contents_of(system)]
    await rest.ask("sale.shipmentitem.delete", {"id": row["id"]})
    assert [5] == [each.quantity for each in shop.state.sale.contents_of(system)]


@pytest.mark.parametrize(("option", "seen"), [(False, ["N"]), (True, ["Y", "N"])])
async def test_the_hidden_shipment_may_be_shown(open_shop, rest_to, option, seen):
    shop = await open_shop(shows_system_shipments=option)
    stock(shop)
    rest, order = rest_to(shop), place(shop)
    listed = (await rest.result("sale.shipment.list", {"filter": {"orderId": order}}))["shipments"]

    assert seen == [row["system"] for row in listed]
    assert seen == [row["system"] for row in (await _order(rest, order))["shipments"]]


async def test_what_is_not_there_is_not_shipped_but_all_else_is_saved(rest, shop, goods):
    order = place(shop, pieces={"mattress": 5})
    shipment = await _shipment(rest, order)
    fields = {
        "allowDelivery": "Y",
        "deducted": "Y",
        "deliveryId": 2,
        "priceDelivery": 350,
        "trackingNumber": "77",
    }
    code, told = await rest.refusal("sale.shipment.update", {"id": shipment["id"], "fields": fields})
    shown = await _order(rest, order)

    assert (0, "Недостаточно товара на складе: Матрас детский 60×120 см") == (code, told)
    assert ("N", "77", "Y") == (
        shown["shipments"][0]["deducted"],
        shown["shipments"][0]["trackingNumber"],
        shown["shipments"][0]["allowDelivery"],
    )
    assert ("Y", told) == (shown["marked"], shown["reasonMarked"])


async def test_a_manager_ships_in_parts(shop, goods, rest):
    order = place(shop, pieces={"boots": 3, "mattress": 2})
    boots, mattress = (int(line["id"]) for line in (await _order(rest, order))["basketItems"])
    shop.act("ship", order=order, lines=[{"line": boots, "quantity": "2"}], tracking="1001")
    shown = await _order(rest, order)
    contents = [
        {each["basketId"]: each["quantity"] for each in one["shipmentItems"]} for one in shown["shipments"]
    ]
    assert [{boots: 2}, {boots: 1, mattress: 2}] == contents
    assert (["Y", "N"], "N") == ([one["deducted"] for one in shown["shipments"]], shown["deducted"])
    shop.act("ship", order=order)

    assert "Y" == (await _order(rest, order))["deducted"]
    assert (2, 1) == (shop.counts()["mails_by_kind"]["shipped"], shop.counts()["orders_deducted"])


async def test_a_line_that_has_left_is_not_cut(shop, goods, rest):
    order = place(shop, pieces={"boots": 2})
    shop.act("ship", order=order)
    line = (await _order(rest, order))["basketItems"][0]["id"]

    assert (
        "отгружен"
        in (await rest.refusal("sale.basketitem.update", {"id": line, "fields": {"quantity": 1}}))[1]
    )
    assert 2 == (await _order(rest, order))["basketItems"][0]["quantity"]
