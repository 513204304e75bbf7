"""REST methods of orders and their properties: `sale.order.*`, `sale.propertyvalue.*`."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import Answer, Method, describes, fields_of, id_of, integer
from obmen.connectors.bitrix.sandbox.errors import RestError, required_fields
from obmen.connectors.bitrix.sandbox.sale import events, shown
from obmen.connectors.bitrix.sandbox.sale.calls import (
    MOMENT,
    Reader,
    as_flag,
    as_integer,
    as_number,
    as_text,
    guarded,
    lists_shown,
    order_of,
    read,
    warn,
)
from obmen.connectors.bitrix.sandbox.sale.orders import (
    announce,
    create_order,
    delete_order,
    save_order,
    status_of,
)
from obmen.connectors.bitrix.sandbox.sale.rows import Order, OrderProperty, PropertyValue
from obmen.connectors.bitrix.sandbox.state import ShopState

_UPDATED: dict[str, tuple[str, Reader]] = {
    "price": ("price", as_number), "discountValue": ("discount_value", as_number),
    "statusId": ("status_id", as_text), "canceled": ("canceled", as_flag),
    "reasonCanceled": ("reason_canceled", as_text), "marked": ("marked", as_flag),
    "reasonMarked": ("reason_marked", as_text), "userDescription": ("user_description", as_text),
    "comments": ("comments", as_text), "responsibleId": ("responsible_id", as_integer),
    "xmlId": ("xml_id", as_text), "id1c": ("id_1c", as_text), "version1c": ("version_1c", as_text),
    "updated1c": ("updated_1c", as_flag), "externalOrder": ("external_order", as_flag),
    "dateInsert": ("date_insert", MOMENT),
}  # fmt: skip
# Fixed once the order is there: an update drops them without a word.
_ADDED = _UPDATED | {
    "lid": ("lid", as_text), "personTypeId": ("person_type_id", as_integer),
    "currency": ("currency", as_text), "userId": ("user_id", as_integer),
}  # fmt: skip
_NO_ORDER = "order does not exist"


def _add(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "lid", "personTypeId", "currency")
    given = read(state, fields, _ADDED)
    if state.sale.person_type(given["person_type_id"] or 0) is None:
        raise RestError(0, "Person type not found")
    if given["currency"] not in state.currencies:
        raise RestError(0, "Currency not found")
    user_id = given.get("user_id") or 0
    if user_id and state.sale.users.get(user_id) is None:
        raise RestError(0, "User not found")  # none is ever made
    status_of(state, given.get("status_id", "N"))
    canceled = given.pop("canceled", "N")
    order = create_order(state, Order(**{**given, "user_id": user_id}))
    save_order(state, order, canceled=canceled, updated_1c=order.updated_1c, **_price_of(given))
    announce(state, order)
    warn(state)
    return Answer({"order": shown.whole(state, order)})


def _update(state: ShopState, params: Mapping[str, Any]) -> Answer:
    order = order_of(state, id_of(params), code=200540400001, said=_NO_ORDER)
    changes = read(state, fields_of(params), _UPDATED)
    if "status_id" in changes:
        status_of(state, changes["status_id"])
    save_order(state, order, **changes)
    warn(state)
    return Answer({"order": shown.whole(state, order)})


def _get(state: ShopState, params: Mapping[str, Any]) -> Answer:
    order = order_of(state, id_of(params), code=200540400001, said=_NO_ORDER)
    return Answer({"order": shown.whole(state, order)})


def _delete(state: ShopState, params: Mapping[str, Any]) -> Answer:
    delete_order(state, order_of(state, id_of(params), code=200540400001, said=_NO_ORDER))
    return Answer(True)


def _price_of(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("price", "discount_value") if name in given}


# Property values.


def _modify(state: ShopState, params: Mapping[str, Any]) -> Answer:
    """Save the whole set: values of properties that are not named are deleted."""
    given = fields_of(params, "order")["order"]
    values = given.get("propertyValues") if isinstance(given, dict) else None
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise required_fields(["order[id]", "order[propertyValues]"])
    order = order_of(state, given.get("id"), said="Order not found")
    wanted: dict[int, tuple[OrderProperty, Any]] = {}
    known = {each.id: each for each in state.sale.properties_of(order.person_type_id)}
    for each in values:
        prop = known.get(integer(each.get("orderPropsId")) or 0)
        if prop is not None:  # a property of another payer type is passed over
            wanted[prop.id] = (prop, each.get("value"))
    for row in state.sale.property_values.where(order_id=order.id):
        if row.order_props_id not in wanted:
            state.sale.property_values.remove(row)
            state.sale.events.raise_event(events.PROPERTY_DELETED, row.id)
    for prop, value in wanted.values():
        put_value(state, order, prop, value)
    save_order(state, order)
    warn(state)
    rows = state.sale.property_values.where(order_id=order.id)
    return Answer({"propertyValues": [shown.value(row) for row in rows]})


def put_value(state: ShopState, order: Order, prop: OrderProperty, value: Any) -> None:
    """Set one property of an order, without saving the order."""
    held = state.sale.property_values.first(order_id=order.id, order_props_id=prop.id)
    if held is None:
        row = PropertyValue(
            order_id=order.id,
            order_props_id=prop.id,
            code=prop.code,
            name=prop.name,
            value=value,
            order_props_xml_id=prop.xml_id or None,
        )
        held = state.sale.property_values.insert(row)
    elif held.value != value:
        state.sale.property_values.change(held, value=value)
    else:
        return
    state.sale.events.raise_event(events.PROPERTY_SAVED, held.id)


def _value_with_order(_: ShopState, row: PropertyValue) -> dict[str, Any]:
    return shown.value(row) | {"orderId": row.order_id}


METHODS: dict[str, Method] = {
    "sale.order.add": guarded(_add),
    "sale.order.update": guarded(_update),
    "sale.order.get": _get,
    "sale.order.list": lists_shown(lambda state: state.sale.orders, "orders", shown.head),
    "sale.order.delete": guarded(_delete),
    "sale.order.getFields": describes(Order, "order"),
    "sale.propertyvalue.modify": guarded(_modify),
    "sale.propertyvalue.list": lists_shown(
        lambda state: state.sale.property_values, "propertyValues", _value_with_order
    ),
    "sale.propertyvalue.getFields": describes(PropertyValue, "propertyValue"),
}
