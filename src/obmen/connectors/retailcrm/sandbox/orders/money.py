"""What an order costs. Discounts by hand are per unit on a line and per order on the head; sums are exact to the kopeck.

`discountTotal` is for one unit, `discounts[].amount` for the whole line. Where a line's sum does not divide by its
units, `prices` tells how many of them cost a kopeck more.
"""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from obmen.connectors.retailcrm.sandbox.rows import ZERO, Item, Order, Payment
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import KOPECK, trimmed

HUNDRED = Decimal(100)


def reckon(state: CrmState, order: Order) -> None:
    """Work out every sum of an order and when it was fully paid."""
    items = state.items_of(order)
    live = [item for item in items if not is_cancelled(state, item)]
    gross = {item.id: kopecks(item.initial_price * item.quantity) for item in live}
    product = {item.id: min(gross[item.id], _by_hand(item)) for item in live}
    left = {line: gross[line] - product[line] for line in gross}
    of_order = _spread(order, left)
    rounded = _rounding(state, order, {line: left[line] - of_order[line] for line in left})
    for item in items:
        if item.id not in gross:
            state.items.change(item, summ=ZERO, discounts=[], discount_total=ZERO, prices=[])
            continue
        parts = {
            "manual_product": product[item.id],
            "manual_order": of_order[item.id],
            "round": rounded.get(item.id, ZERO),
        }
        _write(state, item, gross[item.id], parts)
    summ = sum((item.summ for item in live), ZERO)
    total = summ + order.delivery.get("cost", ZERO)
    payments = state.payments_of(order)
    paid = sum((each.amount for each in payments if is_complete(state, each)), ZERO)
    state.orders.change(
        order,
        summ=trimmed(summ),
        total_summ=trimmed(total),
        prepay_sum=trimmed(paid),
        purchase_summ=trimmed(sum((item.purchase_price * item.quantity for item in live), ZERO)),
        full_paid_at=_full_paid_at(state, order, payments, covered=bool(payments) and paid >= total > 0),
    )


def kopecks(amount: Decimal) -> Decimal:
    """Round a sum."""
    return amount.quantize(KOPECK, ROUND_HALF_UP)


def is_cancelled(state: CrmState, item: Item) -> bool:
    """Tell whether the status of a line takes it out of the order's sums."""
    return bool(state.books["product-statuses"][item.status].get("cancelStatus"))


def is_complete(state: CrmState, payment: Payment) -> bool:
    """Tell whether the status of a payment means that the money has come."""
    status = state.books["payment-statuses"].get(payment.status)
    return bool(status and status["paymentComplete"])


def _by_hand(item: Item) -> Decimal:
    unit = item.discount_amount + item.initial_price * item.discount_percent / HUNDRED
    return kopecks(unit * item.quantity)


def _spread(order: Order, left: dict[int, Decimal]) -> dict[int, Decimal]:
    """Spread the order's own discount over its lines by their sums; the last takes what rounding leaves."""
    whole = sum(left.values(), ZERO)
    wanted = order.plain.get("discountManualAmount", ZERO)
    wanted += whole * order.plain.get("discountManualPercent", ZERO) / HUNDRED
    rest = wanted = min(whole, kopecks(wanted))
    shares: dict[int, Decimal] = {}
    for line, amount in left.items():
        shares[line] = min(rest, kopecks(wanted * amount / whole)) if whole else ZERO
        rest -= shares[line]
    for line in reversed(left):
        more = min(rest, left[line] - shares[line])
        shares[line] += more
        rest -= more
    return shares


def _rounding(state: CrmState, order: Order, left: dict[int, Decimal]) -> dict[int, Decimal]:
    """Round the sum of goods down, where the account does, at the cost of the dearest lines."""
    step = Decimal(state.setup.round_to or 0)
    if not step or not left or order.plain.get("applyRound") is False:
        return {}
    rest, shares = sum(left.values(), ZERO) % step, dict[int, Decimal]()
    for line in sorted(left, key=lambda line: -left[line]):
        shares[line] = min(rest, left[line])
        rest -= shares[line]
    return shares


def _write(state: CrmState, item: Item, gross: Decimal, parts: dict[str, Decimal]) -> None:
    summ = gross - sum(parts.values(), ZERO)
    each = (gross - summ) / item.quantity if item.quantity else ZERO
    state.items.change(
        item,
        summ=trimmed(summ),
        discount_total=trimmed(kopecks(each)),
        discounts=[{"type": kind, "amount": trimmed(cost)} for kind, cost in parts.items() if cost],
        prices=_prices(summ, item.quantity),
    )


def _prices(summ: Decimal, quantity: Decimal) -> list[dict[str, Decimal]]:
    """Tell what the units of a line cost."""
    if not quantity:
        return []
    if quantity != quantity.to_integral_value():
        return [{"price": trimmed(kopecks(summ / quantity)), "quantity": quantity}]
    low = (summ / quantity).quantize(KOPECK, ROUND_FLOOR)
    dearer = (summ - low * quantity) / KOPECK
    rows = [(low, quantity - dearer), (low + KOPECK, dearer)]
    return [{"price": trimmed(price), "quantity": trimmed(units)} for price, units in rows if units]


def _full_paid_at(state: CrmState, order: Order, payments: list[Payment], *, covered: bool) -> str:
    if not covered:
        return ""
    moments = [each.paid_at for each in payments if each.paid_at and is_complete(state, each)]
    return order.full_paid_at or max(moments, default=state.now())
