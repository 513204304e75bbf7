"""Orders as documents for 1C: one `Документ` each, more where the order is split, `Контейнер` around them from schema 3.

Element names and their order are those of a 1C-Bitrix shop, which every 1C module for sites was written against
(source of `sale.export.1c`). A line whose sum is no multiple of its price in kopecks is cut into rows that are: 1C
multiplies by itself. The block of taxes stands at the document as well: without it 1C puts VAT on top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from obmen.connectors.contract import Step
from obmen.connectors.onec.orders import based, buyer, goods, splitting
from obmen.connectors.onec.orders.markup import (
    cents,
    flag,
    folded,
    leaf,
    legal,
    node,
    requisites,
    version_of,
)
from obmen.connectors.onec.orders.rates import EVERYBODYS, Rates
from obmen.connectors.onec.orders.tables import OrderTables
from obmen.errors import BadInput
from obmen.model import decimal, table

OLD = "2.05"
SEPARATE = (2, 10)
"""From this schema on payments, shipments and returns are documents of their own."""
_WRAPPED = (3, 0)


class OrderPapers:
    """Writes orders down for one 1C."""

    def __init__(
        self,
        *,
        connection: str,
        tables: OrderTables,
        version: str,
        charset: str,
        now: Callable[[], datetime],
        called: Callable[[Step], str],
        rates: Rates = EVERYBODYS,
    ) -> None:
        """`now` gives the local time of 1C; `called` what a step's document is called there."""
        self._connection = connection
        self._version = version
        self._charset = charset
        self._now = now
        self._called = called
        self.work_with(tables, rates)

    def work_with(self, tables: OrderTables, rates: Rates = EVERYBODYS) -> None:
        """Write documents by other tables from now on."""
        self._tables = tables
        self._rates = rates
        self._stages = {folded(name): stage for name, stage in tables.states.items()}
        self._codes = {stage: code for code, stage in reversed(tables.codes.items())}

    def begin(self, version: str) -> bytes:
        """Return what stands before the first order."""
        return self._bytes(
            f'<?xml version="1.0" encoding="{self._charset}"?>\n'
            f'<КоммерческаяИнформация ВерсияСхемы="{self._speaks(version)}"'
            f' ДатаФормирования="{self._now():%Y-%m-%dT%H:%M:%S}" ФорматДаты="ДФ=yyyy-MM-dd; ДЛФ=DT"'
            ' ФорматВремени="ДФ=ЧЧ:мм:сс; ДЛФ=T" РазделительДатаВремя="T"'
            ' ФорматСуммы="ЧЦ=18; ЧДЦ=2; ЧРД=." ФорматКоличества="ЧЦ=18; ЧДЦ=2; ЧРД=.">\n'
        )

    def order(self, step: Step, version: str) -> bytes:
        """Return one order with all its documents; raises `BadInput` where its number cannot be told from a part's."""
        speaks = self._speaks(version)
        number = self._called(step)
        if splitting.parse(number, self._tables.split)[1]:
            raise BadInput(
                "onec.order.number_like_part",
                f"its number «{number}» looks like a part of another order; change the number, or set order.split to empty.",
                f"его номер «{number}» выглядит как часть другого заказа: смените номер или отключите order.split.",
            )
        atoms: Mapping[str, Any] = step.whole or step.fields
        separate = version_of(speaks) >= SEPARATE
        if not separate:
            atoms = {**atoms, "money": _with_codes(table(atoms.get("money")), atoms)}
        key = step.keys.get("xml_id") or number
        text = "".join(
            self._documents(atoms, table(step.held.get("money")), number, key, modern=speaks != OLD)
        )
        if separate:
            placed = str(atoms.get("placed") or "")
            text += "".join(
                based.written(
                    atoms,
                    connection=self._connection,
                    number=number,
                    ground=key,
                    placed=placed,
                    rates=self._rates,
                )
            )
        if version_of(speaks) >= _WRAPPED:
            text = node("Контейнер", text)
        return self._bytes(text + "\n")

    def end(self, _version: str) -> bytes:
        """Return what stands behind the last one."""
        return self._bytes("</КоммерческаяИнформация>\n")

    def info(self) -> bytes:
        """Return what 1C may map its own words to: statuses and ways of payment, as its documents bear them.

        The first letter of the block of statuses is Latin in every shop.
        """
        named = {stage: name for name, stage in reversed(self._tables.states.items())}
        statuses = _items((code, named.get(stage, stage)) for code, stage in self._tables.codes.items())
        payments = _items((name, name) for name in dict.fromkeys(self._tables.methods.values()))
        return self._bytes(
            f'<?xml version="1.0" encoding="{self._charset}"?>\n'
            f"<Справочник><Cтатусы>{statuses}</Cтатусы><ПлатежныеСистемы>{payments}</ПлатежныеСистемы></Справочник>\n"
        )

    # --- one order ------------------------------------------------------------------------------------------------

    def _documents(
        self, atoms: Mapping[str, Any], held: Mapping[str, Any], number: str, key: str, *, modern: bool
    ) -> Iterable[str]:
        """Yield the order, part by part; a part that has nothing left is there until 1C is told so."""
        money = table(atoms.get("money"))
        parts: Mapping[str, str] = money.get("parts") or {splitting.MAIN: str(money.get("total") or "")}
        emptied = [part for part in held.get("parts") or () if part not in parts]
        said = list(self._said(atoms))
        for part, total in [*parts.items(), *((part, "0") for part in emptied)]:
            yield self._document(
                atoms,
                said,
                part,
                total,
                name=splitting.name_of(number, part),
                key=splitting.name_of(key, part),
                modern=modern,
                emptied=part in emptied,
            )

    def _document(
        self,
        atoms: Mapping[str, Any],
        said: list[tuple[str, Any]],
        part: str,
        total: str,
        *,
        name: str,
        key: str,
        modern: bool,
        emptied: bool,
    ) -> str:
        money, contact = table(atoms.get("money")), table(atoms.get("contact"))
        placed = str(atoms.get("placed") or "")
        rows = list(goods.rows_of(money, part, self._tables.delivery_line))
        note = atoms.get("comment" if self._tables.buyer_comment == "comment" else "note")
        numbers = atoms.get(f"numbers.{self._connection}")
        own_number = splitting.of_part(numbers, part) if not part or isinstance(numbers, dict) else None
        return node(
            "Документ",
            leaf("Ид", key),
            leaf("Номер", name),
            leaf("ПометкаУдаления", "true") if emptied else "",
            leaf("Дата", placed[:10]),
            leaf("ХозОперация", "Заказ товара"),
            leaf("Роль", "Продавец"),
            leaf("Валюта", money.get("currency")),
            leaf("Курс", "1"),
            leaf("Сумма", cents(total)),
            leaf("Номер1С", own_number) if modern else "",
            node("Контрагенты", buyer.written(contact, table(atoms.get("address")), modern=modern)),
            leaf("Время", placed[11:19]),
            leaf("Комментарий", note),
            _warehouse(rows),
            goods.taxes(rows, self._rates),
            node("Товары", *(goods.written(row, modern=modern) for row in rows)),
            requisites([*said, *self._ends(atoms, part, emptied=emptied), *self._store(rows)]),
        )

    def _said(self, atoms: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
        """Yield the requisites of an order, by the exact names a shop writes; one of them is misspelt everywhere."""
        payments = [table(value) for name, value in atoms.items() if name.startswith("payments.") and value]
        due = [payment for payment in payments if payment.get("refund") is not True]
        made = [payment for payment in due if payment.get("paid") is True]
        delivery, address = table(atoms.get("delivery")), table(atoms.get("address"))
        if made:
            yield "Дата оплаты", made[-1].get("at")
            yield "Номер платежного документа", made[-1].get("document")
        main = max(due, key=lambda payment: decimal(str(payment.get("sum") or "0")), default={})
        yield "Метод оплаты ИД", main.get("operation")
        yield "Метод оплаты", main.get("operation")  # not the bonuses, where most is paid otherwise
        yield "Способ доставки", delivery.get("service")
        covered = sum((decimal(str(payment.get("sum") or "0")) for payment in made), decimal("0"))
        total = decimal(str(table(atoms.get("money")).get("total") or "0"))
        yield "Заказ оплачен", flag(bool(made) and covered >= total)
        left = (
            table(value).get("state") in {"shipped", "delivered"}
            for name, value in atoms.items()
            if name.startswith("shipments.")
        )
        yield "Доставка разрешена", flag(any(left))
        yield "Адрес доставки", buyer.shown(address)
        yield "Местоположение доставки", address.get("location")
        pickup = table(delivery.get("pickup"))
        yield "Код пункта выдачи", pickup.get("code")
        yield "Пункт выдачи", pickup.get("address")
        yield "Часы работы пункта выдачи", pickup.get("hours")
        yield "Дата доставки", delivery.get("date")
        yield "Интервал доставки", delivery.get("interval")
        if self._tables.buyer_comment == "requisite":
            yield "Комментарии покупателя", atoms.get("comment")
        else:
            yield "Комментарий менеджера", atoms.get("note")
        for field, name in self._tables.fields.items():
            yield name, _field(atoms, field)
        if "Организация" not in self._tables.requisites:
            yield "Организация", self._tables.organizations.get(str(atoms.get("site")))
        yield from self._tables.requisites.items()

    def _ends(self, atoms: Mapping[str, Any], part: str, *, emptied: bool) -> Iterable[tuple[str, Any]]:
        """Yield how far a document has gone, and whether it is cancelled."""
        cancelled = splitting.of_part(atoms.get("cancelled"), part)
        text = splitting.of_part(atoms.get("stage"), part)
        stage = self._stages.get(folded(str(text)), "") if text else ""
        code = self._codes.get(stage, "")
        yield "Отменен", flag(emptied or cancelled is not None)
        yield "Причина отмены", cancelled
        yield "Финальный статус", flag(stage == "done")
        if code:
            yield "Статус заказа", f"[{code}] {text}"
            yield "Статуса заказа ИД", code

    def _store(self, rows: list[dict[str, Any]]) -> Iterable[tuple[str, Any]]:
        """Yield the warehouse of a part; a fixed one in the settings stands for those without."""
        store = next((row["store"] for row in rows if row.get("store")), None)
        if store and "Склад" not in self._tables.requisites:
            yield "Склад", store

    def _speaks(self, version: str) -> str:
        """Return the version to write in: 1C that names none is an old one."""
        return self._version if version else OLD

    def _bytes(self, text: str) -> bytes:
        return legal(text).encode(self._charset, "xmlcharrefreplace")


def _items(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(node("Элемент", leaf("Ид", key), leaf("Название", name)) for key, name in rows)


def _warehouse(rows: Iterable[Mapping[str, Any]]) -> str:
    row = next((row for row in rows if row.get("warehouse") or row.get("store")), None)
    if row is None:
        return ""
    return node(
        "Склады", node("Склад", leaf("Ид", row.get("warehouse")), leaf("Наименование", row.get("store")))
    )


def _with_codes(money: Mapping[str, Any], atoms: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the lines with the marking codes of shipments that still wait, and so are no documents of their own."""
    waiting: dict[str, list[str]] = {}
    for name, wire in atoms.items():
        if name.startswith("shipments.") and table(wire).get("state") == "waiting":
            for row in table(wire).get("lines") or ():
                waiting.setdefault(str(row.get("offer")), []).extend(row.get("codes") or ())
    if not any(waiting.values()):
        return money
    lines = []
    for line in money.get("lines") or ():
        codes = waiting.pop(str(line.get("offer")), None)
        lines.append(line if line.get("codes") or not codes else {**line, "codes": codes})
    return {**money, "lines": lines}


def _field(atoms: Mapping[str, Any], field: str) -> Any:
    """Return a further field of an order: an atom, or something inside one."""
    if field in atoms:
        return atoms[field]
    family, _, key = field.partition(".")
    return table(atoms.get(family)).get(key)
