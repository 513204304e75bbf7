"""The pieces of an order in their one spelling: money to the kopeck, lines, payments, shipments, returns.

Shapes, all of plain JSON values; a key a system does not carry is absent from what it shows, never `None`:

    money       {"currency": "RUB", "lines": [line, …], "delivery": price, "total": "1934.50 RUB"}
    line        {"offer": record id or None, "name": "…", "sku": "…", "quantity": "3", "unit": "796",
                 "sum": "100.00 RUB",        what the buyer pays for the whole line, every discount inside
                 "discount": "8.00 RUB",     what `sum` has been lowered by
                 "vat": "22", "vat_included": true,
                 "kind": "goods" | "service",
                 "subject": "…", "method": "…",   of the receipt, carried whole by those who print it or bring it
                 "codes": ["…"],             marking codes of its units, where they are known before it ships
                 "warehouse": "main",        where it is to leave from, the key of its stock
                 "properties": {"colour": "red"}}
    price       {"sum": "350.00 RUB", "vat": "22", "vat_included": true}
    payments.*  {"sum": "1934.50 RUB", "method": "card", "paid": true, "prepaid": true, "refund": false,
                 "at": moment, "document": "…"}
    shipments.* {"state": "waiting" | "shipped" | "delivered", "lines": [{"offer", "quantity", "codes": […]}, …],
                 "service": "…", "tracking": "…", "at": moment, "document": "…"}
    returns.*   {"lines": [{"offer", "quantity", "sum"}, …], "sum": "…", "reason": "…", "at": moment, "document": "…"}
    contact     {"kind": "person" | "company", "name", "phone", "email", "company", "tin", "kpp", "legal_address"}
    address     {"text", "zip", "region", "city", "location", "street"}
    delivery    {"service": "…", "profile": "…", "pickup": {"code", "address", "hours"}, "date", "interval"}

How kopecks are kept: the sum of a line is what counts, its unit price is `sum / quantity`. A system that stores a
price with two decimals gets a line as `pieces` that multiply exactly: 3 for 100.00 are 2 × 33.33 and 1 × 33.34. Read
back, such pieces are one line again. A discount of the whole order is `spread` over its lines by largest remainder.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from obmen.model.values import BadValue, Money, Value, decimal, plain

KOPECK = Decimal("0.01")
_FINEST = Decimal("0.0001")


def part_key(connection: str, ref: str) -> str:
    """Return the name of a payment, shipment or return: whoever made it, and its id there."""
    return f"{connection}-{ref}"


def round_kopecks(amount: Decimal) -> Decimal:
    """Round half up to the kopeck, as cash registers and 1C do."""
    return amount.quantize(KOPECK, ROUND_HALF_UP)


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Share out an amount in proportion to weights, to the kopeck: the largest remainders get what is left.

    The shares add up to the amount exactly. Without any weight everything goes to the first.
    """
    if not weights:
        return []
    whole = sum(weights, Decimal(0))
    if whole == 0:
        return [amount, *(Decimal(0) for _ in weights[1:])]
    exact = [amount * weight / whole for weight in weights]
    shares = [share.quantize(KOPECK, ROUND_DOWN) for share in exact]
    left = amount - sum(shares, Decimal(0))
    coin = KOPECK if left >= 0 else -KOPECK
    by_remainder = sorted(range(len(weights)), key=lambda index: -abs(exact[index] - shares[index]))
    for index in by_remainder[: int(abs(left) / KOPECK)]:
        shares[index] += coin
    shares[by_remainder[0]] += amount - sum(shares, Decimal(0))  # what is finer than a kopeck
    return shares


def pieces(quantity: Decimal, amount: Decimal) -> list[tuple[Decimal, Decimal]]:
    """Return (quantity, unit price) pairs that multiply to exactly this amount, prices to the kopeck.

    Whole quantities come as one pair or two that differ by a kopeck. A fraction that no kopeck price hits keeps one
    pair with a price of four decimals, which rounds to the amount.
    """
    if quantity == 0:
        return [(quantity, amount)]
    price = round_kopecks(amount / quantity)
    if price * quantity == amount:
        return [(quantity, price)]
    if quantity != quantity.to_integral_value():
        if round_kopecks(price * quantity) == amount:
            return [(quantity, price)]
        return [(quantity, (amount / quantity).quantize(_FINEST, ROUND_HALF_UP))]
    low = (amount / quantity).quantize(KOPECK, ROUND_DOWN)
    dearer = (amount - low * quantity) / KOPECK
    return [(quantity - dearer, low), (dearer, low + KOPECK)]


