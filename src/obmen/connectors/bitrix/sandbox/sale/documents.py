"""Orders as 1C takes them: one document per order, or documents for payments and shipments beside or below it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum
from itertools import chain

from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.sale.counterparty import counterparty
from obmen.connectors.bitrix.sandbox.sale.markup import Node, amount, leaf, moment, node, requisites
from obmen.connectors.bitrix.sandbox.sale.money import kopecks, line_sum, line_vat
from obmen.connectors.bitrix.sandbox.sale.orders import FINAL
from obmen.connectors.bitrix.sandbox.sale.rows import BasketItem, Order, Payment, Shipment
from obmen.connectors.bitrix.sandbox.state import ShopState

DELIVERY = "ORDER_DELIVERY"
# What a payment is called by the kind of its pay system: cash, cashless, acquiring.
_OPERATIONS = {"Y": "Выплата наличных денег", "N": "Выплата безналичных денег", "A": "Эквайринговая операция"}


class Shape(Enum):
    """How payments and shipments stand to their order; the value is the version told in the root."""

    OLD = "2.05"  # not at all, words of the oldest modules
    SINGLE = "2.09"  # not at all
    SEPARATE = "2.10"  # documents of their own, linked by the ground
    CONTAINER = "3.1"  # together in one container
    NESTED = "2.10 nested"  # inside the order

    @classmethod
    def asked(cls, version: str, cml_version: str) -> "Shape":
        """Choose by the parameters of `init`, compared as numbers: 2.10 is 2.1."""
        known, nested = _number(version), _number(cml_version)
        if nested >= 2.1:
            return cls.NESTED
        if known >= 3:
            return cls.CONTAINER
        if known >= 2.1:
            return cls.SEPARATE
        return cls.SINGLE if known >= 2.06 else cls.OLD


def root_of(state: ShopState, shape: Shape) -> Node:
    """Make the root of the answer to a query; without orders it stands alone."""
    return node(
        "КоммерческаяИнформация",
        ВерсияСхемы=shape.value.split(" ", maxsplit=1)[0],
        ДатаФормирования=f"{state.now():%Y-%m-%dT%H:%M:%S}",
        ФорматДаты="ДФ=yyyy-MM-dd; ДЛФ=DT",
        ФорматВремени="ДФ=ЧЧ:мм:сс; ДЛФ=T",
        РазделительДатаВремя="T",
        ФорматСуммы="ЧЦ=18; ЧДЦ=2; ЧРД=.",
        ФорматКоличества="ЧЦ=18; ЧДЦ=2; ЧРД=.",
    )


def documents(state: ShopState, orders: Iterable[Order], shape: Shape) -> Iterator[Node]:
    """Describe orders one after another, each with its payments and shipments where the shape has them."""
    for order in orders:
        head = order_document(state, order, modern=shape is not Shape.OLD)
        below = list(_children(state, order)) if shape not in (Shape.OLD, Shape.SINGLE) else []
        match shape:
            case Shape.CONTAINER:
                yield node("Контейнер", head, *below)
            case Shape.NESTED:
                for child in below:
                    child.tag = "ПодчиненныйДокумент"
                if below:
                    head.append(node("ПодчиненныеДокументы", *below))
                yield head
            case _:
                yield from (head, *below)


def order_document(state: ShopState, order: Order, *, modern: bool) -> Node:
    """Describe one order."""
    placed = order.date_insert or state.now()
    items = state.sale.items_of(order)
    return node(
        "Документ",
        leaf("Ид", order.id),
        leaf("Номер", state.setup.one_c_prefix + order.account_number),
        leaf("Дата", f"{placed:%Y-%m-%d}"),
        leaf("ХозОперация", "Заказ товара"),
        leaf("Роль", "Продавец"),
        leaf("Валюта", _currency(state, order)),
        leaf("Курс", 1),
        leaf("Сумма", amount(order.price)),
        leaf("НомерВерсии", order.version) if modern else None,
        leaf("Номер1С", order.id_1c) if modern and order.id_1c else None,
        node("Контрагенты", counterparty(state, order, modern=modern)),
        leaf("Время", f"{placed:%H:%M:%S}"),
        leaf("Комментарий", order.comments),
        _taxes(order, items),
        _discount("Скидка на заказ", amount(order.discount_value)) if order.discount_value else None,
        node("Товары", *(_goods(item, modern=modern) for item in items), _delivery(state, order)),
        requisites(_order_requisites(state, order)),
    )


def _goods(item: BasketItem, *, modern: bool) -> Node:
    xml_id = item.product_xml_id
    head, _, tail = xml_id.partition("#")
    unit: list[Node] = [
        node(
            "БазоваяЕдиница",
            Код=item.measure_code,
            НаименованиеПолное=item.measure_name,
            МеждународноеСокращение="",
        )
    ]
    unit[0].text = item.measure_name
    if modern:
        unit = [
            node("Единица", leaf("Код", item.measure_code), leaf("НаименованиеПолное", item.measure_name)),
            leaf("Коэффициент", 1),
        ]
    discount = kopecks(item.discount_price * item.quantity)
    basket = [(f"СвойствоКорзины#{each['code']}", each["value"]) for each in item.properties]
    rate = "Без НДС" if item.vat_rate is None else f"{(item.vat_rate * 100).normalize():f}"
    return node(
        "Товар",
        leaf("Ид", head if head == tail else xml_id),
        leaf("ИдКаталога", item.catalog_xml_id),
        leaf("Наименование", item.name),
        *unit,
        _discount(item.discount_name or "Скидка на товар", f"{discount:.2f}") if discount else None,
        leaf("ЦенаЗаЕдиницу", amount(item.price)),
        leaf("Количество", amount(item.quantity)),
        leaf("Сумма", f"{line_sum(item):.2f}"),
        requisites(
            [
                ("ВидНоменклатуры", "Товар"),
                ("ТипНоменклатуры", "Товар"),
                ("НомерПозицииКорзины", item.id % 100_000),
                *basket,
            ]
        ),
        node("СтавкиНалогов", node("СтавкаНалога", leaf("Наименование", "НДС"), leaf("Ставка", rate))),
        node("Налоги", _tax(item.vat_included == "Y", f"{line_vat(item):.2f}", rate))
        if item.vat_rate
        else None,
    )


def _delivery(state: ShopState, order: Order) -> Node | None:
    price = sum((shipment.price_delivery for shipment in state.sale.shipments_of(order)), ZERO)
    if not price:
        return None
    return node(
        "Товар",
        leaf("Ид", DELIVERY),
        leaf("Наименование", "Доставка заказа"),
        leaf("ЦенаЗаЕдиницу", amount(price)),
        leaf("Количество", 1),
        leaf("Сумма", f"{kopecks(price):.2f}"),
        requisites([("ВидНоменклатуры", "Услуга"), ("ТипНоменклатуры", "Услуга")]),
    )


def _taxes(order: Order, items: list[BasketItem]) -> Node | None:
    if not any(item.vat_rate for item in items):
        return None
    included = all(item.vat_included == "Y" for item in items if item.vat_rate)
    return node("Налоги", _tax(included, amount(order.tax_value)))


def _tax(included: bool, total: str, rate: str = "") -> Node:  # noqa: FBT001 (a fact, not a mode)
    return node(
        "Налог",
        leaf("Наименование", "НДС"),
        leaf("УчтеноВСумме", str(included).lower()),
        leaf("Сумма", total),
        leaf("Ставка", rate) if rate else None,
    )


def _discount(name: str, total: str) -> Node:
    return node(
        "Скидки",
        node("Скидка", leaf("Наименование", name), leaf("Сумма", total), leaf("УчтеноВСумме", "true")),
    )


def _order_requisites(state: ShopState, order: Order) -> list[tuple[str, object]]:
    sale = state.sale
    payments, shipments = sale.payments_of(order), sale.shipments_of(order)
    status = sale.statuses.get(order.status_id)
    paid = next((payment for payment in payments if payment.paid == "Y"), None)
    allowed = next((shipment for shipment in shipments if shipment.allow_delivery == "Y"), None)
    pairs: list[tuple[str, object]] = []
    if paid is not None:
        pairs += [
            ("Дата оплаты", moment(paid.date_paid)),
            ("Номер платежного документа", paid.pay_voucher_num),
        ]
    if allowed is not None:
        pairs.append(("Дата разрешения доставки", moment(allowed.date_allow_delivery)))
    if shipments:
        pairs += [
            ("Способ доставки", shipments[0].delivery_name),
            ("Метод доставки ИД", shipments[0].delivery_id),
        ]
    if payments:
        pairs += [
            ("Метод оплаты", payments[0].pay_system_name),
            ("Метод оплаты ИД", payments[0].pay_system_id),
        ]
    pairs += [
        ("Заказ оплачен", order.payed == "Y"),
        ("Доставка разрешена", allowed is not None),
        ("Отменен", order.canceled == "Y"),
        ("Финальный статус", order.status_id == FINAL),
        ("Статус заказа", f"[{order.status_id}] {status.name if status else ''}"),
        ("Статуса заказа ИД", order.status_id),  # the vendor's own spelling
        ("Дата изменения статуса", moment(order.date_status)),
    ]
    if order.canceled == "Y":
        pairs += [
            ("Дата отмены заказа", moment(order.date_canceled)),
            ("Причина отмены", order.reason_canceled),
        ]
    if order.user_description:
        pairs.append(("Комментарии покупателя", order.user_description))
    values = sale.values_of(order)
    address = ", ".join(filter(None, (values.get("ZIP"), values.get("CITY"), values.get("ADDRESS"))))
    return [*pairs, ("Сайт", f"[{order.lid}] Инструмент и дом"), ("Адрес доставки", address)]


# Payments and shipments as documents.


def _children(state: ShopState, order: Order) -> Iterable[Node]:
    return chain(
        (_payment(state, order, payment) for payment in state.sale.payments_of(order)),
        (_shipment(state, order, shipment) for shipment in state.sale.shipments_of(order)),
    )


def _payment(state: ShopState, order: Order, payment: Payment) -> Node:
    pay_system = state.sale.pay_system(payment.pay_system_id)
    pairs: list[tuple[str, object]] = [
        ("Дата оплаты", moment(payment.date_paid)),
        ("Оплачен", payment.paid == "Y"),
        ("Отменен", order.canceled == "Y"),
        ("Метод оплаты", payment.pay_system_name),
        ("Метод оплаты ИД", payment.pay_system_id),
        ("Возврат", payment.is_return != "N"),
    ]
    operation = _OPERATIONS[pay_system.is_cash if pay_system else "N"]
    return _child(state, order, payment, operation, amount(payment.sum), payment.date_bill, pairs=pairs)


def _shipment(state: ShopState, order: Order, shipment: Shipment) -> Node:
    """Describe a shipment. Its sum counts the delivery in whole roubles: the vendor's own mistake."""
    goods, total = [], ZERO
    for content in state.sale.contents_of(shipment):
        item = state.sale.basket.get(content.basket_id)
        if item is not None:
            goods.append(
                node(
                    "Товар",
                    leaf("Ид", item.product_xml_id),
                    leaf("Наименование", item.name),
                    leaf("ЦенаЗаЕдиницу", amount(item.price)),
                    leaf("Количество", amount(content.quantity)),
                    leaf("Сумма", f"{kopecks(item.price * content.quantity):.2f}"),
                )
            )
            total += kopecks(item.price * content.quantity)
    pairs: list[tuple[str, object]] = [
        ("Дата отгрузки", moment(shipment.date_deducted)),
        ("Отгружен", shipment.deducted == "Y"),
        ("Доставка разрешена", shipment.allow_delivery == "Y"),
        ("Отменен", order.canceled == "Y"),
        ("Метод доставки", shipment.delivery_name),
        ("Метод доставки ИД", shipment.delivery_id),
        ("Трек-номер", shipment.tracking_number),
    ]
    printed = amount(total + int(shipment.price_delivery))
    return _child(
        state,
        order,
        shipment,
        "Отпуск товара",
        printed,
        shipment.date_insert,
        pairs=pairs,
        goods=node("Товары", *goods),
    )


def _child(
    state: ShopState,
    order: Order,
    row: Payment | Shipment,
    operation: str,
    total: str,
    at: datetime | None,
    *,
    pairs: list[tuple[str, object]],
    goods: Node | None = None,
) -> Node:
    at = at or state.now()
    return node(
        "Документ",
        leaf("Ид", row.id),
        leaf("Номер", row.account_number),
        leaf("Дата", f"{at:%Y-%m-%d}"),
        leaf("ХозОперация", operation),
        leaf("Роль", "Продавец"),
        leaf("Валюта", _currency(state, order)),
        leaf("Курс", 1),
        leaf("Сумма", total),
        leaf("НомерВерсии", order.version),
        leaf("Номер1С", row.id_1c) if row.id_1c else None,
        leaf("Основание", order.id),
        leaf("Время", f"{at:%H:%M:%S}"),
        goods,
        requisites(pairs),
    )


def _currency(state: ShopState, order: Order) -> str:
    return state.setup.one_c_currency if order.currency == "RUB" else order.currency


def _number(version: str) -> float:
    try:
        return float(version or 0)
    except ValueError:
        return 0.0
