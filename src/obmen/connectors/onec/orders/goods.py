"""Rows of `Товары`, written and read: goods, delivery as a service, their VAT, discounts and marking codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from obmen.connectors.onec.orders import marks, splitting
from obmen.connectors.onec.orders.markup import (
    cents,
    escape,
    folded,
    leaf,
    node,
    number,
    requisites,
    rows,
    text,
)
from obmen.connectors.onec.orders.rates import Rates
from obmen.formats.commerceml.items import Node, OrderDocument
from obmen.model import VAT_NONE, BadValue, decimal, plain
from obmen.model.order import pieces, round_kopecks, spread

_UNITS = {
    "796": "Штука",
    "166": "Килограмм",
    "112": "Литр",
    "006": "Метр",
    "6": "Метр",
    "715": "Пара",
    "778": "Упаковка",
}


class Unread(Exception):
    """Something in a document that cannot be read: the element and what stands there."""


# --- writing ----------------------------------------------------------------------------------------------------------


def rows_of(money: Mapping[str, Any], part: str, delivery_line: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one part of an order; a line 1C could not multiply to its sum is cut into rows it can."""
    for line in money.get("lines") or ():
        if (line.get("part") or splitting.MAIN) != part:
            continue
        quantity, amount = decimal(str(line["quantity"])), decimal(str(line["sum"]))
        codes = list(line.get("codes") or ())
        cut = pieces(quantity, amount)
        for place, (count, price) in enumerate(cut, 1):
            own = codes if place == len(cut) else codes[: int(count)]
            codes = codes[len(own) :]
            row = {**line, "quantity": plain(count), "price": price, "codes": own}
            row["sum"] = round_kopecks(count * price)
            if place < len(cut):
                row.pop("discount", None)  # said once, in the last of them
            yield row
    if part == splitting.MAIN and money.get("delivery") is not None:
        amount = decimal(str(money["delivery"]))
        if amount:
            yield {
                "offer": delivery_line,
                "name": "Доставка заказа",
                "quantity": "1",
                "price": amount,
                "sum": amount,
                "vat": money.get("delivery_vat"),
                "service": True,
            }


def written(row: Mapping[str, Any], *, modern: bool) -> str:
    """Write one row."""
    code = str(row.get("unit") or "796")
    named = escape(_UNITS.get(code, code))
    unit = (
        node("Единица", leaf("Код", code), leaf("НаименованиеПолное", _UNITS.get(code, code)))
        + leaf("Коэффициент", "1")
        if modern
        else f'<БазоваяЕдиница Код="{escape(code)}" НаименованиеПолное="{named}" МеждународноеСокращение="">{named}</БазоваяЕдиница>'
    )
    rate = row.get("vat")
    kind = "Услуга" if row.get("service") else "Товар"
    return node(
        "Товар",
        leaf("Ид", row.get("offer")),
        leaf("Наименование", row.get("name")),
        unit,
        leaf("ЦенаЗаЕдиницу", cents(row["price"])),
        leaf("Количество", row["quantity"]),
        leaf("Сумма", cents(row["sum"])),
        _discount(row.get("discount")),
        node("СтавкиНалогов", node("СтавкаНалога", leaf("Наименование", "НДС"), leaf("Ставка", rate)))
        if rate
        else "",
        requisites(
            [("ВидНоменклатуры", kind), ("ТипНоменклатуры", kind), *(row.get("requisites") or {}).items()]
        ),
        marks.written(list(row.get("codes") or ())),
    )


def _discount(amount: object) -> str:
    """Say what the price has been lowered by: it is in the price already."""
    if not amount:
        return ""
    said = leaf("Наименование", "Скидка на товар") + leaf("Сумма", cents(amount))
    return node("Скидки", node("Скидка", said, leaf("УчтеноВСумме", "true")))


