"""REST methods of reference lists: catalogues, price types, VAT, units; and of sales, what a shop without orders shows."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import Answer, Method, gets, lists
from obmen.connectors.bitrix.sandbox.listing import Ask, as_row, choose, only
from obmen.connectors.bitrix.sandbox.state import ShopState

STATUSES = (
    {"id": "N", "type": "O", "sort": 100, "notify": "Y", "color": None, "xmlId": "N"},
    {"id": "P", "type": "O", "sort": 150, "notify": "Y", "color": None, "xmlId": "P"},
    {"id": "F", "type": "O", "sort": 200, "notify": "Y", "color": None, "xmlId": "F"},
    {"id": "DN", "type": "D", "sort": 300, "notify": "Y", "color": None, "xmlId": "DN"},
    {"id": "DF", "type": "D", "sort": 400, "notify": "Y", "color": None, "xmlId": "DF"},
)
PERSON_TYPES = (
    {"id": 1, "name": "Физическое лицо", "sort": 100, "active": "Y", "code": None, "xmlId": "individual"},
    {"id": 2, "name": "Юридическое лицо", "sort": 150, "active": "Y", "code": None, "xmlId": "legal"},
)
_MARKS = ("isEmail", "isPhone", "isPayer", "isLocation", "isAddress", "isZip")


def _order_property(number: int, person_type: int, code: str, name: str, mark: str = "") -> dict[str, Any]:
    kind = "LOCATION" if mark == "isLocation" else "STRING"
    marks = {each: "Y" if each == mark else "N" for each in _MARKS}
    return {"id": number, "personTypeId": person_type, "code": code, "name": name, "type": kind, **marks}


ORDER_PROPERTIES = (
    _order_property(1, 1, "FIO", "Ф.И.О.", "isPayer"),
    _order_property(2, 1, "EMAIL", "E-Mail", "isEmail"),
    _order_property(3, 1, "PHONE", "Телефон", "isPhone"),
    _order_property(4, 1, "ZIP", "Индекс", "isZip"),
    _order_property(5, 1, "CITY", "Город"),
    _order_property(6, 1, "LOCATION", "Местоположение", "isLocation"),
    _order_property(7, 1, "ADDRESS", "Адрес доставки", "isAddress"),
    _order_property(8, 2, "COMPANY", "Название компании", "isPayer"),
    _order_property(10, 2, "INN", "ИНН"),
    _order_property(11, 2, "KPP", "КПП"),
    _order_property(12, 2, "CONTACT_PERSON", "Контактное лицо"),
    _order_property(13, 2, "EMAIL", "E-Mail", "isEmail"),
    _order_property(14, 2, "PHONE", "Телефон", "isPhone"),
    _order_property(18, 2, "LOCATION", "Местоположение", "isLocation"),
    _order_property(19, 2, "ADDRESS", "Адрес доставки", "isAddress"),
)


def _catalogs(state: ShopState, params: Mapping[str, Any]) -> Answer:
    """List the trade catalogues; the XML_ID of their infoblocks is not in REST."""
    ask = Ask.of(params)
    page = choose(state.iblocks, ask)
    shown = []
    for iblock in page.rows:
        row = as_row(iblock)
        del row["xmlId"]
        shown.append(only(row | {"iblockId": iblock.id, "iblockTypeId": iblock.iblock_type_id}, ask.select))
    return Answer({"catalogs": shown}, page.total, page.next)


def _fixed(key: str, rows: tuple[Mapping[str, Any], ...]) -> Method:
    return lambda _state, _params: Answer({key: list(rows)}, total=len(rows))


METHODS: dict[str, Method] = {
    "catalog.catalog.list": _catalogs,
    "catalog.priceType.list": lists(lambda state: state.price_types, "priceTypes"),
    "catalog.priceType.get": gets(lambda state: state.price_types, "priceType", "Price type"),
    "catalog.vat.list": lists(lambda state: state.vats, "vats"),
    "catalog.vat.get": gets(lambda state: state.vats, "vat", "VAT"),
    "catalog.measure.list": lists(lambda state: state.measures, "measures"),
    "catalog.measure.get": gets(lambda state: state.measures, "measure", "Measure"),
    "sale.status.list": _fixed("statuses", STATUSES),
    "sale.persontype.list": _fixed("personTypes", PERSON_TYPES),
    "sale.property.list": _fixed("properties", ORDER_PROPERTIES),
    "sale.order.list": _fixed("orders", ()),
}
