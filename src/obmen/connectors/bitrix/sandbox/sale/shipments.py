"""Saving shipments. What is in none of them lies in the hidden one marked `system`."""

from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.sale import events
from obmen.connectors.bitrix.sandbox.sale.effects import mail
from obmen.connectors.bitrix.sandbox.sale.orders import Impossible, external_code, save_order, status_of
from obmen.connectors.bitrix.sandbox.sale.reserves import deduct, release, shortages, undo_deduct
from obmen.connectors.bitrix.sandbox.sale.rows import BasketItem, Order, Shipment, ShipmentItem
from obmen.connectors.bitrix.sandbox.state import ShopState

SHIPPED = "DF"


def add_shipment(state: ShopState, order: Order, shipment: Shipment) -> Shipment:
    """Add an empty shipment to an order, without saving the order."""
    shipment.delivery_name = _delivery_name(state, shipment.delivery_id)
    shipment.order_id, shipment.currency, shipment.date_insert = order.id, order.currency, state.now()
    shipment.account_number = (
        f"{order.account_number}/{len(state.sale.shipments.where(order_id=order.id)) + 1}"
    )
    shipment.xml_id = shipment.xml_id or external_code(state)
    allowed, deducted = shipment.allow_delivery, shipment.deducted
    shipment.allow_delivery = shipment.deducted = "N"
    state.sale.shipments.insert(shipment)
    change_shipment(state, order, shipment, allow_delivery=allowed, deducted=deducted)
    return shipment


def change_shipment(state: ShopState, order: Order, shipment: Shipment, /, **changes: Any) -> list[str]:
    """Change a shipment without saving its order; return warnings about what could not be done.

    Goods that are not there are not shipped: the order is marked instead, and everything else is saved.
    """
    warnings: list[str] = []
    if "status_id" in changes:
        status_of(state, changes["status_id"], kind="D")
    if "delivery_id" in changes:
        changes["delivery_name"] = _delivery_name(state, changes["delivery_id"])
    if changes.get("deducted", shipment.deducted) != shipment.deducted:
        warnings = _deducting(state, shipment, changes)
    if changes.get("allow_delivery") == "Y" != shipment.allow_delivery:
        changes["date_allow_delivery"] = state.now()
    before = (shipment.allow_delivery, shipment.deducted, shipment.tracking_number)
    state.sale.shipments.change(shipment, **changes)
    state.sale.events.raise_event(events.SHIPMENT_SAVED, shipment.id)
    _follow(state, order, shipment, *before)
    if warnings:
        state.sale.orders.change(
            order, marked="Y", reason_marked="; ".join(warnings), date_marked=state.now()
        )
    return warnings


def delete_shipment(state: ShopState, order: Order, shipment: Shipment) -> None:
    """Delete a shipment that has not left; its pieces go back to the hidden one."""
    if shipment.deducted == "Y":
        raise Impossible("Нельзя удалить отгруженную отгрузку")
    for content in state.sale.contents_of(shipment):
        set_content(state, order, shipment, content.basket_id, ZERO)
    state.sale.shipments.remove(shipment)
    state.sale.events.raise_event(events.SHIPMENT_DELETED, shipment.id)
    save_order(state, order)


def set_content(
    state: ShopState, order: Order, shipment: Shipment, basket_id: int, pieces: Decimal, *, xml_id: str = ""
) -> ShipmentItem | None:
    """Have so many pieces of a line in a shipment, taken from or given back to the hidden one."""
    if shipment.deducted == "Y":
        raise Impossible("Состав отгруженной отгрузки не изменяется")
    held = state.sale.shipment_items.first(order_delivery_id=shipment.id, basket_id=basket_id)
    step = pieces - (held.quantity if held else ZERO)
    system = state.sale.system_of(order)
    spare = (
        state.sale.shipment_items.first(order_delivery_id=system.id, basket_id=basket_id) if system else None
    )
    if step > (spare.quantity if spare else ZERO):
        raise Impossible("Количество в отгрузке больше, чем осталось в заказе")
    if system is not None:
        _put(state, system, basket_id, (spare.quantity if spare else ZERO) - step)
    return _put(state, shipment, basket_id, pieces, xml_id=xml_id)


