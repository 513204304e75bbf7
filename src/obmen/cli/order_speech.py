"""How the pieces of an order read: its money, payments, shipments, returns, and whom it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from rich.table import Table

from obmen.language import counted
from obmen.model import BadValue, Money, decimal, plain

if TYPE_CHECKING:
    from obmen.cli.speech import Speech

STAGE = {
    "new": ("новый", "new"),
    "confirmed": ("подтверждён", "confirmed"),
    "supply": ("к обеспечению", "to supply"),
    "assembling": ("собирается", "assembling"),
    "delivery": ("в доставке", "in delivery"),
    "done": ("выполнен", "done"),
}
SHIPMENT = {
    "waiting": ("ждёт отгрузки", "waits"),
    "shipped": ("отгружено", "shipped"),
    "delivered": ("вручено", "handed over"),
}
METHOD = {
    "cash": ("наличными", "cash"),
    "card": ("картой", "by card"),
    "invoice": ("по счёту", "by invoice"),
    "credit": ("в кредит", "on credit"),
    "bonus": ("бонусами", "by bonuses"),
    "gift": ("подарочным сертификатом", "by gift card"),
    "account": ("с внутреннего счёта", "from the buyer's account"),
}

_LINES_RU = ("позиция", "позиции", "позиций")


def order_value(known: str, value: object, speech: Speech) -> str | None:
    """Return an order's atom in words, or None for one that reads like any other value. `known` is its family."""
    if known == "stage":
        return speech.pick(STAGE[value]) if isinstance(value, str) and value in STAGE else None
    if not isinstance(value, dict) or known not in _WORDS:
        return None
    return _WORDS[known](value, speech)


def lines(money: Mapping[str, object], speech: Speech) -> Table:
    """Return the lines of an order: goods, quantity, unit price, sum, VAT; then delivery and total."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(speech.say("Товар", "Goods"), overflow="fold")
    for ru, en in (("Кол-во", "Quantity"), ("Цена", "Price"), ("Сумма", "Sum"), ("НДС", "VAT")):
        table.add_column(speech.say(ru, en), justify="right", no_wrap=True)
    for line in _items(money.get("lines")):
        name = str(line.get("name") or speech.value("product", line.get("offer")))
        table.add_row(
            name.replace("[", r"\["),
            f"{speech.value('stock', line.get('quantity'))} {_unit(line, speech)}".rstrip(),
            _price(line, speech),
            speech.value("", line.get("sum")),
            speech.value("vat", line.get("vat")),
        )
    delivery = money.get("delivery")
    if isinstance(delivery, dict):
        vat = speech.value("vat", delivery.get("vat"))
        table.add_row(speech.say("Доставка", "Delivery"), "", "", speech.value("", delivery.get("sum")), vat)
    table.add_row(
        speech.say("Итого", "Total"), "", "", speech.value("", money.get("total")), "", style="bold"
    )
    return table


def _money(value: dict[str, object], speech: Speech) -> str:
    count = counted(len(_items(value.get("lines"))), speech.language, ru=_LINES_RU, en=("line", "lines"))
    total = speech.value("", value.get("total"))
    return speech.say(f"{count}, итого {total}", f"{count}, total {total}")


def _payment(value: dict[str, object], speech: Speech) -> str:
    method = value.get("method") or value.get("type")
    how = speech.pick(METHOD[method]) if isinstance(method, str) and method in METHOD else str(method or "")
    if "paid" not in value and value.get("status"):
        state = str(value["status"])  # a code of the system that shows it
    elif value.get("refund") is True:
        state = speech.say("возвращено", "given back")
    elif value.get("paid") is True:
        state = speech.say("оплачено", "paid")
    else:
        state = speech.say("не оплачено", "not paid")
    when = value.get("at")
    at = speech.at(when) if isinstance(when, str) and when else ""
    return _joined(_sum(value, speech), how, _spaced(state, at))


def _sum(value: dict[str, object], speech: Speech) -> str:
    """Return a sum of money, canonical or as a system writes it: the amount, with its currency beside."""
    amount, currency = str(value.get("sum") or ""), value.get("currency")
    if currency and " " not in amount:
        with suppress(BadValue):
            return speech.value("", str(Money(decimal(amount), str(currency))))
    return speech.value("", amount)


def _shipment(value: dict[str, object], speech: Speech) -> str:
    state = value.get("state")
    named = speech.pick(SHIPMENT[state]) if isinstance(state, str) and state in SHIPMENT else str(state or "")
    when = value.get("at")
    at = speech.at(when) if isinstance(when, str) and when else ""
    track = value.get("tracking")
    return _joined(
        _spaced(named, at),
        _goods(value, speech),
        speech.say(f"трек {track}", f"tracking {track}") if track else "",
        _codes(value, speech),
    )


def _codes(value: dict[str, object], speech: Speech) -> str:
    """Return how many units are marked; the codes themselves are not for screens."""
    count = sum(
        len(codes) for line in _items(value.get("lines")) if isinstance(codes := line.get("codes"), list)
    )
    return speech.say(f"кодов маркировки: {count}", f"marking codes: {count}") if count else ""


def _return(value: dict[str, object], speech: Speech) -> str:
    return _joined(
        _goods(value, speech),
        speech.value("", value["sum"]) if value.get("sum") else "",
        str(value.get("reason") or ""),
    )


def _contact(value: dict[str, object], _speech: Speech) -> str:
    return _joined(
        *(str(value[key]) for key in ("company", "name", "phone", "email", "tin") if value.get(key))
    )


def _address(value: dict[str, object], _speech: Speech) -> str:
    places = ("zip", "region", "city", "street", "text")
    return _joined(*(str(value[key]) for key in places if value.get(key)))


def _delivery(value: dict[str, object], _speech: Speech) -> str:
    pickup = value.get("pickup")
    point = str(pickup.get("address") or pickup.get("code") or "") if isinstance(pickup, dict) else ""
    keys = ("service", "profile", "date", "interval")
    return _joined(*(str(value[key]) for key in keys if value.get(key)), point)


_WORDS: Mapping[str, Callable[[dict[str, object], Speech], str]] = {
    "money": _money,
    "payments": _payment,
    "shipments": _shipment,
    "returns": _return,
    "contact": _contact,
    "address": _address,
    "delivery": _delivery,
}


def _goods(value: dict[str, object], speech: Speech) -> str:
    """Return how many pieces of how many lines."""
    found = _items(value.get("lines"))
    if not found:
        return ""
    try:
        pieces = sum(decimal(str(line.get("quantity", "0"))) for line in found)
    except BadValue:
        return ""
    rows = counted(len(found), speech.language, ru=_LINES_RU, en=("line", "lines"))
    quantity = speech.value("stock", plain(decimal(str(pieces))))
    return speech.say(f"{rows}, количество {quantity}", f"{rows}, quantity {quantity}")


def _price(line: dict[str, object], speech: Speech) -> str:
    try:
        total = Money.parse(str(line.get("sum")))
        quantity = decimal(str(line.get("quantity")))
    except BadValue:
        return ""
    if not quantity:
        return ""
    price = (total.amount / quantity).quantize(decimal("0.01"))
    exactly = "" if price * quantity == total.amount else "≈ "
    return exactly + speech.value("", str(Money(price, total.currency)))


def _unit(line: dict[str, object], speech: Speech) -> str:
    return speech.value("unit", line["unit"]) if line.get("unit") else ""


def _items(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part and part != "—")


def _spaced(*parts: str) -> str:
    return " ".join(part for part in parts if part)
