"""All tables of orders and what they lean on: statuses, payer types, properties, deliveries, pay systems, users."""

import random
from collections.abc import Iterator

from obmen.connectors.bitrix.sandbox.sale.events import EventQueue
from obmen.connectors.bitrix.sandbox.sale.rows import (
    BasketItem,
    DeliveryService,
    Order,
    OrderProperty,
    Payment,
    PaySystem,
    PersonType,
    PropertyGroup,
    PropertyValue,
    Shipment,
    ShipmentItem,
    Status,
    User,
)
from obmen.connectors.bitrix.sandbox.tables import Note, Table


class OrderBook:
    """Everything the `sale` module keeps."""

    def __init__(self, note: Note) -> None:
        self.random = random.Random("sale")
        self.events = EventQueue()
        self.orders = Table(Order, "order", note, indexed=("xml_id", "account_number", "id_1c", "user_id"))
        self.basket = Table(BasketItem, "basket_item", note, indexed=("order_id",), first_id=201)
        self.property_values = Table(
            PropertyValue, "order_property", note, indexed=("order_id",), first_id=501
        )
        self.payments = Table(Payment, "payment", note, indexed=("order_id",), first_id=31)
        self.shipments = Table(Shipment, "shipment", note, indexed=("order_id",), first_id=61)
        self.shipment_items = Table(
            ShipmentItem, "shipment_item", note, indexed=("order_delivery_id", "basket_id"), first_id=81
        )
        self.users = Table(User, "user", note, indexed=("email",))
        self.statuses: dict[str, Status] = {}
        self.person_types: tuple[PersonType, ...] = ()
        self.property_groups: tuple[PropertyGroup, ...] = ()
        self.properties: tuple[OrderProperty, ...] = ()
        self.deliveries: tuple[DeliveryService, ...] = ()
        self.pay_systems: tuple[PaySystem, ...] = ()
        self.next_number = 0  # of the counter of order numbers, 0 before its first use

    def items_of(self, order: Order) -> list[BasketItem]:
        """Return the lines of an order."""
        return self.basket.where(order_id=order.id)

    def values_of(self, order: Order) -> dict[str, str]:
        """Return the property values of an order by code."""
        return {row.code: str(row.value or "") for row in self.property_values.where(order_id=order.id)}

    def payments_of(self, order: Order) -> list[Payment]:
        """Return the payments of an order."""
        return self.payments.where(order_id=order.id)

    def shipments_of(self, order: Order) -> list[Shipment]:
        """Return the shipments people see."""
        return self.shipments.where(order_id=order.id, system="N")

    def system_of(self, order: Order) -> Shipment | None:
        """Return the hidden shipment of an order."""
        return self.shipments.first(order_id=order.id, system="Y")

    def contents_of(self, shipment: Shipment) -> list[ShipmentItem]:
        """Return what is in a shipment."""
        return self.shipment_items.where(order_delivery_id=shipment.id)

    def delivery(self, delivery_id: int | None) -> DeliveryService | None:
        """Find a delivery service by its id."""
        return next((each for each in self.deliveries if each.id == delivery_id), None)

    def pay_system(self, pay_system_id: int | None) -> PaySystem | None:
        """Find a pay system by its id."""
        return next((each for each in self.pay_systems if each.id == pay_system_id), None)

    def person_type(self, person_type_id: int) -> PersonType | None:
        """Find a payer type by its id."""
        return next((each for each in self.person_types if each.id == person_type_id), None)

    def properties_of(self, person_type_id: int) -> Iterator[OrderProperty]:
        """Walk the order properties of a payer type."""
        return (each for each in self.properties if each.person_type_id == person_type_id)
