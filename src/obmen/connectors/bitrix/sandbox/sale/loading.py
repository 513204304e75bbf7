"""Order documents that come back from 1C, the classic way: what they change, what they are refused, what they destroy."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix.sandbox.commerceml import Node, is_true, number, requisites, text
from obmen.connectors.bitrix.sandbox.rows import PARENTS, ZERO
from obmen.connectors.bitrix.sandbox.sale.basket import add_item, change_item, delete_item, from_catalogue
from obmen.connectors.bitrix.sandbox.sale.documents import DELIVERY
from obmen.connectors.bitrix.sandbox.sale.money import stored
from obmen.connectors.bitrix.sandbox.sale.orders import FINAL, Impossible, announce, create_order, save_order
from obmen.connectors.bitrix.sandbox.sale.payments import add_payment, save_payment
from obmen.connectors.bitrix.sandbox.sale.rows import BasketItem, Order, Payment, User
from obmen.connectors.bitrix.sandbox.sale.seed import BILL
from obmen.connectors.bitrix.sandbox.sale.shipments import change_shipment, fill_first
from obmen.connectors.bitrix.sandbox.state import ShopState


def load_order(state: ShopState, document: Node) -> list[str]:
    """Apply one document; return warnings, which the door tells after the word `success`."""
    order = find_order(state, document)
    if order is None:
        if not state.setup.one_c_new_orders or not text(document, "Контрагенты/Контрагент/Ид"):
            return [f"Заказ №{text(document, 'Номер')} не найден."]
        order = _create(state, document)
    warnings: list[str] = []
    version = text(document, "НомерВерсии")
    if not version or version != order.version_1c:
        if _is_closed(state, order):
            warnings.append(f"Заказ №{order.account_number} не может быть изменен.")
        else:
            _replace_basket(state, order, document)
    save_order(
        state,
        order,
        from_1c=True,
        version_1c=version or order.version_1c,
        id_1c=text(document, "Номер1С") or order.id_1c,
    )
    try:
        _apply_flags(state, order, document)
    except Impossible as exc:
        warnings.append(f"Заказ №{order.account_number}: {exc}.")
    return warnings


def find_order(state: ShopState, document: Node) -> Order | None:
    """Find the order of a document. Trap: a number of digits hits an order's id before any account number."""
    orders = state.sale.orders
    given, prefix = text(document, "Номер"), state.setup.one_c_prefix
    numbers = [given, given.removeprefix(prefix)] if prefix and given.startswith(prefix) else [given]
    for key in filter(None, numbers):
        found = (
            (orders.get(int(key)) if key.isdecimal() else None)
            or orders.first(id_1c=key)
            or orders.first(account_number=key)
        )
        if found is not None:
            return found
    for key in filter(None, (text(document, "Ид"), text(document, "Номер1С"))):
        if (found := orders.first(id_1c=key)) is not None:
            return found
    return None


def moment_of(state: ShopState, raw: str) -> datetime:
    """Read a date of 1C, which is the site's own time; nonsense is now."""
    try:
        value = datetime.fromisoformat(raw)
    except ValueError:
        return state.now()
    return value if value.tzinfo else value.replace(tzinfo=state.now().tzinfo)


def _is_closed(state: ShopState, order: Order) -> bool:
    allowed = any(shipment.allow_delivery == "Y" for shipment in state.sale.shipments_of(order))
    return order.payed == "Y" or allowed or order.status_id == FINAL


def _replace_basket(state: ShopState, order: Order, document: Node) -> None:
    """Make the lines what the document says: goods it does not name are dropped, all of them where it has none."""
    left = state.sale.items_of(order)
    delivery: Decimal | None = None
    for goods in document.iterfind("Товары/Товар"):
        xml_id = text(goods, "Ид")
        if xml_id == DELIVERY:
            delivery = number(text(goods, "Сумма")) or ZERO
            continue
        held = next((item for item in left if _same_goods(item.product_xml_id, xml_id)), None)
        fields = _line_fields(goods)
        if held is not None:
            left.remove(held)
            change_item(state, order, held, **fields, base_price=fields["price"] + held.discount_price)
        else:
            fields["base_price"] = fields["price"]
            held = add_item(
                state, order, BasketItem(**{"order_id": order.id, **_goods_of(state, goods), **fields})
            )
        fill_first(state, order, held)
    for item in left:
        delete_item(state, order, item)
    shipment = next((each for each in state.sale.shipments_of(order) if each.deducted == "N"), None)
    if delivery is not None and shipment is not None:
        change_shipment(state, order, shipment, price_delivery=delivery, base_price_delivery=delivery)


