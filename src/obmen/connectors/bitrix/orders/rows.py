"""What REST shows of an order, in our atoms and the shop's own words. Pure; no canonical values here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.orders.notes import MARK, notes_in
from obmen.connectors.bitrix.orders.settings import OrderSettings
from obmen.model.order import part_key
from obmen.sync.shadow import Look, Wire

_WHOLE = ("payments", "shipments", "properties")

_LINKS = frozenset({"CATALOG.XML_ID", "PRODUCT.XML_ID"})
"""Basket properties by which the shop itself knows the goods."""

Row = Mapping[str, Any]


def order_look(row: Row, *, connection: str, settings: OrderSettings) -> Look:
    """Show one order as `sale.order.get` gave it."""
    shown = wire.text(row.get("accountNumber")) or str(wire.whole(row.get("id")))
    number = settings.number_prefix + shown
    xml_id = wire.text(row.get("xmlId")) or ""
    fields: dict[str, Wire] = {
        "number": number,
        "placed": wire.text(row.get("dateInsert")),
        "site": wire.text(row.get("lid")),
        "stage": wire.text(row.get("statusId")),
        "cancelled": (wire.text(row.get("reasonCanceled")) or "") if wire.flag(row.get("canceled")) else None,
        "money": _money(row, settings),
        "comment": wire.text(row.get("userDescription")),
        "note": wire.text(row.get("comments")),
        "responsible": str(wire.whole(row.get("responsibleId")))
        if wire.whole(row.get("responsibleId"))
        else None,
    }
    fields |= _properties(row, settings)
    for payment in _rows(row, "payments"):
        if settings.is_discount(_pay_system(payment)):
            continue
        fields[f"payments.{_key(payment, connection)}"] = _payment(payment)
        fields |= {f"payments.{key}": value for key, value in _refunds(payment, connection)}
    baskets = {str(wire.whole(line.get("id"))): line for line in _rows(row, "basketItems")}
    service: Wire = None
    for shipment in _rows(row, "shipments"):
        if not wire.flag(shipment.get("system")):
            fields[f"shipments.{_key(shipment, connection)}"] = _shipment(shipment, baskets)
            for key, (_, note) in notes_in(shipment.get("comments")).items():
                fields[f"returns.{key}"] = note
            service = service or str(wire.whole(shipment.get("deliveryId")))
    delivery = fields.get("delivery")
    fields["delivery"] = {**(delivery if isinstance(delivery, dict) else {}), "service": service}
    if settings.number_of and (code := wire.text(row.get("id1c"))) is not None:
        fields[f"numbers.{settings.number_of}"] = code  # an empty one is nobody's word
    record = xml_id.removeprefix(MARK)
    return Look(
        ref=str(wire.whole(row.get("id"))),
        fields=fields,
        whole=_WHOLE,
        mark=int(record) if xml_id.startswith(MARK) and record.isdecimal() else None,
        keys={"number": number, **({"xml_id": xml_id} if xml_id else {})},
        title=f"№ {number}",
    )


def rows_of_lines(row: Row) -> dict[str, list[Row]]:
    """Return the basket rows of an order by product, for those who write lines."""
    found: dict[str, list[Row]] = {}
    for line in _rows(row, "basketItems"):
        found.setdefault(str(wire.whole(line.get("productId")) or ""), []).append(line)
    return found


def _key(part: Row, connection: str) -> str:
    """Return the name of a payment or shipment: our mark where it bears one, else who made it and its id."""
    xml_id = wire.text(part.get("xmlId")) or ""
    return xml_id.removeprefix(MARK) if xml_id.startswith(MARK) else part_key(connection, _id(part))


def _id(row: Row) -> str:
    return str(wire.whole(row.get("id")))


def _rows(row: Row, name: str) -> list[Row]:
    raw = row.get(name)
    found = raw if isinstance(raw, list) else list(raw.values()) if isinstance(raw, dict) else []
    return [each for each in found if isinstance(each, dict)]


def credited(row: Row, settings: OrderSettings) -> list[Wire]:
    """Return the payments of an order that count as a discount: bonuses, gift cards, as the settings say."""
    return [
        wire.number(payment.get("sum"))
        for payment in _rows(row, "payments")
        if settings.is_discount(_pay_system(payment)) and not is_returned(payment)
    ]


def _pay_system(payment: Row) -> str:
    return str(wire.whole(payment.get("paySystemId")))


def _money(row: Row, settings: OrderSettings) -> Wire:
    shipments = [each for each in _rows(row, "shipments") if not wire.flag(each.get("system"))]
    off = credited(row, settings)
    return {
        **({"credited": off} if off else {}),
        "currency": wire.text(row.get("currency")),
        "total": wire.number(row.get("price")),
        "delivery": [wire.number(each.get("priceDelivery")) for each in shipments],
        "services": [str(wire.whole(each.get("deliveryId"))) for each in shipments],
        "lines": [
            {
                "offer": str(wire.whole(line.get("productId")))
                if wire.whole(line.get("productId"))
                else None,
                "row": _id(line),
                "name": wire.text(line.get("name")),
                "quantity": wire.number(line.get("quantity")),
                "price": wire.number(line.get("price")),
                "discount": wire.number(line.get("discountPrice")),
                "vat": wire.number(line.get("vatRate")),
                "vat_included": wire.flag(line.get("vatIncluded")),
                "unit": wire.text(line.get("measureCode")),
                **_of_line(line, settings),
            }
            for line in _rows(row, "basketItems")
            if wire.whole(line.get("setParentId")) in {0, wire.whole(line.get("id"))}
        ],
    }


def _of_line(line: Row, settings: OrderSettings) -> dict[str, Wire]:
    """Return what the basket properties of a line say: of the receipt, and whatever else the buyer chose."""
    said: dict[str, Wire] = {}
    others: dict[str, Wire] = {}
    for each in _rows(line, "properties"):
        code, value = str(each.get("code") or each.get("name") or ""), wire.text(each.get("value"))
        if not code or value is None or code in _LINKS:
            continue
        if code in settings.line_properties:
            said[settings.line_properties[code]] = value
        else:
            others[code] = value
    return {**said, **({"properties": others} if others else {})}


def _payment(row: Row) -> Wire:
    """Show what came in. Money given back is a fact of its own: the shop only turns `paid` off (source of `sale`)."""
    return {
        "row": _id(row),
        "pay_system": _pay_system(row),
        "sum": wire.number(row.get("sum")),
        "currency": wire.text(row.get("currency")),
        "paid": wire.flag(row.get("paid")) or is_returned(row),
        "at": wire.text(row.get("datePaid")),
        "refund": False,
        "document": wire.text(row.get("payVoucherNum")),
    }


def is_returned(payment: Row) -> bool:
    """Tell whether the money of a payment was given back: Y to the buyer's account here, P by the pay system."""
    return payment.get("isReturn") not in (None, "", "N")


