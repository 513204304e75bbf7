"""Making, changing and removing orders. Everything is read and checked before anything is written."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.customers.finding import (
    find_company,
    find_customer,
    link_guest,
)
from obmen.connectors.retailcrm.sandbox.errors import ApiError, Problems
from obmen.connectors.retailcrm.sandbox.fields import merged
from obmen.connectors.retailcrm.sandbox.orders.fields import Head, read_head
from obmen.connectors.retailcrm.sandbox.orders.items import put_lines, read_lines
from obmen.connectors.retailcrm.sandbox.orders.money import reckon
from obmen.connectors.retailcrm.sandbox.orders.payments import put_payment, read_payment
from obmen.connectors.retailcrm.sandbox.orders.recording import (
    record_creation,
    record_removal,
    saving,
)
from obmen.connectors.retailcrm.sandbox.rows import CORPORATE, Order
from obmen.connectors.retailcrm.sandbox.state import RULES, CrmState

NOT_LOADED = "Order is not loaded"


def create_order(
    state: CrmState, site: str, given: Mapping[str, Any], *, ancestor: Order | None = None
) -> Order:
    """Make an order of what a client sent, with everything the account does about a new one."""
    external_id = str(given.get("externalId") or "")
    if external_id and find_order(state, external_id, site) is not None:
        raise ApiError(400, "Order already exists.")
    problems = Problems()
    head = read_head(state, given, problems)
    lines = read_lines(state, site, given.get("items") or [], problems)
    parties = _read_parties(state, site, given, problems)
    payments = [
        read_payment(state, raw, problems, at=f"payments[{place}].", site=site)
        for place, raw in enumerate(given.get("payments") or [])
    ]
    _check_number(state, site, str(given.get("number") or ""), problems)
    problems.stop_if_any(NOT_LOADED)

    order = state.orders.insert(_new_order(state, site, given, head, parties))
    put_lines(state, order, lines)
    reckon(state, order)
    for columns in payments:
        put_payment(state, order, columns)
    reckon(state, order)
    record_creation(state, order, ancestor=ancestor)
    _follow_up(state, order, given)
    return order


def edit_order(state: CrmState, order: Order, given: Mapping[str, Any]) -> Order:
    """Change an order: absent fields stay, empty ones are cleared, lines are replaced; payments are not looked at."""
    problems = Problems()
    head = read_head(state, given, problems, order)
    lines = None
    if "items" in given:
        lines = read_lines(state, order.site, given["items"] or [], problems, state.items_of(order))
    parties = _read_parties(state, order.site, given, problems)
    external_id = str(given.get("externalId") or order.external_id)
    if external_id != order.external_id and find_order(state, external_id, order.site) is not None:
        problems.say("externalId", "This value is already used.")
    number = str(given.get("number") or order.number)
    if number != order.number:
        _check_number(state, order.site, number, problems)
    problems.stop_if_any(NOT_LOADED)

    with saving(state, order):
        state.orders.change(
            order,
            plain=merged(order.plain, head.plain),
            status=head.status or order.status,
            external_id=external_id,
            number=number,
            **head.nested,
            **parties,
        )
        if lines is not None:
            put_lines(state, order, lines)
    return order


def delete_order(state: CrmState, order: Order, *, combined_to: Order | None = None) -> None:
    """Remove an order with its lines and payments."""
    record_removal(state, order, combined_to=combined_to)
    for item in state.items_of(order):
        state.items.remove(item)
    for payment in state.payments_of(order):
        state.payments.remove(payment)
    state.orders.remove(order)


def find_order(state: CrmState, external_id: str, *sites: str) -> Order | None:
    """Find an order of these shops by its external id."""
    return next((each for each in state.orders.where(external_id=external_id) if each.site in sites), None)


def _new_order(
    state: CrmState, site: str, given: Mapping[str, Any], head: Head, parties: Mapping[str, Any]
) -> Order:
    now, number = state.now(), state.orders.next_id
    from_api = state.actor.source == "api"
    status = head.status or "new"
    return Order(
        site=site,
        external_id=str(given.get("externalId") or ""),
        # Letters as the vendor's own orders have: A from the API, C from the hands of a manager.
        number=str(given.get("number") or f"{number}{'A' if from_api else 'C'}"),
        status=status,
        held=[(status, state.actor.source)],
        status_updated_at=now,
        from_api=from_api,
        currency=str(state.books["sites"][site]["currency"]),
        plain=merged(
            {
                "orderType": "eshop-individual",
                "orderMethod": "shopping-cart" if from_api else "phone",
                "countryIso": state.books["sites"][site]["countryIso"],
                "createdAt": now,
                "call": False,
                "expired": False,
            },
            head.plain,
        ),
        **head.nested,
        **parties,
    )


def _read_parties(state: CrmState, site: str, given: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """Read who orders: a customer, and for a corporate one the person and the company."""
    parties: dict[str, Any] = {}
    if given.get("customer"):
        customer = find_customer(state, site, given["customer"], problems, "customer")
        if customer is not None:
            parties["customer_id"] = customer.id
            parties["contact_id"] = None if customer.type == CORPORATE else customer.id
            if customer.type == CORPORATE and given.get("company"):
                company = find_company(state, customer, given["company"], problems)
                parties["company_id"] = company.id if company else None
    if given.get("contact"):
        contact = find_customer(state, site, given["contact"], problems, "contact")
        parties["contact_id"] = contact.id if contact else None
    return parties


def _check_number(state: CrmState, site: str, number: str, problems: Problems) -> None:
    if number and state.setup.unique_numbers and state.orders.first(number=number, site=site) is not None:
        problems.say("number", "This value is already used.")


def _follow_up(state: CrmState, order: Order, given: Mapping[str, Any]) -> None:
    """Do what the account's own rules do with a new order; their records bear no key."""
    linked = order.customer_id is not None or bool((given.get("customer") or {}).get("browserId"))
    outer, state.actor = state.actor, RULES
    try:
        if not linked and state.setup.links_guests:
            guest = link_guest(state, order)
            if guest is not None:
                with saving(state, order):
                    state.orders.change(order, customer_id=guest.id, contact_id=guest.id)
        managers = [user for user in state.users if user.is_manager and user.active]
        if state.setup.assigns_managers and managers and "managerId" not in order.plain:
            with saving(state, order):
                chosen = managers[order.id % len(managers)]
                state.orders.change(order, plain={**order.plain, "managerId": chosen.id})
    finally:
        state.actor = outer
