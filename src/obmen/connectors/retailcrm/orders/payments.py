"""Payments of an order, as calls. Pure: told what stands there.

Each is a thing of its own with methods of its own; the edit of an order does not look at them. The type of one that is
there cannot be changed, so an unpaid one gives way to another. What was paid elsewhere covers the account's own row that
waits for just that sum: it takes our mark. Money that has come is never taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.account import Account
from obmen.connectors.retailcrm.orders.rows import is_paid, payment_key
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.model import decimal
from obmen.sync.shadow import Wire


class Call(NamedTuple):
    """One writing call: its method and its fields."""

    method: str
    fields: dict[str, Any]


def payment_calls(
    row: Mapping[str, Any],
    key: str,
    wanted: Wire,
    *,
    connection: str,
    settings: OrderSettings,
    account: Account,
) -> list[Call]:
    """Return what makes one payment what it should be."""
    held = wire.rows(row.get("payments"))
    own: Mapping[str, Any] | None = next(
        (each for each in held if payment_key(each, connection, settings) == key), None
    )
    if not isinstance(wanted, dict):
        may_go = own is not None and _is_ours(own) and not is_paid(own, settings)
        return [_removed(own)] if own is not None and may_go else []
    if own is None:
        own = _waiting(held, wanted, settings)
    calls: list[Call] = []
    if own is not None and wire.code(own.get("type")) != wanted.get("type"):
        if is_paid(own, settings):
            return []
        if _is_ours(own):
            calls.append(_removed(own))
            own = None
    if own is None:
        payment = {**new_payment(key, wanted, settings, account), "order": {"id": row["id"]}}
        return [*calls, Call("orders/payments/create", {"site": row.get("site"), "payment": payment})]
    change = _changed(own, key, wanted, settings, account)
    if payment_key(own, connection, settings) == key:
        del change["externalId"]  # it is known by this name already, whoever has given it
    if change:
        calls.append(
            Call(
                f"orders/payments/{own['id']}/edit", {"by": "id", "site": row.get("site"), "payment": change}
            )
        )
    return calls


def new_payment(
    key: str, wanted: Mapping[str, Any], settings: OrderSettings, account: Account
) -> dict[str, Any]:
    """Return a payment that is not there yet. What a payment module looks after does not let its state be told."""
    payment: dict[str, Any] = {
        "externalId": f"{wire.MARK}{key}",
        "type": wanted.get("type"),
        "amount": decimal(str(wanted.get("sum") or "0")),
    }
    if wanted.get("type") not in account.acquirers:
        payment["status"] = wanted.get("status")
        if wanted.get("status") in settings.paid and (at := _local(wanted, account.zone)):
            payment["paidAt"] = at
    return payment


def _changed(
    own: Mapping[str, Any], key: str, wanted: Mapping[str, Any], settings: OrderSettings, account: Account
) -> dict[str, Any]:
    change: dict[str, Any] = {"externalId": f"{wire.MARK}{key}"}
    if not is_paid(own, settings):
        if wire.number(own.get("amount")) != wanted.get("sum"):
            change["amount"] = decimal(str(wanted.get("sum") or "0"))
        if wanted.get("status") in settings.paid and wire.code(own.get("type")) not in account.acquirers:
            change["status"] = wanted["status"]
            if at := _local(wanted, account.zone):
                change["paidAt"] = at
    return change


def _waiting(
    held: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any], settings: OrderSettings
) -> Mapping[str, Any] | None:
    """Return the account's own unpaid row of this sum."""
    return next(
        (
            each
            for each in held
            if not wire.text(each.get("externalId"))
            and not is_paid(each, settings)
            and wire.number(each.get("amount")) == wanted.get("sum")
        ),
        None,
    )


def _is_ours(payment: Mapping[str, Any]) -> bool:
    return str(payment.get("externalId") or "").startswith(wire.MARK)


def _removed(payment: Mapping[str, Any]) -> Call:
    return Call(f"orders/payments/{payment['id']}/delete", {})


def _local(wanted: Mapping[str, Any], zone: tzinfo) -> str | None:
    return wire.local(wanted.get("at"), zone) if wanted.get("at") else None
