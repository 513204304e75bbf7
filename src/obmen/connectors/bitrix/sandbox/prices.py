"""REST methods of prices: `catalog.price.*`. `modify` deletes first what its list does not name, in no transaction."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import (
    Answer,
    Method,
    describes,
    fields_of,
    gets,
    id_of,
    integer,
    lists,
    number,
    one,
)
from obmen.connectors.bitrix.sandbox.errors import RestError, required_fields
from obmen.connectors.bitrix.sandbox.listing import as_row
from obmen.connectors.bitrix.sandbox.rows import PARENTS, Price
from obmen.connectors.bitrix.sandbox.state import ShopState

STORED_DECIMALS = 4


def stored_price(state: ShopState, raw: Decimal) -> Decimal:
    """Keep a price as the table keeps it: four decimals, or fewer by the dial `round`."""
    decimals = state.faults.dials.round if state.faults.dials.round >= 0 else STORED_DECIMALS
    kept = round(raw, decimals)
    return kept.to_integral_value() if kept == kept.to_integral_value() else kept.normalize()


def put_price(state: ShopState, held: Price | None, **fields: Any) -> Price:
    """Save a price row, new or known."""
    if "price" in fields:
        fields["price"] = fields["price_scale"] = stored_price(state, fields["price"])
    if held is None:
        return state.prices.insert(Price(timestamp_x=state.now(), **fields))
    return state.prices.change(held, **fields, timestamp_x=state.now())


def _add(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "productId", "catalogGroupId", "price", "currency")
    product_id = id_of(fields, "productId")
    read = _read(state, fields)
    _check_product(state, product_id)
    _check_single(state, product_id, read)
    return Answer({"price": as_row(put_price(state, None, product_id=product_id, **read))})


def _update(state: ShopState, params: Mapping[str, Any]) -> Answer:
    price = one(state.prices, params, "Price")
    read = _read(state, fields_of(params))
    merged = {"catalog_group_id": price.catalog_group_id, "quantity_from": price.quantity_from} | read
    _check_single(state, price.product_id, merged, but=price)
    return Answer({"price": as_row(put_price(state, price, **read))})


def _delete(state: ShopState, params: Mapping[str, Any]) -> Answer:
    state.prices.remove(one(state.prices, params, "Price"))
    return Answer(True)


def _modify(state: ShopState, params: Mapping[str, Any]) -> Answer:
    product = fields_of(params, "product")["product"]
    if not isinstance(product, dict) or not product.get("id") or not isinstance(product.get("prices"), list):
        raise required_fields(["id", "prices"])
    product_id = id_of(product)
    _check_product(state, product_id)
    wanted = [(item, _read(state, item)) for item in product["prices"]]
    absent = [
        name
        for name in ("catalogGroupId", "price", "currency")
        if any(name not in item for item, _ in wanted)
    ]
    if absent:
        raise required_fields(absent)
    ranges = [(read["catalog_group_id"], read.get("quantity_from")) for _, read in wanted]
    if len(set(ranges)) < len(ranges):
        raise _not_single()
    named = {integer(item.get("id")) for item, _ in wanted}
    for price in state.prices.where(product_id=product_id):
        if price.id not in named:
            state.prices.remove(price)
    for item, read in wanted:
        known = state.prices.get(integer(item.get("id")))
        put_price(
            state, known if known and known.product_id == product_id else None, product_id=product_id, **read
        )
    return Answer({"prices": [as_row(price) for price in state.prices.where(product_id=product_id)]})


METHODS: dict[str, Method] = {
    "catalog.price.add": _add,
    "catalog.price.update": _update,
    "catalog.price.delete": _delete,
    "catalog.price.modify": _modify,
    "catalog.price.get": gets(lambda state: state.prices, "price", "Price"),
    "catalog.price.list": lists(lambda state: state.prices, "prices"),
    "catalog.price.getFields": describes(Price, "price"),
}


def _read(state: ShopState, fields: Any) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise required_fields(["catalogGroupId", "price", "currency"])
    read: dict[str, Any] = {}
    if "catalogGroupId" in fields:
        read["catalog_group_id"] = id_of(fields, "catalogGroupId")
        if state.price_types.get(read["catalog_group_id"]) is None:
            raise RestError(0, "Validate price error. Catalog price group is wrong")
    if "price" in fields:
        value = number(fields["price"])
        if value is None or value < 0:
            raise RestError(0, "Validate price error. Price must be a non-negative number")
        read["price"] = value
    if "currency" in fields:
        if fields["currency"] not in state.currencies:
            raise RestError(0, "Validate price error. Currency does not exist")
        read["currency"] = fields["currency"]
    for shown, name in (("quantityFrom", "quantity_from"), ("quantityTo", "quantity_to")):
        if shown in fields:
            read[name] = integer(fields[shown])
    if not state.setup.price_ranges and (read.get("quantity_from") or read.get("quantity_to")):
        raise RestError(0, "Price quantity ranges disabled")
    return read


def _check_product(state: ShopState, product_id: int) -> None:
    product = state.elements.get(product_id)
    if product is None:
        raise RestError(0, "Product does not exist")
    if product.type in PARENTS:
        raise RestError(0, "Validate price error. A product with offers has no price of its own")


def _check_single(
    state: ShopState, product_id: int, read: Mapping[str, Any], *, but: Price | None = None
) -> None:
    """Refuse a second row for the same type and range."""
    rivals = state.prices.where(product_id=product_id, catalog_group_id=read["catalog_group_id"])
    start = read.get("quantity_from")
    if any(rival is not but and (rival.quantity_from == start or start is None) for rival in rivals):
        raise _not_single()


def _not_single() -> RestError:
    return RestError(
        0,
        "Validate price error. Catalog product is allowed has only single price without ranges in price group",
    )
