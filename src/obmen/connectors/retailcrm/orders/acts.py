"""What the history says others did to orders: acts for the journal, and another program that writes the same fields. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial

from obmen.connectors.contract import Act, Doubt
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.records import ORDERS, Record, acts_of, is_of_another_program, ref_in

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


def atom_of(record: Record, settings: OrderSettings) -> str | None:
    """Return which of our atoms a record is about; None for what is not exchanged."""
    field = str(record.get("field") or "")
    if field == "manager":
        return "responsible" if settings.managers else None
    if field.startswith("custom_"):
        return settings.fields.get(field.removeprefix("custom_"))
    family = next((ours for begins, ours in _FAMILIES.items() if field.startswith(begins)), None)
    return family or _FIELDS.get(field)


def acts_in(
    records: Sequence[Record], settings: OrderSettings, zone: tzinfo, people: Mapping[str, str]
) -> Iterator[Act]:
    """Yield what people, rules and other programs did to what is exchanged of orders."""
    return acts_of(records, partial(atom_of, settings=settings), ORDERS, zone, people)


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
            ref = ref_in(record, ORDERS) or ""
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