def normal_money(value: Value) -> Value:
    """Return the money atom in its one spelling: pieces of a line joined, lines in a fixed order.

    Raises `BadValue` where the lines and the delivery do not make the total, or currencies are mixed.
    """
    if not isinstance(value, dict):
        return value
    lines = _joined([line for line in _list(value.get("lines")) if isinstance(line, dict)])
    made = sum((_amount(line, value) for line in lines), Decimal(0))
    delivery = value.get("delivery")
    if isinstance(delivery, dict):
        made += _amount(delivery, value)
    if "total" in value:
        total = _money(value["total"], value)
        if made != total:
            raise BadValue(f"{plain(made)} ≠ {plain(total)} {value.get('currency', '')}".rstrip())
    return {**value, "lines": [*lines]}


def normal_part(value: Value) -> Value:
    """Return a shipment or a return in its one spelling: its lines in a fixed order."""
    if not isinstance(value, dict) or "lines" not in value:
        return value
    lines = [line for line in _list(value["lines"]) if isinstance(line, dict)]
    return {**value, "lines": [*sorted(lines, key=_place)]}


def inherit(old: Value, new: Value) -> Value:
    """Return what was taken from a system, completed with what that system does not carry.

    1C knows nothing of a line's name in the shop; changing its quantity there must not lose the name. Lines are
    recognised by their offer.
    """
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    merged = {**{key: value for key, value in old.items() if key not in new}, **new}
    if isinstance(old.get("delivery"), dict) and isinstance(new.get("delivery"), dict):
        merged["delivery"] = inherit(old["delivery"], new["delivery"])
    if "lines" in old and "lines" in new:
        before = [line for line in _list(old["lines"]) if isinstance(line, dict)]
        merged["lines"] = [_completed(line, before) for line in _list(new["lines"])]
    return merged


def _completed(line: Value, before: list[dict[str, Value]]) -> Value:
    if not isinstance(line, dict):
        return line
    same = [old for old in before if old.get("offer") == line.get("offer")]
    if line.get("offer") is None:
        same = [old for old in same if old.get("name") == line.get("name")]
    if not same:
        return line
    twin = min(same, key=lambda old: old.get("sum") != line.get("sum"))  # the same sum first
    kept = {key: value for key, value in twin.items() if key not in line and key != "discount"}
    if "discount" in twin and "discount" not in line and twin.get("sum") == line.get("sum"):
        kept["discount"] = twin["discount"]
    return {**kept, **line}


def _joined(lines: list[dict[str, Value]]) -> list[dict[str, Value]]:
    """Return lines in their order with the pieces of one line, a kopeck apart, made one again."""
    joined: list[dict[str, Value]] = []
    for line in sorted(lines, key=_place):
        last = joined[-1] if joined else None
        if last is not None and _identity(last) == _identity(line) and _near(last, line):
            joined[-1] = {**last, **_together(last, line)}
        else:
            joined.append(line)
    return joined


_COUNTED = frozenset({"quantity", "sum", "discount", "codes"})


def _identity(line: dict[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in line.items() if key not in _COUNTED}


def _near(one: dict[str, Value], other: dict[str, Value]) -> bool:
    quantities = [decimal(str(line.get("quantity", "0"))) for line in (one, other)]
    if not all(quantities):
        return False
    prices = [
        Money.parse(str(line.get("sum"))).amount / quantity
        for line, quantity in zip((one, other), quantities, strict=True)
    ]
    return abs(prices[0] - prices[1]) <= KOPECK


def _together(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    added: dict[str, Value] = {
        "quantity": plain(decimal(str(one["quantity"])) + decimal(str(other["quantity"])))
    }
    if "codes" in one or "codes" in other:
        added["codes"] = sorted([*_list(one.get("codes")), *_list(other.get("codes"))], key=str)
    for name in ("sum", "discount"):
        amounts = [Money.parse(str(line[name])) for line in (one, other) if name in line]
        if amounts:
            added[name] = str(Money(sum((m.amount for m in amounts), Decimal(0)), amounts[0].currency))
    return added


def _place(line: dict[str, Value]) -> tuple[int, str, str, Decimal, str]:
    """Return where a line stands: by offer and name, among lines of its kind by unit price, then everything else."""
    offer = line.get("offer")
    quantity = decimal(str(line.get("quantity", "0")))
    amount = Money.parse(str(line["sum"])).amount if "sum" in line else Decimal(0)
    price = amount / quantity if quantity else amount
    kind = sorted((key, str(value)) for key, value in _identity(line).items() if key not in {"offer", "name"})
    rest = sorted((key, str(line[key])) for key in _COUNTED & line.keys())
    return (offer if isinstance(offer, int) else 0, str(line.get("name", "")), str(kind), price, str(rest))


def _amount(priced: dict[str, Value], money: dict[str, Value]) -> Decimal:
    return _money(priced.get("sum"), money)


def _money(text: Value, money: dict[str, Value]) -> Decimal:
    parsed = Money.parse(str(text))
    if "currency" in money and parsed.currency != money["currency"]:
        raise BadValue(f"{parsed} ≠ {money['currency']}")
    return parsed.amount


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []
