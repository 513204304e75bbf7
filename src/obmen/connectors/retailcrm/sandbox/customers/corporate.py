"""What a corporate customer consists of: companies, addresses, and the people who speak for it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from obmen.connectors.retailcrm.sandbox.errors import Problems
from obmen.connectors.retailcrm.sandbox.field_calls import read_custom
from obmen.connectors.retailcrm.sandbox.fields import (
    ADDRESS,
    CONTRAGENT,
    merged,
    read_fields,
    read_part,
    with_text,
)
from obmen.connectors.retailcrm.sandbox.rows import Address, Company, Contact, Customer
from obmen.connectors.retailcrm.sandbox.state import CrmState


class Parts(NamedTuple):
    """Columns of the parts a client sent, each with whether it is to be the main one."""

    addresses: list[tuple[dict[str, Any], bool]]
    companies: list[tuple[dict[str, Any], bool]]
    contacts: list[tuple[dict[str, Any], bool]]


def read_parts(state: CrmState, site: str, given: Mapping[str, Any], problems: Problems) -> Parts:
    """Read all parts of a new corporate customer."""

    def rows(name: str) -> list[tuple[str, Mapping[str, Any]]]:
        found = [(f"{name}[{place}].", raw) for place, raw in enumerate(given.get(name) or [])]
        return [(at, raw) for at, raw in found if isinstance(raw, Mapping)]

    return Parts(
        [(read_address(state, raw, problems, at), bool(raw.get("isMain"))) for at, raw in rows("addresses")],
        [(read_company(state, raw, problems, at), bool(raw.get("isMain"))) for at, raw in rows("companies")],
        [
            (read_contact(state, site, raw, problems, at), bool(raw.get("isMain")))
            for at, raw in rows("customerContacts")
        ],
    )


def put_parts(state: CrmState, customer: Customer, parts: Parts) -> None:
    """Add the parts of a new corporate customer; the first of each kind is the main one."""
    for columns, main in parts.addresses:
        put_address(state, customer, columns, main=main)
    for columns, main in parts.companies:
        put_company(state, customer, columns, main=main)
    for columns, main in parts.contacts:
        put_contact(state, customer, columns, main=main)


def read_address(
    state: CrmState, given: Mapping[str, Any], problems: Problems, at: str = "", held: Address | None = None
) -> dict[str, Any]:
    """Read an address."""
    fields = merged(held.fields if held else {}, read_fields(state, ADDRESS, given, problems, at=at))
    return {**_identity(given), "fields": with_text(fields, given)}


def read_company(
    state: CrmState, given: Mapping[str, Any], problems: Problems, at: str = "", held: Company | None = None
) -> dict[str, Any]:
    """Read a legal entity."""
    columns = _identity(given)
    if held is None and not given.get("name"):
        problems.say(f"{at}name", "This value should not be blank.")
    if given.get("contragent"):
        read = read_part(state, CONTRAGENT, given, "contragent", problems)
        columns["contragent"] = merged(held.contragent if held else {}, read)
    if "brand" in given:
        columns["brand"] = str(given["brand"] or "")
    if "active" in given:
        columns["active"] = bool(given["active"])
    if "customFields" in given:
        values = read_custom(state, "company", given["customFields"], problems)
        columns["custom_fields"] = merged(held.custom_fields if held else {}, values)
    return columns


def read_contact(
    state: CrmState, site: str, given: Mapping[str, Any], problems: Problems, at: str = ""
) -> dict[str, Any]:
    """Read who speaks for the customer: a person that is there, by id or external id."""
    named = given.get("customer") or {}
    person = None
    if str(named.get("id") or "").isdecimal():
        person = state.customers.get(int(named["id"]))
    elif named.get("externalId"):
        person = state.customers.first(
            external_id=str(named["externalId"]), site=str(named.get("site") or site)
        )
    if person is None:
        problems.say(f"{at}customer", "Customer not found.")
    return {"person_id": person.id if person else 0}


def put_address(state: CrmState, customer: Customer, columns: Mapping[str, Any], *, main: bool) -> Address:
    """Add an address."""
    address = state.addresses.insert(Address(customer_id=customer.id, **columns))
    if main or not customer.main_address_id:
        state.customers.change(customer, main_address_id=address.id)
    return address


def put_company(state: CrmState, customer: Customer, columns: Mapping[str, Any], *, main: bool) -> Company:
    """Add a legal entity."""
    company = state.companies.insert(Company(customer_id=customer.id, created_at=state.now(), **columns))
    if main or not customer.main_company_id:
        state.customers.change(customer, main_company_id=company.id)
    return company


def put_contact(state: CrmState, customer: Customer, columns: Mapping[str, Any], *, main: bool) -> Contact:
    """Add a person who speaks for the customer."""
    contact = state.contacts.insert(Contact(customer_id=customer.id, **columns))
    if main or not customer.main_contact_id:
        state.customers.change(customer, main_contact_id=contact.id)
    return contact


def move_parts(state: CrmState, source: Customer, result: Customer) -> None:
    """Give all parts of a corporate customer to another one."""
    for table in (state.addresses, state.companies, state.contacts):
        for row in table.where(customer_id=source.id):
            table.change(row, customer_id=result.id)  # type: ignore[arg-type] # rows of the table at hand


def _identity(given: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if given.get("externalId"):
        columns["external_id"] = str(given["externalId"])
    if "name" in given:
        columns["name"] = str(given["name"] or "")
    return columns
