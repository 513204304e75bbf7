"""What exports have shown of price types and warehouses, and what becomes of those that are left out."""

from __future__ import annotations

import msgspec
import pytest
from hub import Clock, NoBudget

from obmen.connectors.contract import Envelope, Ports
from obmen.connectors.mapping import Reference
from obmen.connectors.onec import connector
from obmen.connectors.onec.inbox import Notes
from obmen.connectors.onec.kinds import TABLES
from obmen.connectors.onec.orders.tables import OrderTables
from obmen.connectors.onec.settings import Settings
from obmen.sync.mapping import Entry, Row

EXPORT = """<КоммерческаяИнформация ВерсияСхемы="2.08" ДатаФормирования="2026-11-20T10:00:00">
<ПакетПредложений СодержитТолькоИзменения="true"><Ид>c#</Ид><ИдКаталога>c</ИдКаталога>
<ТипыЦен><ТипЦены><Ид>p1</Ид><Наименование>Розничная</Наименование><Валюта>RUB</Валюта></ТипЦены>
<ТипЦены><Ид>p2</Ид><Наименование>Закупочная</Наименование><Валюта>RUB</Валюта></ТипЦены></ТипыЦен>
<Склады><Склад><Ид>w1</Ид><Наименование>Основной</Наименование></Склад>
<Склад><Ид>w2</Ид><Наименование>Брак</Наименование></Склад>
<Склад><Ид>w3</Ид><Наименование>Витрина</Наименование></Склад>
<Склад><Ид>w4</Ид><Наименование>Витрина</Наименование></Склад></Склады>
<Предложения><Предложение><Ид>a</Ид><Наименование>Дрель</Наименование>
<Цены><Цена><ИдТипаЦены>p1</ИдТипаЦены><ЦенаЗаЕдиницу>10</ЦенаЗаЕдиницу></Цена>
<Цена><ИдТипаЦены>p2</ИдТипаЦены><ЦенаЗаЕдиницу>5</ЦенаЗаЕдиницу></Цена></Цены>
<Склад ИдСклада="w1" КоличествоНаСкладе="3"/><Склад ИдСклада="w2" КоличествоНаСкладе="2"/>
</Предложение></Предложения></ПакетПредложений></КоммерческаяИнформация>"""


@pytest.fixture
def onec(tmp_path):
    ports = Ports(budget=NoBudget(), log=print, now=Clock(), spool=tmp_path / "erp")
    return connector.open("erp", Settings(login="a", password="b"), ports)


@pytest.fixture
def read(onec, tmp_path):
    def read():
        path = tmp_path / "file.xml"
        path.write_text(EXPORT, encoding="utf-8")
        body = msgspec.json.encode(Notes(alone=True))
        envelope = Envelope(
            connection="erp", kind="file", name="file.xml", key="k", path=str(path), body=body
        )
        (look,) = [
            look
            for portion in onec.unpack(envelope, 0)
            for look in portion.looks
            if portion.entity == "offer"
        ]
        return look.fields

    return read


def lay(onec, name, *rows):
    table = next(table for table in TABLES if table.kind.name == name)
    onec.work_with(table.lay(onec.settings, [Row(*row) for row in rows]))


async def test_1c_is_known_by_what_its_exports_have_shown(onec, read):
    assert isinstance(onec, Reference)
    assert await onec.dictionary("warehouse") == []
    read()
    assert await onec.dictionary("price_type") == [Entry(code="Розничная"), Entry(code="Закупочная")]
    assert await onec.dictionary("warehouse") == [
        Entry(code="Основной"),
        Entry(code="Брак"),
        Entry(code="w3", name="Витрина"),
        Entry(code="w4", name="Витрина"),
    ]
    assert await onec.dictionary("order_status") == []


async def test_a_warehouse_and_a_price_left_out_are_not_read_and_what_was_read_of_the_stock_is_emptied(
    onec, read
):
    fields = read()
    assert (fields["stock.w2"], fields["prices.p2"]) == ("2", "5 ")
    lay(onec, "warehouse", ("Брак", "-"), ("Основной", "main"))
    lay(onec, "price_type", ("Закупочная", "-"))
    fields = read()
    assert {name: value for name, value in fields.items() if name.startswith(("stock", "prices"))} == {
        "stock.main": "3",
        "stock.w2": None,
        "prices.base": "10 ",
    }


async def test_orders_are_written_by_the_tables_of_today(tmp_path):
    ports = Ports(budget=NoBudget(), log=print, now=Clock(), spool=tmp_path / "erp")
    onec = connector.open("erp", Settings(login="a", password="b", orders=True), ports)
    assert not onec.codec("order").carries("site")
    lay(onec, "organization", ("ООО «Дом»", "s1 s2"))
    lay(onec, "order_status", ("Собран", "stage:assembling", "out"))
    codec = onec.codec("order")
    assert codec.carries("site")
    assert codec.encode("stage", "assembling") == "Собран"
    assert onec.settings.order.organizations == {"s1": "ООО «Дом»", "s2": "ООО «Дом»"}
    onec.work_with(onec.base)
    assert onec.codec("order").encode("stage", "assembling") == "Готов к отгрузке"
    assert onec.base.order == OrderTables()


async def test_a_rate_and_a_currency_of_the_tables_are_read_in_orders_as_well(tmp_path):
    ports = Ports(budget=NoBudget(), log=print, now=Clock(), spool=tmp_path / "erp")
    onec = connector.open("erp", Settings(login="a", password="b", orders=True), ports)
    wire = {"currency": "деньги", "lines": [{"offer": "a", "quantity": "1", "sum": "10", "vat": "НДС общая"}]}
    assert onec.codec("order").decode("money", wire).wakes_on == "map:erp:currency:деньги"
    lay(onec, "currency", ("деньги", "RUB"))
    assert onec.codec("order").decode("money", wire).wakes_on == "map:erp:vat:НДС общая"
    lay(onec, "vat", ("НДС общая", "22"))
    assert onec.codec("order").decode("money", wire)["lines"][0]["vat"] == "22"
