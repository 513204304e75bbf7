"""Methods about orders."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import Answer, Ask, Method, paged, strings
from obmen.connectors.retailcrm.sandbox.customers.calls import fix_external_ids
from obmen.connectors.retailcrm.sandbox.errors import ApiError, bad_input, not_found
from obmen.connectors.retailcrm.sandbox.orders.combining import TECHNIQUES, combine_orders
from obmen.connectors.retailcrm.sandbox.orders.filters import chosen
from obmen.connectors.retailcrm.sandbox.orders.recording import saving
from obmen.connectors.retailcrm.sandbox.orders.saving import create_order, edit_order, find_order
from obmen.connectors.retailcrm.sandbox.orders.shown import given, shown_order
from obmen.connectors.retailcrm.sandbox.rows import Order

MOST_STATUSES = 500


def list_orders(ask: Ask) -> Answer:
    """List orders, the newest first."""
    return paged(ask, "orders", chosen(ask), lambda order: shown_order(ask.state, order))


def get_order(ask: Ask) -> Answer:
    """Show one order."""
    return Answer({"order": shown_order(ask.state, _held(ask))})


def create(ask: Ask) -> Answer:
    """Make an order; its payments are shown as a list here and nowhere else."""
    sent = ask.part("order")
    order = create_order(ask.state, ask.site(sent.get("site")), sent)
    return Answer({"id": order.id, "order": shown_order(ask.state, order, listed_payments=True)}, status=201)


def edit(ask: Ask) -> Answer:
    """Change an order."""
    sent = ask.part("order")
    order = edit_order(ask.state, _held(ask), sent)
    return Answer({"id": order.id, "order": shown_order(ask.state, order)})


def upload(ask: Ask) -> Answer:
    """Make up to fifty orders; each fails for itself, and one failure makes the answer a 460.

    The errors are a list that does not say which order they belong to.
    """
    sent, site = ask.rows("orders", ask.state.setup.batch), ask.site()
    done: list[Order] = []
    failed: list[dict[str, Any]] = []
    errors: list[str] = []
    for row in sent:
        try:
            done.append(create_order(ask.state, site, row))
        except ApiError as exc:
            failed.append({"externalId": str(row["externalId"])} if row.get("externalId") else {})
            errors += exc.lines()
    body: dict[str, Any] = {
        "uploadedOrders": [{"id": order.id, **given(externalId=order.external_id)} for order in done],
        "failedOrders": failed,
        "orders": [shown_order(ask.state, order) for order in done],
    }
    if not failed:
        return Answer(body)
    return Answer({**body, "errorMsg": "Orders are loaded with errors", "errors": errors}, status=460)


def fix_ids(ask: Ask) -> Answer:
    """Give orders made in the account the ids of another system."""
    fix_external_ids(ask, ask.rows("orders", 500), ask.state.orders, saving)
    return Answer()


def statuses(ask: Ask) -> Answer:
    """Tell the statuses of some orders."""
    ids, external = strings(ask.params.get("ids")), strings(ask.params.get("externalIds"))
    if not ids and not external:
        raise bad_input(ids="This value should not be blank.")
    if len(ids) + len(external) > MOST_STATUSES:
        raise bad_input(ids=f"This collection should contain {MOST_STATUSES} elements or less.")
    state, sites = ask.state, ask.state.site_codes(ask.key)
    found = {order.id: order for each in ids if each.isdecimal() and (order := state.orders.get(int(each)))}
    found |= {order.id: order for each in external for order in state.orders.where(external_id=each)}
    rows = [
        {
            "id": order.id,
            **given(externalId=order.external_id),
            "status": order.status,
            "group": state.group_of(order.status),
        }
        for order in found.values()
        if order.site in sites
    ]
    return Answer({"orders": rows})


def combine(ask: Ask) -> Answer:
    """Put one order into another; the first is gone. The history says `combine`, not whose key it was."""
    technique = ask.params.get("technique") or "ours"
    if technique not in TECHNIQUES:
        raise bad_input(technique="The value you selected is not a valid choice.")
    source, result = (_by_id(ask, ask.part(name), name) for name in ("order", "resultOrder"))
    if source is result or source.site != result.site:
        raise bad_input(resultOrder="This value is not valid.")
    ask.state.actor = ask.state.actor._replace(source="combine")
    combine_orders(ask.state, source, result, technique)
    return Answer({"errors": []})


def link(ask: Ask) -> Answer:
    """Tie two orders together with a comment."""
    sent = ask.part("link")
    pair = [_by_id(ask, row, "link.orders") for row in sent.get("orders") or []]
    if len(pair) != 2:
        raise bad_input(link="Exactly two orders are expected.")
    now = ask.state.now()
    for order, other in ((pair[0], pair[1]), (pair[1], pair[0])):
        tie = {
            **given(comment=sent.get("comment")),
            "order": {"id": other.id, "number": other.number, **given(externalId=other.external_id)},
            "createdAt": now,
        }
        ask.state.orders.change(order, links=[*order.links, tie])
    return Answer()


def cancel_delivery(ask: Ask) -> Answer:
    """Take the order back from its carrier."""
    order = _held(ask)
    with saving(ask.state, order):
        kept = {name: value for name, value in order.delivery.items() if name != "data"}
        ask.state.orders.change(order, delivery=kept)
    return Answer()


def _held(ask: Ask) -> Order:
    """Find the order a path names; one external id in several shops needs the shop."""
    raw, sites = ask.path["id"], ask.sites()
    if ask.by() == "id":
        order = ask.state.orders.get(int(raw)) if raw.isdecimal() else None
        if order is None or order.site not in sites:
            raise not_found()
        return order
    bearers = [order for order in ask.state.orders.where(external_id=raw) if order.site in sites]
    if len(bearers) > 1:
        raise bad_input(site="This value should not be blank.")
    order = find_order(ask.state, raw, *sites)
    if order is None:
        raise not_found()
    return order


def _by_id(ask: Ask, named: Mapping[str, Any], at: str) -> Order:
    raw = str(named.get("id") or "")
    order = ask.state.orders.get(int(raw)) if raw.isdecimal() else None
    if order is None or order.site not in ask.state.site_codes(ask.key):
        raise bad_input(**{at: "Order not found."})
    return order


_READ, _WRITE = "order_read", "order_write"
METHODS = (
    Method("GET", "orders", _READ, list_orders),
    Method("GET", "orders/statuses", _READ, statuses),
    Method("POST", "orders/create", _WRITE, create),
    Method("POST", "orders/upload", _WRITE, upload),
    Method("POST", "orders/fix-external-ids", _WRITE, fix_ids),
    Method("POST", "orders/combine", _WRITE, combine),
    Method("POST", "orders/links/create", _WRITE, link),
    Method("GET", "orders/{id}", _READ, get_order),
    Method("POST", "orders/{id}/edit", _WRITE, edit),
    Method("POST", "orders/{id}/delivery/cancel", _WRITE, cancel_delivery),
)
