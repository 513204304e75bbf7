"""REST methods of payments and shipments: `sale.payment.*`, `sale.shipment.*`, `sale.shipmentitem.*`."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import Answer, Method, describes, fields_of, id_of, integer
from obmen.connectors.bitrix.sandbox.errors import RestError
from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.sale import shown
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
from obmen.connectors.bitrix.sandbox.sale.orders import save_order
from obmen.connectors.bitrix.sandbox.sale.payments import add_payment, delete_payment, save_payment
from obmen.connectors.bitrix.sandbox.sale.rows import Order, Payment, Shipment, ShipmentItem
from obmen.connectors.bitrix.sandbox.sale.shipments import (
    add_shipment,
    change_shipment,
    delete_shipment,
    set_content,
)
from obmen.connectors.bitrix.sandbox.state import ShopState

NO_PAYMENT, NO_SHIPMENT, NO_CONTENT = 200640400001, 201140400001, 201240400001
SAME_CONTENT, NO_PLACE, NO_LINE = 201250000001, 201240400002, 201240400003


def _as_return(_: ShopState, raw: Any) -> str:
    """Read N, Y (to the buyer's account) or P (by the pay system)."""
    return raw if raw in ("Y", "P") else "N"


_PAYMENT: dict[str, tuple[str, Reader]] = {
    "paySystemId": ("pay_system_id", as_integer), "paid": ("paid", as_flag), "sum": ("sum", as_number),
    "datePaid": ("date_paid", MOMENT), "isReturn": ("is_return", _as_return),
    "payReturnNum": ("pay_return_num", as_text), "payReturnDate": ("pay_return_date", MOMENT),
    "payReturnComment": ("pay_return_comment", as_text), "payVoucherNum": ("pay_voucher_num", as_text),
    "payVoucherDate": ("pay_voucher_date", MOMENT), "psStatus": ("ps_status", as_text),
    "psInvoiceId": ("ps_invoice_id", as_text), "psSum": ("ps_sum", as_number), "comments": ("comments", as_text),
    "responsibleId": ("responsible_id", as_integer), "marked": ("marked", as_flag),
    "reasonMarked": ("reason_marked", as_text), "xmlId": ("xml_id", as_text), "id1c": ("id_1c", as_text),
    "version1c": ("version_1c", as_text), "updated1c": ("updated_1c", as_flag),
    "externalPayment": ("external_payment", as_flag), "dateBill": ("date_bill", MOMENT),
}  # fmt: skip
_SHIPMENT: dict[str, tuple[str, Reader]] = {
    "deliveryId": ("delivery_id", as_integer), "allowDelivery": ("allow_delivery", as_flag),
    "deducted": ("deducted", as_flag), "statusId": ("status_id", as_text),
    "trackingNumber": ("tracking_number", as_text), "deliveryDocNum": ("delivery_doc_num", as_text),
    "deliveryDocDate": ("delivery_doc_date", MOMENT), "comments": ("comments", as_text),
    "responsibleId": ("responsible_id", as_integer), "xmlId": ("xml_id", as_text), "id1c": ("id_1c", as_text),
    "version1c": ("version_1c", as_text), "updated1c": ("updated_1c", as_flag),
}  # fmt: skip
_OBLIGATORY = ("allowDelivery", "deducted", "deliveryId")


# Payments.


def _add_payment(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "orderId", "paySystemId")
    order = order_of(state, fields["orderId"])
    payment = add_payment(state, order, Payment(order_id=order.id, **read(state, fields, _PAYMENT)))
    save_order(state, order)
    warn(state)
    return Answer({"payment": shown.payment(state, payment)})


def _update_payment(state: ShopState, params: Mapping[str, Any]) -> Answer:
    payment = _payment(state, params)
    changes = read(state, fields_of(params, "paySystemId"), _PAYMENT)
    save_payment(state, order_of(state, payment.order_id), payment, **changes)
    warn(state)
    return Answer({"payment": shown.payment(state, payment)})


def _get_payment(state: ShopState, params: Mapping[str, Any]) -> Answer:
    return Answer({"payment": shown.payment(state, _payment(state, params))})


def _delete_payment(state: ShopState, params: Mapping[str, Any]) -> Answer:
    payment = _payment(state, params)
    delete_payment(state, order_of(state, payment.order_id), payment)
    return Answer(True)


def _payment(state: ShopState, params: Mapping[str, Any]) -> Payment:
    payment = state.sale.payments.get(id_of(params))
    if payment is None:
        raise RestError(NO_PAYMENT, "payment does not exist")
    return payment


# Shipments.


def _add_shipment(state: ShopState, params: Mapping[str, Any]) -> Answer:
    """Add an empty shipment; without a price it costs what its service charges."""
    fields = fields_of(params, "orderId", *_OBLIGATORY)
    order = order_of(state, fields["orderId"])
    given = read(state, fields, _SHIPMENT)
    delivery = state.sale.delivery(given["delivery_id"])
    price = as_number(state, fields["basePriceDelivery"]) if "basePriceDelivery" in fields else None
    given["price_delivery"] = given["base_price_delivery"] = (
        price if price is not None else delivery.price if delivery else ZERO
    )
    shipment = add_shipment(state, order, Shipment(order_id=order.id, **given))
    return _saved(state, order, shipment, [])


def _update_shipment(state: ShopState, params: Mapping[str, Any]) -> Answer:
    """Update a shipment; where neither price is sent, both become nought."""
    shipment = _shipment(state, params)
    fields = fields_of(params, *_OBLIGATORY)
    changes = read(state, fields, _SHIPMENT)
    price = as_number(state, fields.get("basePriceDelivery", fields.get("priceDelivery")))
    changes |= {"price_delivery": price, "base_price_delivery": price}
    order = order_of(state, shipment.order_id)
    return _saved(state, order, shipment, change_shipment(state, order, shipment, **changes))


def _saved(state: ShopState, order: Order, shipment: Shipment, warnings: list[str]) -> Answer:
    save_order(state, order)
    warn(state, warnings)
    contents = [shown.content(state, row) for row in state.sale.contents_of(shipment)]
    return Answer({"shipment": shown.shipment(state, shipment) | {"shipmentItems": contents}})


def _get_shipment(state: ShopState, params: Mapping[str, Any]) -> Answer:
    shipment = _shipment(state, params)
    contents = [shown.content(state, row) for row in state.sale.contents_of(shipment)]
    return Answer({"shipment": shown.shipment(state, shipment) | {"shipmentItems": contents}})


def _delete_shipment(state: ShopState, params: Mapping[str, Any]) -> Answer:
    shipment = _shipment(state, params)
    delete_shipment(state, order_of(state, shipment.order_id), shipment)
    return Answer(True)


def _list_shipments(state: ShopState, params: Mapping[str, Any]) -> Answer:
    seen = (lambda _: True) if state.setup.shows_system_shipments else (lambda row: row.system == "N")
    method = lists_shown(lambda held: held.sale.shipments, "shipments", shown.shipment, keep=seen)
    return method(state, params)  # type: ignore[return-value]  # a list method never downloads


def _shipment(state: ShopState, params: Mapping[str, Any]) -> Shipment:
    shipment = state.sale.shipments.get(id_of(params))
    if shipment is None or (shipment.system == "Y" and not state.setup.shows_system_shipments):
        raise RestError(NO_SHIPMENT, "shipment does not exist")
    return shipment


# What is in a shipment.


def _add_content(state: ShopState, params: Mapping[str, Any]) -> Answer:
    fields = fields_of(params, "orderDeliveryId", "basketId", "quantity")
    shipment = state.sale.shipments.get(integer(fields["orderDeliveryId"]))
    if shipment is None:
        raise RestError(NO_PLACE, "shipment does not exist")
    item = state.sale.basket.get(integer(fields["basketId"]))
    if item is None or item.order_id != shipment.order_id:
        raise RestError(NO_LINE, "basket item does not exist")
    if state.sale.shipment_items.first(order_delivery_id=shipment.id, basket_id=item.id) is not None:
        raise RestError(SAME_CONTENT, "Duplicate entry for key [basketId, orderDeliveryId]")
    pieces = as_number(state, fields["quantity"])
    if pieces <= ZERO:
        raise RestError(0, "Wrong quantity")
    order = order_of(state, shipment.order_id)
    row = set_content(state, order, shipment, item.id, pieces, xml_id=as_text(state, fields.get("xmlId")))
    return _saved_content(state, order, row)


def _update_content(state: ShopState, params: Mapping[str, Any]) -> Answer:
    row, shipment = _content(state, params)
    pieces = as_number(state, fields_of(params, "quantity")["quantity"])
    order = order_of(state, shipment.order_id)
    return _saved_content(state, order, set_content(state, order, shipment, row.basket_id, pieces))


def _delete_content(state: ShopState, params: Mapping[str, Any]) -> Answer:
    row, shipment = _content(state, params)
    order = order_of(state, shipment.order_id)
    set_content(state, order, shipment, row.basket_id, ZERO)
    save_order(state, order)
    return Answer(True)


def _saved_content(state: ShopState, order: Order, row: ShipmentItem | None) -> Answer:
    save_order(state, order)
    warn(state)
    return Answer({"shipmentItem": shown.content(state, row) if row else None})


def _content(state: ShopState, params: Mapping[str, Any]) -> tuple[ShipmentItem, Shipment]:
    row = state.sale.shipment_items.get(id_of(params))
    shipment = state.sale.shipments.get(row.order_delivery_id) if row else None
    if row is None or shipment is None:
        raise RestError(NO_CONTENT, "shipment item does not exist")
    return row, shipment


METHODS: dict[str, Method] = {
    "sale.payment.add": guarded(_add_payment),
    "sale.payment.update": guarded(_update_payment),
    "sale.payment.get": _get_payment,
    "sale.payment.delete": guarded(_delete_payment),
    "sale.payment.list": lists_shown(lambda state: state.sale.payments, "payments", shown.payment),
    "sale.payment.getFields": describes(Payment, "payment"),
    "sale.shipment.add": guarded(_add_shipment),
    "sale.shipment.update": guarded(_update_shipment),
    "sale.shipment.get": _get_shipment,
    "sale.shipment.delete": guarded(_delete_shipment),
    "sale.shipment.list": _list_shipments,
    "sale.shipment.getFields": describes(Shipment, "shipment"),
    "sale.shipmentitem.add": guarded(_add_content),
    "sale.shipmentitem.update": guarded(_update_content),
    "sale.shipmentitem.delete": guarded(_delete_content),
    "sale.shipmentitem.list": lists_shown(
        lambda state: state.sale.shipment_items, "shipmentItems", shown.content
    ),
    "sale.shipmentitem.getFields": describes(ShipmentItem, "shipmentItem"),
}
