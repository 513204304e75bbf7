"""Orders out by the exchange door: who may, one cursor for all, the table of versions, documents."""

import pytest
from stocked_shop import OrderExchange, place, said, stock


@pytest.fixture
def goods(shop):
    return stock(shop)


@pytest.fixture
def one_c(exchange):
    return OrderExchange(exchange, version="2.09")


def _numbers(root):
    return [node.findtext("Ид") for node in root.iterfind("Документ")]


async def test_a_session_of_orders_tells_no_time_and_answers_one_version(one_c, exchange):
    lines = (await exchange.call("checkauth", kind="sale")).strip().split("\n")

    assert 4 == len(lines)
    told = await OrderExchange(exchange, version="3.1").enter()
    assert ["zip=yes", "file_limit=204800"] == told.split("\n")[:2]
    assert told.endswith(f"sessid={exchange.sessid}\nversion=2.09")
    assert "zip=yes\nfile_limit=204800\n" == await OrderExchange(exchange).enter()


async def test_a_login_outside_the_groups_is_refused(open_shop, exchange_to):
    exchange = exchange_to(await open_shop(sale_exchange_right=False))

    assert (await exchange.call("checkauth", kind="sale")).startswith("failure\nНедостаточно прав")
    await exchange.enter()
    assert (await exchange.call("query", kind="sale", **exchange.proof())).startswith(
        "failure\nНедостаточно прав"
    )


async def test_one_client_with_a_sessid_makes_all_send_it(exchange, exchange_to, shop, goods):
    place(shop)
    new, old = OrderExchange(exchange), exchange_to(shop)
    lines = (await old.call("checkauth", kind="sale")).split("\n")
    old.cookie = lines[2]
    assert (await old.call("query", kind="sale")).startswith("<?xml")
    await new.enter()

    assert (await old.call("query", kind="sale")).startswith("failure\nОшибка проверки источника")
    assert not shop.exchange.sessid_demanded  # of the catalogue


async def test_no_orders_is_an_empty_root(one_c):
    await one_c.enter()
    root = await one_c.query()

    assert ("КоммерческаяИнформация", 0) == (root.tag, len(root))


async def test_what_is_not_confirmed_is_shown_to_the_next_session_again(one_c, shop, goods, clock):
    order = place(shop)
    await one_c.enter()
    assert [str(order)] == _numbers(await one_c.query())
    assert [] == _numbers(await one_c.query())  # this session has gone on
    await one_c.enter()
    clock.advance(5)
    assert [str(order)] == await one_c.take()
    clock.advance(5)
    second = place(shop)
    await one_c.enter()

    # The bound is `>=`: what was saved in the very second of the last one comes once more.
    assert [str(order), str(second)] == await one_c.take()


async def test_two_clients_steal_orders_from_each_other(one_c, exchange_to, shop, goods, clock):
    first = place(shop)
    other = OrderExchange(exchange_to(shop), version="2.09")
    await one_c.enter()
    await one_c.query()
    clock.advance(5)
    second = place(shop)
    await other.enter()
    assert [str(first), str(second)] == await other.take()
    clock.advance(5)

    assert "error\n" == await one_c.call("success")  # not the last to log in
    await one_c.enter()
    assert [str(second)] == _numbers(await one_c.query())


async def test_an_order_come_from_1c_is_silent_until_it_is_changed_here(one_c, shop, goods, rest, clock):
    order = place(shop)
    external = {"lid": "s1", "personTypeId": 1, "currency": "RUB", "externalOrder": "Y"}
    await rest.ask("sale.order.add", {"fields": external})
    await rest.ask("sale.order.update", {"id": order, "fields": {"updated1c": "Y"}})
    await one_c.enter()
    assert [] == _numbers(await one_c.query())
    shop.act("change_status", order=order, status="P")

    assert [str(order)] == _numbers(await one_c.query())


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({"one_c_paid_only": True}, [1]),
        ({"one_c_allowed_only": True}, [2]),
        ({"one_c_from_status": "P"}, [3]),
    ],
)
async def test_options_choose_orders(open_shop, exchange_to, options, taken):
    shop = await open_shop(**options)
    stock(shop)
    paid, sent, moved = place(shop), place(shop), place(shop)
    shop.act("pay", order=paid)
    shop.act("ship", order=sent)
    shop.act("change_status", order=moved, status="P")
    one_c = OrderExchange(exchange_to(shop))
    await one_c.enter()

    assert [str(number) for number in taken] == _numbers(await one_c.query())


