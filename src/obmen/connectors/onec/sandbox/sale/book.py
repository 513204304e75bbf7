"""The orders of one infobase: what it understood of the site's documents, and what its users did to them.

It reads as 1C does: an order is known by `Ид`, else by `Номер`; prices include VAT only where the block of taxes at the
document says so; the sum of a line is price by quantity, whatever was written, and the total is the sum of lines.
A buyer is a counterparty it knows already, by ИНН and КПП, else by phone, else by mail; one it does not know it makes.
Payments and shipments the site made are noted beside the order they name by `Основание`, each once.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar
from xml.etree.ElementTree import Element

import msgspec

from obmen.connectors.onec.sandbox.sale.incoming import (
    Counterparty,
    codes,
    counterparty,
    digits,
    local,
    requisites,
    rows,
    text,
)

_CENT = Decimal("0.01")


class Line(msgspec.Struct, kw_only=True):
    """One row of an order."""

    goods: str
    name: str
    quantity: Decimal
    price: Decimal
    rate: str | None = None
    codes: list[str] = []
    """Marking codes of its units."""

    @property
    def sum(self) -> Decimal:
        """What 1C makes of it."""
        return (self.price * self.quantity).quantize(_CENT, ROUND_HALF_UP)


class Payment(msgspec.Struct, kw_only=True):
    """Money that came, or went back."""

    number: str
    amount: Decimal
    at: str
    operation: str
    back: bool = False
    site: str = ""
    """What the site calls a payment it made itself."""
    deleted: bool = False


class Movement(msgspec.Struct, kw_only=True):
    """Goods that left, or came back."""

    number: str
    at: str
    quantities: dict[str, Decimal]
    tracking: str = ""
    back: bool = False
    codes: dict[str, list[str]] = {}
    """Marking codes by goods."""
    reason: str = ""
    site: str = ""
    deleted: bool = False


class CustomerOrder(msgspec.Struct, kw_only=True):
    """«Заказ клиента»."""

    id: str
    number: str
    own_number: str
    version: int = 1
    date: str = ""
    currency: str = "RUB"
    buyer: str = ""
    """Id of the counterparty."""
    comment: str = ""
    deleted: bool = False
    store: str = ""
    """Name of the warehouse it is to leave from."""
    reserved: dict[str, Decimal] = {}
    """How much of which goods it takes from the free stock."""
    included: bool = True
    lines: list[Line] = []
    requisites: dict[str, str] = {}
    cancelled: str | None = None
    state: str = ""
    posted: bool = False
    payments: list[Payment] = []
    movements: list[Movement] = []
    born_here: bool = False
    told: int = 0
    """Version the site has been told of."""

    @property
    def total(self) -> Decimal:
        """The sum of its lines; where VAT comes on top, with it."""
        goods = sum((line.sum for line in self.lines), Decimal(0))
        return goods if self.included else (goods * Decimal("1.22")).quantize(_CENT, ROUND_HALF_UP)

    def leaving(self) -> dict[str, Decimal]:
        """Return how much of which goods is kept for it or has left; of a cancelled order only what has left."""
        amounts: dict[str, Decimal] = {}
        if self.cancelled is None and not self.deleted:
            for line in self.lines:
                amounts[line.goods] = amounts.get(line.goods, Decimal(0)) + line.quantity
        shipped: dict[str, Decimal] = {}
        returned: dict[str, Decimal] = {}
        for movement in self.movements:
            into = returned if movement.back else shipped
            for goods, quantity in movement.quantities.items():
                if not movement.deleted:
                    into[goods] = into.get(goods, Decimal(0)) + quantity
        for goods in {*amounts, *shipped}:
            left = max(amounts.get(goods, Decimal(0)), shipped.get(goods, Decimal(0)))
            amounts[goods] = left - returned.get(goods, Decimal(0))
        return amounts


class OrderBook:
    """Every order the infobase holds, and what was odd about the documents it was given."""

    def __init__(self, prefix: str = "УТ-") -> None:
        self.orders: dict[str, CustomerOrder] = {}
        self.counterparties: dict[str, Counterparty] = {}
        self.taken: list[str] = []
        """Number of each document taken, the same one as often as it came."""
        self.faults: list[str] = []
        self._prefix = prefix
        self._last = 0

    def find(self, number: str) -> CustomerOrder:
        """Return the order the site calls so; `LookupError` names it."""
        for order in self.orders.values():
            if number in (order.number, order.own_number, order.id):
                return order
        raise LookupError(f"1C has no order {number!r}.")

    def take(self, root: Element) -> int:
        """Take the documents of one answer; return how many there were."""
        documents = [each for each in root.iter() if local(each.tag) == "Документ"]
        for document in documents:
            if (text(document, "ХозОперация") or "Заказ товара") == "Заказ товара":
                self._take(document)
            else:
                self._beside(document)
        return len(documents)

    def create(self, *, goods: dict[str, tuple[str, Decimal]], date: str, buyer: str) -> CustomerOrder:
        """Make an order at the counter: goods id → quantity and price as texts."""
        number = self._next()
        lines = [
            Line(goods=ref, name=ref, quantity=Decimal(quantity), price=price, rate="22")
            for ref, (quantity, price) in goods.items()
        ]
        order = CustomerOrder(
            id=f"1c-{number}",
            number=number,
            own_number=number,
            date=date,
            buyer=self.match(Counterparty(id="", name=buyer)).id,
            lines=lines,
            posted=True,
            born_here=True,
        )
        self.orders[order.id] = order
        return order

    def touch(self, order: CustomerOrder) -> None:
        """Note that a user has changed an order: the next exchange carries it."""
        order.version += 1

    def changed(self) -> list[CustomerOrder]:
        """Return the orders the site has not been told of."""
        return [order for order in self.orders.values() if order.version > order.told]

    def match(self, seen: Counterparty) -> Counterparty:
        """Return whom 1C takes a buyer for: the one of this ИНН and КПП, of this phone, of this mail; else a new one."""
        known = self.counterparties.values()
        found = next((one for one in known if seen.tin and (one.tin, one.kpp) == (seen.tin, seen.kpp)), None)
        if found is None and not seen.tin:
            phone = digits(seen.phone)
            found = next((one for one in known if phone and digits(one.phone) == phone), None) or next(
                (one for one in known if seen.email and one.email.casefold() == seen.email.casefold()), None
            )
        if found is None:
            found = msgspec.structs.replace(seen, id=f"контрагент-{len(self.counterparties) + 1:04}")
            self.counterparties[found.id] = found
        return found

    def _take(self, document: Element) -> None:
        key, number = text(document, "Ид"), text(document, "Номер")
        self.taken.append(number)
        held = self.orders.get(key) or next(
            (order for order in self.orders.values() if number and order.number == number), None
        )
        read = self._read(document, key, number)
        if held is None:
            read.own_number = self._next()
            self.orders[key or number] = read
            return
        held.lines, held.requisites, held.comment = read.lines, read.requisites, read.comment
        held.included, held.buyer, held.store = read.included, read.buyer, read.store
        held.deleted = held.deleted or read.deleted
        if read.cancelled is not None:
            held.cancelled = read.cancelled

    def _beside(self, document: Element) -> None:
        """Note a payment, a shipment or a return the site made."""
        ground, name = text(document, "Основание"), text(document, "Номер")
        try:
            order = self.find(ground)
        except LookupError:
            self.faults.append(f"{name}: нет заказа {ground!r}")
            return
        said = requisites(document)
        operation = text(document, "ХозОперация")
        at = f"{text(document, 'Дата')}T{text(document, 'Время') or '00:00:00'}"
        if rows(document, "Товары", "Товар"):
            movement = Movement(
                number=f"{order.own_number}-Д{len(order.movements) + 1}",
                at=at,
                quantities={},
                tracking=said.get("Идентификатор отправления", ""),
                back=operation == "Возврат товара",
                codes={},
                reason=said.get("Причина возврата", ""),
                site=name,
            )
            for row in rows(document, "Товары", "Товар"):
                goods = text(row, "Ид")
                moved = movement.quantities.get(goods, Decimal(0))
                movement.quantities[goods] = moved + Decimal(text(row, "Количество") or "0")
                movement.codes.setdefault(goods, []).extend(codes(row))
            if movement.back or said.get("Отгружен") == "true":
                order.movements = _with(order.movements, movement)
        else:
            payment = Payment(
                number=f"{order.own_number}-О{len(order.payments) + 1}",
                amount=Decimal(text(document, "Сумма") or "0"),
                at=at,
                operation=operation,
                back=said.get("ПризнакВозврата") == "true" or operation.startswith("Возврат"),
                site=name,
            )
            order.payments = _with(order.payments, payment)

    def _read(self, document: Element, key: str, number: str) -> CustomerOrder:
        said = requisites(document)
        taxes = [each for each in rows(document, "Налоги", "Налог") if text(each, "УчтеноВСумме") == "true"]
        lines: list[Line] = []
        for row in rows(document, "Товары", "Товар"):
            if not text(row, "Ид"):
                self.faults.append(f"{number}: строка без Ид")
                continue
            rates = rows(row, "СтавкиНалогов", "СтавкаНалога")
            lines.append(
                Line(
                    goods=text(row, "Ид"),
                    name=text(row, "Наименование"),
                    quantity=Decimal(text(row, "Количество") or "0"),
                    price=Decimal(text(row, "ЦенаЗаЕдиницу") or "0"),
                    rate=text(rates[0], "Ставка") if rates else None,
                    codes=codes(row),
                )
            )
        stores = rows(document, "Склады", "Склад")
        order = CustomerOrder(
            id=key or number,
            number=number,
            own_number="",
            date=f"{text(document, 'Дата')}T{text(document, 'Время') or '00:00:00'}",
            currency=text(document, "Валюта"),
            buyer=next(
                (self.match(counterparty(each)).id for each in rows(document, "Контрагенты", "Контрагент")),
                "",
            ),
            store=text(stores[0], "Наименование") if stores else said.get("Склад", ""),
            deleted=text(document, "ПометкаУдаления") == "true",
            comment=text(document, "Комментарий"),
            included=bool(taxes),
            lines=lines,
            requisites=said,
            cancelled=said.get("Причина отмены", "") if said.get("Отменен") == "true" else None,
        )
        told = text(document, "Сумма")
        if told and Decimal(told) != order.total:
            self.faults.append(f"{number}: сумма {told}, по строкам {order.total}")
        order.told = order.version
        return order

    def _next(self) -> str:
        self._last += 1
        return f"{self._prefix}{self._last:06}"


_Part = TypeVar("_Part", Payment, Movement)


def _with(parts: list[_Part], part: _Part) -> list[_Part]:
    """Return the parts with one the site made, once: what it sends again takes the place of what it sent before."""
    others: list[_Part] = []
    for each in parts:
        if each.site == part.site:
            part.number = each.number
        else:
            others.append(each)
    others.append(part)
    return others
