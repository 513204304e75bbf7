"""Putting two orders into one, and taking one apart."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from obmen.connectors.retailcrm.sandbox.errors import impossible
from obmen.connectors.retailcrm.sandbox.orders.money import reckon
from obmen.connectors.retailcrm.sandbox.orders.recording import record_creation, saving
from obmen.connectors.retailcrm.sandbox.orders.saving import delete_order
from obmen.connectors.retailcrm.sandbox.rows import Item, Order
from obmen.connectors.retailcrm.sandbox.state import CrmState

TECHNIQUES = ("ours", "summ", "theirs")
_OWN = ("id", "order_id", "quantity", "external_ids")


def combine_orders(state: CrmState, source: Order, result: Order, technique: str) -> None:
    """Put an order into another: `ours` keeps the lines of the result, `theirs` takes the source's, `summ` has both.

    Payments of the source go over to the result whatever the technique; the source is gone.
    """
    with saving(state, result):
        if technique == "theirs":
            for item in state.items_of(result):
                state.items.remove(item)
        if technique != "ours":
            for item in state.items_of(source):
                _take(state, item, result)
        for payment in state.payments_of(source):
            state.payments.change(payment, order_id=result.id)
    delete_order(state, source, combined_to=result)


def split_order(state: CrmState, order: Order, pieces: Mapping[int, Decimal]) -> Order:
    """Move so many pieces of lines to a new order that names this one as its ancestor."""
    held = {item.id: item for item in state.items_of(order)}
    for line, quantity in pieces.items():
        if line not in held or not 0 < quantity <= held[line].quantity:
            impossible(f"Order {order.id} has no {quantity} pieces in line {line}.")
    twin = _twin(state, order)
    with saving(state, order):
        for line, quantity in pieces.items():
            item = held[line]
            copied = {name: value for name, value in msgspec.structs.asdict(item).items() if name not in _OWN}
            state.items.insert(Item(order_id=twin.id, quantity=quantity, **copied))
            if quantity == item.quantity:
                state.items.remove(item)
            else:
                state.items.change(item, quantity=item.quantity - quantity)
    reckon(state, twin)
    record_creation(state, twin, ancestor=order)
    return twin


def _take(state: CrmState, item: Item, result: Order) -> None:
    """Give a line to another order; a line of the same offer and price takes its pieces."""
    for held in state.items_of(result):
        if held.offer_id == item.offer_id is not None and held.initial_price == item.initial_price:
            state.items.change(held, quantity=held.quantity + item.quantity)
            return
    state.items.change(item, order_id=result.id)


def _twin(state: CrmState, order: Order) -> Order:
    """Make an empty order like this one; it has no external id and a number of its own."""
    copied: dict[str, Any] = {
        name: getattr(order, name)
        for name in (
            "site",
            "status",
            "customer_id",
            "contact_id",
            "company_id",
            "contragent",
            "source",
            "currency",
        )
    }
    now, number = state.now(), state.orders.next_id
    delivery = {name: value for name, value in order.delivery.items() if name not in ("cost", "data")}
    return state.orders.insert(
        Order(
            **copied,
            number=f"{number}C",
            plain={**order.plain, "createdAt": now},
            delivery=delivery,
            status_updated_at=now,
            held=[(order.status, state.actor.source)],
        )
    )
