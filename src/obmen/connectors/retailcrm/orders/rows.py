"""What the API shows of an order, in our atoms and the account's own words. Pure; no canonical values here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from obmen.connectors.retailcrm import custom, wire
from obmen.connectors.retailcrm.account import Account
from obmen.connectors.retailcrm.answers import SAID
from obmen.connectors.retailcrm.customers.contacts import COMPANY, CORPORATE
from obmen.connectors.retailcrm.orders.lines import in_order, shown_line, stands
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.shapes import unread, unreadable
from obmen.model.order import part_key
from obmen.sync.shadow import Look, Wire

PERSON = ("lastName", "firstName", "patronymic", "phone", "email")
ADDRESS = ("index", "region", "city", "street", "text")
SOURCE = ("source", "medium", "campaign", "keyword", "content")
_BROUGHT = re.compile(r"(\d+)_")

Row = Mapping[str, Any]


def order_look(
    row: Row,
    *,
    connection: str,
    settings: OrderSettings,
    offers_by: str,
    account: Account,
    with_buyer: bool = False,
) -> Look:
    """Show one order as the API gave it. A piece of another shape than it should have is named, and shown as unreadable."""
    ref, zone = str(row["id"]), account.zone
    number = wire.text(row.get("number")) or ref
    external = wire.text(row.get("externalId")) or ""
    delivery = wire.table(row.get("delivery"))
    pieces: dict[str, Callable[[], dict[str, Wire]]] = {
        "money": lambda: {"money": _money(row, offers_by)},
        "contact": lambda: {"contact": _contact(row)},
        "address": lambda: {"address": _texts(wire.table(delivery.get("address")), ADDRESS) or None},
        "delivery": lambda: {"delivery": _delivery(row)},
        "comment": lambda: {"comment": wire.text(row.get("customerComment"))},
        "note": lambda: {"note": wire.text(row.get("managerComment"))},
        "source": lambda: {"source": _texts(wire.table(row.get("source")), SOURCE) or None},
        "stage": lambda: _status(row, settings),
        "properties": lambda: _custom(row, settings),
        "payments": lambda: _payments(row, connection, settings, zone),
    }
    if settings.managers:
        pieces["responsible"] = lambda: {
            "responsible": account.named(row.get("managerId"), settings.managers)
        }
    fields: dict[str, Wire] = {
        "number": number,
        "placed": wire.utc(row.get("createdAt"), zone),
        "site": wire.text(row.get("site")),
    }
    whole: tuple[str, ...] = ("payments",)
    for piece, read in pieces.items():
        wrong = unread(row, SAID[piece])
        if wrong is None:
            fields |= read()
            continue
        if piece == "payments":
            whole = ()
        fields |= dict.fromkeys(_places(piece, connection, settings), unreadable(wrong))
    if with_buyer and unread(row, SAID["buyer"]) is None:
        fields["buyer"] = buyer_of(row)
    return Look(
        ref=ref,
        fields=fields,
        whole=whole,
        mark=wire.mark(external),
        keys={"number": number, **({"xml_id": external} if external else {})},
        # An id that cannot be read is somebody's id all the same.
        elsewhere=settings.creates == "own"
        and (bool(external) or isinstance(row.get("externalId"), dict | list)),
        title=f"№ {number}",
    )


def _places(piece: str, connection: str, settings: OrderSettings) -> tuple[str, ...]:
    """Return the atoms a piece is read into."""
    if piece == "payments":
        return (f"payments.{part_key(connection, '?')}",)
    if piece == "properties":
        return (*settings.fields.values(), *filter(None, [settings.customer_id]))
    return (piece,)


def buyer_of(row: Row) -> str | None:
    """Return the ref of the card of whoever ordered; where a company bought, of the person who speaks for it."""
    of_company = wire.table(row.get("customer")).get("type") == CORPORATE
    return wire.text(wire.table(row.get("contact" if of_company else "customer")).get("id"))


def payment_key(payment: Row, connection: str, settings: OrderSettings) -> str:
    """Return the name of a payment: our mark where it bears one, else who made it and its id."""
    external = wire.text(payment.get("externalId")) or ""
    if external.startswith(wire.MARK):
        return external.removeprefix(wire.MARK)
    brought = _BROUGHT.match(external) if settings.payments_of else None
    if brought is not None:
        return part_key(settings.payments_of, brought.group(1))
    return part_key(connection, str(payment.get("id")))


def is_paid(payment: Row, settings: OrderSettings) -> bool:
    """Tell whether the money of a payment has come."""
    return wire.code(payment.get("status")) in settings.paid


def _status(row: Row, settings: OrderSettings) -> dict[str, Wire]:
    """Tell the two axes the one status stands for. A cancelled order does not say how far it had gone."""
    code = wire.code(row.get("status"))
    if code in settings.cancels:
        return {"cancelled": {"status": code, "comment": wire.text(row.get("statusComment"))}}
    return {"stage": code, "cancelled": None} if code in settings.statuses else {"stage": code}


def _money(row: Row, offers_by: str) -> Wire:
    lines = [shown_line(item, offers_by) for item in wire.rows(row.get("items")) if stands(item)]
    return {
        "currency": wire.text(row.get("currency")),
        "total": wire.number(row.get("totalSumm")) or "0",
        "delivery": wire.number(wire.table(row.get("delivery")).get("cost")) or "0",
        "lines": in_order(lines),
    }


def _contact(row: Row) -> Wire:
    return _texts(row, PERSON) | _texts(wire.table(row.get("contragent")), COMPANY)


def _delivery(row: Row) -> Wire:
    delivery = wire.table(row.get("delivery"))
    data = wire.table(delivery.get("data"))
    shown: dict[str, Wire] = {
        "code": wire.code(delivery.get("code")),
        "service": wire.code(delivery.get("service")),
        "date": wire.text(delivery.get("date")),
        "time": _texts(wire.table(delivery.get("time")), ("from", "to", "custom")) or None,
        "pickup": _texts(data, ("pickuppointId", "pickuppointAddress")) or None,
    }
    return {name: value for name, value in shown.items() if value is not None} or None


def _payments(row: Row, connection: str, settings: OrderSettings, zone: tzinfo) -> dict[str, Wire]:
    return {
        f"payments.{payment_key(payment, connection, settings)}": _payment(payment, row, zone)
        for payment in wire.rows(row.get("payments"))
    }


def _payment(payment: Row, row: Row, zone: tzinfo) -> Wire:
    return {
        "type": wire.code(payment.get("type")),
        "status": wire.code(payment.get("status")),
        "sum": wire.number(payment.get("amount")) or "0",
        "currency": wire.text(row.get("currency")),
        "at": wire.utc(payment.get("paidAt"), zone),
    }


def _custom(row: Row, settings: OrderSettings) -> dict[str, Wire]:
    found = custom.shown(wire.table(row.get("customFields")), settings.fields)
    if settings.customer_id:
        known = wire.text(wire.table(row.get("customer")).get("externalId"))
        if known is not None:
            found[settings.customer_id] = known
    return found


def _texts(raw: Row, names: tuple[str, ...]) -> dict[str, Wire]:
    return {name: value for name in names if (value := wire.text(raw.get(name))) is not None}
