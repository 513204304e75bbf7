"""Orders a shop had before anybody looked: thousands of them, quickly, with no mails, no receipts, no ledger."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from obmen.connectors.bitrix.sandbox.rows import PARENTS, ZERO
from obmen.connectors.bitrix.sandbox.sale.basket import from_catalogue
from obmen.connectors.bitrix.sandbox.sale.checkout import PERSON, property_values
from obmen.connectors.bitrix.sandbox.sale.money import totals
from obmen.connectors.bitrix.sandbox.sale.orders import external_code, next_number
from obmen.connectors.bitrix.sandbox.sale.rows import (
    BasketItem,
    Order,
    Payment,
    PropertyValue,
    Shipment,
    ShipmentItem,
    User,
)
from obmen.connectors.bitrix.sandbox.sale.seed import CARD, CASH
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.sandbox.world.buyers import Buyer, invented_buyers

_OLDEST = timedelta(days=3 * 365)
_ORDERS_PER_BUYER = 8
_OLD_RATE = Decimal("0.2")  # before 2026; old orders keep it
_CATALOGUE_LIMIT = 200  # goods that old orders are made of
_COURIER = 2


def seed_orders(state: ShopState, *, count: int, seed: int = 0) -> list[int]:
    """Make so many old orders, oldest first: done, cancelled and a few still open. Returns the first and last id."""
    return _Historian(state, count, seed).write()


class _Historian:
    def __init__(self, state: ShopState, count: int, seed: int) -> None:
        self._state = state
        self._count = count
        self._random = random.Random(f"history:{seed}")
        self._goods = list(islice(_goods(state), _CATALOGUE_LIMIT)) or [_unknown()]
        self._known = {each.id: each for each in state.sale.properties_of(PERSON)}
        self._buyers = [
            (buyer, self._register(buyer))
            for buyer in invented_buyers(seed, max(1, count // _ORDERS_PER_BUYER))
        ]

    def write(self) -> list[int]:
        first = self._state.sale.orders.next_id
        end = self._state.now() - timedelta(days=1)
        step = _OLDEST / max(1, self._count)
        for number in range(self._count):
            self._order(end - step * (self._count - number))
        return [first, self._state.sale.orders.next_id - 1]

    def _register(self, buyer: Buyer) -> int:
        user = User(login=buyer.email, email=buyer.email, last_name=buyer.last_name, name=buyer.first_name)
        return self._state.sale.users.insert(user, noted=False).id

    def _order(self, placed: datetime) -> None:
        sale, source = self._state.sale, self._random
        placed = placed.replace(microsecond=0)
        buyer, user_id = source.choice(self._buyers)
        fate = source.choices(("done", "cancelled", "open"), (85, 12, 3))[0]
        ended = placed + timedelta(days=source.randrange(1, 15)) if fate != "open" else placed
        done, cancelled = fate == "done", fate == "cancelled"
        order = Order(
            user_id=user_id,
            status_id="F" if done else "N",
            date_insert=placed,
            date_update=ended,
            date_status=ended,
            canceled="Y" if cancelled else "N",
            reason_canceled="Передумал" if cancelled else "",
            date_canceled=ended if cancelled else None,
            payed="Y" if done else "N",
            deducted="Y" if done else "N",
            xml_id=external_code(self._state),
            account_number=next_number(self._state, placed),
            version=3,
        )
        lines = [self._line(placed) for _ in range(source.randrange(1, 4))]
        price = Decimal(350) if source.random() < 0.5 else ZERO
        shipment = Shipment(
            order_id=0,
            account_number=f"{order.account_number}/2",
            delivery_id=_COURIER,
            delivery_name="Курьер по Тюмени",
            status_id="DF" if done else "DN",
            allow_delivery=order.deducted,
            deducted=order.deducted,
            price_delivery=price,
            base_price_delivery=price,
            date_insert=placed,
        )
        order.price, order.discount_value, order.tax_value = totals(lines, [shipment])
        sale.orders.insert(order, noted=False)
        self._parts(order, lines, shipment, buyer)

    def _parts(self, order: Order, lines: list[BasketItem], shipment: Shipment, buyer: Buyer) -> None:
        sale = self._state.sale
        shipment.order_id = order.id
        sale.shipments.insert(
            Shipment(order_id=order.id, account_number=f"{order.account_number}/1", system="Y"), noted=False
        )
        sale.shipments.insert(shipment, noted=False)
        for line in lines:
            line.order_id = order.id
            sale.basket.insert(line, noted=False)
            held = ShipmentItem(order_delivery_id=shipment.id, basket_id=line.id, quantity=line.quantity)
            sale.shipment_items.insert(held, noted=False)
        pay_system = sale.pay_system(CARD if order.id % 2 else CASH)
        payment = Payment(
            order_id=order.id,
            account_number=f"{order.account_number}/1",
            pay_system_id=pay_system.id if pay_system else 0,
            pay_system_name=pay_system.name if pay_system else "",
            sum=order.price,
            paid=order.payed,
            date_paid=order.date_update if order.payed == "Y" else None,
            date_bill=order.date_insert,
        )
        sale.payments.insert(payment, noted=False)
        values = property_values(PERSON, buyer)
        for prop in self._known.values():
            if prop.code in values:
                row = PropertyValue(
                    order_id=order.id,
                    order_props_id=prop.id,
                    code=prop.code,
                    name=prop.name,
                    value=values[prop.code],
                )
                sale.property_values.insert(row, noted=False)

    def _line(self, placed: datetime) -> BasketItem:
        filled = self._random.choice(self._goods)
        if placed.year < 2026 and filled["vat_rate"] == Decimal("0.22"):
            filled = {**filled, "vat_rate": _OLD_RATE}
        pieces = Decimal(self._random.randrange(1, 5))
        return BasketItem(order_id=0, quantity=pieces, date_insert=placed, **filled)


def _goods(state: ShopState) -> Iterator[dict[str, Any]]:
    for element in state.elements:
        if element.type not in PARENTS:
            filled = from_catalogue(state, element)
            if filled["price"]:
                yield filled


def _unknown() -> dict[str, Any]:
    """Return a line of goods long gone from the catalogue."""
    price = Decimal("1849.90")
    return {
        "name": "Товар, снятый с продажи",
        "price": price,
        "base_price": price,
        "vat_rate": Decimal("0.22"),
        "product_xml_id": "4c1f0d5a-3b0e-4a57-9d0e-0a2f5b6c7d8e",
        "module": "",
    }
