"""What buyers and managers do to orders by hand, and the history a shop had before."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from obmen.connectors.bitrix.sandbox.calls import number
from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.sale import checkout, events, history
from obmen.connectors.bitrix.sandbox.sale.basket import add_item, change_item, delete_item, from_catalogue
from obmen.connectors.bitrix.sandbox.sale.money import stored
from obmen.connectors.bitrix.sandbox.sale.orders import Impossible, delete_order, save_order, status_of
from obmen.connectors.bitrix.sandbox.sale.payments import save_payment
from obmen.connectors.bitrix.sandbox.sale.rest_orders import put_value
from obmen.connectors.bitrix.sandbox.sale.rows import BasketItem, Order, Payment, Shipment, Status
from obmen.connectors.bitrix.sandbox.sale.shipments import (
    SHIPPED,
    add_shipment,
    change_shipment,
    fill_first,
    set_content,
)
from obmen.connectors.bitrix.sandbox.sale.totting import tot_up
from obmen.connectors.bitrix.sandbox.state import ShopState

BUYER, MANAGER, BANK = checkout.DOOR, "operator", "bank"


class OrderDesk:
    """Buyers at the site, managers at the order form, and the bank that reports payments."""

    def __init__(self, state: ShopState) -> None:
        self._state = state

    def actions(self) -> dict[str, Callable[..., object]]:
        """List the acts by name."""
        acts: tuple[Callable[..., object], ...] = (
            self.place_order,
            self.pay,
            self.cancel_order,
            self.uncancel_order,
            self.change_status,
            self.ship,
            self.edit_lines,
            self.edit_order,
            self.refund,
            self.delete_order,
            self.add_status,
            self.bind_events,
            self.seed_orders,
            self.tot_up,
        )
        return {act.__name__: act for act in acts}

    def place_order(self, **wanted: Any) -> int:
        """Place an order as a buyer: cart, who, delivery, pay_system, coupon, bonuses, comment, location."""
        return checkout.place_order(self._state, **wanted).id

    def pay(self, *, order: int, payment: int = 0, voucher: str = "") -> int:
        """Have the bank report a payment; without an id, the first unpaid one."""
        found = self._order(order)
        held = self._payment(found, payment, paid="N")
        with self._state.acting(BANK):
            save_payment(
                self._state, found, held, paid="Y", ps_status="Y", ps_sum=held.sum, pay_voucher_num=voucher
            )
        return held.id

    def cancel_order(self, *, order: int, reason: str = "", by: str = BUYER) -> int:
        """Cancel an order, as the buyer or (`by="operator"`) as a manager."""
        with self._state.acting(by):
            save_order(self._state, self._order(order), canceled="Y", reason_canceled=reason)
        return order

    def uncancel_order(self, *, order: int) -> int:
        """Take a cancellation back."""
        with self._state.acting(MANAGER):
            save_order(self._state, self._order(order), canceled="N")
        return order

    def change_status(self, *, order: int, status: str) -> int:
        """Set another status."""
        status_of(self._state, status)
        with self._state.acting(MANAGER):
            save_order(self._state, self._order(order), status_id=status)
        return order

    def ship(
        self, *, order: int, lines: Sequence[Mapping[str, Any]] | None = None, tracking: str = ""
    ) -> list[str]:
        """Ship what has not left: all of it, or `lines` of `{"line": id, "quantity": …}`; returns warnings.

        The rest of a partial shipment moves to a shipment of its own.
        """
        state, found = self._state, self._order(order)
        with state.acting(MANAGER):
            shipment = next((each for each in state.sale.shipments_of(found) if each.deducted == "N"), None)
            if shipment is None:
                raise Impossible(f"В заказе {order} больше нечего отгружать")
            if lines is not None:
                self._split(
                    found, shipment, {int(each["line"]): number(each["quantity"]) or ZERO for each in lines}
                )
            changes: dict[str, Any] = {"allow_delivery": "Y", "deducted": "Y"}
            if tracking:
                changes["tracking_number"] = tracking
            warnings = change_shipment(state, found, shipment, **changes)
            if not warnings:
                change_shipment(state, found, shipment, status_id=SHIPPED)
            save_order(state, found)
        return warnings

    def edit_lines(
        self,
        *,
        order: int,
        change: Sequence[Mapping[str, Any]] = (),
        add: Sequence[Mapping[str, Any]] = (),
        remove: Sequence[int] = (),
    ) -> list[int]:
        """Edit lines: `change` by `{"line", "quantity", "price"}`, `add` by `{"xml_id", "quantity"}`."""
        state, found = self._state, self._order(order)
        with state.acting(MANAGER):
            for each in change:
                item = self._line(found, int(each["line"]))
                changes: dict[str, Any] = {}
                if "quantity" in each:
                    changes["quantity"] = number(each["quantity"]) or ZERO
                if "price" in each:
                    price = stored(number(each["price"]) or ZERO)
                    changes |= {
                        "price": price,
                        "discount_price": item.base_price - price,
                        "custom_price": "Y",
                    }
                change_item(state, found, item, **changes)
                fill_first(state, found, item)
            for each in add:
                product = checkout.sellable(state, str(each["xml_id"]))
                pieces = number(each.get("quantity", 1)) or ZERO
                item = BasketItem(order_id=order, quantity=pieces, **from_catalogue(state, product))
                add_item(state, found, item)
                fill_first(state, found, item)
            for line in remove:
                delete_item(state, found, self._line(found, line))
            save_order(state, found)
        return [item.id for item in state.sale.items_of(found)]

    def edit_order(
        self, *, order: int, comments: str | None = None, properties: Mapping[str, str] | None = None
    ) -> int:
        """Write a manager's comment, or order properties by code."""
        state, found = self._state, self._order(order)
        with state.acting(MANAGER):
            for prop in state.sale.properties_of(found.person_type_id):
                if properties and prop.code in properties:
                    put_value(state, found, prop, properties[prop.code])
            save_order(state, found, comments=found.comments if comments is None else comments)
        return order

    def refund(self, *, order: int, payment: int = 0, comment: str = "") -> int:
        """Give the money of a payment back; without an id, of the first paid one."""
        found = self._order(order)
        held = self._payment(found, payment, paid="Y")
        with self._state.acting(MANAGER):
            save_payment(self._state, found, held, is_return="P", pay_return_comment=comment)
        return held.id

    def delete_order(self, *, order: int) -> int:
        """Delete an order for good."""
        with self._state.acting(MANAGER):
            delete_order(self._state, self._order(order))
        return order

    def add_status(self, *, id: str, name: str, kind: str = "O", sort: int = 170, notify: bool = True) -> str:  # noqa: A002 (as the form calls it)
        """Add a status of the shop's own: one or two characters."""
        if not 1 <= len(id) <= 2:
            raise Impossible(f"Код статуса из одного или двух знаков, а не {id!r}")
        self._state.sale.statuses[id] = Status(
            id=id, name=name, type=kind, sort=sort, notify="Y" if notify else "N", xml_id=id
        )
        return id

    def bind_events(self, *, url: str, names: Sequence[str] = (events.ORDER_SAVED,)) -> list[int]:
        """Register an outgoing webhook for events."""
        return self._state.sale.events.bind(url, names)

    def seed_orders(self, *, count: int, seed: int = 0) -> list[int]:
        """Give the shop so many old orders; returns the first and the last id."""
        return history.seed_orders(self._state, count=count, seed=seed)

    def tot_up(self, *, order: int) -> dict[str, str]:
        """Return the sums of one order as the shop has them."""
        return tot_up(self._state, self._order(order))

    def _split(self, order: Order, shipment: Shipment, kept: Mapping[int, Any]) -> None:
        """Leave only these pieces in a shipment and move the others to a new one of the same service."""
        state = self._state
        rest = {
            content.basket_id: content.quantity - kept.get(content.basket_id, ZERO)
            for content in state.sale.contents_of(shipment)
        }
        if any(pieces < ZERO for pieces in rest.values()):
            raise Impossible("Нельзя отгрузить больше, чем заказано")
        if not any(rest.values()):
            return
        for line in rest:
            set_content(state, order, shipment, line, kept.get(line, ZERO))
        second = Shipment(order_id=order.id, delivery_id=shipment.delivery_id)
        add_shipment(state, order, second)
        for line, pieces in rest.items():
            if pieces:
                set_content(state, order, second, line, pieces)

    def _order(self, order_id: int) -> Order:
        order = self._state.sale.orders.get(order_id)
        if order is None:
            raise Impossible(f"The shop has no order {order_id}.")
        return order

    def _line(self, order: Order, line: int) -> BasketItem:
        item = self._state.sale.basket.get(line)
        if item is None or item.order_id != order.id:
            raise Impossible(f"Order {order.id} has no line {line}.")
        return item

    def _payment(self, order: Order, payment_id: int, *, paid: str) -> Payment:
        for payment in self._state.sale.payments_of(order):
            if payment.id == payment_id or (not payment_id and payment.paid == paid):
                return payment
        raise Impossible(f"Order {order.id} has no payment {payment_id or 'of this kind'}.")
