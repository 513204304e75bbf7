"""Changes of orders back from 1C: what they replace, refuse, cancel, pay and ship."""

from decimal import Decimal

import pytest
from stocked_shop import OrderExchange, document, goods, order_file, place, stock


@pytest.fixture
async def open_1c(open_shop, exchange_to):
    async def open_one(version="2.09", **options):
        shop = await open_shop(zip=False, **options)
        stock(shop)
        init = {"version": version} if version else {}
        one_c = OrderExchange(exchange_to(shop), **init)
        await one_c.enter()
        return shop, one_c

    return open_one


def _lines(shop, order):
    rows = shop.state.sale.basket.where(order_id=order)
    return {row.product_xml_id: (row.quantity, row.price) for row in rows}


def _order(shop, order):
    return shop.state.sale.orders.get(order)


async def test_lines_become_what_the_document_says(open_1c):
    shop, one_c = await open_1c()
    order = place(shop, delivery="pickup")
    told = await one_c.send(
        order_file(
            document(
                order,
                goods("boots#42", 3, 3100),
                goods("tea", 2, 120),
                goods("unknown-guid", 1, "15.5", name="Пакет"),
                goods("ORDER_DELIVERY", 1, 200),
                head="<Номер1С>УТ-000123</Номер1С><НомерВерсии>v1</НомерВерсии>",
            )
        )
    )
    held = _order(shop, order)

    assert "success\n" == told
    assert {"boots#42": (3, 3100), "tea": (2, 120), "unknown-guid": (1, Decimal("15.5"))} == _lines(
        shop, order
    )
    assert Decimal("9755.5") == held.price
    assert ("УТ-000123", "v1", "Y") == (held.id_1c, held.version_1c, held.updated_1c)
    fake = shop.state.sale.basket.first(product_xml_id="unknown-guid")
    assert (0, "Пакет", "Y") == (fake.product_id, fake.name, fake.custom_price)


async def test_the_same_version_leaves_the_lines_alone_but_not_the_flags(open_1c):
    shop, one_c = await open_1c()
    order = place(shop)
    version = "<НомерВерсии>v1</НомерВерсии>"
    await one_c.send(order_file(document(order, goods("tea", 1, 100), head=version)))
    await one_c.send(order_file(document(order, goods("tea", 9, 100), head=version, cancelled="true")))

    assert ({"tea": (1, 100)}, "Y") == (_lines(shop, order), _order(shop, order).canceled)


async def test_a_document_without_goods_removes_the_lines(open_1c):
    shop, one_c = await open_1c(one_c_changes_status=True)
    order = place(shop)
    await one_c.send(order_file(document(order, status="P")))

    assert ({}, "P") == (_lines(shop, order), _order(shop, order).status_id)


@pytest.mark.parametrize("state", ["paid", "allowed", "final"])
async def test_a_closed_order_warns_after_success_and_keeps_its_lines(open_1c, state):
    shop, one_c = await open_1c()
    order = place(shop)
    match state:
        case "paid":
            shop.act("pay", order=order)
        case "allowed":
            shop.act("ship", order=order)
        case "final":
            shop.act("change_status", order=order, status="F")
    before = _lines(shop, order)
    told = await one_c.send(order_file(document(order, goods("tea", 1, 1))))

    assert f"success\nЗаказ №{order} не может быть изменен." == told
    assert before == _lines(shop, order)


async def test_an_absent_mark_takes_a_cancellation_back(open_1c):
    shop, one_c = await open_1c()
    order = place(shop)
    lines = (goods("boots#42", 2, "3290.50"), goods("mattress", 1, "2499.90"))
    mark = "<ПометкаУдаления>true</ПометкаУдаления><Комментарий>Нет на складе</Комментарий>"
    await one_c.send(order_file(document(order, *lines, head=mark)))
    cancelled = (_order(shop, order).canceled, _order(shop, order).reason_canceled)
    await one_c.send(order_file(document(order, *lines)))

    assert (("Y", "Нет на складе"), "N") == (cancelled, _order(shop, order).canceled)
    assert 1 == shop.counts()["mails_by_kind"]["cancelled"]


