"""Documents 1C sends back, as looks at orders. Pure.

`Номер` is always there and is what the order is called here; `Ид` mostly is not. A document without `Товары` says
nothing of the lines; a flag that is not there says nothing either: a shop would take its absence for «not cancelled».
Payments and shipments come as requisites of the order, or as documents of their own that name it by `Основание`, or
stand with it in one `Контейнер`.

Whom an order is for and where it goes is 1C's word only where the order is 1C's own: what it keeps of a buyer of the
shop is its own counterparty, under its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from obmen.connectors.onec.orders import based, buyer, goods, splitting
from obmen.connectors.onec.orders.goods import Unread
from obmen.connectors.onec.orders.markup import is_true, number, rows, said_by, text, when
from obmen.connectors.onec.orders.rates import EVERYBODYS, Rates
from obmen.connectors.onec.orders.tables import DELIVERY, OrderTables
from obmen.formats.commerceml.items import OrderDocument
from obmen.model import plain
from obmen.model.order import part_key
from obmen.sync.shadow import Look, Wire

_NUMBER_NOTE = re.compile(r"\[Номер документа на сайте:[^\]]*\]")
"""What 1C itself puts into the comment of an order that came from a site."""


class OrderReading:
    """Reads the documents of one file."""

    def __init__(
        self, *, connection: str, order: str, tables: OrderTables, rates: Rates = EVERYBODYS
    ) -> None:
        """`order` is when the file was formed."""
        self._connection = connection
        self._order = order
        self._tables = tables
        self._rates = rates
        self._delivery = frozenset({DELIVERY, tables.delivery_line})
        self._numbers: dict[str, str] = {}
        """Number of an order by the `Ид` of its document, and by 1C's number."""
        self._container: tuple[int | None, str] = (None, "")
        """The last container, and the order that stands in it."""

    def look(self, document: OrderDocument) -> Look | None:
        """Return what a document says of its order; None where it names none."""
        said = said_by(document.node)
        if document.is_order:
            return self._head(document, said)
        ground = text(document.node, "Основание")
        name = self._numbers.get(ground, ground)
        if not name and document.container is not None and document.container == self._container[0]:
            name = self._container[1]
        number = splitting.parse(name, self._tables.split)[0]
        if not number:
            return None
        fields = self._based(document, said, number)
        return self._seen(number, fields, "") if fields else None

    # --- the order itself -----------------------------------------------------------------------------------------

    def _head(self, document: OrderDocument, said: Mapping[str, str]) -> Look | None:
        name = _given(document.number) or _given(document.id)
        if not name:
            return None
        number, part = splitting.parse(name, self._tables.split)
        own = _given(document.number_1c) or said.get("номерпо1с") or ""
        for known in (_given(document.id), own):
            if known:
                self._numbers.setdefault(known, number)
        self._container = (document.container, number)
        if document.deleted is True and self._tables.deleted == "gone" and not part:
            return msgspec.structs.replace(self._seen(number, {}, own), gone=True)
        fields: dict[str, Any] = {"number": number}
        if own:
            fields[f"numbers.{self._connection}"] = own
        if _given(document.date):
            fields["placed"] = when(_given(document.date), _given(document.time))
        if (stage := _stage(said)) is not None:
            fields["stage"] = stage
        self._cancelled(document, said, fields)
        self._money(document, fields, part)
        self._comments(document, said, fields)
        self._paid(document, said, name, fields)
        self._shipped(said, name, fields)
        if own and own == name:
            self._buyer(document, said, fields)
        for child in _children(document):
            fields |= self._based(child, said_by(child.node), number)
        if self._tables.split:
            self._of_part(fields, part)
        return self._seen(number, fields, own)

    def _seen(self, number: str, fields: dict[str, Any], own: str) -> Look:
        return Look(
            ref=number,
            fields=fields,
            order=self._order,
            keys={"number": number},
            title=f"№ {number}" + (f" ({own})" if own else ""),
        )

    def _cancelled(self, document: OrderDocument, said: Mapping[str, str], fields: dict[str, Any]) -> None:
        flags = [is_true(said[name]) for name in ("отменен", "отменён") if name in said]
        if document.deleted is not UNSET:
            flags.append(document.deleted is True)
        if any(flags):
            fields["cancelled"] = said.get("причинаотмены") or ""
        elif flags:
            fields["cancelled"] = None

    def _money(self, document: OrderDocument, fields: dict[str, Any], part: str) -> None:
        if document.node.first("Товары") is None:
            return
        is_empty = not rows(document.node, "Товары", "Товар")
        if is_empty and fields.get("cancelled") is not None and not part:
            return  # a cancelled order keeps what it was for
        if is_empty and not part:
            fields["money"] = {"fault": "Товары = ∅"}
            return
        try:
            money = goods.money(document, self._delivery, self._rates)
        except Unread as exc:
            fields["money"] = {"fault": str(exc)}
            return
        if self._tables.split == "warehouse":
            _at_warehouse(document, money)
        fields["money"] = money

    def _comments(self, document: OrderDocument, said: Mapping[str, str], fields: dict[str, Any]) -> None:
        """Keep the buyer's comment and the managers' apart; an empty one is nobody's word."""
        if said.get("комментариипокупателя"):
            fields["comment"] = said["комментариипокупателя"]
        if self._tables.buyer_comment == "requisite":
            note = _NUMBER_NOTE.sub("", text(document.node, "Комментарий")).strip()
            if note:
                fields["note"] = note

    def _paid(
        self, document: OrderDocument, said: Mapping[str, str], name: str, fields: dict[str, Any]
    ) -> None:
        at, number = said.get("датаоплатыпо1с"), said.get("номероплатыпо1с")
        if not at and not number:
            return
        payment: dict[str, Any]
        try:
            money = fields.get("money")
            total = money.get("total") if isinstance(money, dict) else None
            amount = plain(goods.amount_of(document)) if document.amount else str(total or "0")
            payment = {"sum": amount, "currency": _given(document.currency) or None, "paid": True}
        except Unread as exc:
            payment = {"fault": str(exc)}
        if at:
            payment["at"] = at
        if number:
            payment["document"] = number
        fields[f"payments.{part_key(self._connection, number or f'{name}-оплата')}"] = payment

    def _shipped(self, said: Mapping[str, str], name: str, fields: dict[str, Any]) -> None:
        """Read a shipment out of the order's own requisites: all of it has left, with the codes its lines bear."""
        at, number = said.get("датаотгрузкипо1с"), said.get("номеротгрузкипо1с")
        if not at and not number:
            return
        money = fields.get("money")
        lines = money.get("lines") or [] if isinstance(money, dict) else []
        shipment: dict[str, Any] = {
            "state": "shipped",
            "lines": [
                {key: line[key] for key in ("offer", "quantity", "codes") if key in line} for line in lines
            ],
        }
        for line in lines:
            line.pop("codes", None)  # they have left with the shipment
        if at:
            shipment["at"] = at
        if number:
            shipment["document"] = number
        tracking = said.get("идентификаторотправления") or said.get("трек-номер")
        if tracking:
            shipment["tracking"] = tracking
        fields[f"shipments.{part_key(self._connection, number or f'{name}-отгрузка')}"] = shipment

    def _buyer(self, document: OrderDocument, said: Mapping[str, str], fields: dict[str, Any]) -> None:
        """Read whom an order made at 1C is for, and how it goes there."""
        contact, address = buyer.read(document.node)
        if said.get("местоположениедоставки"):
            address["location"] = said["местоположениедоставки"]
        pickup = {
            "code": said.get("кодпунктавыдачи"),
            "address": said.get("пунктвыдачи"),
            "hours": said.get("часыработыпунктавыдачи"),
        }
        delivery: dict[str, Any] = {
            "service": said.get("способдоставки"),
            "pickup": {key: value for key, value in pickup.items() if value},
            "date": said.get("датадоставки"),
            "interval": said.get("интервалдоставки"),
        }
        delivery = {key: value for key, value in delivery.items() if value}
        for atom, shown in (("contact", contact), ("address", address), ("delivery", delivery)):
            if shown:
                fields[atom] = {**shown}

    def _based(self, document: OrderDocument, said: Mapping[str, str], number: str) -> dict[str, Wire]:
        return based.read(
            document,
            said,
            connection=self._connection,
            number=number,
            delivery_lines=self._delivery,
            rates=self._rates,
        )

    def _of_part(self, fields: dict[str, Any], part: str) -> None:
        """Say of which part of the order a document speaks."""
        for atom in ("stage", "cancelled", f"numbers.{self._connection}"):
            if atom in fields:
                fields[atom] = {part: fields[atom]}
        money = fields.get("money")
        if isinstance(money, dict) and "fault" not in money:
            if part:
                for line in money["lines"]:
                    line["part"] = part
            cancelled = fields.get("cancelled")
            is_dead = isinstance(cancelled, dict) and cancelled[part] is not None
            fields["money"] = {
                **money,
                "parts": {part: money["total"]},
                "dead": [part] if is_dead else [],
            }


