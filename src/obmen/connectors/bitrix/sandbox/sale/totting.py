"""What the shop counts of its orders for a verdict: heads, doubles, sums, mails, receipts."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from obmen.connectors.bitrix.sandbox.rows import ZERO
from obmen.connectors.bitrix.sandbox.sale.effects import MAIL, RECEIPT
from obmen.connectors.bitrix.sandbox.sale.money import kopecks, line_sum, line_vat
from obmen.connectors.bitrix.sandbox.sale.rows import Order
from obmen.connectors.bitrix.sandbox.state import ShopState


def count_orders(state: ShopState) -> dict[str, Any]:
    """Count orders and what they set off."""
    orders = list(state.sale.orders)
    mails = _kinds(state, MAIL)
    receipts = _kinds(state, RECEIPT)
    return {
        "orders": len(orders),
        "orders_live": sum(order.canceled == "N" for order in orders),
        "orders_paid": sum(order.payed == "Y" for order in orders),
        "orders_deducted": sum(order.deducted == "Y" for order in orders),
        "orders_by_status": dict(Counter(order.status_id for order in orders)),
        "orders_sum": f"{kopecks(sum((order.price for order in orders), ZERO)):.2f}",
        "order_doubles": order_doubles(state),
        "mails": mails.total(),
        "mails_by_kind": dict(mails),
        "receipts": receipts.total(),
        "receipts_by_kind": dict(receipts),
    }


def order_doubles(state: ShopState) -> dict[str, list[int]]:
    """Return external codes borne by more than one order: nothing forbids them."""
    bearers: dict[str, list[int]] = {}
    for order in state.sale.orders:
        bearers.setdefault(order.xml_id, []).append(order.id)
    return {xml_id: ids for xml_id, ids in bearers.items() if len(ids) > 1}


def tot_up(state: ShopState, order: Order) -> dict[str, str]:
    """Sum one order up: its head against its lines, deliveries and payments."""
    sale = state.sale
    items, payments = sale.items_of(order), sale.payments_of(order)
    sums = {
        "price": order.price,
        "lines": sum((line_sum(item) for item in items), ZERO),
        "vat": sum((line_vat(item) for item in items), ZERO),
        "delivery": sum((each.price_delivery for each in sale.shipments_of(order)), ZERO),
        "payments": sum((each.sum for each in payments if each.is_return == "N"), ZERO),
        "paid": sum((each.sum for each in payments if each.paid == "Y"), ZERO),
        "returned": sum((each.sum for each in payments if each.is_return != "N"), ZERO),
    }
    return {name: f"{kopecks(amount):.2f}" for name, amount in sums.items()}


def _kinds(state: ShopState, entity: str) -> Counter[str]:
    if not state.ledger.writes(entity=entity):
        return Counter()
    return Counter(_kind(effect.after) for effect in state.ledger.effects if effect.entity == entity)


def _kind(after: Mapping[str, Any]) -> str:
    return str(after["kind"])
