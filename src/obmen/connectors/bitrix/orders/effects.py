"""What writing an order sets off and nobody can take back: mails to the buyer, fiscal receipts, deductions of stock.

The shop mails by itself when an order is made, paid, cancelled, leaves or moves on (mail events SALE_NEW_ORDER,
SALE_ORDER_PAID, SALE_ORDER_CANCEL, SALE_ORDER_SHIPMENT_STATUS, SALE_STATUS_CHANGED); REST cannot tell which of its
templates are switched off, so a setting does.
"""

from __future__ import annotations

from collections.abc import Iterator

from obmen.connectors.bitrix.orders.settings import OrderSettings
from obmen.connectors.contract import Step
from obmen.sync.shadow import Wire

MAIL, RECEIPT, DEDUCTION = "buyer_mail", "receipt", "deduction"


def order_effects(step: Step, settings: OrderSettings) -> tuple[str, ...]:
    """Return what this write may set off, each as often as it may happen."""
    found = list(_of_head(step))
    for name, wanted in step.fields.items():
        family = name.partition(".")[0]
        held = step.held.get(name)
        if family == "payments" and _turns(wanted, held, "paid"):
            found.append(MAIL)
            if _may_print(wanted, settings):
                found += [RECEIPT, MAIL]
        elif family == "shipments":
            if _turns(wanted, held, "deducted"):
                found += [MAIL, DEDUCTION]
            if _turns(wanted, held, "tracking"):
                found.append(MAIL)
    return tuple(name for name in found if name != MAIL or settings.mails)


def _of_head(step: Step) -> Iterator[str]:
    if step.ref is None or step.fields.get("stage") not in {None, step.held.get("stage")}:
        yield MAIL
    if step.fields.get("cancelled") is not None and step.held.get("cancelled") is None:
        yield MAIL


def _turns(wanted: Wire, held: Wire, what: str) -> bool:
    return (
        isinstance(wanted, dict)
        and bool(wanted.get(what))
        and not (isinstance(held, dict) and held.get(what))
    )


def _may_print(wanted: Wire, settings: OrderSettings) -> bool:
    """Tell whether a receipt may be printed: nobody has said that this pay system prints none."""
    known = settings.pay_systems.get(str(wanted.get("pay_system"))) if isinstance(wanted, dict) else None
    return known is None or known.receipts != "none"
