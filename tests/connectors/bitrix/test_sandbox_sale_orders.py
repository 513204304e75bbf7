"""Orders over REST: heads, numbers, properties, statuses, cancellation, rights."""

import pytest
from stocked_shop import place, stock


@pytest.fixture
def goods(shop):
    return stock(shop)


@pytest.fixture
def order(shop, goods):
    return place(shop, who="sokolova", delivery="cdek:pvz", location="0000073738", pickup_point="TMN14")


async def _get(rest, order):
    return (await rest.result("sale.order.get", {"id": order}))["order"]


async def _update(rest, order, **fields):
    return (await rest.result("sale.order.update", {"id": order, "fields": fields}))["order"]


async def _add(rest, **fields):
    whole = {"lid": "s1", "personTypeId": 1, "currency": "RUB"} | fields
    return (await rest.result("sale.order.add", {"fields": whole}))["order"]


async def test_an_order_is_shown_whole(rest, order, goods):
    shown = await _get(rest, order)

    assert ("N", "N", "N", "N", 1) == (
        shown["statusId"],
        shown["payed"],
        shown["deducted"],
        shown["canceled"],
        shown["version"],
    )
    assert [0.22, 0.1] == [line["vatRate"] for line in shown["basketItems"]]
    assert [str(shown["id"])] * 2 == [line["orderId"] for line in shown["basketItems"]]
    assert 3290.5 * 2 + 2499.9 + 289.5 == pytest.approx(shown["price"])
    assert [("289.5", "DN")] == [(str(one["priceDelivery"]), one["statusId"]) for one in shown["shipments"]]
    assert [2, 1] == [each["quantity"] for each in shown["shipments"][0]["shipmentItems"]]
    assert [shown["price"]] == [one["sum"] for one in shown["payments"]]
    assert "A" == shown["payments"][0]["paySystemIsCash"]


async def test_location_is_a_code_and_properties_belong_to_the_payer_type(rest, order):
    values = {row["code"]: row["value"] for row in (await _get(rest, order))["propertyValues"]}

    assert "0000073738" == values["LOCATION"]
    assert "ИП Соколова" == values["COMPANY"]
    assert "+7 (903) 123-45-67" == values["PHONE"]
    assert "TMN14" == values["PVZ"]
    assert "Тюмень" == values["CITY"]
    assert "FIO" not in values


async def test_a_list_shows_heads_only_and_pages(rest, shop, goods):
    for _ in range(53):
        place(shop)
    first = await rest.ask("sale.order.list", {"order": {"id": "asc"}})
    rest_of = await rest.result("sale.order.list", {"start": first["next"]})

    assert (53, 50, 3) == (first["total"], len(first["result"]["orders"]), len(rest_of["orders"]))
    assert "basketItems" not in first["result"]["orders"][0]


async def test_a_list_is_filtered_by_time_and_by_external_code(rest, shop, goods, clock):
    place(shop)
    clock.advance(60)
    late = place(shop)
    await _add(rest, xmlId="obmen:ali:8123")
    since = (await _get(rest, late))["dateUpdate"]
    found = await rest.result(
        "sale.order.list", {"filter": {">=dateUpdate": since, "xmlId": "obmen:ali:8123"}, "select": ["id"]}
    )
    after = await rest.result("sale.order.list", {"filter": {">=dateUpdate": since}, "select": ["id"]})

    assert [{"id": late + 1}] == found["orders"]
    assert [late, late + 1] == [row["id"] for row in after["orders"]]


async def test_an_unknown_order_has_a_code_of_its_own(rest):
    assert (200540400001, "order does not exist") == await rest.refusal("sale.order.get", {"id": 777})


async def test_an_order_begins_with_three_fields(rest):
    assert (0, "Required fields: personTypeId, currency") == await rest.refusal(
        "sale.order.add", {"fields": {"lid": "s1"}}
    )


async def test_no_user_is_ever_made(rest):
    fields = {"lid": "s1", "personTypeId": 1, "currency": "RUB", "userId": 404}

    assert (0, "User not found") == await rest.refusal("sale.order.add", {"fields": fields})
    assert "ERROR_METHOD_NOT_FOUND" == (await rest.refusal("user.add", {"fields": {}}, status=404))[0]


async def test_two_orders_may_bear_one_external_code(rest, shop):
    first, second = await _add(rest, xmlId="obmen:ali:1"), await _add(rest, xmlId="obmen:ali:1")

    assert {"obmen:ali:1": [first["id"], second["id"]]} == shop.counts()["order_doubles"]


async def test_flags_that_follow_are_not_written(rest):
    shown = await _add(rest, payed="Y", deducted="Y", accountNumber="777")

    assert ("N", "N", str(shown["id"])) == (shown["payed"], shown["deducted"], shown["accountNumber"])


async def test_fixed_fields_are_dropped_without_a_word(rest, order):
    before = await _get(rest, order)
    after = await _update(rest, order, personTypeId=1, userId=404, currency="USD", lid="s2", payed="Y")

    fixed = ("personTypeId", "userId", "currency", "lid", "payed")
    assert [before[name] for name in fixed] == [after[name] for name in fixed]
    assert before["version"] + 1 == after["version"]


