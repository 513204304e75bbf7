"""Documents based on an order: payments, shipments, returns; written from schema 2.10 on, and read back.

What was paid, shipped or returned elsewhere goes to 1C as a document of its own beside the order, numbered by the
order: `17/shop-5`. What is still to be paid or shipped does not, 1C makes that document itself; unless its units have
been marked already. A number 1C sends back
in this form is such a document of ours; any other is 1C's own, known by that number from then on.

A payment back is told by «Возврат … денег», or by `ПризнакВозврата` where the operation has no such twin. A document
marked as deleted is there no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from obmen.connectors.onec.orders import goods
from obmen.connectors.onec.orders.goods import Unread
from obmen.connectors.onec.orders.markup import (
    cents,
    flag,
    folded,
    is_true,
    leaf,
    node,
    requisites,
    when,
)
from obmen.connectors.onec.orders.rates import Rates
from obmen.formats.commerceml.items import OrderDocument
from obmen.model import decimal, plain
from obmen.model.order import part_key, round_kopecks
from obmen.sync.shadow import Wire

SHIPPED = "Отпуск товара"
RETURNED = "Возврат товара"
OTHER = "Прочие"
_LEGAL = ("Выплата наличных денег", "Выплата безналичных денег", "Эквайринговая операция")
_BACK = {
    "Выплата наличных денег": "Возврат наличных денег",
    "Выплата безналичных денег": "Возврат безналичных денег",
}
_PAYMENTS = ("выплата", "эквайринг", "оплата", "поступление")
_BACKS = {folded(back): there for there, back in _BACK.items()}
_OTHER_BACKS = ("возвратоплаты", "возвратденег")
_SHIPMENTS = ("отпусктовара", "реализация", "отгрузка")
_RETURNS = ("возвраттовара",)
_TRACKING = ("идентификаторотправления", "трек-номер")


# --- writing ----------------------------------------------------------------------------------------------------------


def written(
    atoms: Mapping[str, Any], *, connection: str, number: str, ground: str, placed: str, rates: Rates
) -> Iterator[str]:
    """Yield what other systems have paid, shipped and taken back, each as a document.

    `number` is the order's, `ground` the `Ид` of its document, `placed` its local moment, for a part without one.
    """
    money = atoms.get("money")
    known = _priced(money if isinstance(money, dict) else {})
    for name, wire in sorted(atoms.items()):
        family, _, member = name.partition(".")
        if not isinstance(wire, dict) or member.startswith(f"{connection}-"):
            continue
        if family == "payments" and wire.get("paid") is True:
            body = _payment(wire)
        elif family == "shipments" and (wire.get("state") in {"shipped", "delivered"} or _is_marked(wire)):
            body = _movement(wire, known, SHIPPED, rates)
        elif family == "returns":
            body = _movement(wire, known, RETURNED, rates)
        else:
            continue
        at = str(wire.get("at") or placed)
        yield node(
            "Документ",
            leaf("Ид", f"{number}/{member}"),
            leaf("Номер", f"{number}/{member}"),
            leaf("Дата", at[:10]),
            leaf("Время", at[11:19]),
            leaf("Роль", "Продавец"),
            leaf("Валюта", wire.get("currency") or (money or {}).get("currency")),
            leaf("Курс", "1"),
            leaf("Основание", ground),
            body,
        )


def _payment(wire: Mapping[str, Any]) -> str:
    operation = str(wire.get("operation") or OTHER)
    back = wire.get("refund") is True
    there = operation if operation in _LEGAL else OTHER
    return (
        leaf("ХозОперация", _BACK.get(there, there) if back else there)
        + leaf("Сумма", cents(wire.get("sum")))
        + requisites(
            [
                ("Оплачен", flag(True)),
                ("Дата оплаты", wire.get("at")),
                ("Номер платежного документа", wire.get("document")),
                ("Метод оплаты", operation),
                ("ПризнакВозврата", flag(back)),
            ]
        )
    )


def _movement(
    wire: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], operation: str, rates: Rates
) -> str:
    rows = [_row(line, known.get(str(line.get("offer")), {})) for line in wire.get("lines") or ()]
    total = wire.get("sum")
    if total is None:
        total = sum((decimal(str(row["sum"])) for row in rows), decimal("0"))
    moved = operation == SHIPPED
    return (
        leaf("ХозОперация", operation)
        + leaf("Сумма", cents(total))
        + goods.taxes(rows, rates)
        + node("Товары", *(goods.written(row, modern=True) for row in rows))
        + requisites(
            [
                ("Отгружен", flag(wire.get("state") in {"shipped", "delivered"}) if moved else None),
                ("Дата отгрузки", wire.get("at") if moved else None),
                ("Номер документа", wire.get("document")),
                ("Статус отгрузки", wire.get("state")),
                ("Идентификатор отправления", wire.get("tracking")),
                ("Причина возврата", wire.get("reason")),
            ]
        )
    )


def _is_marked(wire: Mapping[str, Any]) -> bool:
    return any(line.get("codes") for line in wire.get("lines") or ())


def _row(line: Mapping[str, Any], priced: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of goods that moved, at what it cost in the order."""
    quantity = decimal(str(line.get("quantity") or "0"))
    ordered = decimal(str(priced.get("quantity") or "0"))
    amount = decimal(str(line["sum"])) if line.get("sum") is not None else None
    if amount is None:
        amount = decimal(str(priced.get("sum") or "0")) * quantity / ordered if ordered else decimal("0")
    row = {key: priced.get(key) for key in ("name", "unit", "vat", "requisites")}
    return {
        **row,
        "offer": line.get("offer"),
        "quantity": plain(quantity),
        "sum": round_kopecks(amount),
        "price": round_kopecks(amount / quantity) if quantity else amount,
        "codes": line.get("codes"),
    }