def taxes(written_rows: Iterable[Mapping[str, Any]], rates: Rates) -> str:
    """Say that VAT is in the prices, with its sum by rate."""
    by_rate: dict[str, Decimal] = {}
    for row in written_rows:
        rate = row.get("vat")
        with suppress(BadValue):  # of a rate nobody knows only its name can be written
            if rate is not None and rates.meant(rate) != VAT_NONE:
                share = rates.share(rate)
                by_rate[rate] = by_rate.get(rate, Decimal(0)) + row["sum"] * share / (100 + share)
    return node(
        "Налоги",
        *(
            node(
                "Налог",
                leaf("Наименование", "НДС"),
                leaf("УчтеноВСумме", "true"),
                leaf("Сумма", cents(round_kopecks(amount))),
                leaf("Ставка", rate),
            )
            for rate, amount in (by_rate or {"": Decimal(0)}).items()
        ),
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def money(document: OrderDocument, delivery_lines: frozenset[str], rates: Rates) -> dict[str, Any]:
    """Read lines, delivery and total of a document; raises `Unread`."""
    element = document.node
    included = _included(element)
    lines: list[dict[str, Any]] = []
    delivery: Decimal | None = None
    delivery_vat: str | None = None
    net = total = Decimal(0)
    for row in rows(element, "Товары", "Товар"):
        rate = _rate(row)
        bare, quantity = _sum(row)
        amount = round_kopecks(bare if included else gross(bare, rate, rates))
        net += bare
        total += amount
        ref = text(row, "Ид")
        if ref in delivery_lines:
            delivery = (delivery or Decimal(0)) + amount
            delivery_vat = rate
            continue
        line: dict[str, Any] = {
            "offer": ref or None,
            "name": text(row, "Наименование"),
            "quantity": plain(quantity),
            "sum": plain(amount),
        }
        if rate is not None:
            line["vat"] = rate
        if codes := _codes(row):
            line["codes"] = codes
        lines.append(line)
    off = _off(element)
    for line, share in zip(lines, spread(off, [decimal(line["sum"]) for line in lines]), strict=True):
        line["sum"] = plain(decimal(line["sum"]) - share)
    if lines:
        net, total = net - off, total - off
    said = _total(document)
    # Where VAT comes on top, some 1C write the total with it and some without.
    told = plain(total) if said is None or (not included and said == round_kopecks(net)) else plain(said)
    return {
        "currency": document.currency or None,
        "lines": lines,
        "delivery": plain(delivery) if delivery else None,
        "delivery_vat": delivery_vat,
        "total": told,
    }


def moved(document: OrderDocument, delivery_lines: frozenset[str]) -> list[dict[str, Any]]:
    """Read what a shipment or a return moves: goods, not services; raises `Unread`."""
    found: list[dict[str, Any]] = []
    for row in rows(document.node, "Товары", "Товар"):
        ref = text(row, "Ид")
        if not ref or ref in delivery_lines:
            continue
        line: dict[str, Any] = {"offer": ref, "quantity": plain(_sum(row)[1])}
        if codes := _codes(row):
            line["codes"] = codes
        found.append(line)
    return found


def sums(
    document: OrderDocument, delivery_lines: frozenset[str], rates: Rates
) -> Iterator[tuple[str, Decimal]]:
    """Yield what each row of goods comes to, by its id."""
    included = _included(document.node)
    for row in rows(document.node, "Товары", "Товар"):
        ref = text(row, "Ид")
        if ref and ref not in delivery_lines:
            bare = _sum(row)[0]
            yield ref, round_kopecks(bare if included else gross(bare, _rate(row), rates))


def gross(amount: Decimal, rate: str | None, rates: Rates) -> Decimal:
    """Return what the buyer pays for an amount that VAT comes on top of; raises `Unread` for a rate nobody knows."""
    if rate is None:
        return amount
    try:
        return round_kopecks(amount * (1 + rates.share(rate) / 100))
    except BadValue:
        raise Unread(f"Ставка = «{rate[:40]}»") from None


def amount_of(document: OrderDocument) -> Decimal:
    """Read the sum of a document, zero where it names none; raises `Unread`."""
    return _total(document) or Decimal(0)


def _total(document: OrderDocument) -> Decimal | None:
    if document.amount is UNSET:
        said = text(document.node, "Сумма")
        if said:
            raise Unread(f"Сумма = «{said[:40]}»")
        return None
    return decimal(str(document.amount)) if document.amount else None


def _sum(row: Node) -> tuple[Decimal, Decimal]:
    """Read what a row comes to, and its quantity; a discount that is not in the sum yet is taken off."""
    quantity = _figure(row, "Количество")
    if row.first("Сумма") is not None:
        amount = _figure(row, "Сумма")
    else:
        price = "ЦенаЗаЕдиницу" if row.first("ЦенаЗаЕдиницу") is not None else "Цена"
        amount = _figure(row, price) * quantity
    return amount - _off(row), quantity


def _off(element: Node) -> Decimal:
    """Read the discounts of a row or a document that are not in its sums yet."""
    return sum(
        (
            _figure(discount, "Сумма")
            for discount in rows(element, "Скидки", "Скидка")
            if folded(text(discount, "УчтеноВСумме")) == "false"
        ),
        Decimal(0),
    )


def _figure(element: Node, name: str) -> Decimal:
    said = text(element, name)
    plain_text = number(said) if said else "0"
    if not plain_text:
        raise Unread(f"{name} = «{said[:40]}»")
    return decimal(plain_text)


def _codes(row: Node) -> list[str]:
    try:
        return marks.read(row)
    except ValueError as exc:
        raise Unread(str(exc)) from exc


def _included(element: Node) -> bool:
    return not any(folded(text(row, "УчтеноВСумме")) == "false" for row in rows(element, "Налоги", "Налог"))


def _rate(row: Node) -> str | None:
    rates = rows(row, "СтавкиНалогов", "СтавкаНалога")
    return text(rates[0], "Ставка") or None if rates else None