async def test_a_save_moves_the_time_by_whole_seconds_and_a_status_its_own(rest, order, clock):
    before = await _get(rest, order)
    clock.advance(0.4)
    same = await _update(rest, order, comments="позвонить до 18:00")
    clock.advance(90)
    moved = await _update(rest, order, statusId="P")

    assert before["dateUpdate"] == same["dateUpdate"] == same["dateStatus"] != moved["dateStatus"]
    assert moved["dateUpdate"] == moved["dateStatus"]


async def test_an_unknown_status_is_refused(rest, order):
    assert (
        "Статус «ZZ» не найден"
        == (await rest.refusal("sale.order.update", {"id": order, "fields": {"statusId": "ZZ"}}))[1]
    )


async def test_a_cancellation_is_a_flag_with_a_reason(rest, order, shop):
    shown = await _update(rest, order, canceled="Y", reasonCanceled="Нашли дешевле")

    assert ("Y", "Нашли дешевле", "N") == (shown["canceled"], shown["reasonCanceled"], shown["statusId"])
    assert shown["dateCanceled"] is not None
    assert 1 == shop.counts()["mails_by_kind"]["cancelled"]


async def test_a_shop_may_refuse_to_cancel_what_is_paid(open_shop, rest_to):
    shop = await open_shop(cancels_paid=False)
    stock(shop)
    order = place(shop)
    shop.act("pay", order=order)

    fields = {"canceled": "Y"}
    assert "оплаты" in (await rest_to(shop).refusal("sale.order.update", {"id": order, "fields": fields}))[1]


async def test_values_that_are_not_named_are_deleted(rest, order):
    named = [
        {"orderPropsId": 8, "value": "ИП Соколова А. В."},
        {"orderPropsId": 1, "value": "чужое свойство"},
    ]
    left = await rest.result(
        "sale.propertyvalue.modify", {"fields": {"order": {"id": order, "propertyValues": named}}}
    )

    assert [(8, "ИП Соколова А. В.")] == [
        (row["orderPropsId"], row["value"]) for row in left["propertyValues"]
    ]
    assert 1 == len((await _get(rest, order))["propertyValues"])


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({"number_template": "counter", "number_start": 17}, ["17", "18"]),
        ({"number_template": "prefix"}, ["BX-1", "BX-2"]),
        ({"number_template": "date"}, ["20260131/1", "20260131/2"]),
    ],
)
async def test_a_number_is_made_by_the_shops_template(open_shop, options, numbers):
    shop = await open_shop(**options)
    stock(shop)
    for _ in numbers:
        place(shop)

    assert numbers == [order.account_number for order in shop.state.sale.orders]


@pytest.mark.parametrize(("right", "code"), [("D", 200040300010), ("R", 200040300020)])
async def test_writing_needs_the_right_to_sales(open_shop, rest_to, right, code):
    rest = rest_to(await open_shop(sale_right=right))

    assert code == (await rest.refusal("sale.order.add", {"fields": {"lid": "s1"}}))[0]


@pytest.mark.parametrize(
    ("method", "scope"), [("sale.delivery.getlist", "delivery"), ("sale.paysystem.list", "pay_system")]
)
async def test_deliveries_and_pay_systems_have_scopes_of_their_own(open_shop, rest_to, method, scope):
    kept = tuple(each for each in ("sale", "delivery", "pay_system") if each != scope)
    rest = rest_to(await open_shop(scopes=kept))

    assert "insufficient_scope" == (await rest.refusal(method, status=403))[0]


async def test_dictionaries_describe_a_stock_shop(rest):
    names = (await rest.result("sale.statusLang.list", {"filter": {"statusId": "DF"}}))["statusLangs"]
    services = await rest.result(
        "sale.delivery.getlist", {"FILTER": {"PARENT_ID": 4}, "SELECT": ["ID", "NAME"]}
    )
    pay_systems = await rest.result("sale.paysystem.list", {"ORDER": {"ID": "DESC"}})
    flags = await rest.result(
        "sale.property.list", {"filter": {"isLocation": "Y"}, "select": ["personTypeId"]}
    )
    groups = await rest.result("sale.propertygroup.list", {"filter": {"personTypeId": 2}})

    assert ["Отгружен"] == [row["name"] for row in names]
    assert [
        {"ID": 5, "NAME": "СДЭК: до пункта выдачи"},
        {"ID": 6, "NAME": "СДЭК: курьером до двери"},
    ] == services
    assert ["inner", "bill", "yandexcheckout", "cash"] == [row["ACTION_FILE"] for row in pay_systems]
    assert [1, 2] == [row["personTypeId"] for row in flags["properties"]]
    assert 2 == len(groups["propertyGroups"])


async def test_a_saved_order_may_be_answered_by_an_error(open_shop, rest_to):
    shop = await open_shop(save_warning=1.0)
    stock(shop)
    rest, order = rest_to(shop), place(shop)
    refused = await rest.refusal("sale.order.update", {"id": order, "fields": {"comments": "сохранено"}})

    assert (0, "Заказ сохранён с предупреждениями") == refused
    assert "сохранено" == (await _get(rest, order))["comments"]


async def test_an_order_deleted_is_gone_with_its_parts(rest, order, shop):
    await rest.ask("sale.order.delete", {"id": order})

    assert 0 == shop.counts()["orders"]
    for method, key in (("sale.basketitem.list", "basketItems"), ("sale.payment.list", "payments")):
        assert [] == (await rest.result(method))[key]
