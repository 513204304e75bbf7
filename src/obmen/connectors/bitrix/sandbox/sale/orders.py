"""Saving orders: numbers, sums, flags that follow, versions, and what every save tells the outside.

One save is one version. The time of change has whole seconds; a save from 1C sets `updated1c`, any other clears it.
"""

from datetime import datetime
from typing import Any

from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.sale import events
from obmen.connectors.bitrix.sandbox.sale.effects import mail
from obmen.connectors.bitrix.sandbox.sale.money import totals
from obmen.connectors.bitrix.sandbox.sale.reserves import release, reserve_due
from obmen.connectors.bitrix.sandbox.sale.rows import Order, Shipment, Status
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.connectors.bitrix.sandbox.tables import Table

FINAL = "F"


class Impossible(ValueError):
    """The shop refuses to save this."""


def create_order(state: ShopState, order: Order) -> Order:
    """Save the head of a new order with its number and its hidden shipment."""
    now = state.now()
    order.date_insert = order.date_insert or now
    order.date_update = order.date_status = now
    order.xml_id = order.xml_id or external_code(state)
    order.account_number = next_number(state, order.date_insert)
    state.sale.orders.insert(order)
    system = Shipment(
        order_id=order.id, account_number=f"{order.account_number}/1", system="Y", date_insert=now
    )
    system.xml_id = external_code(state)
    state.sale.shipments.insert(system)
    state.sale.events.raise_event(events.ORDER_SAVED, order.id, order.xml_id)
    return order


def announce(state: ShopState, order: Order) -> None:
    """Write to the buyer that the order is placed."""
    mail(state, order, "new_order", about=order.account_number)


def save_order(state: ShopState, order: Order, /, *, from_1c: bool = False, **changes: Any) -> Order:
    """Save an order with whatever has changed in and under it, and do what follows from it."""
    before = (order.payed, order.canceled, order.status_id)
    changes = {**changes, **_derived(state, order, keep_price="price" in changes)}
    if "status_id" in changes and changes["status_id"] != order.status_id:
        changes["date_status"] = state.now()
    if changes.get("canceled", order.canceled) != order.canceled:
        changes |= _cancelling(state, order, changes)
    if changes.get("marked", order.marked) != order.marked:
        changes["date_marked"] = state.now() if changes["marked"] == "Y" else None
    changes.setdefault("updated_1c", "Y" if from_1c else "N")
    state.sale.orders.change(order, **changes, date_update=state.now(), version=order.version + 1)
    state.sale.events.raise_event(events.ORDER_SAVED, order.id, order.xml_id)
    _follow(state, order, *before)
    return order


def delete_order(state: ShopState, order: Order) -> None:
    """Delete an order with all that hangs on it."""
    sale = state.sale
    release(state, order)
    for shipment in sale.shipments.where(order_id=order.id):
        for content in sale.contents_of(shipment):
            sale.shipment_items.remove(content)
        sale.shipments.remove(shipment)
    children: tuple[Table[Any], ...] = (sale.basket, sale.property_values, sale.payments)
    for table in children:
        for row in table.where(order_id=order.id):
            table.remove(row)
    sale.orders.remove(order)
    sale.events.raise_event(events.ORDER_DELETED, order.id, order.xml_id)


def status_of(state: ShopState, status_id: str, *, kind: str = "O") -> Status:
    """Find a status, or refuse."""
    status = state.sale.statuses.get(status_id)
    if status is None or status.type != kind:
        raise Impossible(f"Статус «{status_id}» не найден")
    return status


def next_number(state: ShopState, moment: datetime) -> str:
    """Number one more order by the shop's template."""
    setup, sale = state.setup, state.sale
    match setup.number_template:
        case "id":
            return str(sale.orders.next_id)
        case "prefix":
            return f"{setup.number_prefix}{sale.orders.next_id}"
        case "counter":
            sale.next_number = max(sale.next_number + 1, setup.number_start)
            return str(sale.next_number)
        case "date":
            sale.next_number += 1
            return f"{moment:%Y%m%d}/{sale.next_number}"


def external_code(state: ShopState) -> str:
    """Make the code a row without one gets."""
    return f"bx_{state.sale.random.getrandbits(52):013x}"


def _derived(state: ShopState, order: Order, *, keep_price: bool) -> dict[str, Any]:
    """Work out the sums and the two flags nobody may write."""
    sale = state.sale
    items, shipments, payments = sale.items_of(order), sale.shipments_of(order), sale.payments_of(order)
    derived: dict[str, Any] = {}
    price = order.price
    if (items or shipments) and not keep_price:
        derived |= totals(items, shipments)._asdict()
        price = derived["price"]
    taken = sum((payment.sum for payment in payments if payment.paid == "Y"), ZERO)
    live = [payment for payment in payments if payment.is_return == "N"]
    derived["payed"] = _flag(live and all(payment.paid == "Y" for payment in live) and taken >= price)
    system = sale.system_of(order)
    left = sale.contents_of(system) if system else []
    derived["deducted"] = _flag(
        items and shipments and not left and all(shipment.deducted == "Y" for shipment in shipments)
    )
    return derived


def _cancelling(state: ShopState, order: Order, changes: dict[str, Any]) -> dict[str, Any]:
    if changes["canceled"] != "Y":
        return {"date_canceled": state.now(), "reason_canceled": changes.get("reason_canceled", "")}
    if not state.setup.cancels_paid:
        if any(payment.paid == "Y" for payment in state.sale.payments_of(order)):
            raise Impossible("Невозможно отменить заказ: есть проведённые оплаты")
        if any(shipment.deducted == "Y" for shipment in state.sale.shipments_of(order)):
            raise Impossible("Невозможно отменить заказ: есть отгруженные отгрузки")
    return {"date_canceled": state.now()}


def _follow(state: ShopState, order: Order, payed: str, canceled: str, status_id: str) -> None:
    if order.canceled == "Y" != canceled:
        release(state, order)
        mail(state, order, "cancelled", about=order.reason_canceled)
    reserve_due(state, order)
    if order.status_id != status_id:
        status = state.sale.statuses.get(order.status_id)
        if status is not None and status.notify == "Y":
            mail(state, order, "status", about=order.status_id)
    if payed != "Y" == order.payed:
        mail(state, order, "paid")
        target = state.setup.status_on_paid
        if target and target != order.status_id:
            save_order(state, order, status_id=target, updated_1c=order.updated_1c)


def _flag(*facts: object) -> str:
    return "Y" if all(facts) else "N"
