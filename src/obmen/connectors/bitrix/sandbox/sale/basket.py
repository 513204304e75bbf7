"""Saving lines: what the catalogue fills in, prices fixed by hand, coupons."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix.sandbox.rows import OFFER, ZERO, Element
from obmen.connectors.bitrix.sandbox.sale.money import kopecks, stored
from obmen.connectors.bitrix.sandbox.sale.orders import Impossible, external_code
from obmen.connectors.bitrix.sandbox.sale.reserves import reserve_line
from obmen.connectors.bitrix.sandbox.sale.rows import BasketItem, Order
from obmen.connectors.bitrix.sandbox.sale.shipments import check_cut, spread_line
from obmen.connectors.bitrix.sandbox.state import ShopState

THREE_FOR_100 = "3ZA100"  # every three pieces of the first line that has them cost 100 roubles
TEN_PERCENT = "MINUS10"
COUPONS = {THREE_FOR_100: "Три по цене 100 рублей", TEN_PERCENT: "Скидка 10 %"}


def add_item(state: ShopState, order: Order, item: BasketItem) -> BasketItem:
    """Add a line to an order, without saving the order."""
    item.order_id, item.date_insert, item.date_update = order.id, state.now(), state.now()
    item.xml_id = item.xml_id or external_code(state)
    state.sale.basket.insert(item)
    spread_line(state, order, item, was=ZERO)
    return item


def change_item(state: ShopState, order: Order, item: BasketItem, /, **changes: Any) -> BasketItem:
    """Change a line, without saving the order."""
    was = item.quantity
    check_cut(state, order, item, changes.get("quantity", was) - was)
    state.sale.basket.change(item, **changes, date_update=state.now())
    if item.quantity != was:
        spread_line(state, order, item, was=was)
        if item.reserved:
            reserve_line(state, item, max(ZERO, item.reserved + item.quantity - was))
    return item


def delete_item(state: ShopState, order: Order, item: BasketItem) -> None:
    """Delete a line, without saving the order."""
    change_item(state, order, item, quantity=ZERO)
    reserve_line(state, item, ZERO)
    state.sale.basket.remove(item)
    if not state.sale.items_of(order):
        state.sale.orders.change(order, price=ZERO, discount_value=ZERO, tax_value=ZERO)


def from_catalogue(state: ShopState, product: Element, *, priced: bool = True) -> dict[str, Any]:
    """Return what the catalogue fills in a line: name, price, VAT, unit, weight and external codes."""
    vat = state.vats.get(product.vat_id)
    rate = None if vat is None or vat.rate is None else Decimal(vat.rate) / 100
    measure = state.measures.get(product.measure)
    filled: dict[str, Any] = {
        "product_id": product.id,
        "name": product.name,
        "vat_rate": rate,
        "vat_included": "Y",
        "weight": product.weight or ZERO,
        "measure_code": str(measure.code).zfill(3) if measure else "796",
        "measure_name": measure.symbol if measure else "шт",
        "product_xml_id": product.xml_id,
        "catalog_xml_id": _catalog_xml_id(state, product),
    }
    filled["properties"] = [
        {"code": "CATALOG.XML_ID", "name": "Catalog XML_ID", "value": filled["catalog_xml_id"], "sort": 100},
        {"code": "PRODUCT.XML_ID", "name": "Product XML_ID", "value": product.xml_id, "sort": 100},
    ]
    if priced:
        price = base_price(state, product, rate)
        filled |= {"price": price, "base_price": price, "discount_price": ZERO}
    return filled


def base_price(state: ShopState, product: Element, rate: Decimal | None) -> Decimal:
    """Return what checkout asks for one piece."""
    base = next((kind.id for kind in state.price_types if kind.base == "Y"), 0)
    held = state.prices.first(product_id=product.id, catalog_group_id=base)
    price = held.price if held else ZERO
    if state.setup.vat_on_top and product.vat_included != "Y":
        price = stored(price * (1 + (rate or ZERO)))
    return price


def check_custom_price(fields: dict[str, Any]) -> None:
    """Refuse a price fixed by hand that does not add up: base price = price + discount."""
    price, base, discount = (fields.get(name) for name in ("price", "base_price", "discount_price"))
    if price is None or base is None or base != price + (discount or ZERO):
        raise Impossible("basket item is not saved - bad data")


def apply_coupon(items: Iterable[BasketItem], coupon: str) -> None:
    """Lower the prices of lines that are not saved yet."""
    if not coupon:
        return
    if coupon not in COUPONS:
        raise Impossible(f"Купон {coupon} не найден; есть: {', '.join(COUPONS)}")
    for item in items:
        price = item.base_price
        if coupon == TEN_PERCENT:
            price = kopecks(item.base_price * Decimal("0.9"))
        elif item.quantity >= 3 and item.quantity % 3 == 0 and item.base_price * 3 > 100:
            price = stored(Decimal(100) / 3)
        if price == item.base_price:
            continue
        item.price, item.discount_price = price, item.base_price - price
        item.discount_name, item.discount_coupon = COUPONS[coupon], coupon
        if coupon == THREE_FOR_100:
            return


def _catalog_xml_id(state: ShopState, product: Element) -> str:
    iblock = state.iblocks.get(product.iblock_id)
    if product.type == OFFER and iblock is not None and iblock.product_iblock_id is not None:
        iblock = state.iblocks.get(iblock.product_iblock_id) or iblock
    return iblock.xml_id if iblock else ""
