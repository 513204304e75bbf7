"""How REST shows an order: one deep object, or a head."""

from typing import Any

from obmen.connectors.bitrix.sandbox.listing import as_row
from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.sale.rows import (
    BasketItem,
    Order,
    Payment,
    PropertyValue,
    Shipment,
    ShipmentItem,
)
from obmen.connectors.bitrix.sandbox.state import ShopState


def head(state: ShopState, order: Order) -> dict[str, Any]:
    """Show what `sale.order.list` shows."""
    person, status = state.sale.person_type(order.person_type_id), state.sale.statuses.get(order.status_id)
    return as_row(order) | {
        "personTypeXmlId": person.xml_id if person else "",
        "statusXmlId": (status.xml_id or "") if status else "",
    }


def whole(state: ShopState, order: Order) -> dict[str, Any]:
    """Show what `sale.order.get` shows. Ids of lines are texts there and numbers elsewhere."""
    sale = state.sale
    lines = [line(item) for item in sale.items_of(order)]
    shipments = (
        sale.shipments.where(order_id=order.id)
        if state.setup.shows_system_shipments
        else sale.shipments_of(order)
    )
    return head(state, order) | {
        "basketItems": [shown | {"id": str(shown["id"]), "orderId": str(order.id)} for shown in lines],
        "propertyValues": [value(row) for row in sale.property_values.where(order_id=order.id)],
        "payments": [payment(state, row) for row in sale.payments_of(order)],
        "shipments": [
            shipment(state, row) | {"shipmentItems": [content(state, each) for each in sale.contents_of(row)]}
            for row in shipments
        ],
        "tradeBindings": [],
        "clients": [],
    }


def line(item: BasketItem) -> dict[str, Any]:
    """Show a line."""
    shown = as_row(item)
    reserved, store_id = shown.pop("reserved"), shown.pop("storeId")
    shown["properties"] = [
        {"id": item.id * 10 + number, "basketId": item.id, **each}
        for number, each in enumerate(item.properties)
    ]
    shown["reservations"] = (
        [{"id": item.id, "basketId": item.id, "quantity": reserved, "storeId": store_id, "reservedBy": None}]
        if reserved > ZERO
        else []
    )
    return shown


def value(row: PropertyValue) -> dict[str, Any]:
    """Show a property value."""
    shown = as_row(row)
    del shown["orderId"]
    return shown


def payment(state: ShopState, row: Payment) -> dict[str, Any]:
    """Show a payment."""
    pay_system = state.sale.pay_system(row.pay_system_id)
    return as_row(row) | {
        "paySystemXmlId": pay_system.xml_id if pay_system else "",
        "paySystemIsCash": pay_system.is_cash if pay_system else "N",
        "psCurrency": row.currency if row.ps_sum is not None else "",
    }


def shipment(state: ShopState, row: Shipment) -> dict[str, Any]:
    """Show a shipment."""
    delivery, status = state.sale.delivery(row.delivery_id), state.sale.statuses.get(row.status_id)
    return as_row(row) | {
        "deliveryXmlId": delivery.xml_id if delivery else "",
        "statusXmlId": (status.xml_id or "") if status else "",
    }


def content(state: ShopState, row: ShipmentItem) -> dict[str, Any]:
    """Show pieces of a line in a shipment, with those that are kept for it."""
    item, shipped = state.sale.basket.get(row.basket_id), state.sale.shipments.get(row.order_delivery_id)
    reserved = (
        ZERO if item is None or (shipped and shipped.deducted == "Y") else min(item.reserved, row.quantity)
    )
    return as_row(row) | {"reservedQuantity": reserved}
