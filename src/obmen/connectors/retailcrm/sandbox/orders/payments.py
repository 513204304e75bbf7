"""Payments: each a thing of its own, whose external id is unique in the whole account."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.errors import Problems
from obmen.connectors.retailcrm.sandbox.fields import Field, read_fields
from obmen.connectors.retailcrm.sandbox.orders.recording import saving
from obmen.connectors.retailcrm.sandbox.rows import ZERO, Order, Payment
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import NOT_VALID, code_of, moment, money, text

_COLUMNS = {
    "type": ("type", code_of("payment-types", "PaymentType")),
    "status": ("status", code_of("payment-statuses", "PaymentStatus")),
    "amount": ("amount", money),
    "paidAt": ("paid_at", moment),
    "comment": ("comment", text(2000)),
    "externalId": ("external_id", text(255)),
}
_READING = tuple(Field(name, "", read) for name, (_, read) in _COLUMNS.items())
_CLEARED = {"amount": ZERO}


def read_payment(
    state: CrmState,
    given: Any,
    problems: Problems,
    *,
    at: str,
    site: str,
    held: Payment | None = None,
) -> dict[str, Any]:
    """Read the columns of a payment; the type of one that is there cannot be changed."""
    if not isinstance(given, Mapping):
        problems.say(at.rstrip("."), NOT_VALID)
        return {}
    read = read_fields(state, _READING, given, problems, at=at)
    columns = {
        _COLUMNS[name][0]: _CLEARED.get(_COLUMNS[name][0], "") if value is None else value
        for name, value in read.items()
    }
    kind = held.type if held else str(columns.get("type"))
    if held is None and "type" not in given:
        problems.say(f"{at}type", "This value should not be blank.")
    if held is not None and columns.pop("type", held.type) != held.type:
        problems.say(f"{at}type", "The type of a payment cannot be changed.")
    _check_type(state, kind, given, problems, at=at, site=site)
    external_id = columns.get("external_id")
    taken = state.payments.first(external_id=external_id) if external_id else None
    if taken is not None and taken is not held:
        problems.say(f"{at}externalId", f"Payment with externalId={external_id} already exists.")
    return columns


def put_payment(state: CrmState, order: Order, columns: Mapping[str, Any]) -> Payment:
    """Add a payment to an order; without an amount it is for what is not yet covered."""
    covered = sum((each.amount for each in state.payments_of(order)), ZERO)
    row = {"status": "not-paid", "amount": max(ZERO, order.total_summ - covered), **columns}
    return state.payments.insert(Payment(order_id=order.id, **row))


def add_payment(state: CrmState, order: Order, columns: Mapping[str, Any]) -> Payment:
    """Add a payment to an order that was there, and save the order."""
    with saving(state, order):
        return put_payment(state, order, columns)


def change_payment(state: CrmState, order: Order, payment: Payment, columns: Mapping[str, Any]) -> None:
    """Change a payment and save its order."""
    with saving(state, order):
        state.payments.change(payment, **columns)


def remove_payment(state: CrmState, order: Order, payment: Payment) -> None:
    """Remove a payment and save its order."""
    with saving(state, order):
        state.payments.remove(payment)


def _check_type(
    state: CrmState, kind: str, given: Mapping[str, Any], problems: Problems, *, at: str, site: str
) -> None:
    """Refuse what may not be said of a payment of this type: not in this shop, or a module's own business."""
    spec = state.books["payment-types"].get(kind)
    if spec is None:
        return
    if spec.get("sites") and site not in spec["sites"]:
        problems.say(f"{at}type", f'"PaymentType" with "code"="{kind}" is not available for the site.')
    if spec.get("integrationModule") and state.actor.source == "api":
        for name in ("status", "paidAt"):
            if given.get(name):
                problems.say(
                    f"{at}{name}", "This field is set by the integration module of the payment type."
                )
