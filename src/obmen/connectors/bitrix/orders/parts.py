"""Payments and shipments of an order, as calls. Pure: each function is told what stands there.

What was paid or shipped elsewhere covers the shop's own row that waits for just that: a buyer who chose cash has an
unpaid row of that sum, and every order has a shipment that waits. The row takes our mark and is read back as what it
stands for. Only where there is no such row is one added; a partial shipment takes its pieces out of the waiting one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.orders.notes import MARK
from obmen.model import decimal, plain
from obmen.sync.shadow import Wire

Call: TypeAlias = tuple[str, dict[str, Any]]
Calls: TypeAlias = list[Call]
Row: TypeAlias = Mapping[str, Any]
MADE = "$made"
"""Stands for the id of what the first adding call of a stage made."""


def payment_calls(row: Row, key: str, wanted: Wire, ref: str, connection: str) -> Calls:
    """Return what makes one payment what it should be."""
    payments = [each for each in row.get("payments") or () if isinstance(each, dict)]
    stands = _bearing(payments, key, connection)
    if not isinstance(wanted, dict):  # the payment is not there any more; what was paid is never taken away
        ours = stands is not None and str(stands.get("xmlId") or "").startswith(MARK)
        return (
            [("sale.payment.delete", {"id": stands.get("id")})]
            if stands is not None and ours and not wire.flag(stands.get("paid"))
            else []
        )
    fields: dict[str, Any] = {
        "paySystemId": wanted.get("pay_system"),
        "paid": "Y" if wanted.get("paid") else "N",
    }
    if wanted.get("document"):
        fields["payVoucherNum"] = wanted["document"]
    if wanted.get("paid") and wanted.get("at"):
        fields["datePaid"] = wanted["at"]  # else the shop takes the moment of the call
    if stands is not None:
        if wire.flag(stands.get("paid")) == bool(wanted.get("paid")):
            fields.pop("paid")
            fields.pop("datePaid", None)
        return (
            [("sale.payment.update", {"id": stands.get("id"), "fields": fields})] if len(fields) > 1 else []
        )
    own = _waiting_payment(row, payments, wanted)
    if own is not None:
        # The buyer chose how to pay: the pay system of his row stays.
        fields |= {"paySystemId": own.get("paySystemId"), "xmlId": f"{MARK}{key}", "sum": wanted.get("sum")}
        return [("sale.payment.update", {"id": own.get("id"), "fields": fields})]
    added = {
        "orderId": ref,
        "paySystemId": wanted.get("pay_system"),
        "sum": wanted.get("sum"),
        "xmlId": f"{MARK}{key}",
    }
    calls: Calls = [("sale.payment.add", {"fields": added})]
    if wanted.get("paid"):
        calls.append(("sale.payment.update", {"id": MADE, "fields": fields}))
    return calls


def shipment_calls(row: Row, key: str, wanted: Wire, ref: str, connection: str) -> Calls:
    """Return what makes one shipment what it should be."""
    if not isinstance(wanted, dict):
        return []
    shipments = [
        each
        for each in row.get("shipments") or ()
        if isinstance(each, dict) and not wire.flag(each.get("system"))
    ]
    stands = _bearing(shipments, key, connection)
    if stands is not None:
        return [_shipped(stands, wanted)] if _moves(stands, wanted) else []
    waiting = next(
        (each for each in shipments if _is_own(each) and not wire.flag(each.get("deducted"))), None
    )
    pieces = _pieces(row, wanted)
    if waiting is not None:
        inside = {str(item.get("basketId")): item for item in waiting.get("shipmentItems") or ()}
        left = {
            basket: decimal(wire.number(item.get("quantity")) or "0") - pieces.get(basket, Decimal(0))
            for basket, item in inside.items()
        }
        if not pieces or all(rest <= 0 for rest in left.values()):
            return [_shipped(waiting, wanted, mark=f"{MARK}{key}")]
        taken = [
            (inside[basket], rest) for basket, rest in left.items() if pieces.get(basket, Decimal(0)) > 0
        ]
        calls: Calls = [
            ("sale.shipmentitem.update", {"id": item.get("id"), "fields": {"quantity": plain(rest)}})
            if rest > 0
            else ("sale.shipmentitem.delete", {"id": item.get("id")})
            for item, rest in taken
        ]
        return calls + _added(key, wanted, pieces, ref, waiting.get("deliveryId"))
    return _added(key, wanted, pieces, ref, wanted.get("service"))


def _added(
    key: str, wanted: Mapping[str, Any], pieces: Mapping[str, Decimal], ref: str, service: Any
) -> Calls:
    """Return the calls of a new shipment: empty first, its pieces, then it leaves."""
    head = {
        "orderId": ref,
        "deliveryId": service,
        "allowDelivery": "N",
        "deducted": "N",
        "basePriceDelivery": "0",
        "xmlId": f"{MARK}{key}",
    }
    if wanted.get("tracking"):
        head["trackingNumber"] = wanted["tracking"]
    items: Calls = [
        (
            "sale.shipmentitem.add",
            {"fields": {"orderDeliveryId": MADE, "basketId": basket, "quantity": plain(quantity)}},
        )
        for basket, quantity in pieces.items()
    ]
    leaves: Calls = []
    if wanted.get("deducted"):
        fields = {
            "deliveryId": service,
            "allowDelivery": "Y",
            "deducted": "Y",
            "basePriceDelivery": "0",
            "statusId": "DF",
        }
        leaves.append(("sale.shipment.update", {"id": MADE, "fields": fields}))
    return [("sale.shipment.add", {"fields": head}), *items, *leaves]


def _shipped(stands: Row, wanted: Mapping[str, Any], *, mark: str = "") -> Call:
    """Return the update of a shipment: three fields are obligatory, and without its price it would become free."""
    leaves = bool(wanted.get("deducted"))
    fields: dict[str, Any] = {
        "deliveryId": stands.get("deliveryId"),
        "allowDelivery": "Y" if leaves else stands.get("allowDelivery"),
        "deducted": "Y" if leaves else stands.get("deducted"),
        "basePriceDelivery": wire.number(stands.get("priceDelivery")) or "0",
    }
    if leaves:
        fields["statusId"] = "DF"
    if wanted.get("tracking"):
        fields["trackingNumber"] = wanted["tracking"]
    if wanted.get("document"):
        fields["deliveryDocNum"] = wanted["document"]
        if wanted.get("at"):
            fields["deliveryDocDate"] = wanted["at"]
    if mark:
        fields["xmlId"] = mark
    return ("sale.shipment.update", {"id": stands.get("id"), "fields": fields})


def _moves(stands: Row, wanted: Mapping[str, Any]) -> bool:
    return (
        (bool(wanted.get("deducted")) and not wire.flag(stands.get("deducted")))
        or (
            wire.text(stands.get("trackingNumber")) != wanted.get("tracking") and bool(wanted.get("tracking"))
        )
        or (
            wire.text(stands.get("deliveryDocNum")) != wanted.get("document") and bool(wanted.get("document"))
        )
    )


def _pieces(row: Row, wanted: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return how much of which basket row is meant: goods are known by product, in the order of the basket."""
    baskets = [each for each in row.get("basketItems") or () if isinstance(each, dict)]
    room = {str(each.get("id")): decimal(wire.number(each.get("quantity")) or "0") for each in baskets}
    found: dict[str, Decimal] = {}
    for line in wanted.get("lines") or ():
        due = decimal(str(line.get("quantity") or "0"))
        for each in baskets:
            basket = str(each.get("id"))
            if str(wire.whole(each.get("productId"))) != str(line.get("offer")) or not due:
                continue
            some = min(due, room[basket])
            if some:
                found[basket] = found.get(basket, Decimal(0)) + some
                room[basket] -= some
                due -= some
    return found


