"""What every save of an order leaves behind: records of the history, the statuses it has held, and touched triggers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from obmen.connectors.retailcrm.sandbox.fields import ADDRESS, CONTRAGENT, SOURCE
from obmen.connectors.retailcrm.sandbox.history import Change, Part, Snapshot, differences
from obmen.connectors.retailcrm.sandbox.orders.fields import CARRIER, DELIVERY, PLAIN
from obmen.connectors.retailcrm.sandbox.orders.money import reckon
from obmen.connectors.retailcrm.sandbox.orders.shown import (
    given,
    shown_brief,
    shown_item,
    shown_order,
    shown_payment,
)
from obmen.connectors.retailcrm.sandbox.rows import Customer, Order
from obmen.connectors.retailcrm.sandbox.state import CrmState

# The status lines take when their order gets a status, where the account does that.
_LINES_FOLLOW = {
    "client-confirmed": "confirming",
    "send-to-assembling": "in-reserve",
    "assembling-complete": "completed",
    "complete": "saled",
}


@contextmanager
def saving(state: CrmState, order: Order) -> Iterator[None]:
    """Save what changes inside as one change set: sums follow, the history and the triggers are told."""
    before, status = snapshot(state, order), order.status
    yield
    if order.status != status:
        state.orders.change(
            order, status_updated_at=state.now(), held=[*order.held, (order.status, state.actor.source)]
        )
        _move_items(state, order)
    reckon(state, order)
    for change in differences(before, snapshot(state, order)):
        _record(state, order, change)


def record_creation(state: CrmState, order: Order, *, ancestor: Order | None = None) -> None:
    """Tell of a new order: one record with all of it, then the external ids of its payments."""
    marks: dict[str, Any] = {"created": True}
    if ancestor is not None:
        marks["ancestor"] = {"id": ancestor.id, **given(externalId=ancestor.external_id)}
    change = Change("status", None, {"code": order.status})
    _record(state, order, change, full=shown_order(state, order, listed_payments=True), **marks)
    for payment in state.payments_of(order):
        if payment.external_id:
            about = {"payment": _payment_brief(shown_payment(payment))}
            _record(state, order, Change("payments.external_id", None, payment.external_id, about))


def record_removal(state: CrmState, order: Order, *, combined_to: Order | None = None) -> None:
    """Tell of an order that is gone, in full for the last time."""
    marks: dict[str, Any] = {"deleted": True}
    if combined_to is not None:
        marks["combinedTo"] = {
            "id": combined_to.id,
            **given(externalId=combined_to.external_id),
            "site": combined_to.site,
        }
    full = shown_order(state, order, listed_payments=True)
    _record(state, order, Change("status", {"code": order.status}, None), full=full, **marks)


def snapshot(state: CrmState, order: Order) -> Snapshot:
    """Return an order as its history compares it."""
    values: dict[tuple[str, Part], Any] = {
        ("status", None): {"code": order.status},
        ("number", None): order.number,
        ("external_id", None): order.external_id or None,
        ("site", None): order.site,
        ("full_paid_at", None): order.full_paid_at or None,
        ("customer", None): _person(state.customers.get(order.customer_id)),
        ("contact", None): _person(state.customers.get(order.contact_id)),
        ("company", None): {"id": order.company_id} if order.company_id else None,
    }
    values |= {(field.history, None): field.told(order.plain.get(field.name)) for field in PLAIN}
    delivery, data = order.delivery, order.delivery.get("data", {})
    values |= {(field.history, None): field.told(delivery.get(field.name)) for field in DELIVERY}
    for prefix, fields, held in (
        ("delivery_address", ADDRESS, delivery.get("address", {})),
        ("integration_delivery_data", CARRIER, data),
        ("contragent", CONTRAGENT, order.contragent),
        ("source", SOURCE, order.source),
    ):
        values |= {(f"{prefix}.{field.history}", None): held.get(field.name) for field in fields}
    values |= {(f"custom_{code}", None): value for code, value in order.custom_fields.items()}
    about: dict[Part, dict[str, Any]] = {}
    _add_items(state, order, values, about)
    _add_payments(state, order, values, about)
    return Snapshot(values, about)


def _add_items(
    state: CrmState, order: Order, values: dict[tuple[str, Part], Any], about: dict[Part, dict[str, Any]]
) -> None:
    for item in state.items_of(order):
        part = ("item", item.id)
        shown = shown_item(state, item)
        if "offer" in shown:
            kept = ("id", "externalId", "xmlId")
            shown["offer"] = {name: shown["offer"][name] for name in kept if name in shown["offer"]}
        about[part] = shown
        values |= {
            ("order_product", part): {name: shown[name] for name in ("id", "offer") if name in shown},
            ("order_product.quantity", part): item.quantity,
            ("order_product.initial_price", part): item.initial_price,
            ("order_product.discount", part): item.discount_amount or None,
            ("order_product.discount_percent", part): item.discount_percent or None,
            ("order_product.discount_total", part): item.discount_total,
            ("order_product.purchase_price", part): item.purchase_price,
            ("order_product.summ", part): item.summ,
            ("order_product.status", part): {"code": item.status},
            ("order_product.vat_rate", part): None if item.vat_rate == "none" else item.vat_rate,
            ("order_product.comment", part): item.comment or None,
        }


def _add_payments(
    state: CrmState, order: Order, values: dict[tuple[str, Part], Any], about: dict[Part, dict[str, Any]]
) -> None:
    for payment in state.payments_of(order):
        part = ("payment", payment.id)
        about[part] = shown_payment(payment)
        values |= {
            ("payments", part): {"id": payment.id, "type": payment.type},
            ("payments.status", part): {"code": payment.status} if payment.status else None,
            ("payments.amount", part): payment.amount,
            ("payments.paid_at", part): payment.paid_at or None,
            ("payments.comment", part): payment.comment or None,
            ("payments.external_id", part): payment.external_id or None,
        }


def _payment_brief(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in ("id", "type", "externalId") if name in shown}


def _person(customer: Customer | None) -> dict[str, Any] | None:
    if customer is None:
        return None
    return {"id": customer.id, **given(externalId=customer.external_id), "site": customer.site}


def _move_items(state: CrmState, order: Order) -> None:
    follows = _LINES_FOLLOW.get(order.status)
    if state.setup.moves_items and follows:
        for item in state.items_of(order):
            state.items.change(item, status=follows)


def _record(
    state: CrmState, order: Order, change: Change, full: dict[str, Any] | None = None, **marks: Any
) -> None:
    actor = state.actor
    state.journal.add(
        "order",
        at=state.now(),
        source=actor.source,
        key=actor.key,
        user=actor.user,
        field=change.field,
        old=change.old,
        new=change.new,
        subject=full or shown_brief(order),
        about=change.about,
        marks=marks,
        thing_id=order.id,
        external_id=order.external_id,
        site=order.site,
    )
    state.triggers.touch("order", order.id, _template_values(order), {change.field})


def _template_values(order: Order) -> dict[str, Any]:
    return {
        "order.getId": order.id,
        "order.getExternalId": order.external_id,
        "order.getNumber": order.number,
        "order.getSite.getCode": order.site,
        "order.getStatus.getCode": order.status,
        "order.getTotalSumm": order.total_summ,
        "order.getPhone": order.plain.get("phone"),
        "order.getEmail": order.plain.get("email"),
    }