async def test_slices_follow_each_other_until_they_are_empty(open_shop, exchange_to):
    shop = await open_shop(orders_per_query=2)
    stock(shop)
    orders = [str(place(shop)) for _ in range(5)]
    sliced, whole = OrderExchange(exchange_to(shop), version="2.08"), OrderExchange(exchange_to(shop))
    await sliced.enter()
    slices = [_numbers(await sliced.query()) for _ in range(4)]
    await whole.enter()

    assert [orders[:2], orders[2:4], orders[4:], []] == slices
    assert orders == _numbers(await whole.query())


@pytest.mark.parametrize(
    ("init", "version", "tags"),
    [
        ({}, "2.05", ["Документ"]),
        ({"version": "2.06"}, "2.09", ["Документ"]),
        ({"version": "2.10"}, "2.10", ["Документ", "Документ", "Документ"]),
        ({"version": "3.1"}, "3.1", ["Контейнер"]),
        ({"version": "2.09", "cmlVersion": "2.10"}, "2.10", ["Документ"]),
    ],
)
async def test_the_shape_is_chosen_by_versions(exchange, shop, goods, init, version, tags):
    order = place(shop)
    one_c = OrderExchange(exchange, **init)
    await one_c.enter()
    root = await one_c.query()
    parts = [each for each in root.iter() if each.findtext("Основание") == str(order)]

    assert (version, tags) == (root.get("ВерсияСхемы"), [node.tag for node in root])
    expected = [] if version in ("2.05", "2.09") else ["Эквайринговая операция", "Отпуск товара"]
    assert expected == [each.findtext("ХозОперация") for each in parts]
    nested = {"ПодчиненныйДокумент"} if "cmlVersion" in init else {"Документ"} if expected else set()
    assert nested == {each.tag for each in parts}
    assert (version != "2.05") == (root.find(".//НомерВерсии") is not None)


async def test_a_document_holds_an_order_as_it_is_stored(one_c, shop, goods):
    order = place(
        shop,
        who="sokolova",
        pieces={"gloves": 3},
        coupon="3ZA100",
        delivery="cdek:pvz",
        comment="Код домофона 12#",
    )
    shop.act("pay", order=order, voucher="П-114")
    await one_c.enter()
    node = (await one_c.query()).find("Документ")
    line, delivery = node.findall("Товары/Товар")
    requisites = said(node)

    assert ["1", "1", "2026-01-31", "руб", "389.5000"] == [
        node.findtext(tag) for tag in ("Ид", "Номер", "Дата", "Валюта", "Сумма")
    ]
    assert ["gloves", "33.3333", "3.0000", "100.00"] == [
        line.findtext(tag) for tag in ("Ид", "ЦенаЗаЕдиницу", "Количество", "Сумма")
    ]
    assert ("22", "true", "18.03") == (
        line.findtext("СтавкиНалогов/СтавкаНалога/Ставка"),
        node.findtext("Налоги/Налог/УчтеноВСумме"),
        line.findtext("Налоги/Налог/Сумма"),
    )
    assert ("ORDER_DELIVERY", "Услуга") == (delivery.findtext("Ид"), said(delivery)["ТипНоменклатуры"])
    assert {
        "Заказ оплачен": "true",
        "Отменен": "false",
        "Статус заказа": "[N] Принят, ожидается оплата",
        "Статуса заказа ИД": "N",
        "Метод оплаты ИД": "2",
        "Номер платежного документа": "П-114",
        "Комментарии покупателя": "Код домофона 12#",
    }.items() <= requisites.items()