def _waiting_payment(row: Row, payments: Sequence[Row], wanted: Mapping[str, Any]) -> Row | None:
    """Return the shop's own row that waits for this money.

    That is the one of this sum; or the only one, where this money is all that is due: its sum is that of the order as
    the buyer placed it, and does not follow when lines change.
    """
    due = _sum(wanted)
    waiting = [
        each
        for each in payments
        if _is_own(each) and not wire.flag(each.get("paid")) and each.get("isReturn") in (None, "", "N")
    ]
    exact = next((each for each in waiting if _sum(each) == due), None)
    if exact is not None or len(waiting) != 1 or not wanted.get("paid"):
        return exact
    paid = sum((_sum(each) for each in payments if wire.flag(each.get("paid"))), Decimal(0))
    return waiting[0] if paid + due >= decimal(wire.number(row.get("price")) or "0") else None


def _sum(payment: Mapping[str, Any]) -> Decimal:
    return decimal(wire.number(payment.get("sum")) or "0")


def _bearing(rows: Sequence[Row], key: str, connection: str) -> Row | None:
    own = key.removeprefix(f"{connection}-") if key.startswith(f"{connection}-") else None
    return next(
        (
            each
            for each in rows
            if str(each.get("xmlId") or "") == f"{MARK}{key}"
            or (own is not None and str(wire.whole(each.get("id"))) == own and _is_own(each))
        ),
        None,
    )


def _is_own(row: Row) -> bool:
    return not str(row.get("xmlId") or "").startswith(MARK)