def _priced(money: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(line["offer"]): line for line in reversed(money.get("lines") or ()) if line.get("offer")}


# --- reading ----------------------------------------------------------------------------------------------------------


def read(
    document: OrderDocument,
    said: Mapping[str, str],
    *,
    connection: str,
    number: str,
    delivery_lines: frozenset[str],
    rates: Rates,
) -> dict[str, Wire]:
    """Read what a document based on an order says of it: one atom, or nothing where it is something else."""
    operation = folded(_given(document.operation))
    name = _given(document.number) or _given(document.id) or _given(document.number_1c) or number
    ours = next((each for each in (name, _given(document.id)) if each.startswith(f"{number}/")), "")
    member = ours[len(number) + 1 :] or part_key(connection, name)
    family, wire = _read(document, operation, said, delivery_lines, rates)
    if not family:
        return {}
    if document.deleted is True:
        return {f"{family}.{member}": None}
    if not ours and "fault" not in wire:
        at = (
            said.get("датаоплатыпо1с")
            or said.get("датаотгрузкипо1с")
            or when(_given(document.date), _given(document.time))
        )
        wire |= {**({"at": at} if at else {}), "document": name}
    return {f"{family}.{member}": wire}


def _read(
    document: OrderDocument,
    operation: str,
    said: Mapping[str, str],
    delivery_lines: frozenset[str],
    rates: Rates,
) -> tuple[str, dict[str, Any]]:
    for family, words, reads in (
        ("returns", _RETURNS, partial(_returned, rates=rates)),
        ("shipments", _SHIPMENTS, _shipped),
    ):
        if any(word in operation for word in words):
            try:
                return family, reads(document, said, delivery_lines)
            except Unread as exc:
                return family, {"fault": str(exc)}
    back = operation in _BACKS or operation.startswith(_OTHER_BACKS)
    if back or operation.startswith(_PAYMENTS) or operation == folded(OTHER):
        try:
            return "payments", _paid(document, operation, said, back=back)
        except Unread as exc:
            return "payments", {"fault": str(exc)}
    return "", {}


def _paid(document: OrderDocument, operation: str, said: Mapping[str, str], *, back: bool) -> dict[str, Any]:
    named = _BACKS.get(operation) or _given(document.operation)
    if operation == folded(OTHER):
        named = said.get("методоплаты") or named
    return {
        "sum": plain(goods.amount_of(document)),
        "currency": _given(document.currency) or None,
        "paid": _flagged(said, ("оплачен", "оплачено")),
        "operation": named or None,
        "refund": back or is_true(said.get("признаквозврата", "")),
    }


def _shipped(
    document: OrderDocument, said: Mapping[str, str], delivery_lines: frozenset[str]
) -> dict[str, Any]:
    left = _flagged(said, ("отгружен", "отгружено"))
    delivered = left and said.get("статусотгрузки", "").casefold() in {"delivered", "доставлен", "доставлена"}
    wire: dict[str, Any] = {
        "state": "delivered" if delivered else "shipped" if left else "waiting",
        "lines": goods.moved(document, delivery_lines),
    }
    tracking = next((said[name] for name in _TRACKING if said.get(name)), "")
    return {**wire, "tracking": tracking} if tracking else wire


def _returned(
    document: OrderDocument, said: Mapping[str, str], delivery_lines: frozenset[str], *, rates: Rates
) -> dict[str, Any]:
    lines = goods.moved(document, delivery_lines)
    for line, (_, amount) in zip(lines, goods.sums(document, delivery_lines, rates), strict=True):
        line["sum"] = plain(amount)
    total = goods.money(document, delivery_lines, rates)
    reason = said.get("причинавозврата") or said.get("причинаквозврату") or ""
    return {
        "lines": lines,
        "sum": total["total"],
        "currency": total["currency"],
        **({"reason": reason} if reason else {}),
    }


def _flagged(said: Mapping[str, str], names: Iterable[str]) -> bool:
    """Tell whether a flag is set; a document that has none is taken for what it is."""
    return all(is_true(said[name]) for name in names if name in said)


def _given(words: object) -> str:
    return words.strip() if isinstance(words, str) else ""