async def test_a_firm_and_a_person_are_described_by_their_properties(one_c, shop, goods):
    place(shop, who="remstroy", pay_system="bill")
    place(shop, who="petrov", location="0000073738")
    await one_c.enter()
    firm, _contact, person = (await one_c.query()).iter("Контрагент")

    assert ("ООО «РемСтрой-72»", "7206012345", "720601001") == tuple(
        firm.findtext(tag) for tag in ("ОфициальноеНаименование", "ИНН", "КПП")
    )
    assert ("Петров", "Илья", "Сергеевич") == tuple(
        person.findtext(tag) for tag in ("Фамилия", "Имя", "Отчество")
    )
    assert ["Телефон рабочий", "Электронная почта"] == [
        each.findtext("Тип") for each in person.iter("Контакт")
    ]
    assert "2#i.petrov@example.ru#Петров Илья Сергеевич"[:40] == person.findtext("Ид")
    assert person.findtext("Ид") == shop.state.sale.users.get(2).xml_id


async def test_an_empty_profile_makes_an_empty_buyer(open_shop, exchange_to):
    shop = await open_shop(one_c_profiles=(2,), one_c_prefix="SHOP-", number_template="counter")
    stock(shop)
    place(shop)
    one_c = OrderExchange(exchange_to(shop))
    await one_c.enter()
    node = (await one_c.query()).find("Документ")

    assert ("1", "SHOP-5001") == (node.findtext("Ид"), node.findtext("Номер"))
    assert ("", None) == (node.findtext(".//Контрагент/ПолноеНаименование"), node.find(".//Контакты"))


async def test_the_sum_of_a_shipment_loses_the_kopecks_of_delivery(exchange, shop, goods):
    place(shop, pieces={"tea": 1}, delivery="cdek:pvz")
    one_c = OrderExchange(exchange, version="2.10")
    await one_c.enter()
    shipment = (await one_c.query()).findall("Документ")[2]

    assert "409.0000" == shipment.findtext("Сумма")


async def test_letters_the_charset_lacks_are_written_by_number(one_c, shop, goods):
    order = place(shop)
    shop.act("edit_order", order=order, comments="позвонить ☎ в 18:00")
    await one_c.enter()
    raw = await one_c.call("query")

    assert "<Комментарий>позвонить &#9742; в 18:00</Комментарий>" in raw


async def test_the_dictionary_begins_with_a_latin_letter(one_c):
    await one_c.enter()
    raw = await one_c.call("info")

    assert "<C\u0442\u0430\u0442\u0443\u0441\u044b>" in raw
    assert "<\u0421\u0442\u0430\u0442\u0443\u0441\u044b>" not in raw
    assert "<Ид>N</Ид><Название>Принят, ожидается оплата</Название>" in raw
    assert "<ПлатежныеСистемы>" in raw


async def test_the_old_dump_reads_without_moving_the_cursor(exchange, shop, goods, http, clock):
    first = place(shop)
    clock.advance(100)
    label = int(clock.now().timestamp())
    second = place(shop)
    lines = (await exchange.call("checkauth", kind="crm")).split("\n")
    exchange.cookie, exchange.sessid = lines[2], ""
    query = {"type": "crm", "mode": "query", "MODIFICATION_LABEL": str(label)}
    headers = {"Cookie": f"PHPSESSID={exchange.cookie}"}
    async with http.get(shop.credentials()["exchange"], params=query, headers=headers) as answer:
        body = await answer.read()

    assert "windows-1251" == answer.charset  # and yet:
    assert f"<Ид>{second}</Ид>" in body.decode("utf-8")
    assert f"<Ид>{first}</Ид>" not in body.decode("utf-8")
    assert "<DateUpdate>" in body.decode("utf-8")
    assert shop.exchange.orders.committed is None
