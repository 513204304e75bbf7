"""The simulated 1C and its orders: over its control routes, against the real door, and by hand."""

from decimal import Decimal
from xml.etree.ElementTree import fromstring

import aiohttp
import pytest
from hub import LOGIN, PASSWORD
from papers_hub import BOOTS, CODE, PapersHub, line, money

from obmen.connectors.onec.sandbox.sale.book import OrderBook
from obmen.connectors.onec.sandbox.server import Infobase
from obmen.sandbox.world import World


@pytest.fixture
async def infobase():
    async with Infobase(World.seeded(7, 12)) as infobase:
        yield infobase


def account(hub):
    return {"url": hub.url, "login": LOGIN, "password": PASSWORD}


async def test_orders_are_exchanged_shown_and_acted_upon_over_http(tmp_path, infobase):
    async with PapersHub(tmp_path, orders_version="3.1") as hub, aiohttp.ClientSession(infobase.url) as http:
        shipped = {"state": "shipped", "lines": [{"offer": BOOTS, "quantity": "1", "codes": [CODE]}]}
        paid = {"sum": "100.00 RUB", "method": "card", "paid": True}
        hub.order(**{"payments.shop-1": paid, "shipments.shop-5": shipped})
        visit = {"account": account(hub), "version": "3.1", "manners": {"schema": "3.1"}}
        async with http.post("/sandbox/orders", json=visit) as answer:
            assert "success" == (await answer.json())["verdict"]
        async with http.get("/sandbox/orders") as answer:
            (order,) = (await answer.json())["orders"]
        assert ("17", ["17/shop-1"]) == (order["number"], [one["site"] for one in order["payments"]])
        assert [{BOOTS: [CODE]}] == [one["codes"] for one in order["movements"]]

        act = {"order": "17", "state": "Готов к отгрузке"}
        async with http.post("/sandbox/act/set_state", json=act) as answer:
            assert 200 == answer.status
        async with http.post("/sandbox/orders", json=visit) as answer:
            assert "success" == (await answer.json())["verdict"]
        atoms = hub.record()
        assert ("assembling", "УТ-000001") == (atoms["stage"], atoms["numbers.erp"])
        # What the shop paid and shipped came back and is still the shop's, once.
        assert ["payments.shop-1"] == [name for name in atoms if name.startswith("payments.")]
        assert ["shipments.shop-5"] == [name for name in atoms if name.startswith("shipments.")]
        assert [] == infobase.book.faults
        assert {} == hub.waiting()


async def test_an_exchange_of_orders_that_is_not_understood_is_refused_with_a_reason(infobase):
    async with (
        aiohttp.ClientSession(infobase.url) as http,
        http.post("/sandbox/orders", json={"account": {}, "colour": 1}) as answer,
    ):
        assert 400 == answer.status
        assert "url" in (await answer.json())["error"] or "colour" in (await answer.json())["error"]


async def test_a_split_order_is_shipped_part_by_part(tmp_path, infobase):
    async with PapersHub(tmp_path, orders_version="2.10", order={"split": "vat"}) as hub:
        hub.order(money=money(line(), line("краска", "2", "33.33", "10"), delivery="350.00"))
        visit = {"account": account(hub), "version": "2.10", "manners": {"schema": "2.10"}}
        async with aiohttp.ClientSession(infobase.url) as http:
            await http.post("/sandbox/orders", json=visit)
            assert {"17", "17#НДС10"} == {order.number for order in infobase.book.orders.values()}
            infobase.act("ship_order", order="17#НДС10")
            infobase.act("pay_order", order="17#НДС10", how="card")
            await http.post("/sandbox/orders", json=visit)

        atoms = hub.record()
        (shipment,) = (atom for name, atom in atoms.items() if name.startswith("shipments.erp-"))
        (payment,) = (atom for name, atom in atoms.items() if name.startswith("payments.erp-"))
        assert ("2", "33.33 RUB") == (shipment["lines"][0]["quantity"], payment["sum"])
        assert "483.33 RUB" == atoms["money"]["total"]


# --- by hand ----------------------------------------------------------------------------------------------------------


def document(number, *, name="ООО", tin="", kpp="", phone=""):
    contacts = (
        f"<Контакты><Контакт><Тип>Телефон рабочий</Тип><Значение>{phone}</Значение></Контакт></Контакты>"
    )
    return fromstring(
        f"<К><Документ><Ид>{number}</Ид><Номер>{number}</Номер><ХозОперация>Заказ товара</ХозОперация><Контрагенты>"
        f"<Контрагент><Наименование>{name}</Наименование><ИНН>{tin}</ИНН><КПП>{kpp}</КПП>{contacts}</Контрагент>"
        "</Контрагенты></Документ></К>"
    )


def test_a_buyer_is_known_by_tin_and_kpp_else_by_phone_however_written():
    book = OrderBook()
    book.take(document("1", tin="7203000001", kpp="1"))
    book.take(document("2", tin="7203000001", kpp="2"))
    book.take(document("3", tin="7203000001", kpp="1", name="ООО «Ромашка»"))
    book.take(document("4", phone="+7 (903) 123-45-67"))
    book.take(document("5", phone="89031234567"))
    buyers = [order.buyer for order in book.orders.values()]

    assert buyers[0] == buyers[2]
    assert buyers[3] == buyers[4]
    assert 3 == len(set(buyers))


def test_what_an_order_takes_from_the_stock_follows_what_becomes_of_it(infobase):
    offer = infobase.world.products[0].offers[0].id
    infobase.book.create(goods={offer: ("3", Decimal("100.00"))}, date="2026-11-20T10:00:00", buyer="Петров")
    walk = []
    for act, wanted in (
        ("post_order", {}),
        ("ship_order", {"quantities": {offer: "1"}}),
        ("cancel_order", {"reason": "нет денег"}),
        ("return_goods", {"quantities": {offer: "1"}}),
    ):
        infobase.act(act, order="УТ-000001", **wanted)
        walk.append(infobase.counts()["reserved"])

    assert [3, 3, 1, 0] == walk
