"""What 1C tells the site of its orders: one document each; payments and movements beside it where the schema has them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping

from obmen.connectors.onec.sandbox.markup import Encoding, Node, document, leaf, tree
from obmen.connectors.onec.sandbox.sale.book import CustomerOrder, Line, Movement, Payment
from obmen.connectors.onec.sandbox.sale.incoming import Counterparty


def papers(
    orders: Iterable[CustomerOrder],
    buyers: Mapping[str, Counterparty],
    *,
    version: str,
    formed_at: str,
    with_id: bool,
    encoding: Encoding,
) -> bytes:
    """Write the file of changed orders. `with_id` writes `Ид`, which most 1C leave out."""
    separate = _number(version) >= (2, 10)
    body: list[Node] = []
    for order in orders:
        found = list(_documents(order, buyers.get(order.buyer), separate=separate, with_id=with_id))
        body += [tree("Контейнер", found)] if _number(version) >= (3, 0) else found
    root = tree(
        "КоммерческаяИнформация", body, attributes={"ВерсияСхемы": version, "ДатаФормирования": formed_at}
    )
    return document(root, encoding)


def _documents(
    order: CustomerOrder, buyer: Counterparty | None, *, separate: bool, with_id: bool
) -> Iterator[Node]:
    yield tree(
        "Документ",
        leaf("Ид", order.id) if with_id else None,
        leaf("НомерВерсии", str(order.version)),
        leaf("ПометкаУдаления", _flag(order.deleted)),
        leaf("Номер", order.number),
        leaf("Дата", order.date[:10]),
        leaf("Время", order.date[11:19]),
        leaf("ХозОперация", "Заказ товара"),
        leaf("Роль", "Продавец"),
        leaf("Валюта", order.currency),
        leaf("Курс", "1"),
        leaf("Сумма", f"{order.total:.2f}"),
        leaf("Номер1С", order.own_number),
        tree("Контрагенты", _buyer(buyer)) if buyer else None,
        tree("Склады", tree("Склад", leaf("Наименование", order.store))) if order.store else None,
        leaf("Комментарий", order.comment),
        _taxes(included=order.included),
        tree("Товары", [_goods(line) for line in order.lines]),
        _said(_requisites(order, separate=separate)),
    )
    if not separate:
        return
    for payment in order.payments:
        yield _payment(order, payment)
    for movement in order.movements:
        yield _movement(order, movement)


def _requisites(order: CustomerOrder, *, separate: bool) -> Iterator[tuple[str, str]]:
    yield "Проведен", _flag(order.posted)
    yield "Отменен", _flag(order.cancelled is not None)
    if order.cancelled:
        yield "Причина отмены", order.cancelled
    if order.state:
        yield "Статус заказа", order.state
    if separate:
        return
    # Old schemas tell only what came and went at 1C itself, of each the last.
    came = [payment for payment in order.payments if not (payment.back or payment.site or payment.deleted)]
    if came:
        yield "Номер оплаты по 1С", came[-1].number
        yield "Дата оплаты по 1С", came[-1].at
    left = [
        movement for movement in order.movements if not (movement.back or movement.site or movement.deleted)
    ]
    if left:
        yield "Номер отгрузки по 1С", left[-1].number
        yield "Дата отгрузки по 1С", left[-1].at


def _payment(order: CustomerOrder, payment: Payment) -> Node:
    return tree(
        "Документ",
        leaf("Номер", payment.site or payment.number),
        leaf("Номер1С", payment.number) if payment.site else None,
        leaf("ПометкаУдаления", _flag(payment.deleted)),
        leaf("Дата", payment.at[:10]),
        leaf("Время", payment.at[11:19]),
        leaf("ХозОперация", payment.operation),
        leaf("Основание", order.number),
        leaf("Валюта", order.currency),
        leaf("Сумма", f"{payment.amount:.2f}"),
        _said([("Оплачен", "true"), ("ПризнакВозврата", _flag(payment.back))]),
    )


def _movement(order: CustomerOrder, movement: Movement) -> Node:
    prices = {line.goods: line for line in order.lines}
    rows = [
        Line(
            goods=ref,
            name="",
            quantity=quantity,
            price=prices[ref].price if ref in prices else quantity * 0,
            codes=movement.codes.get(ref, []),
        )
        for ref, quantity in movement.quantities.items()
    ]
    said = [("Причина возврата", movement.reason)] if movement.back else [("Отгружен", "true")]
    if movement.tracking:
        said.append(("Идентификатор отправления", movement.tracking))
    return tree(
        "Документ",
        leaf("Номер", movement.site or movement.number),
        leaf("Номер1С", movement.number) if movement.site else None,
        leaf("ПометкаУдаления", _flag(movement.deleted)),
        leaf("Дата", movement.at[:10]),
        leaf("Время", movement.at[11:19]),
        leaf("ХозОперация", "Возврат товара" if movement.back else "Отпуск товара"),
        leaf("Основание", order.number),
        leaf("Валюта", order.currency),
        leaf("Сумма", f"{sum(row.sum for row in rows):.2f}"),
        _taxes(included=order.included),
        tree("Товары", [_goods(row) for row in rows]),
        _said(said),
    )


def _goods(line: Line) -> Node:
    rate = tree("СтавкаНалога", leaf("Наименование", "НДС"), leaf("Ставка", line.rate or ""))
    return tree(
        "Товар",
        leaf("Ид", line.goods),
        leaf("Наименование", line.name),
        leaf("ЦенаЗаЕдиницу", f"{line.price:.2f}"),
        leaf("Количество", f"{line.quantity.normalize():f}"),
        leaf("Сумма", f"{line.sum:.2f}"),
        tree("СтавкиНалогов", rate) if line.rate else None,
        tree("КодыМаркировки", [_code(code) for code in line.codes]) if line.codes else None,
    )


def _code(code: str) -> Node:
    """Write a marking code; one with a group separator goes as base64: XML cannot hold it."""
    if code.isprintable():
        return leaf("КодМаркировки", code)
    return Node("КодМаркировки", base64.b64encode(code.encode()).decode(), {"Кодировка": "base64"})


def _buyer(buyer: Counterparty) -> Node:
    contacts = (("Телефон рабочий", buyer.phone), ("Электронная почта", buyer.email))
    return tree(
        "Контрагент",
        leaf("Ид", buyer.id),
        leaf("Наименование", buyer.name),
        leaf("ОфициальноеНаименование" if buyer.company else "ПолноеНаименование", buyer.name),
        leaf("Роль", "Покупатель"),
        leaf("ИНН", buyer.tin),
        leaf("КПП", buyer.kpp),
        tree(
            "Контакты",
            [
                tree("Контакт", leaf("Тип", kind), leaf("Значение", value))
                for kind, value in contacts
                if value
            ],
        ),
        tree("Адрес", leaf("Представление", buyer.address.get("", ""))),
    )


def _taxes(*, included: bool) -> Node:
    return tree("Налоги", tree("Налог", leaf("Наименование", "НДС"), leaf("УчтеноВСумме", _flag(included))))


def _said(said: Iterable[tuple[str, str]]) -> Node:
    return tree(
        "ЗначенияРеквизитов",
        [
            tree("ЗначениеРеквизита", leaf("Наименование", name), leaf("Значение", value))
            for name, value in said
        ],
    )


def _flag(value: bool) -> str:  # noqa: FBT001 - a word of XML
    return "true" if value else "false"


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)
