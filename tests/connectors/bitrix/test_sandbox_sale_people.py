"""Buyers, managers and the bank at the simulated shop; histories; what a verdict is counted from."""

import time
from datetime import timedelta

import pytest
from stocked_shop import cart, place, stock

from obmen.connectors.bitrix.sandbox import Setup, Shop
from obmen.sandbox.world.buyers import BUYERS, buyer, invented_buyers


@pytest.fixture
def goods(shop):
    return stock(shop)


async def test_an_order_is_placed_over_the_control_route(shop, goods, http):
    url = f"{shop.url}/sandbox/act"
    wanted = {"cart": cart(boots=1), "who": "sokolova", "delivery": "cdek:pvz", "pay_system": "cash"}
    async with http.post(f"{url}/place_order", json=wanted) as answer:
        order = (await answer.json())["result"]
    async with http.post(f"{url}/place_order", json=wanted | {"pay_system": "shells"}) as answer:
        refused = await answer.json()
    async with http.post(f"{url}/tot_up", json={"order": order}) as answer:
        sums = (await answer.json())["result"]

    assert "есть: card, cash, yandexcheckout, bill, inner" in refused["error"]
    assert ("3580.00", "3290.50", "289.50", "3580.00", "0.00") == tuple(
        sums[name] for name in ("price", "lines", "delivery", "payments", "paid")
    )
    assert 1 == shop.counts()["orders"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"cart": []}, "Корзина пуста"),
        ({"cart": [{"xml_id": "nothing"}]}, "Товара с кодом nothing"),
        ({"cart": cart(tea=-1)}, "больше нуля"),
        ({"cart": cart(tea=1), "coupon": "GRATIS"}, "Купон GRATIS не найден"),
        ({"cart": cart(tea=1), "delivery": "pigeon"}, "Службы доставки pigeon нет"),
        ({"cart": cart(tea=1), "who": "nobody"}, "There is no buyer"),
    ],
)
async def test_a_cart_that_makes_no_sense_leaves_nothing(shop, goods, wanted, said):
    with pytest.raises((ValueError, LookupError), match=said):
        shop.act("place_order", **wanted)

    assert (0, 0, 0) == (shop.counts()["orders"], shop.counts()["mails"], len(shop.state.sale.basket))


async def test_a_prepaid_walk_writes_each_mail_once(shop, goods):
    order = place(shop, who="sokolova")
    shop.act("pay", order=order)
    shop.act("change_status", order=order, status="P")
    shop.act("ship", order=order, tracking="10045678901")
    shop.act("change_status", order=order, status="F")
    counts = shop.counts()

    assert {"new_order": 1, "paid": 1, "receipt": 1, "status": 2, "shipped": 1, "tracking": 1} == counts[
        "mails_by_kind"
    ]
    assert (7, 1, {"F": 1}) == (counts["mails"], counts["receipts"], counts["orders_by_status"])
    mails = [effect for effect in shop.ledger.effects if effect.entity == "mail"]
    assert {"sokolova@example.ru"} == {mail.after["to"] for mail in mails}
    assert ["buyer", "bank", "bank"] == [mail.by for mail in mails[:3]]


async def test_a_status_without_notice_is_silent(shop, goods):
    shop.act("add_status", id="D", name="В доставке", notify=False)
    order = place(shop)
    shop.act("change_status", order=order, status="D")

    assert "status" not in shop.counts()["mails_by_kind"]
    with pytest.raises(ValueError, match="из одного или двух знаков"):
        shop.act("add_status", id="LONG", name="Длинный")


async def test_a_shop_may_move_a_paid_order_by_itself(open_shop):
    shop = await open_shop(status_on_paid="P")
    stock(shop)
    order = place(shop)
    shop.act("pay", order=order)

    assert ("P", "Y") == (
        shop.state.sale.orders.get(order).status_id,
        shop.state.sale.orders.get(order).payed,
    )


async def test_a_manager_swaps_a_line_and_the_payment_stays_as_it_was(shop, goods):
    order = place(shop, pieces={"boots": 1, "tea": 2}, delivery="pickup")
    shop.act("pay", order=order)
    boots, tea = (item.id for item in shop.state.sale.basket)
    left = shop.act(
        "edit_lines",
        order=order,
        change=[{"line": tea, "quantity": "3", "price": "110"}],
        add=[{"xml_id": "mattress", "quantity": "2"}],
        remove=[boots],
    )
    sums = shop.act("tot_up", order=order)

    assert [tea, tea + 1] == left
    assert ("5329.80", "3530.50", "3530.50") == (sums["price"], sums["payments"], sums["paid"])
    assert "N" == shop.state.sale.orders.get(order).payed
    shop.act("ship", order=order)
    assert "Y" == shop.state.sale.orders.get(order).deducted


