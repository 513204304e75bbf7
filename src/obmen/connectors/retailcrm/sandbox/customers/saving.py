"""Making, changing and combining customers."""

from collections.abc import Mapping, Sequence
from typing import Any

from obmen.connectors.retailcrm.sandbox.customers import corporate
from obmen.connectors.retailcrm.sandbox.customers.fields import read_customer
from obmen.connectors.retailcrm.sandbox.customers.recording import record_creation, record_removal, saving
from obmen.connectors.retailcrm.sandbox.errors import ApiError, Problems
from obmen.connectors.retailcrm.sandbox.orders import recording
from obmen.connectors.retailcrm.sandbox.rows import CORPORATE, Customer, CustomerType
from obmen.connectors.retailcrm.sandbox.state import CrmState

NOT_LOADED = "Customer is not loaded"


def create_customer(
    state: CrmState, site: str, given: Mapping[str, Any], kind: CustomerType = "customer"
) -> Customer:
    """Make a customer of what a client sent; people and companies share external ids."""
    external_id = str(given.get("externalId") or "")
    if external_id and find_by_external_id(state, external_id, site) is not None:
        raise ApiError(400, "Customer already exists.")
    problems = Problems()
    blank = Customer(site=site, type=kind, external_id=external_id, plain={"createdAt": state.now()})
    columns = read_customer(state, given, problems, blank)
    parts = corporate.read_parts(state, site, given, problems) if kind == CORPORATE else None
    problems.stop_if_any(NOT_LOADED)
    customer = state.customers.insert(
        Customer(site=site, type=kind, external_id=external_id, **{"plain": blank.plain, **columns})
    )
    if parts is not None:
        corporate.put_parts(state, customer, parts)
    record_creation(state, customer)
    return customer


def edit_customer(state: CrmState, customer: Customer, given: Mapping[str, Any]) -> Customer:
    """Change a customer: absent fields stay, empty ones are cleared."""
    problems = Problems()
    columns = read_customer(state, given, problems, customer)
    external_id = str(given.get("externalId") or customer.external_id)
    if external_id != customer.external_id:
        if find_by_external_id(state, external_id, customer.site) is not None:
            problems.say("externalId", "This value is already used.")
        columns["external_id"] = external_id
    problems.stop_if_any(NOT_LOADED)
    with saving(state, customer):
        state.customers.change(customer, **columns)
    return customer


def combine_customers(state: CrmState, sources: Sequence[Customer], result: Customer) -> None:
    """Put customers into one: their orders, phones and parts go over to it, they themselves are gone."""
    with saving(state, result):
        phones = [*result.phones, *(phone for each in sources for phone in each.phones)]
        state.customers.change(result, phones=[*dict.fromkeys(phones)])
        for source in sources:
            corporate.move_parts(state, source, result)
    for source in sources:
        move_orders(state, source, result)
        record_removal(state, source, combined_to=result)
        state.customers.remove(source)


def delete_customer(state: CrmState, customer: Customer) -> None:
    """Remove a customer; whoever it spoke for or ordered as is left without."""
    for order in state.orders:
        if customer.id in {order.customer_id, order.contact_id}:
            with recording.saving(state, order):
                state.orders.change(
                    order,
                    customer_id=None if order.customer_id == customer.id else order.customer_id,
                    contact_id=None if order.contact_id == customer.id else order.contact_id,
                )
    for contact in state.contacts.where(person_id=customer.id):
        state.contacts.remove(contact)
    record_removal(state, customer)
    state.customers.remove(customer)


def move_orders(
    state: CrmState, source: Customer, result: Customer, only: Sequence[int] | None = None
) -> None:
    """Give the orders of a customer, or some of them, to another one."""
    for order in state.orders.where(customer_id=source.id):
        if only is not None and order.id not in only:
            continue
        with recording.saving(state, order):
            contact = result.id if order.contact_id == source.id else order.contact_id
            state.orders.change(order, customer_id=result.id, contact_id=contact)


def find_by_external_id(
    state: CrmState, external_id: str, *sites: str, kind: str | None = None
) -> Customer | None:
    """Find a customer of these shops by its external id."""
    for found in state.customers.where(external_id=external_id):
        if found.site in sites and kind in (None, found.type):
            return found
    return None