async def test_a_date_of_payment_pays_and_prints(open_1c):
    shop, one_c = await open_1c()
    order = place(shop, pieces={"tea": 1}, delivery="pickup")
    line = goods("tea", 1, 120)
    for _ in range(2):
        await one_c.send(
            order_file(document(order, line, paid_at="2026-01-31T15:39:10", paid_by="ТДЦУ-000001"))
        )
    payment = shop.state.sale.payments.first(order_id=order)

    assert ("Y", "Y", "ТДЦУ-000001") == (_order(shop, order).payed, payment.paid, payment.pay_voucher_num)
    assert "2026-01-31T15:39:10+03:00" == payment.date_paid.isoformat()
    assert {"sell": 1} == shop.counts()["receipts_by_kind"]
    assert 1 == shop.ledger.writes(by="exchange", entity="receipt")


@pytest.mark.parametrize(("deducts", "deducted", "left"), [(False, "N", 5), (True, "Y", 4)])
async def test_a_date_of_shipment_allows_delivery_and_ends_the_order(open_1c, deducts, deducted, left):
    shop, one_c = await open_1c(one_c_deducts_on_delivery=deducts)
    order = place(shop, pieces={"tea": 1}, delivery="pickup")
    await one_c.send(order_file(document(order, goods("tea", 1, 120), shipped_at="2026-01-31T17:32:27")))
    shipment = shop.state.sale.shipments.first(order_id=order, system="N")

    assert ("F", "Y", deducted) == (_order(shop, order).status_id, shipment.allow_delivery, shipment.deducted)
    assert left == shop.state.elements.first(xml_id="tea").quantity


@pytest.mark.parametrize(("option", "status"), [(False, "N"), (True, "P")])
async def test_a_status_is_taken_by_option_only(open_1c, option, status):
    shop, one_c = await open_1c(one_c_changes_status=option)
    order = place(shop, pieces={"tea": 1})
    await one_c.send(order_file(document(order, goods("tea", 1, 120), status="P")))

    assert status == _order(shop, order).status_id


async def test_a_number_of_digits_hits_a_foreign_id_first(open_1c):
    shop, one_c = await open_1c(number_template="counter", number_start=2)
    first, second = place(shop), place(shop)
    assert ["2", "3"] == [_order(shop, each).account_number for each in (first, second)]
    await one_c.send(order_file(document("2", goods("tea", 1, 1))))

    assert {"tea": (1, 1)} == _lines(shop, second)
    assert "tea" not in _lines(shop, first)


@pytest.mark.parametrize("number", ["SHOP-5001", "5001"])
async def test_other_numbers_find_by_account_number_and_by_prefix(open_1c, number):
    shop, one_c = await open_1c(one_c_prefix="SHOP-", number_template="counter")
    order = place(shop)
    await one_c.send(order_file(document(number, goods("tea", 1, 1))))

    assert {"tea": (1, 1)} == _lines(shop, order)


async def test_1cs_own_number_finds_what_it_has_sent_before(open_1c):
    shop, one_c = await open_1c()
    order = place(shop)
    await one_c.send(order_file(document(order, goods("tea", 1, 1), head="<Номер1С>УТ-7</Номер1С>")))
    await one_c.send(order_file(document("", goods("tea", 2, 1), head="<Номер1С>УТ-7</Номер1С>")))

    assert {"tea": (2, 1)} == _lines(shop, order)


@pytest.mark.parametrize(("option", "orders"), [(False, 0), (True, 1)])
async def test_a_new_order_of_1c_is_made_by_option_only(open_1c, option, orders):
    shop, one_c = await open_1c(one_c_new_orders=option)
    buyer = "<Контрагенты><Контрагент><Ид>guid-buyer</Ид><Наименование>Розничный покупатель</Наименование></Контрагент></Контрагенты>"
    told = await one_c.send(
        order_file(document("УТ-900", goods("tea", 2, 110), head=f"<Номер1С>УТ-900</Номер1С>{buyer}"))
    )

    assert orders == shop.counts()["orders"]
    assert ("не найден" in told) == (not option)
    assert orders == len(shop.state.sale.users.where(xml_id="guid-buyer"))


