"""What the account counts for a verdict: heads, doubles, sums, statuses that fell back, calls, haste."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from obmen.connectors.retailcrm.sandbox.orders.money import is_complete
from obmen.connectors.retailcrm.sandbox.rows import CORPORATE, ZERO, Customer, Order
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.tables import Row
from obmen.connectors.retailcrm.sandbox.values import digits

T = TypeVar("T", bound=Row)
DOORS = ("api", "operator", "code", "feed")


def count(state: CrmState) -> dict[str, Any]:
    """Count what the account holds, who wrote it, and what it was asked."""
    orders, ledger = list(state.orders), state.ledger
    requests = Counter(asked.what for asked in ledger.asked if asked.door == "api")
    return {
        "orders": len(orders),
        "orders_live": sum(state.group_of(order.status) != "cancel" for order in orders),
        "orders_by_status": dict(Counter(order.status for order in orders)),
        "orders_by_site": dict(Counter(order.site for order in orders)),
        "orders_sum": f"{sum((order.total_summ for order in orders), ZERO):.2f}",
        "orders_unnamed": sum(not order.external_id for order in orders),
        "order_doubles": _doubles(orders, lambda order: [_in_site(order, order.external_id)]),
        "number_doubles": _doubles(orders, lambda order: [_in_site(order, order.number)]),
        "order_fallbacks": {order.id: falls for order in orders if (falls := fallbacks(state, order))},
        "payments": len(state.payments),
        "payments_sum": f"{sum((each.amount for each in state.payments), ZERO):.2f}",
        "paid_sum": f"{sum((each.amount for each in state.payments if is_complete(state, each)), ZERO):.2f}",
        "payment_doubles": _doubles(state.payments, lambda each: [each.external_id]),
        "customers": sum(each.type != CORPORATE for each in state.customers),
        "corporate": sum(each.type == CORPORATE for each in state.customers),
        "customer_doubles": _doubles(state.customers, _contacts),
        "products": len(state.products),
        "offers": len(state.offers),
        "offers_live": sum(offer.active for offer in state.offers),
        "history": len(state.journal),
        "triggers": {
            "sent": state.triggers.sent,
            "lost": state.triggers.lost,
            "refused": state.triggers.refused,
        },
        "feeds": state.feeds,
        "over_limit": state.over_limit,
        "requests": dict(requests),
        "writes": {door: ledger.writes(by=door) for door in DOORS},
    }


def fallbacks(state: CrmState, order: Order) -> list[str]:
    """Return the moves of an order to an earlier group of statuses, each with who made it."""
    groups = state.books["status-groups"]
    falls = []
    for (before, _), (after, source) in zip(order.held, order.held[1:], strict=False):
        places = [groups[state.group_of(status)]["ordering"] for status in (before, after)]
        if places[1] < places[0]:
            falls.append(f"{before} -> {after} by {source}")
    return falls


def tot_up(state: CrmState, order: Order) -> dict[str, str]:
    """Sum one order up: its head against its lines, delivery and payments."""
    items, payments = state.items_of(order), state.payments_of(order)
    sums = {
        "total": order.total_summ,
        "summ": order.summ,
        "lines": sum((item.summ for item in items), ZERO),
        "prices": sum((row["price"] * row["quantity"] for item in items for row in item.prices), ZERO),
        "discounts": sum((row["amount"] for item in items for row in item.discounts), ZERO),
        "delivery": order.delivery.get("cost", ZERO),
        "payments": sum((each.amount for each in payments), ZERO),
        "paid": order.prepay_sum,
    }
    return {name: f"{amount:.2f}" for name, amount in sums.items()}


def _doubles(rows: Iterable[T], keys: Callable[[T], Iterable[str]]) -> dict[str, list[int]]:
    """Return keys borne by more than one row."""
    bearers: dict[str, list[int]] = {}
    for row in rows:
        for key in keys(row):
            if key:
                bearers.setdefault(key, []).append(row.id)
    return {key: ids for key, ids in bearers.items() if len(ids) > 1}


def _in_site(order: Order, key: str) -> str:
    return f"{order.site} {key}" if key else ""


def _contacts(customer: Customer) -> set[str]:
    """Return what a person could be known by, within the shop."""
    known = {f"{customer.site} {digits(phone)}" for phone in customer.phones if digits(phone)}
    mail = str(customer.plain.get("email") or "").lower()
    return known | ({f"{customer.site} {mail}"} if mail else set())
