"""Saving payments: who turns `paid` to Y prints a receipt, whatever door they come through."""

from typing import Any

from obmen.connectors.bitrix.sandbox.sale import events
from obmen.connectors.bitrix.sandbox.sale.effects import print_receipt
from obmen.connectors.bitrix.sandbox.sale.orders import Impossible, external_code, save_order
from obmen.connectors.bitrix.sandbox.sale.rows import Order, Payment
from obmen.connectors.bitrix.sandbox.state import ShopState


def add_payment(state: ShopState, order: Order, payment: Payment) -> Payment:
    """Add a payment to an order, without saving the order; one that comes paid prints its receipt."""
    paid, payment.paid = payment.paid, "N"
    pay_system = _pay_system_name(state, payment.pay_system_id)
    payment.pay_system_name = pay_system
    payment.order_id, payment.currency = order.id, order.currency
    payment.account_number = f"{order.account_number}/{len(state.sale.payments_of(order)) + 1}"
    payment.xml_id = payment.xml_id or external_code(state)
    payment.date_bill = payment.date_bill or state.now()
    state.sale.payments.insert(payment)
    change_payment(state, order, payment, paid=paid)
    return payment


def save_payment(
    state: ShopState, order: Order, payment: Payment, /, *, from_1c: bool = False, **changes: Any
) -> Payment:
    """Change a payment and save its order."""
    change_payment(state, order, payment, **changes)
    save_order(state, order, from_1c=from_1c)
    return payment


def change_payment(state: ShopState, order: Order, payment: Payment, /, **changes: Any) -> None:
    """Change a payment without saving its order. Money given back makes the payment unpaid."""
    was = payment.paid
    returned = changes.get("is_return", payment.is_return)
    if returned != "N" and payment.is_return == "N":
        if was != "Y":
            raise Impossible("Нельзя вернуть неоплаченную оплату")
        changes |= {"paid": "N", "pay_return_date": changes.get("pay_return_date") or state.now()}
    elif changes.get("paid") == "Y" != was:
        changes = {"date_paid": state.now(), **changes, "is_return": "N"}
    if "pay_system_id" in changes:
        changes["pay_system_name"] = _pay_system_name(state, changes["pay_system_id"])
    state.sale.payments.change(payment, **changes)
    state.sale.events.raise_event(events.PAYMENT_SAVED, payment.id)
    if payment.paid == "Y" != was:
        print_receipt(state, order, payment)
    elif payment.is_return != "N" and was == "Y":
        print_receipt(state, order, payment, refund=True)


def delete_payment(state: ShopState, order: Order, payment: Payment) -> None:
    """Delete a payment that is not paid."""
    if payment.paid == "Y":
        raise Impossible("Нельзя удалить проведённую оплату")
    state.sale.payments.remove(payment)
    state.sale.events.raise_event(events.PAYMENT_DELETED, payment.id)
    save_order(state, order)


def _pay_system_name(state: ShopState, pay_system_id: int) -> str:
    pay_system = state.sale.pay_system(pay_system_id)
    if pay_system is None:
        raise Impossible(f"Платёжная система {pay_system_id} не найдена")
    return pay_system.name