async def test_a_portion_sent_twice_is_in_the_file_twice(open_1c):
    shop, one_c = await open_1c()
    order = place(shop)
    content = order_file(document(order, goods("tea", 1, 1)))
    for _ in range(2):
        assert await one_c.call("file", filename="orders.xml", data=content) == "success\n"

    assert (await one_c.call("import", filename="orders.xml")).startswith("failure\nОшибка разбора XML")
    assert 2 == len(_lines(shop, order))


async def test_a_client_without_a_version_imports_while_it_uploads(open_1c):
    shop, one_c = await open_1c(version="")
    order = place(shop)

    for pieces in (1, 2):
        assert "success\n" == await one_c.send(order_file(document(order, goods("tea", pieces, 1))))
        assert {"tea": (pieces, 1)} == _lines(shop, order)


async def test_an_empty_or_broken_file_fails(open_1c):
    shop, one_c = await open_1c()
    order = place(shop)

    assert (await one_c.send(b" ")).startswith("failure\nФайл для импорта пуст.")
    await one_c.enter()
    assert (await one_c.send(order_file(document(order))[:-40])).startswith("failure\nОшибка разбора XML")
    await one_c.enter()
    evil = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><КоммерческаяИнформация/>'.encode()
    assert (await one_c.send(evil)).startswith("failure\nДокумент с DOCTYPE")
    assert 2 == len(_lines(shop, order))


async def test_a_zip_is_demanded_where_the_site_says_so(exchange, shop):
    one_c = OrderExchange(exchange, version="2.09")
    await one_c.enter()

    assert (await one_c.send(order_file())).startswith("failure\nОшибка распаковки архива")


def _parts(order, *, tag="Документ"):
    pays = f"<ХозОперация>Эквайринговая операция</ХозОперация><Основание>{order}</Основание><Номер1С>ПО-1</Номер1С>"
    goes = f"<ХозОперация>Отпуск товара</ХозОперация><Основание>{order}</Основание><Номер1С>РО-1</Номер1С>"
    return document(f"{order}/1", head=pays, tag=tag, paid="true"), document(
        f"{order}/2", head=goes, tag=tag, shipped="true", tracking="10045678"
    )


@pytest.mark.parametrize("shape", ["container", "separate", "nested"])
async def test_payments_and_shipments_come_as_documents(open_1c, shape):
    shop, one_c = await open_1c()
    order = place(shop, pieces={"tea": 1}, delivery="pickup")
    line = goods("tea", 1, 120)
    match shape:
        case "container":
            content = order_file(
                "<Контейнер>", *_parts(order), document(order, line), "</Контейнер>", version="3.1"
            )
        case "separate":
            content = order_file(document(order, line), *_parts(order), version="2.10")
        case "nested":
            one_c.init["cmlVersion"] = "2.10"
            await one_c.enter()
            below = f"<ПодчиненныеДокументы>{''.join(_parts(order, tag='ПодчиненныйДокумент'))}</ПодчиненныеДокументы>"
            content = order_file(document(order, line, below=below), version="2.10")
    told = await one_c.send(content)
    shipment = shop.state.sale.shipments.first(order_id=order, system="N")

    assert "success\n" == told
    assert ("Y", "Y", "10045678") == (
        _order(shop, order).payed,
        _order(shop, order).deducted,
        shipment.tracking_number,
    )
    assert ("РО-1", "ПО-1") == (shipment.id_1c, shop.state.sale.payments.first(order_id=order).id_1c)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reservation": True}, "выключить складской учет и резервирование"),
        ({"inventory_control": True}, "выключить складской учет и резервирование"),
        ({"one_c_deducts_on_delivery": True}, "отгрузку при разрешении доставки"),
        ({"one_c_pay_systems": False}, "Не заданы платежные системы"),
    ],
)
async def test_containers_are_refused_where_stock_is_kept(open_1c, options, said):
    shop, one_c = await open_1c(**options)
    order = place(shop, pieces={"tea": 1})
    content = order_file("<Контейнер>", document(order, goods("tea", 3, 1)), "</Контейнер>", version="3.1")
    told = await one_c.send(content)

    assert told.startswith("failure\n")
    assert said in told
    await one_c.enter()
    assert "success\n" == await one_c.send(order_file(document(order, goods("tea", 3, 1)), version="2.09"))
    assert {"tea": (3, 1)} == _lines(shop, order)