def _line_fields(goods: Node) -> dict[str, Any]:
    price = number(text(goods, "ЦенаЗаЕдиницу") or text(goods, "Цена")) or ZERO
    fields: dict[str, Any] = {
        "quantity": number(text(goods, "Количество")) or ZERO,
        "price": stored(price),
        "custom_price": "Y",
    }
    rate = text(goods, "СтавкиНалогов/СтавкаНалога/Ставка")
    if rate:
        share = number(rate)
        fields["vat_rate"] = None if share is None else share / 100
    included = text(goods, "Налоги/Налог/УчтеноВСумме")
    if included:
        fields["vat_included"] = "Y" if is_true(included) else "N"
    return fields


def _goods_of(state: ShopState, goods: Node) -> dict[str, Any]:
    """Take a new line from the catalogue; unknown goods become a line of their own name."""
    xml_id = text(goods, "Ид")
    product = next((each for each in state.elements.where(xml_id=xml_id) if each.type not in PARENTS), None)
    if product is not None:
        return from_catalogue(state, product, priced=False)
    return {"name": text(goods, "Наименование"), "product_xml_id": xml_id, "module": ""}


def _apply_flags(state: ShopState, order: Order, document: Node) -> None:
    """Apply what requisites say, whatever the version: an absent mark of cancellation takes it back."""
    said = dict(requisites(document))
    cancelled = is_true(said.get("Отменен")) or any(
        is_true(mark) for mark in (said.get("ПометкаУдаления"), text(document, "ПометкаУдаления"))
    )
    if cancelled != (order.canceled == "Y"):
        reason = {"reason_canceled": text(document, "Комментарий")} if cancelled else {}
        save_order(state, order, from_1c=True, canceled="Y" if cancelled else "N", **reason)
    if said.get("Дата оплаты по 1С"):
        _pay(state, order, said)
    if said.get("Дата отгрузки по 1С"):
        _ship(state, order)
    status = said.get("Статуса заказа ИД", "")
    if state.setup.one_c_changes_status and status in state.sale.statuses and status != order.status_id:
        save_order(state, order, from_1c=True, status_id=status)


def _pay(state: ShopState, order: Order, said: Mapping[str, str]) -> None:
    """Pay what is not paid: nobody asks who printed the receipt."""
    paid = {
        "paid": "Y",
        "date_paid": moment_of(state, said["Дата оплаты по 1С"]),
        "pay_voucher_num": said.get("Номер оплаты по 1С", ""),
    }
    payments = state.sale.payments_of(order)
    if not payments:
        payments = [
            add_payment(state, order, Payment(order_id=order.id, pay_system_id=BILL, sum=order.price))
        ]
    for payment in payments:
        if payment.paid == "N" and payment.is_return == "N":
            save_payment(state, order, payment, from_1c=True, **paid)


def _ship(state: ShopState, order: Order) -> None:
    changes = {"allow_delivery": "Y"}
    if state.setup.one_c_deducts_on_delivery:
        changes["deducted"] = "Y"
    for shipment in state.sale.shipments_of(order):
        if shipment.allow_delivery == "N":
            change_shipment(state, order, shipment, **changes)
    final = state.setup.one_c_status_on_delivery
    save_order(state, order, from_1c=True, **({"status_id": final} if final else {}))


def _create(state: ShopState, document: Node) -> Order:
    """Make an order born in 1C; its buyer is registered at the site."""
    buyer = text(document, "Контрагенты/Контрагент/Ид")
    user = next((each for each in state.sale.users if each.xml_id == buyer), None)
    if user is None:
        name = text(document, "Контрагенты/Контрагент/Наименование")
        user = state.sale.users.insert(User(login=f"buyer_{buyer[:8]}", last_name=name, xml_id=buyer))
    order = create_order(
        state,
        Order(user_id=user.id, id_1c=text(document, "Номер1С"), comments=text(document, "Комментарий")),
    )
    announce(state, order)
    return order


def _same_goods(held: str, given: str) -> bool:
    head, _, tail = held.partition("#")
    return given in (held, head if head == tail else held)
