"""Methods about corporate customers and their companies, addresses and contacts."""

from collections.abc import Callable
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import Answer, Ask, Method, paged
from obmen.connectors.retailcrm.sandbox.customers import corporate
from obmen.connectors.retailcrm.sandbox.customers.calls import CustomerMethods
from obmen.connectors.retailcrm.sandbox.customers.recording import saving
from obmen.connectors.retailcrm.sandbox.customers.saving import NOT_LOADED
from obmen.connectors.retailcrm.sandbox.customers.shown import shown_address, shown_company, shown_contact
from obmen.connectors.retailcrm.sandbox.errors import Problems, not_found
from obmen.connectors.retailcrm.sandbox.rows import CORPORATE, Customer
from obmen.connectors.retailcrm.sandbox.tables import Row, Table

FIRMS = CustomerMethods(CORPORATE, "customers-corporate", "customerCorporate", "customersCorporate")


def list_addresses(ask: Ask) -> Answer:
    """List the addresses of a corporate customer."""
    owner = FIRMS.held(ask)
    rows = ask.state.addresses.where(customer_id=owner.id)
    return paged(ask, "addresses", rows, lambda row: shown_address(row, owner.main_address_id))


def list_companies(ask: Ask) -> Answer:
    """List the legal entities of a corporate customer."""
    rows = ask.state.companies.where(customer_id=FIRMS.held(ask).id)
    return paged(ask, "companies", rows, lambda row: shown_company(ask.state, row))


def list_contacts(ask: Ask) -> Answer:
    """List the people who speak for a corporate customer."""
    rows = ask.state.contacts.where(customer_id=FIRMS.held(ask).id)
    return paged(ask, "contacts", rows, lambda row: shown_contact(ask.state, row))


def create_address(ask: Ask) -> Answer:
    """Add an address."""
    given, owner, problems = ask.part("address"), FIRMS.held(ask), Problems()
    columns = corporate.read_address(ask.state, given, problems)
    return _added(ask, owner, problems, corporate.put_address, columns, given)


def create_company(ask: Ask) -> Answer:
    """Add a legal entity."""
    given, owner, problems = ask.part("company"), FIRMS.held(ask), Problems()
    columns = corporate.read_company(ask.state, given, problems)
    return _added(ask, owner, problems, corporate.put_company, columns, given)


def create_contact(ask: Ask) -> Answer:
    """Add a person who speaks for the customer."""
    given, owner, problems = ask.part("contact"), FIRMS.held(ask), Problems()
    columns = corporate.read_contact(ask.state, owner.site, given, problems)
    return _added(ask, owner, problems, corporate.put_contact, columns, given)


def edit_address(ask: Ask) -> Answer:
    """Change an address."""
    given, owner, problems = ask.part("address"), FIRMS.held(ask), Problems()
    held = _part(ask, ask.state.addresses, owner)
    columns = corporate.read_address(ask.state, given, problems, held=held)
    problems.stop_if_any(NOT_LOADED)
    main = "main_address_id" if given.get("isMain") else ""
    return _changed(ask, owner, ask.state.addresses, held, columns, main=main)


def edit_company(ask: Ask) -> Answer:
    """Change a legal entity."""
    given, owner, problems = ask.part("company"), FIRMS.held(ask), Problems()
    held = _part(ask, ask.state.companies, owner)
    columns = corporate.read_company(ask.state, given, problems, held=held)
    problems.stop_if_any(NOT_LOADED)
    main = "main_company_id" if given.get("isMain") else ""
    return _changed(ask, owner, ask.state.companies, held, columns, main=main)


def edit_contact(ask: Ask) -> Answer:
    """Change who speaks for the customer, or for which of its companies."""
    given, owner = ask.part("contact"), FIRMS.held(ask)
    held = _part(ask, ask.state.contacts, owner)
    columns: dict[str, Any] = {}
    if "companies" in given:
        ids = [(row.get("company") or {}).get("id") for row in given["companies"] or []]
        columns["companies"] = [each for each in ids if ask.state.companies.get(each) is not None]
    main = "main_contact_id" if given.get("isMain") else ""
    return _changed(ask, owner, ask.state.contacts, held, columns, main=main)


def _added(
    ask: Ask,
    owner: Customer,
    problems: Problems,
    put: Callable[..., Row],
    columns: dict[str, Any],
    given: dict[str, Any],
) -> Answer:
    problems.stop_if_any(NOT_LOADED)
    with saving(ask.state, owner):
        row = put(ask.state, owner, columns, main=bool(given.get("isMain")))
    return Answer({"id": row.id}, status=201)


def _changed(
    ask: Ask, owner: Customer, table: Table[Any], held: Any, columns: dict[str, Any], *, main: str
) -> Answer:
    """Change a part, and make it the main one where a column for that is named."""
    with saving(ask.state, owner):
        table.change(held, **columns)
        if main:
            ask.state.customers.change(owner, **{main: held.id})
    return Answer({"id": held.id})


def _part(ask: Ask, table: Table[Any], owner: Customer) -> Any:
    """Find a part of a customer by the second word of a path, whose meaning `entityBy` says."""
    raw, by = ask.path["part"], ask.params.get("entityBy") or "id"
    for row in table.where(customer_id=owner.id):
        if raw == (str(row.id) if by == "id" else getattr(row, "external_id", "")):
            return row
    raise not_found()


def _methods() -> tuple[Method, ...]:
    read, write, path = "customer_read", "customer_write", "customers-corporate/{id}"
    kinds = (
        ("addresses", list_addresses, create_address, edit_address),
        ("companies", list_companies, create_company, edit_company),
        ("contacts", list_contacts, create_contact, edit_contact),
    )
    return tuple(
        method
        for name, show, create, edit in kinds
        for method in (
            Method("GET", f"{path}/{name}", read, show),
            Method("POST", f"{path}/{name}/create", write, create),
            Method("POST", f"{path}/{name}/{{part}}/edit", write, edit),
        )
    )


METHODS = (*FIRMS.methods(), *_methods())