def _refunds(row: Row, connection: str) -> Iterator[tuple[str, Wire]]:
    """Yield the refunds of a payment: of the whole as the shop marks it, of parts as our notes say."""
    for key, (_, note) in notes_in(row.get("comments")).items():
        yield key, note
    if not is_returned(row):
        return
    ours = notes_in(row.get("payReturnComment"))
    for key, (_, note) in ours.items():
        yield key, note
    if not ours:
        yield (
            part_key(connection, f"{_id(row)}-return"),
            {
                "row": _id(row),
                "pay_system": _pay_system(row),
                "sum": wire.number(row.get("sum")),
                "currency": wire.text(row.get("currency")),
                "paid": True,
                "at": wire.text(row.get("payReturnDate")),
                "refund": True,
                "document": wire.text(row.get("payReturnNum")),
            },
        )


def _shipment(row: Row, baskets: Mapping[str, Row]) -> Wire:
    lines: list[Wire] = []
    for item in _rows(row, "shipmentItems"):
        basket = str(wire.whole(item.get("basketId")))
        product = wire.whole(baskets.get(basket, {}).get("productId"))
        lines.append(
            {
                "offer": str(product) if product else None,
                "row": basket,
                "quantity": wire.number(item.get("quantity")),
            }
        )
    return {
        "row": _id(row),
        "service": str(wire.whole(row.get("deliveryId"))),
        "state": wire.text(row.get("statusId")),
        "deducted": wire.flag(row.get("deducted")),
        "tracking": wire.text(row.get("trackingNumber")),
        "at": wire.text(row.get("dateDeducted")),
        "document": wire.text(row.get("deliveryDocNum")),
        "lines": lines,
    }


def _properties(row: Row, settings: OrderSettings) -> dict[str, Wire]:
    """Put each property where the table says; several of one place are told apart by who has a value."""
    places: dict[str, dict[str, Wire]] = {"contact": {}, "address": {}, "delivery": {}, "source": {}}
    found: dict[str, Wire] = {}
    for each in _rows(row, "propertyValues"):
        place = settings.properties.get(str(each.get("code") or ""))
        if place is None:
            continue
        family, _, key = place.partition(".")
        raw = each.get("value")
        value = ", ".join(str(item) for item in raw) if isinstance(raw, list) else wire.text(raw)
        if family == "properties":
            found[place] = value
        elif value is not None or key not in places[family]:
            places[family][key] = value
    kind = "company" if wire.whole(row.get("personTypeId")) == settings.company_type else "person"
    places["contact"]["kind"] = kind
    return {**{name: value for name, value in places.items() if value}, **found}
