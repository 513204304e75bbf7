"""Lines of orders: catalogue prices, prices fixed by hand, kopecks, VAT, coupons, reserves."""

from decimal import Decimal

import pytest
from stocked_shop import place, stock


@pytest.fixture
def goods(shop):
    return stock(shop)


@pytest.fixture
async def order(rest):
    fields = {"lid": "s1", "personTypeId": 1, "currency": "RUB"}
    return (await rest.result("sale.order.add", {"fields": fields}))["order"]["id"]


@pytest.fixture
def add(rest, order):
    async def add_line(method="add", **fields):
        whole = {"orderId": order, "currency": "RUB", "quantity": 1} | fields
        return (await rest.result(f"sale.basketitem.{method}", {"fields": whole}))["basketItem"]

    return add_line


async def _price(rest, order):
    return (await rest.result("sale.order.get", {"id": order}))["order"]["price"]


async def test_a_price_that_was_sent_gives_way_to_the_catalogues(add, goods, rest, order):
    line = await add(productId=goods["boots#42"], price=1, basePrice=1, quantity=2)

    assert (3290.5, "Ботинки рабочие «Урал», 42", 0.22, "715") == (
        line["price"],
        line["name"],
        line["vatRate"],
        line["measureCode"],
    )
    assert ("boots#42", "FUTURE-1C-CATALOG") == (line["productXmlId"], line["catalogXmlId"])
    assert 6581 == await _price(rest, order)


async def test_a_price_fixed_by_hand_stays(add, goods):
    line = await add(
        productId=goods["boots#42"],
        customPrice="Y",
        price=2990.1234567,
        basePrice=3290.1235,
        discountPrice=300,
    )

    assert (2990.1235, 300) == (line["price"], line["discountPrice"])


@pytest.mark.parametrize(
    "money",
    [{"price": 100}, {"price": 100, "basePrice": 150}, {"price": 1, "basePrice": 3, "discountPrice": 1}],
)
async def test_a_price_fixed_by_hand_must_add_up(rest, order, goods, money):
    fields = {
        "orderId": order,
        "productId": goods["tea"],
        "currency": "RUB",
        "quantity": 1,
        "customPrice": "Y",
    }

    assert (200140400007, "basket item is not saved - bad data") == await rest.refusal(
        "sale.basketitem.add", {"fields": fields | money}
    )


async def test_goods_the_shop_does_not_have_need_a_name(add, rest, order):
    line = await add(productId=0, name="Гарантия 2 года", price=500, vatRate="")
    unnamed = {"orderId": order, "productId": 0, "currency": "RUB", "quantity": 1, "price": 1}

    assert (0, 500, None) == (line["productId"], line["price"], line["vatRate"])
    assert 200140400007 == (await rest.refusal("sale.basketitem.add", {"fields": unnamed}))[0]
    assert (
        200140400007
        == (await rest.refusal("sale.basketitem.addCatalogProduct", {"fields": unnamed | {"name": "Имя"}}))[0]
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"orderId": 777}, 200140400009), ({"currency": "USD"}, 200140400011), ({"quantity": 0}, 200140400007)],
)
async def test_a_line_that_makes_no_sense_has_its_code(rest, order, goods, fields, code):
    whole = {"orderId": order, "productId": goods["tea"], "currency": "RUB", "quantity": 1} | fields

    assert code == (await rest.refusal("sale.basketitem.addCatalogProduct", {"fields": whole}))[0]


async def test_a_line_is_changed_and_deleted(add, goods, rest, order):
    line = await add("addCatalogProduct", productId=goods["mattress"])
    await rest.ask("sale.basketitem.update", {"id": line["id"], "fields": {"quantity": 3, "price": 1}})
    listed = (await rest.result("sale.basketitem.list", {"filter": {"orderId": order}}))["basketItems"]
    assert [(line["id"], order, 3, 2499.9)] == [
        (row["id"], row["orderId"], row["quantity"], row["price"]) for row in listed
    ]
    assert 7499.7 == await _price(rest, order)
    await rest.ask("sale.basketitem.delete", {"id": line["id"]})

    assert 0 == await _price(rest, order)
    assert 200140400001 == (await rest.refusal("sale.basketitem.delete", {"id": line["id"]}))[0]


