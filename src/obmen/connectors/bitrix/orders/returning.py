"""Refunds and returned goods in a shop, as calls. Pure: each function is told what stands there.

The shop has no return. Of money it knows that a payment as a whole was given back (`isReturn`; `paid` goes off with
it); with `P` a bank's handler pays it back by itself, so only cash and invoices are marked so. A part of a payment is
a note on it: to un-pay and pay anew would print receipts and write to the buyer. Goods that came back are a note on
their shipment: to take the shipment back would add to the stock what 1C adds to its own, and ship to the buyer again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.orders.notes import GOODS, MONEY, note_of, notes_in, with_note
from obmen.connectors.bitrix.orders.parts import Calls, Row
from obmen.connectors.bitrix.orders.rows import is_returned
from obmen.errors import Rejected
from obmen.model import decimal, plain
from obmen.sync.shadow import Wire


def is_refund(value: Wire) -> bool:
    """Tell whether a payment goes back to the buyer."""
    return isinstance(value, dict) and value.get("refund") is True


def refund_calls(row: Row, key: str, wanted: Wire, marks: Collection[str]) -> Calls:
    """Return what makes one refund known: the payment marked as given back, or a note on it.

    One that is not there any more loses its note; a mark stays, for a person. `marks`: ids of pay systems whose
    payments may be marked. Raises `Rejected` where nothing was paid.
    """
    payments = _rows(row, "payments")
    note = note_of(MONEY, key, wanted, {}) if isinstance(wanted, dict) else ""
    for payment in payments:
        for field in ("payReturnComment", "comments"):
            if key in notes_in(payment.get(field)):
                return _noted(payment, field, key, note) if note or field == "comments" else []
    if not isinstance(wanted, dict):
        return []
    due = decimal(str(wanted.get("sum") or "0"))
    paid = sorted(
        (each for each in payments if wire.flag(each.get("paid")) and not is_returned(each)),
        key=lambda each: (_sum(each) != due, _sum(each) < due),
    )
    if not paid:
        raise Rejected(
            "bitrix.refund_of_nothing",
            f"no payment stands as paid in the order that {plain(due)} could be given back of: note the payment there, "
            "or let this refund be kept in 1C only",
            f"в заказе нет проведённой оплаты, из которой возвращены {plain(due)}: отметьте там оплату или оставьте "
            "возврат только в 1С",
        )
    payment = paid[0]
    is_whole = _sum(payment) == due and not notes_in(payment.get("comments"))
    if not is_whole or str(wire.whole(payment.get("paySystemId"))) not in marks:
        return _noted(payment, "comments", key, note)
    fields: dict[str, Any] = {
        "paySystemId": payment.get("paySystemId"),
        "isReturn": "P",
        "payReturnComment": note,
    }
    if wanted.get("document"):
        fields["payReturnNum"] = wanted["document"]
    if wanted.get("at"):
        fields["payReturnDate"] = wanted["at"]
    return [("sale.payment.update", {"id": payment.get("id"), "fields": fields})]


def return_calls(row: Row, key: str, wanted: Wire) -> Calls:
    """Return what makes one return of goods known: a note on the shipment they left with."""
    shipments = [each for each in _rows(row, "shipments") if not wire.flag(each.get("system"))]
    bearing = next((each for each in shipments if key in notes_in(each.get("comments"))), None)
    if not isinstance(wanted, dict):
        return [] if bearing is None else _noted(bearing, "comments", key, "")
    baskets = _rows(row, "basketItems")
    names = {str(wire.whole(each.get("productId"))): str(each.get("name") or "") for each in baskets}
    shipment = bearing or _left_with(shipments, baskets, wanted)
    if shipment is None:
        raise Rejected(
            "bitrix.return_of_nothing",
            "the order has no shipment to note the returned goods on: make one in the order's card",
            "в заказе нет отгрузки, на которой отметить возврат товара: заведите её в карточке заказа",
        )
    return _noted(shipment, "comments", key, note_of(GOODS, key, wanted, names))


def _left_with(shipments: Sequence[Row], baskets: Sequence[Row], wanted: Mapping[str, Any]) -> Row | None:
    """Return the shipment most of the returned goods are in, one that has left before one that waits."""
    meant = {str(line.get("offer")) for line in wanted.get("lines") or () if isinstance(line, dict)}
    rows = {
        str(wire.whole(each.get("id"))) for each in baskets if str(wire.whole(each.get("productId"))) in meant
    }

    def place(shipment: Row) -> tuple[bool, int]:
        inside = [
            item for item in _rows(shipment, "shipmentItems") if str(wire.whole(item.get("basketId"))) in rows
        ]
        return (wire.flag(shipment.get("deducted")), len(inside))

    return max(shipments, key=place, default=None)


def _noted(bearer: Row, field: str, key: str, note: str) -> Calls:
    """Return the call that puts a note on a payment or shipment; everything obligatory is said as it stands."""
    comment = with_note(bearer.get(field), key, note)
    if comment == str(bearer.get(field) or ""):
        return []
    if "deliveryId" in bearer:
        fields = {
            "deliveryId": bearer.get("deliveryId"),
            "allowDelivery": bearer.get("allowDelivery"),
            "deducted": bearer.get("deducted"),
            "basePriceDelivery": wire.number(bearer.get("priceDelivery")) or "0",
            field: comment,
        }
        return [("sale.shipment.update", {"id": bearer.get("id"), "fields": fields})]
    return [
        (
            "sale.payment.update",
            {"id": bearer.get("id"), "fields": {"paySystemId": bearer.get("paySystemId"), field: comment}},
        )
    ]


def _rows(row: Row, name: str) -> list[Row]:
    return [each for each in row.get(name) or () if isinstance(each, dict)]


def _sum(payment: Row) -> Decimal:
    return decimal(wire.number(payment.get("sum")) or "0")
