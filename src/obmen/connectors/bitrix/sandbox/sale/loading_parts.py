"""Payments and shipments that come back from 1C as documents of their own, in containers or below their order."""

from obmen.connectors.bitrix.sandbox.commerceml import Node, is_true, requisites, text
from obmen.connectors.bitrix.sandbox.sale.loading import find_order, load_order, moment_of
from obmen.connectors.bitrix.sandbox.sale.orders import Impossible, save_order
from obmen.connectors.bitrix.sandbox.sale.payments import save_payment
from obmen.connectors.bitrix.sandbox.sale.rows import Order
from obmen.connectors.bitrix.sandbox.sale.shipments import change_shipment
from obmen.connectors.bitrix.sandbox.state import ShopState

ORDER, SHIPMENT = "Заказ товара", "Отпуск товара"


def refusal(state: ShopState) -> str:
    """Say why documents of payments and shipments are not taken at all; nothing where they are."""
    setup = state.setup
    if setup.inventory_control or setup.reservation:
        return "Для импорта документов необходимо выключить складской учет и резервирование."
    if setup.one_c_deducts_on_delivery:
        return "Для импорта документов необходимо выключить отгрузку при разрешении доставки."
    if not setup.one_c_pay_systems:
        return "Не заданы платежные системы по умолчанию для оплат из 1С."
    return ""


def load_documents(state: ShopState, documents: list[Node]) -> list[str]:
    """Apply an order with its documents; the order comes first wherever it stands."""
    warnings: list[str] = []
    for document in documents:
        if text(document, "ХозОперация") == ORDER:
            warnings += load_order(state, document)
            warnings += load_documents(state, document.findall("ПодчиненныеДокументы/ПодчиненныйДокумент"))
    for document in documents:
        if text(document, "ХозОперация") == ORDER:
            continue
        order = _ground(state, document)
        if order is None:
            warnings.append(f"Документ №{text(document, 'Номер')}: заказ-основание не найден.")
            continue
        try:
            warnings += _load_part(state, order, document)
        except Impossible as exc:
            warnings.append(f"Документ №{text(document, 'Номер')}: {exc}.")
    return warnings


def _ground(state: ShopState, document: Node) -> Order | None:
    ground = text(document, "Основание")
    if not ground:
        return None
    stand_in = Node("Документ")
    for tag in ("Номер", "Ид"):
        child = Node(tag)
        child.text = ground
        stand_in.append(child)
    return find_order(state, stand_in)


def _load_part(state: ShopState, order: Order, document: Node) -> list[str]:
    said = dict(requisites(document))
    number, one_c = text(document, "Номер"), text(document, "Номер1С")
    sale = state.sale
    if text(document, "ХозОперация") == SHIPMENT:
        shipment = next(
            (each for each in sale.shipments_of(order) if number in (str(each.id), each.account_number)), None
        )
        if shipment is None:
            return [f"Отгрузка №{number} не найдена."]
        changes = {"id_1c": one_c or shipment.id_1c, "updated_1c": "Y"}
        if is_true(said.get("Отгружен")):
            changes |= {"allow_delivery": "Y", "deducted": "Y"}
        if said.get("Трек-номер"):
            changes["tracking_number"] = said["Трек-номер"]
        warnings = change_shipment(state, order, shipment, **changes)
        save_order(state, order, from_1c=True)
        return warnings
    payment = next(
        (each for each in sale.payments_of(order) if number in (str(each.id), each.account_number)), None
    )
    if payment is None:
        return [f"Оплата №{number} не найдена."]
    paid = {"paid": "Y", "date_paid": moment_of(state, said.get("Дата оплаты", ""))}
    changes = {"id_1c": one_c or payment.id_1c, "updated_1c": "Y"}
    save_payment(
        state, order, payment, from_1c=True, **changes, **(paid if is_true(said.get("Оплачен")) else {})
    )
    return []
