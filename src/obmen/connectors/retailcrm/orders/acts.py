"""What the history says others did to orders: acts for the journal, and another program that writes the same fields. Pure.

The history names fields in words of its own (source: history page of the developer docs, map of the vendor's module).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, TypeVar

from obmen.connectors.contract import Act, Doubt
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.model import Value, plain

RECENT_S = 86_400.0
"""How old an act of another program may be to be told of: what is read again from the past is no news."""
SECOND_WRITER = "retailcrm.second_writer"
_FIELDS = {
    "status": "stage",
    "status_comment": "cancelled",
    "number": "number",
    "last_name": "contact",
    "first_name": "contact",
    "patronymic": "contact",
    "phone": "contact",
    "email": "contact",
    "customer_comment": "comment",
    "manager_comment": "note",
    "delivery_type": "delivery",
    "delivery_service": "delivery",
    "delivery_date": "delivery",
    "delivery_time": "delivery",
    "delivery_cost": "money",
    "discount_manual_amount": "money",
    "discount_manual_percent": "money",
    "order_product": "money",
    "order_product.quantity": "money",
    "order_product.initial_price": "money",
    "order_product.discount": "money",
    "order_product.discount_percent": "money",
    "order_product.discount_total": "money",
    "order_product.vat_rate": "money",
    "payments": "payments",
    "payments.status": "payments",
    "payments.type": "payments",
    "payments.amount": "payments",
    "payments.paid_at": "payments",
}
_FAMILIES = {"delivery_address.": "address", "contragent.": "contact"}
_BROUGHT = re.compile(r"\d+_\w+")
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

Record = Mapping[str, Any]
_R = TypeVar("_R", bound=Record)


def atom_of(record: Record, settings: OrderSettings) -> str | None:
    """Return which of our atoms a record is about; None for what is not exchanged."""
    field = str(record.get("field") or "")
    if field == "manager":
        return "responsible" if settings.managers else None
    if field.startswith("custom_"):
        return settings.fields.get(field.removeprefix("custom_"))
    family = next((ours for begins, ours in _FAMILIES.items() if field.startswith(begins)), None)
    return family or _FIELDS.get(field)


def order_of(record: Record) -> str | None:
    """Return the ref of the order a record is about."""
    ref = wire.text(wire.table(record.get("order")).get("id"))
    return ref if ref is not None and ref.isdecimal() else None


def in_shops(records: Iterable[_R], shops: Collection[str]) -> list[_R]:
    """Return the records about orders of these shops; one that names no shop may be."""
    return [
        each
        for each in records
        if (wire.text(wire.table(each.get("order")).get("site")) or "") in {"", *shops}
    ]


def is_own(record: Record) -> bool:
    """Tell whether our own key did it."""
    return wire.table(record.get("apiKey")).get("current") is True


def is_of_another_program(record: Record) -> bool:
    """Tell whether somebody else's key did it."""
    return record.get("source") == "api" and not is_own(record)


def acts_in(
    records: Sequence[Record], settings: OrderSettings, zone: tzinfo, people: Mapping[str, str]
) -> Iterator[Act]:
    """Yield what people, rules and other programs did to what is exchanged; a new order tells of itself.

    `people` are the names of the staff by id, as far as they are known.
    """
    for record in records:
        atom, ref = atom_of(record, settings), order_of(record)
        at, name = wire.utc(record.get("createdAt"), zone), wire.text(record.get("id"))
        if atom is None or ref is None or at is None or name is None:
            continue
        if is_own(record) or record.get("created") is True or record.get("deleted") is True:
            continue
        yield Act(
            ref=ref,
            name=name,
            atom=atom,
            before=_value(record.get("oldValue")),
            after=_value(record.get("newValue")),
            by=_author(record, people),
            at=at,
        )


def second_writer(
    records: Sequence[Record],
    orders: Mapping[str, Record],
    settings: OrderSettings,
    *,
    zone: tzinfo,
    now: float,
    within_s: float = RECENT_S,
) -> list[Doubt]:
    """Say which other program has written what we exchange of late, and whose traces it leaves; `orders` are by id."""
    touched: Counter[str] = Counter()
    seen: dict[str, Record] = {}
    for record in records:
        atom, at = atom_of(record, settings), wire.utc(record.get("createdAt"), zone)
        if atom is None or at is None or not is_of_another_program(record):
            continue
        if now - datetime.fromisoformat(at).timestamp() <= within_s:
            touched[atom.partition(".")[0]] += 1
            ref = order_of(record) or ""
            seen[ref] = orders.get(ref) or wire.table(record.get("order"))
    if not touched:
        return []
    fields = ", ".join(f"{atom} ×{count}" for atom, count in touched.most_common())
    numbers = ", ".join(
        dict.fromkeys(f"№ {wire.text(order.get('number')) or ref}" for ref, order in list(seen.items())[:3])
    )
    en, ru = _whose(list(seen.values()))
    told = Doubt(
        code=SECOND_WRITER,
        en=f"another program writes orders there with a key of its own ({fields}; {numbers}): {en}. Two writers of one "
        "field undo each other and double payments: switch its orders off, or list it as meant with "
        "`orders.others_write = true`.",
        ru=f"заказы там под своим ключом пишет ещё одна программа ({fields}; {numbers}): {ru}. Двое, пишущие одно поле, "
        "отменяют правки друг друга и двоят оплаты: выключите в ней заказы либо отметьте, что так и надо: "
        "`orders.others_write = true`.",
    )
    return [told]


def _whose(orders: Sequence[Record]) -> tuple[str, str]:
    """Return whose traces orders bear: payments and lines under names of the vendor's modules, marketplaces, 1C's ids."""
    en, ru = [], []
    payments = [row for order in orders for row in wire.rows(order.get("payments"))]
    lines = [row for order in orders for row in wire.rows(order.get("items"))]
    codes = {str(each.get("code")) for row in lines for each in wire.rows(row.get("externalIds"))}
    brought = any(_BROUGHT.fullmatch(str(row.get("externalId") or "")) for row in payments)
    if brought or any(code.startswith("bitrix") for code in codes):
        en.append("by its traces the official module of 1C-Bitrix")
        ru.append("судя по следам, официальный модуль 1С-Битрикс")
    markets = {str(name) for order in orders if (name := wire.table(order.get("marketplace")).get("code"))}
    for name in sorted(markets):
        en.append(f"by its traces RetailCRM's module of the marketplace «{name}»")
        ru.append(f"судя по следам, модуль маркетплейса «{name}»")
    ids = [str(row.get("externalId") or "") for row in (*orders, *payments)]
    if any(_GUID.fullmatch(each) for each in ids):
        en.append("by its traces RetailCRM's module of 1C")
        ru.append("судя по следам, модуль RetailCRM для 1С")
    if not en:
        return "it leaves no traces we know", "по следам не узнать, какая"
    return "; ".join(en), "; ".join(ru)


def _author(record: Record, people: Mapping[str, str]) -> str:
    source = str(record.get("source") or "?")
    user = wire.text(wire.table(record.get("user")).get("id"))
    return f"{source} {people.get(user, user)}" if user else source


def _value(raw: Any) -> Value:
    """Return a value of the history as the journal keeps it: a code, a text, a flag; what is none of them by its id."""
    match raw:
        case bool() | None:
            return raw
        case dict():
            return wire.code(raw) or wire.text(raw.get("id")) or "…"
        case list():
            return "…" if raw else None
        case Decimal():
            return plain(raw)
        case _:
            return str(raw)