def together(look: Look, next_look: Look) -> Look | None:
    """Join two looks at one order that say different things of it; None where the later one repeats or corrects."""
    if look.ref != next_look.ref or look.gone or next_look.gone:
        return None
    joined = dict(look.fields)
    for name, wire in next_look.fields.items():
        before = joined.get(name)
        if name not in joined or before == wire:
            joined[name] = wire
        elif _parts(before) and _parts(wire) and not _parts(before) & _parts(wire):
            joined[name] = splitting.join(name, wire, before)
        elif name != "placed":  # of a part made later
            return None
    return msgspec.structs.replace(look, fields=joined)


def _parts(wire: Wire) -> set[str]:
    if not isinstance(wire, dict) or "fault" in wire:
        return set()
    table: Mapping[str, Any] = wire
    return set(table.get("parts", table))


def _stage(said: Mapping[str, str]) -> str | None:
    """Return the state 1C names: its own word, else the site's code, else that the order is posted."""
    named = said.get("статусзаказа") or ""
    if named.startswith("[") and "]" in named:  # the site's own word given back
        named = ""
    if named or said.get("статусазаказаид"):
        return named or said["статусазаказаид"]
    return "confirmed" if is_true(said.get("проведен", "")) else None


def _at_warehouse(document: OrderDocument, money: dict[str, Any]) -> None:
    """Put the warehouse of a document to each of its lines."""
    found = rows(document.node, "Склады", "Склад")
    if not found:
        return
    for line in money["lines"]:
        line["warehouse"], line["store"] = text(found[0], "Ид"), text(found[0], "Наименование")


def _children(document: OrderDocument) -> Iterator[OrderDocument]:
    """Yield the documents inside an order, as some schemas have them."""
    for child in rows(document.node, "ПодчиненныеДокументы", "ПодчиненныйДокумент"):
        mark = child.text_of("ПометкаУдаления")
        amount = text(child, "Сумма")
        yield OrderDocument(
            id=child.text_of("Ид"),
            number=child.text_of("Номер"),
            number_1c=child.text_of("Номер1С"),
            operation=child.text_of("ХозОперация"),
            date=child.text_of("Дата"),
            time=child.text_of("Время"),
            deleted=mark if mark is UNSET else is_true(str(mark)),
            currency=child.text_of("Валюта"),
            amount=number(amount) or UNSET if amount else "",
            node=child,
        )


def _given(words: object) -> str:
    return words.strip() if isinstance(words, str) else ""