async def test_a_refusal_at_the_door_is_a_refund_and_a_note(shop, goods):
    order = place(shop, pay_system="cash")
    shop.act("ship", order=order)
    shop.act("pay", order=order)
    shop.act("refund", order=order, comment="Отказ в ПВЗ: 1 из 2")
    shop.act("edit_order", order=order, comments="возврат 2 строк", properties={"CITY": "Тобольск"})
    sums = shop.act("tot_up", order=order)

    assert ("0.00", "0.00", sums["price"]) == (sums["payments"], sums["paid"], sums["returned"])
    assert {"sell": 1, "refund": 1} == shop.counts()["receipts_by_kind"]
    values = shop.state.sale.values_of(shop.state.sale.orders.get(order))
    assert "Тобольск" == values["CITY"]


async def test_a_cancelled_order_comes_back(shop, goods):
    order = place(shop)
    shop.act("cancel_order", order=order, reason="Передумала", by="operator")
    shop.act("uncancel_order", order=order)

    held = shop.state.sale.orders.get(order)
    assert ("N", "") == (held.canceled, held.reason_canceled)


@pytest.mark.parametrize(
    ("act", "arguments", "said"),
    [
        ("pay", {"order": 404}, "no order 404"),
        ("pay", {"order": 1, "payment": 404}, "no payment 404"),
        ("refund", {"order": 1}, "no payment of this kind"),
        ("edit_lines", {"order": 1, "remove": [404]}, "no line 404"),
        ("change_status", {"order": 1, "status": "DN"}, "Статус «DN» не найден"),
        ("ship", {"order": 1, "lines": [{"line": 201, "quantity": 99}]}, "больше, чем заказано"),
    ],
)
async def test_an_act_that_makes_no_sense_is_refused_by_name(shop, goods, act, arguments, said):
    place(shop)

    with pytest.raises(ValueError, match=said):
        shop.act(act, **arguments)


async def test_nothing_is_left_to_ship_twice(shop, goods):
    order = place(shop)
    shop.act("ship", order=order)

    with pytest.raises(ValueError, match="больше нечего отгружать"):
        shop.act("ship", order=order)


async def test_forty_thousand_old_orders_are_there_in_seconds_and_in_silence(clock):
    shop = Shop(Setup(), clock=clock)
    stock(shop)
    started = time.perf_counter()
    first, last = shop.act("seed_orders", count=40_000)
    spent = time.perf_counter() - started
    counts = shop.counts()

    assert (1, 40_000) == (first, last)
    assert spent < 20
    assert (40_000, 0, 0, {}) == (
        counts["orders"],
        counts["mails"],
        counts["receipts"],
        counts["order_doubles"],
    )
    assert 0 == shop.ledger.writes(entity="order")
    assert 30_000 < counts["orders_by_status"]["F"] < 36_000


async def test_an_old_order_is_whole_and_keeps_its_rate(shop, goods, rest):
    shop.act("seed_orders", count=300, seed=5)
    orders = (await rest.result("sale.order.list", {"filter": {"statusId": "F"}, "select": ["id"]}))["orders"]
    shown = (await rest.result("sale.order.get", {"id": orders[0]["id"]}))["order"]

    assert ("Y", "Y", "Y") == (shown["payed"], shown["deducted"], shown["payments"][0]["paid"])
    assert shown["price"] == shown["payments"][0]["sum"]
    assert {0.2, 0.1, None} >= {line["vatRate"] for line in shown["basketItems"]}
    assert {"FIO", "PHONE", "EMAIL", "LOCATION"} <= {row["code"] for row in shown["propertyValues"]}
    assert [line["quantity"] for line in shown["basketItems"]] == [
        each["quantity"] for each in shown["shipments"][0]["shipmentItems"]
    ]
    sums = shop.act("tot_up", order=shown["id"])
    assert sums["price"] == sums["paid"]


async def test_equal_seeds_make_equal_histories_of_the_past(clock):
    shops = [Shop(Setup(), clock=clock) for _ in range(2)]
    for shop in shops:
        stock(shop)
        shop.act("seed_orders", count=50, seed=3)
    one, other = ([(order.price, order.date_insert) for order in shop.state.sale.orders] for shop in shops)

    assert one == other
    assert all(placed < clock.now() - timedelta(hours=23) for _, placed in one)


def test_buyers_are_people_and_firms_of_known_towns():
    assert {"person", "firm"} == {each.kind for each in BUYERS}
    assert ("ИП Соколова", "Тюмень", "+7 (903) 123-45-67") == (
        buyer("sokolova").company,
        buyer("sokolova").city,
        buyer("sokolova").phone,
    )
    assert list(invented_buyers(1, 5)) == list(invented_buyers(1, 5)) != list(invented_buyers(2, 5))
    with pytest.raises(LookupError, match="known: sokolova, petrov"):
        buyer("nobody")
