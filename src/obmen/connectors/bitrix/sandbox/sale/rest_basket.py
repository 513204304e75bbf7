"""REST methods of lines: `sale.basketitem.*`.

A line of a catalogue product takes its price from the catalogue whatever was sent, unless `customPrice` is Y.
"""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import Answer, Method, describes, fields_of, id_of, integer, number
from obmen.connectors.bitrix.sandbox.errors import RestError
from obmen.connectors.bitrix.sandbox.rows import PARENTS, ZERO
from obmen.connectors.bitrix.sandbox.sale import shown
from obmen.connectors.bitrix.sandbox.sale.basket import (
    add_item,
    change_item,
    check_custom_price,
    delete_item,
    from_catalogue,
)
from obmen.connectors.bitrix.sandbox.sale.calls import (
    Reader,
    as_flag,
    as_integer,
    as_text,
    lists_shown,
    order_of,
    read,
    warn,
)
from obmen.connectors.bitrix.sandbox.sale.money import stored
from obmen.connectors.bitrix.sandbox.sale.orders import Impossible, save_order
from obmen.connectors.bitrix.sandbox.sale.rows import BasketItem, Order
from obmen.connectors.bitrix.sandbox.state import ShopState

BAD_DATA, NO_ORDER, OTHER_CURRENCY, NO_ITEM = 200140400007, 200140400009, 200140400011, 200140400001


def _as_money(_: ShopState, raw: Any) -> Any:
    value = number(raw)
    return None if value is None else stored(value)


def _as_rate(_: ShopState, raw: Any) -> Any:
    """Read a share: 0.22; empty is "no VAT"."""
    return number(raw)


_FIELDS: dict[str, tuple[str, Reader]] = {
    "name": ("name", as_text), "price": ("price", _as_money), "basePrice": ("base_price", _as_money),
    "discountPrice": ("discount_price", _as_money), "customPrice": ("custom_price", as_flag),
    "quantity": ("quantity", _as_money), "vatRate": ("vat_rate", _as_rate),
    "vatIncluded": ("vat_included", as_flag), "weight": ("weight", _as_money),
    "measureCode": ("measure_code", as_text), "measureName": ("measure_name", as_text),
    "productXmlId": ("product_xml_id", as_text), "catalogXmlId": ("catalog_xml_id", as_text),
    "xmlId": ("xml_id", as_text), "sort": ("sort", as_integer),
}  # fmt: skip
_MONEY = ("price", "base_price", "discount_price")


def _add(state: ShopState, params: Mapping[str, Any]) -> Answer:
    return _save_new(state, params, catalogue=False)


def _add_catalogue(state: ShopState, params: Mapping[str, Any]) -> Answer:
    return _save_new(state, params, catalogue=True)


def _save_new(state: ShopState, params: Mapping[str, Any], *, catalogue: bool) -> Answer:
    fields = fields_of(params, "orderId", "currency", "quantity")
    if fields.get("productId") is None:
        raise RestError(0, "Required fields: productId")
    order = _order(state, fields)
    given = read(state, fields, _FIELDS)
    if given["quantity"] is None or given["quantity"] <= ZERO:
        raise RestError(BAD_DATA, "basket item is not saved - bad data")
    product = state.elements.get(integer(fields["productId"]))
    if product is not None and product.type in PARENTS:
        product = None  # what is sold is its offers
    if product is None and (catalogue or not given.get("name")):
        raise RestError(BAD_DATA, "basket item is not saved - bad data")
    fixed = given.get("custom_price") == "Y"
    if fixed:
        check_custom_price(given)
    elif product is not None:
        given = {name: value for name, value in given.items() if name not in _MONEY}
    filled = from_catalogue(state, product, priced=not fixed) if product else _alone(given)
    item = add_item(state, order, BasketItem(**{"order_id": order.id, **filled, **_known(given)}))
    save_order(state, order)
    warn(state)
    return Answer({"basketItem": shown.line(item)})


def _alone(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fill a line of goods the shop does not have."""
    price = given.get("price") or given.get("base_price") or ZERO
    return {"product_id": 0, "module": "", "price": price, "base_price": given.get("base_price") or price}


def _known(given: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out amounts that were sent empty; an empty VAT rate says "no VAT"."""
    return {name: value for name, value in given.items() if value is not None or name == "vat_rate"}


def _update(state: ShopState, params: Mapping[str, Any]) -> Answer:
    item = _item(state, params)
    changes = read(state, fields_of(params), _FIELDS)
    fixed = changes.get("custom_price", item.custom_price) == "Y"
    if changes.get("quantity", item.quantity) is None or changes.get("quantity", item.quantity) <= ZERO:
        raise RestError(BAD_DATA, "basket item is not saved - bad data")
    if fixed and any(name in changes for name in _MONEY):
        held = {name: getattr(item, name) for name in _MONEY}
        check_custom_price(held | {name: changes[name] for name in _MONEY if name in changes})
    elif not fixed and item.product_id:
        changes = {name: value for name, value in changes.items() if name not in _MONEY}
    order = _order(state, {"orderId": item.order_id})
    change_item(state, order, item, **_known(changes))
    save_order(state, order)
    warn(state)
    return Answer({"basketItem": shown.line(item)})


def _delete(state: ShopState, params: Mapping[str, Any]) -> Answer:
    item = _item(state, params)
    order = _order(state, {"orderId": item.order_id})
    delete_item(state, order, item)
    save_order(state, order)
    warn(state)
    return Answer(True)


def _get(state: ShopState, params: Mapping[str, Any]) -> Answer:
    return Answer({"basketItem": shown.line(_item(state, params))})


def _shown(_: ShopState, item: BasketItem) -> dict[str, Any]:
    return shown.line(item)


def _item(state: ShopState, params: Mapping[str, Any]) -> BasketItem:
    item = state.sale.basket.get(id_of(params))
    if item is None:
        raise RestError(NO_ITEM, "basket item does not exist")
    return item


def _order(state: ShopState, fields: Mapping[str, Any]) -> Order:
    order = order_of(state, fields["orderId"], code=NO_ORDER, said="Order not found")
    if fields.get("currency", order.currency) != order.currency:
        raise RestError(OTHER_CURRENCY, "Currency must be the currency of the order")
    return order


def _told(method: Method) -> Method:
    """Give bad data of a line its own code."""

    def call(state: ShopState, params: Mapping[str, Any]) -> Any:
        try:
            return method(state, params)
        except Impossible as exc:
            raise RestError(BAD_DATA, str(exc)) from exc

    return call


METHODS: dict[str, Method] = {
    "sale.basketitem.add": _told(_add),
    "sale.basketitem.addCatalogProduct": _told(_add_catalogue),
    "sale.basketitem.update": _told(_update),
    "sale.basketitem.updateCatalogProduct": _told(_update),
    "sale.basketitem.delete": _told(_delete),
    "sale.basketitem.get": _get,
    "sale.basketitem.list": lists_shown(lambda state: state.sale.basket, "basketItems", _shown),
    "sale.basketitem.getFields": describes(BasketItem, "basketItem"),
}
