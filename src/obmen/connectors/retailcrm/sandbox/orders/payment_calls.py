"""Methods about payments."""

from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import Answer, Ask, Method, numeric_id
from obmen.connectors.retailcrm.sandbox.errors import ApiError, Problems, not_found
from obmen.connectors.retailcrm.sandbox.orders.payments import (
    add_payment,
    change_payment,
    read_payment,
    remove_payment,
)
from obmen.connectors.retailcrm.sandbox.orders.saving import find_order
from obmen.connectors.retailcrm.sandbox.rows import Order, Payment

NOT_LOADED = "Payment is not loaded"


def create(ask: Ask) -> Answer:
    """Add a payment to the order it names."""
    given, problems = ask.part("payment"), Problems()
    order = _order(ask, given.get("order"))
    if order is None:
        problems.say("order", "Order not found.")
        problems.stop_if_any(NOT_LOADED)
        raise not_found()
    columns = read_payment(ask.state, given, problems, at="", site=order.site)
    problems.stop_if_any(NOT_LOADED)
    return Answer({"id": add_payment(ask.state, order, columns).id}, status=201)


def edit(ask: Ask) -> Answer:
    """Change a payment; without `by`, digits are an id first and an external id then."""
    given, problems = ask.part("payment"), Problems()
    payment, order = _held(ask)
    columns = read_payment(ask.state, given, problems, at="", site=order.site, held=payment)
    problems.stop_if_any(NOT_LOADED)
    change_payment(ask.state, order, payment, columns)
    return Answer({"id": payment.id})


def delete(ask: Ask) -> Answer:
    """Remove a payment by its id."""
    payment = ask.state.payments.get(numeric_id(ask.path["id"]))
    if payment is None:
        raise not_found("Payment not found")
    remove_payment(ask.state, _order_of(ask, payment), payment)
    return Answer()


def _held(ask: Ask) -> tuple[Payment, Order]:
    raw, payments = ask.path["id"], ask.state.payments
    by = ask.by() if ask.params.get("by") else ""
    payment = None
    if by != "externalId" and raw.isdecimal():
        payment = payments.get(int(raw))
    if payment is None and by != "id":
        payment = payments.first(external_id=raw)
    if payment is None:
        raise not_found("Payment not found")
    return payment, _order_of(ask, payment)


def _order_of(ask: Ask, payment: Payment) -> Order:
    order = ask.state.orders.get(payment.order_id)
    if order is None or order.site not in ask.state.site_codes(ask.key):
        raise ApiError(403, "Access denied.")
    return order


def _order(ask: Ask, named: Any) -> Order | None:
    if not isinstance(named, dict):
        return None
    sites = ask.sites()
    if named.get("id"):
        found = ask.state.orders.get(int(named["id"])) if str(named["id"]).isdecimal() else None
        return found if found is not None and found.site in sites else None
    if named.get("externalId"):
        return find_order(ask.state, str(named["externalId"]), *sites)
    number = str(named.get("number") or "")
    return next((each for each in ask.state.orders.where(number=number) if each.site in sites), None)


METHODS = (
    Method("POST", "orders/payments/create", "order_write", create),
    Method("POST", "orders/payments/{id}/edit", "order_write", edit),
    Method("POST", "orders/payments/{id}/delete", "order_write", delete),
)
