"""Pieces kept for orders and pieces taken by shipments: what orders do to the stock.

Without inventory control only the quantity of the product moves; with it the pieces of a store do.
"""

from decimal import Decimal

from obmen.connectors.bitrix.sandbox.elements import save_product_row
from obmen.connectors.bitrix.sandbox.rows import ZERO, Element
from obmen.connectors.bitrix.sandbox.sale.rows import BasketItem, Order, Shipment
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.connectors.bitrix.sandbox.stock import put_amount, recount


def reserve_due(state: ShopState, order: Order) -> None:
    """Keep the pieces of an order, where it is due: placed, paid or allowed, as the shop is set up."""
    if not state.setup.reservation or order.canceled == "Y":
        return
    allowed = any(shipment.allow_delivery == "Y" for shipment in state.sale.shipments_of(order))
    if not {"order": True, "payment": order.payed == "Y", "delivery": allowed}[state.setup.reserve_on]:
        return
    for item in state.sale.items_of(order):
        shipped = _shipped(state, item)
        if item.reserved + shipped < item.quantity:
            reserve_line(state, item, item.quantity - shipped)


def reserve_line(state: ShopState, item: BasketItem, pieces: Decimal) -> None:
    """Bring the reserve of a line to so many pieces."""
    product = state.elements.get(item.product_id)
    step = pieces - item.reserved
    if product is None or step == ZERO:
        return
    store_id = item.store_id or (
        _store_for(state, product, pieces) if state.setup.inventory_control else None
    )
    _move(state, product, store_id, taken=ZERO, reserved=step)
    state.sale.basket.change(item, reserved=pieces, store_id=store_id)


def release(state: ShopState, order: Order) -> None:
    """Give back what an order keeps."""
    for item in state.sale.items_of(order):
        reserve_line(state, item, ZERO)


def shortages(state: ShopState, shipment: Shipment) -> list[str]:
    """Name the goods that are not there to be shipped."""
    absent = []
    for content in state.sale.contents_of(shipment):
        item = state.sale.basket.get(content.basket_id)
        product = state.elements.get(item.product_id) if item else None
        if item is None or product is None or not _is_counted(state, product):
            continue
        if product.quantity + min(item.reserved, content.quantity) < content.quantity:
            absent.append(item.name)
    return absent


def deduct(state: ShopState, shipment: Shipment) -> None:
    """Take the pieces of a shipment from the stock, those kept for its order first."""
    for content in state.sale.contents_of(shipment):
        item = state.sale.basket.get(content.basket_id)
        product = state.elements.get(item.product_id) if item else None
        if item is None or product is None:
            continue
        kept = min(item.reserved, content.quantity)
        store_id = item.store_id or _store_for(state, product, content.quantity)
        _move(state, product, store_id, taken=content.quantity, reserved=-kept)
        if kept:
            state.sale.basket.change(item, reserved=item.reserved - kept)


def undo_deduct(state: ShopState, shipment: Shipment) -> None:
    """Put the pieces of a shipment back; they are not kept for the order again."""
    for content in state.sale.contents_of(shipment):
        item = state.sale.basket.get(content.basket_id)
        product = state.elements.get(item.product_id) if item else None
        if item is not None and product is not None:
            store_id = item.store_id or _store_for(state, product, ZERO)
            _move(state, product, store_id, taken=-content.quantity, reserved=ZERO)


def _move(
    state: ShopState, product: Element, store_id: int | None, *, taken: Decimal, reserved: Decimal
) -> None:
    if not state.setup.inventory_control or store_id is None:
        save_product_row(
            state,
            product,
            quantity=product.quantity - taken - reserved,
            quantity_reserved=product.quantity_reserved + reserved,
        )
        return
    held = state.store_products.first(product_id=product.id, store_id=store_id)
    amount, kept = (held.amount, held.quantity_reserved) if held else (ZERO, ZERO)
    put_amount(state, product.id, store_id, amount - taken, reserved=kept + reserved)
    recount(state, product)


def _store_for(state: ShopState, product: Element, pieces: Decimal) -> int | None:
    """Choose the first active store that has enough, else the first active one."""
    active = [store.id for store in state.stores if store.active == "Y"]
    for row in state.store_products.where(product_id=product.id):
        if row.store_id in active and row.amount - row.quantity_reserved >= pieces:
            return row.store_id
    return active[0] if active else None


def _shipped(state: ShopState, item: BasketItem) -> Decimal:
    contents = state.sale.shipment_items.where(basket_id=item.id)
    gone = (state.sale.shipments.get(content.order_delivery_id) for content in contents)
    return sum(
        (
            content.quantity
            for content, shipment in zip(contents, gone, strict=True)
            if shipment and shipment.deducted == "Y"
        ),
        ZERO,
    )


def _is_counted(state: ShopState, product: Element) -> bool:
    traced = state.setup.default_trace if product.quantity_trace == "D" else product.quantity_trace
    on_order = state.setup.default_buy_zero if product.can_buy_zero == "D" else product.can_buy_zero
    return traced == "Y" and on_order == "N"
