"""What a person should know of an order that was written: contacts that are none, what a carrier keeps, another total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from obmen.connectors.contract import Doubt, Step
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.customers.contacts import is_email, is_phone
from obmen.model import decimal
from obmen.sync.shadow import Wire

_UNFIT = {"email": ("the e-mail", "почта"), "phone": ("the phone", "телефон")}
_CARRIED = ("phone", "firstName", "lastName")
"""Of the head of an order; its delivery has more."""


def unfit(contact: Mapping[str, Wire]) -> Doubt | None:
    """Tell what of a contact is no address or no phone, without repeating it."""
    email, phone = str(contact.get("email") or ""), str(contact.get("phone") or "")
    wrong = [
        name
        for name, text, fits in (("email", email, is_email), ("phone", phone, is_phone))
        if text and not fits(text)
    ]
    if not wrong:
        return None
    en, ru = (" and ".join(_UNFIT[name][0] for name in wrong), " и ".join(_UNFIT[name][1] for name in wrong))
    return Doubt(
        code="retailcrm.contact",
        en=f"{en} of the buyer cannot be one; the order went all the same, an e-mail that is none was left out. Correct it "
        "in the order.",
        ru=f"у покупателя неверны {ru}; заказ передан, негодная почта не передана. Исправьте в заказе.",
    )


def spared(body: dict[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Take out of a change what an order given to a carrier no longer lets anybody change; return what was taken."""
    changed = [name for name in _CARRIED if name in body and body.pop(name) != row.get(name)]
    delivery, held = wire.table(body.get("delivery")), wire.table(row.get("delivery"))
    parts = [
        f"delivery.{name}"
        for name in ("cost", "address", "data")
        if name in delivery and not _repeats(delivery.pop(name), held.get(name))
    ]
    if not delivery:
        body.pop("delivery", None)
    return changed + parts


def _repeats(wanted: Any, held: Any) -> bool:
    if isinstance(wanted, dict):
        return all(
            str(wire.table(held).get(name) or "") == str(value or "") for name, value in wanted.items()
        )
    return wire.number(wanted) == wire.number(held)


def carried(kept: Sequence[str]) -> Doubt:
    """Tell what stays as it is because the parcel is registered."""
    names = ", ".join(kept)
    return Doubt(
        code="retailcrm.carried",
        en=f"the parcel is registered with the delivery service: {names} stay as they are there. Change them in RetailCRM "
        "together with the service, or call the delivery off first.",
        ru=f"заказ передан в службу доставки: {names} остались как есть. Измените их в RetailCRM вместе со службой "
        "или сначала отмените доставку.",
    )


def money_differs(step: Step, returned: Mapping[str, Wire]) -> Doubt | None:
    """Tell whether the order costs something else there than what was written."""
    wanted, stands = step.fields.get("money"), returned.get("money")
    if not isinstance(wanted, dict) or not isinstance(stands, dict):
        return None
    due, there = str(wanted.get("total") or "0"), str(stands.get("total") or "0")
    if decimal(due) == decimal(there):
        return None
    return Doubt(
        code="retailcrm.order_total",
        en=f"RetailCRM makes the total {there}, it should be {due}: look for rounding, loyalty or delivery rules that "
        "change orders of the API.",
        ru=f"RetailCRM насчитал {there}, а должно быть {due}: проверьте округление, программу лояльности и правила "
        "доставки, которые меняют заказы из API.",
    )
