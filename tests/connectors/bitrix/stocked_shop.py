"""Goods for the tests of orders, and small order documents of 1C written by hand."""

from decimal import Decimal
from xml.etree import ElementTree as ET

from obmen.connectors.bitrix.sandbox.elements import add_element
from obmen.connectors.bitrix.sandbox.prices import put_price
from obmen.connectors.bitrix.sandbox.rows import Element

# External code, name, price, VAT, unit, pieces.
GOODS = (
    ("boots#42", "Ботинки рабочие «Урал», 42", "3290.50", 22, 715, "10"),
    ("mattress", "Матрас детский 60×120 см", "2499.90", 10, 796, "4"),
    ("cable", "Кабель ВВГнг(А)-LS 3×2,5 мм²", "88.37", 22, 6, "500"),
    ("gloves#gloves", "Перчатки х/б с ПВХ, пара", "43.90", 22, 715, "300"),
    ("tea", "Чай без налога", "120", None, 796, "5"),
)


def stock(shop):
    """Put the goods into the shop; return their ids by external code."""
    state = shop.state
    ids = {}
    for xml_id, name, price, rate, unit, pieces in GOODS:
        vat = next(vat for vat in state.vats if vat.rate == rate)
        measure = next(each for each in state.measures if each.code == unit)
        element = add_element(
            state,
            Element(
                iblock_id=14,
                name=name,
                xml_id=xml_id,
                vat_id=vat.id,
                measure=measure.id,
                quantity=Decimal(pieces),
                vat_included="Y",
            ),
        )
        put_price(
            state, None, product_id=element.id, catalog_group_id=1, price=Decimal(price), currency="RUB"
        )
        ids[xml_id] = element.id
    return ids


def cart(**pieces):
    """Write a cart: goods by the head of their code."""
    codes = {xml_id.partition("#")[0]: xml_id for xml_id, *_ in GOODS}
    return [{"xml_id": codes[name], "quantity": str(amount)} for name, amount in pieces.items()]


def place(shop, *, who="petrov", pieces=None, **wanted):
    """Place an order and return its number."""
    return shop.act("place_order", cart=cart(**(pieces or {"boots": 2, "mattress": 1})), who=who, **wanted)


def order_file(*documents, version="2.09"):
    body = "".join(documents)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<КоммерческаяИнформация ВерсияСхемы="{version}" '
        f'ДатаФормирования="2026-01-31T12:00:00">{body}</КоммерческаяИнформация>'
    ).encode()


def document(number, *goods, tag="Документ", head="", below="", **said):
    names = {
        "cancelled": "Отменен",
        "paid_at": "Дата оплаты по 1С",
        "paid_by": "Номер оплаты по 1С",
        "shipped_at": "Дата отгрузки по 1С",
        "status": "Статуса заказа ИД",
        "paid": "Оплачен",
        "shipped": "Отгружен",
        "tracking": "Трек-номер",
    }
    requisites = "".join(
        f"<ЗначениеРеквизита><Наименование>{names[name]}</Наименование><Значение>{value}</Значение></ЗначениеРеквизита>"
        for name, value in said.items()
    )
    lines = f"<Товары>{''.join(goods)}</Товары>" if goods else ""
    operation = "" if "<ХозОперация>" in head else "<ХозОперация>Заказ товара</ХозОперация>"
    return (
        f"<{tag}><Номер>{number}</Номер>{operation}{head}{lines}"
        f"<ЗначенияРеквизитов>{requisites}</ЗначенияРеквизитов>{below}</{tag}>"
    )


def goods(xml_id, quantity, price, name="Товар из 1С"):
    total = Decimal(str(quantity)) * Decimal(str(price))
    return (
        f"<Товар><Ид>{xml_id}</Ид><Наименование>{name}</Наименование><Количество>{quantity}</Количество>"
        f"<Цена>{price}</Цена><Сумма>{total}</Сумма></Товар>"
    )


class OrderExchange:
    """The barest 1C at the orders' door."""

    def __init__(self, exchange, **init):
        self.exchange, self.init, self.sent = exchange, init, 0

    async def call(self, mode, **query):
        return await self.exchange.call(mode, kind="sale", **self.exchange.proof(), **query)

    async def enter(self):
        lines = (await self.exchange.call("checkauth", kind="sale")).split("\n")
        assert lines[0] == "success", lines
        self.exchange.cookie, self.exchange.sessid = lines[2], lines[3].removeprefix("sessid=")
        return await self.call("init", **self.init)

    async def query(self):
        return ET.fromstring((await self.call("query")).partition("?>")[2])

    async def take(self):
        """Query and commit, as 1C does; return the numbers of orders."""
        root = await self.query()
        assert await self.call("success") == "success\n"
        return [node.findtext("Ид") for node in root.iter("Документ")]

    async def send(self, content):
        """Upload changes under a new name; return what the door tells."""
        self.sent += 1
        name = f"orders-{self.sent}.xml"
        told = await self.call("file", filename=name, data=content)
        if not self.init.get("version"):
            return told
        return await self.call("import", filename=name)


def said(node):
    """Read the requisites of a document."""
    return {
        each.findtext("Наименование"): each.findtext("Значение")
        for each in node.iterfind("ЗначенияРеквизитов/ЗначениеРеквизита")
    }