async def test_three_for_a_hundred_keeps_four_decimals_and_a_whole_sum(shop, goods, rest):
    order = place(shop, pieces={"gloves": 3}, coupon="3ZA100", delivery="pickup")
    shown = (await rest.result("sale.order.get", {"id": order}))["order"]
    line = shown["basketItems"][0]

    assert (33.3333, 43.9, 10.5667) == (line["price"], line["basePrice"], line["discountPrice"])
    assert "3ZA100" == line["discountCoupon"]
    assert (100, 100) == (shown["price"], shown["payments"][0]["sum"])


async def test_two_rates_of_vat_in_one_cart(shop, goods):
    order = place(shop, pieces={"boots": 1, "mattress": 1, "tea": 1}, delivery="pickup")

    # 3290.50 × 22/122 + 2499.90 × 10/110; tea has no tax.
    assert "820.63" == shop.act("tot_up", order=order)["vat"]
    assert Decimal("5910.40") == shop.state.sale.orders.get(order).price


async def test_bonuses_are_a_payment_of_their_own(shop, goods, rest):
    order = place(shop, pieces={"boots": 1}, bonuses="290.50", delivery="pickup")
    payments = (await rest.result("sale.payment.list", {"filter": {"orderId": order}}))["payments"]

    assert [(4, 290.5, "Y"), (2, 3000, "N")] == [
        (row["paySystemId"], row["sum"], row["paid"]) for row in payments
    ]
    assert {} == shop.counts()["receipts_by_kind"]
    shop.act("pay", order=order)
    assert ({"sell": 1}, 1) == (shop.counts()["receipts_by_kind"], shop.counts()["orders_paid"])


async def test_prices_without_vat_may_grow_at_checkout(open_shop):
    shop = await open_shop(vat_on_top=True)
    goods = stock(shop)
    shop.state.elements.get(goods["boots#42"]).vat_included = "N"
    order = place(shop, pieces={"boots": 1}, delivery="pickup")

    assert Decimal("4014.41") == shop.state.sale.orders.get(order).price


async def test_a_reserve_takes_from_the_quantity_and_comes_back(open_shop, rest_to):
    shop = await open_shop(reservation=True)
    goods = stock(shop)
    boots = shop.state.elements.get(goods["boots#42"])
    order = place(shop, pieces={"boots": 3})
    held = (boots.quantity, boots.quantity_reserved)
    shown = (await rest_to(shop).result("sale.order.get", {"id": order}))["order"]
    shop.act("cancel_order", order=order)

    assert (7, 3) == held
    assert [3] == [each["quantity"] for each in shown["basketItems"][0]["reservations"]]
    assert [3] == [each["reservedQuantity"] for each in shown["shipments"][0]["shipmentItems"]]
    assert (10, 0) == (boots.quantity, boots.quantity_reserved)


@pytest.mark.parametrize("reservation", [False, True])
async def test_shipping_takes_from_the_stock_once(open_shop, reservation):
    shop = await open_shop(reservation=reservation)
    boots = shop.state.elements.get(stock(shop)["boots#42"])
    order = place(shop, pieces={"boots": 4})
    shop.act("ship", order=order)

    assert (6, 0) == (boots.quantity, boots.quantity_reserved)


async def test_under_inventory_control_the_pieces_of_a_store_move(open_shop, rest_to):
    shop = await open_shop(inventory_control=True, reservation=True)
    boots = stock(shop)["boots#42"]
    shop.state.elements.get(boots).quantity = Decimal(0)
    shop.act("set_stock", element=boots, store=1, amount="1")
    shop.act("set_stock", element=boots, store=2, amount="9")
    order = place(shop, pieces={"boots": 4})
    rows = await rest_to(shop).result("catalog.storeproduct.list", {"filter": {"productId": boots}})
    assert {1: (1, 0), 2: (9, 4)} == {
        row["storeId"]: (row["amount"], row["quantityReserved"]) for row in rows["storeProducts"]
    }
    shop.act("ship", order=order)
    rows = await rest_to(shop).result("catalog.storeproduct.list", {"filter": {"productId": boots}})

    assert {1: (1, 0), 2: (5, 0)} == {
        row["storeId"]: (row["amount"], row["quantityReserved"]) for row in rows["storeProducts"]
    }
    assert 6 == shop.state.elements.get(boots).quantity
