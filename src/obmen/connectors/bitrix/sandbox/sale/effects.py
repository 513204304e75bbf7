"""What cannot be taken back: mails to buyers and fiscal receipts, written into the ledger as they happen."""

from decimal import Decimal

from obmen.connectors.bitrix.sandbox.sale.rows import Order, Payment
from obmen.connectors.bitrix.sandbox.state import ShopState

MAIL, RECEIPT = "mail", "receipt"


def mail(state: ShopState, order: Order, kind: str, *, about: str = "") -> None:
    """Send the buyer a mail, where the shop sends this kind and knows an address."""
    if kind in state.setup.mails:
        _send(state, order, kind, about)


def print_receipt(state: ShopState, order: Order, payment: Payment, *, refund: bool = False) -> None:
    """Print a fiscal receipt of a payment, and mail it."""
    pay_system = state.sale.pay_system(payment.pay_system_id)
    if not state.setup.receipts or pay_system is None or pay_system.can_print_check != "Y":
        return
    kind = "refund" if refund else "sell"
    state.ledger.record_effect(
        by=state.actor,
        entity=RECEIPT,
        id=str(payment.id),
        action="printed",
        after={"kind": kind, "order": order.id, "sum": _shown(payment.sum)},
    )
    if state.setup.receipt_mails:
        _send(state, order, RECEIPT, kind)


def address_of(state: ShopState, order: Order) -> str:
    """Return where the buyer reads mail: the order's property, else the user's address."""
    email = next(
        (each for each in state.sale.properties_of(order.person_type_id) if each.is_email == "Y"), None
    )
    given = state.sale.values_of(order).get(email.code, "") if email else ""
    user = state.sale.users.get(order.user_id)
    return given or (user.email if user else "")


def _send(state: ShopState, order: Order, kind: str, about: str) -> None:
    to = address_of(state, order)
    if to:
        state.ledger.record_effect(
            by=state.actor,
            entity=MAIL,
            id=str(order.id),
            action="sent",
            after={"kind": kind, "to": to, "about": about},
        )


def _shown(amount: Decimal) -> str:
    return f"{amount:.2f}"