def fill_first(state: ShopState, order: Order, item: BasketItem) -> None:
    """Put what lies in the hidden shipment of a line into the first shipment that has not left."""
    waiting = next((each for each in state.sale.shipments_of(order) if each.deducted == "N"), None)
    system = state.sale.system_of(order)
    if waiting is None or system is None:
        return
    spare = state.sale.shipment_items.first(order_delivery_id=system.id, basket_id=item.id)
    held = state.sale.shipment_items.first(order_delivery_id=waiting.id, basket_id=item.id)
    if spare is not None:
        set_content(state, order, waiting, item.id, spare.quantity + (held.quantity if held else ZERO))


def spread_line(state: ShopState, order: Order, item: BasketItem, *, was: Decimal) -> None:
    """Bring shipments in step with a line whose quantity was another one.

    What is added goes to the hidden shipment; what is cut comes from it first, then from those that have not left.
    """
    step = item.quantity - was
    for place in _open_places(state, order):
        held = state.sale.shipment_items.first(order_delivery_id=place.id, basket_id=item.id)
        amount = held.quantity if held else ZERO
        taken = max(step, -amount)
        _put(state, place, item.id, amount + taken)
        step -= taken


def check_cut(state: ShopState, order: Order, item: BasketItem, step: Decimal) -> None:
    """Refuse to cut more of a line than what has not left yet."""
    places = {place.id for place in _open_places(state, order)}
    contents = state.sale.shipment_items.where(basket_id=item.id)
    left = sum((each.quantity for each in contents if each.order_delivery_id in places), ZERO)
    if -step > left:
        raise Impossible("Нельзя уменьшить количество: товар уже отгружен")


def _open_places(state: ShopState, order: Order) -> list[Shipment]:
    """Return the hidden shipment and those that have not left."""
    shipments = state.sale.shipments.where(order_id=order.id)
    return sorted((each for each in shipments if each.deducted == "N"), key=lambda each: each.system != "Y")


def _put(
    state: ShopState, shipment: Shipment, basket_id: int, pieces: Decimal, *, xml_id: str = ""
) -> ShipmentItem | None:
    held = state.sale.shipment_items.first(order_delivery_id=shipment.id, basket_id=basket_id)
    if pieces == ZERO:
        if held is not None:
            state.sale.shipment_items.remove(held)
        return None
    if held is not None:
        changes = {"quantity": pieces} | ({"xml_id": xml_id} if xml_id else {})
        return state.sale.shipment_items.change(held, **changes)
    row = ShipmentItem(
        order_delivery_id=shipment.id, basket_id=basket_id, quantity=pieces, date_insert=state.now()
    )
    row.xml_id = xml_id or external_code(state)
    return state.sale.shipment_items.insert(row)


def _deducting(state: ShopState, shipment: Shipment, changes: dict[str, Any]) -> list[str]:
    if changes["deducted"] != "Y":
        undo_deduct(state, shipment)
        changes["date_deducted"] = None
        return []
    absent = shortages(state, shipment)
    if absent:
        del changes["deducted"]
        return [f"Недостаточно товара на складе: {name}" for name in absent]
    deduct(state, shipment)
    changes["date_deducted"] = state.now()
    return []


def _follow(
    state: ShopState, order: Order, shipment: Shipment, allowed: str, deducted: str, tracking: str
) -> None:
    if shipment.allow_delivery != "Y" == allowed and state.setup.reserve_on == "delivery":
        release(state, order)
    if shipment.deducted == "Y" != deducted:
        mail(state, order, "shipped", about=shipment.account_number)
    if shipment.tracking_number and shipment.tracking_number != tracking:
        mail(state, order, "tracking", about=shipment.tracking_number)


def _delivery_name(state: ShopState, delivery_id: int) -> str:
    delivery = state.sale.delivery(delivery_id)
    if delivery is None:
        raise Impossible(f"Служба доставки {delivery_id} не найдена")
    return delivery.name
