"""What every save of a customer leaves in the history; people and corporate customers have histories of their own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from obmen.connectors.retailcrm.sandbox.customers.fields import plain_fields
from obmen.connectors.retailcrm.sandbox.customers.shown import (
    shown_address,
    shown_brief,
    shown_company,
    shown_contact,
    shown_customer,
)
from obmen.connectors.retailcrm.sandbox.fields import ADDRESS, CONTRAGENT
from obmen.connectors.retailcrm.sandbox.history import Change, Kind, Part, Snapshot, differences
from obmen.connectors.retailcrm.sandbox.rows import CORPORATE, Customer
from obmen.connectors.retailcrm.sandbox.state import CrmState


@contextmanager
def saving(state: CrmState, customer: Customer) -> Iterator[None]:
    """Save what changes inside as one change set."""
    before, phones, segments = snapshot(state, customer), customer.phones, customer.segments
    yield
    for change in differences(before, snapshot(state, customer)):
        _record(state, customer, change)
    for field, old, new in (
        ("phones", phones, customer.phones),
        ("segments", _coded(segments), _coded(customer.segments)),
    ):
        for change in _list_changes(field, old, new):
            _record(state, customer, change)


def record_creation(state: CrmState, customer: Customer) -> None:
    """Tell of a new customer: one record with all of it."""
    full = shown_customer(state, customer)
    if customer.type == CORPORATE:
        full |= _parts(state, customer)
    _record(state, customer, Change("id", None, customer.id), full=full, created=True)


def record_removal(state: CrmState, customer: Customer, *, combined_to: Customer | None = None) -> None:
    """Tell of a customer that is gone, in full for the last time."""
    marks: dict[str, Any] = {"deleted": True}
    if combined_to is not None:
        marks["combinedTo"] = shown_brief(combined_to)
    full = shown_customer(state, customer)
    _record(state, customer, Change("id", customer.id, None), full=full, **marks)


def snapshot(state: CrmState, customer: Customer) -> Snapshot:
    """Return a customer as its history compares it."""
    values: dict[tuple[str, Part], Any] = {("external_id", None): customer.external_id or None}
    for field in plain_fields(customer.type):
        values[field.history, None] = field.told(customer.plain.get(field.name))
    values["email_marketing_unsubscribed_at", None] = customer.plain.get("emailMarketingUnsubscribedAt")
    for prefix, fields, held in (
        ("address", ADDRESS, customer.address),
        ("contragent", CONTRAGENT, customer.contragent),
    ):
        values |= {(f"{prefix}.{field.history}", None): held.get(field.name) for field in fields}
    values |= {(f"custom_{code}", None): value for code, value in customer.custom_fields.items()}
    about: dict[Part, dict[str, Any]] = {}
    if customer.type == CORPORATE:
        _add_parts(state, customer, values, about)
    return Snapshot(values, about)


def _add_parts(
    state: CrmState,
    customer: Customer,
    values: dict[tuple[str, Part], Any],
    about: dict[Part, dict[str, Any]],
) -> None:
    for contact in state.contacts.where(customer_id=customer.id):
        part = ("customerContact", contact.id)
        about[part] = shown_contact(state, contact)
        values["contact", part] = {"id": contact.id}
        values["contact.contact_company", part] = contact.companies or None
    for address in state.addresses.where(customer_id=customer.id):
        part = ("address", address.id)
        about[part] = shown_address(address, customer.main_address_id)
        values["address", part] = {"id": address.id, "name": address.name}
        values |= {(f"address.{field.history}", part): address.fields.get(field.name) for field in ADDRESS}
    for company in state.companies.where(customer_id=customer.id):
        part = ("company", company.id)
        about[part] = shown_company(state, company)
        values["company", part] = {"id": company.id, "name": company.name}
        values["company.name", part] = company.name
        values |= {
            (f"company.contragent.{field.history}", part): company.contragent.get(field.name)
            for field in CONTRAGENT
        }
    main = state.companies.get(customer.main_company_id)
    values["main_company", None] = {"id": main.id, "name": main.name} if main else None
    values["main_contact", None] = _ided(customer.main_contact_id)
    values["main_address", None] = _ided(customer.main_address_id)


def _record(
    state: CrmState, customer: Customer, change: Change, full: dict[str, Any] | None = None, **marks: Any
) -> None:
    actor = state.actor
    kind: Kind = "corporate" if customer.type == CORPORATE else "customer"
    about = change.about
    if change.field.startswith("address.") and not about:
        about = {"address": {"id": customer.id, "isMain": True}}
    state.journal.add(
        kind,
        at=state.now(),
        source=actor.source,
        key=actor.key,
        user=actor.user,
        field=change.field,
        old=change.old,
        new=change.new,
        subject=full or shown_brief(customer),
        about=about,
        marks=marks,
        thing_id=customer.id,
        external_id=customer.external_id,
        site=customer.site,
    )
    values = {
        "customer.getId": customer.id,
        "customer.getExternalId": customer.external_id,
        "customer.getSite.getCode": customer.site,
    }
    state.triggers.touch("customer", customer.id, values, {change.field})


def _parts(state: CrmState, customer: Customer) -> dict[str, Any]:
    """Return the parts of a corporate customer, which only its creation tells together."""
    return {
        "customerContacts": [
            shown_contact(state, each) for each in state.contacts.where(customer_id=customer.id)
        ],
        "companies": [shown_company(state, each) for each in state.companies.where(customer_id=customer.id)],
        "addresses": [
            shown_address(each, customer.main_address_id)
            for each in state.addresses.where(customer_id=customer.id)
        ],
    }


def _list_changes(field: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
    for value in old:
        if value not in new:
            yield Change(field, value, None)
    for value in new:
        if value not in old:
            yield Change(field, None, value)


def _coded(codes: Sequence[str]) -> list[dict[str, str]]:
    return [{"code": code} for code in codes]


def _ided(row_id: int | None) -> dict[str, int] | None:
    return {"id": row_id} if row_id else None
