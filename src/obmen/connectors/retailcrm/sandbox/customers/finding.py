"""Whom an order is for: the customer it names, or a guest known by phone or e-mail."""

from collections.abc import Mapping
from typing import Any

from obmen.connectors.retailcrm.sandbox.customers.saving import create_customer, find_by_external_id
from obmen.connectors.retailcrm.sandbox.errors import Problems
from obmen.connectors.retailcrm.sandbox.rows import PERSON, Company, Customer, Order
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import NOT_VALID, digits


def find_customer(state: CrmState, site: str, named: Any, problems: Problems, at: str) -> Customer | None:
    """Find the customer an order names by `id` or `externalId`; a browser's id names nobody yet."""
    if not isinstance(named, Mapping):
        problems.say(at, NOT_VALID)
        return None
    shop = str(named.get("site") or site)
    if named.get("id"):
        found = state.customers.get(int(named["id"])) if str(named["id"]).isdecimal() else None
        if found is None:
            problems.say(f"{at}.id", f"Customer with id={named['id']} not found.")
        return found
    if named.get("externalId"):
        external_id = str(named["externalId"])
        kind = named.get("type") if at == "customer" else PERSON
        found = find_by_external_id(state, external_id, shop, kind=kind)
        if found is None:
            problems.say(f"{at}.externalId", f"Customer with externalId={external_id} not found.")
        return found
    if not named.get("browserId"):
        problems.say(at, NOT_VALID)
    return None


def find_company(state: CrmState, customer: Customer, named: Any, problems: Problems) -> Company | None:
    """Find the company of a corporate customer an order names."""
    if isinstance(named, Mapping):
        for company in state.companies.where(customer_id=customer.id):
            if str(named.get("id") or "") == str(company.id):
                return company
            if named.get("externalId") and str(named["externalId"]) == company.external_id:
                return company
    problems.say("company", "Company not found.")
    return None


def link_guest(state: CrmState, order: Order) -> Customer | None:
    """Find the customer of a guest's order by phone or e-mail, or make one; an order without either has none."""
    phone, email = digits(str(order.plain.get("phone") or "")), str(order.plain.get("email") or "").lower()
    if not phone and not email:
        return None
    for customer in state.customers:
        if customer.site != order.site or customer.type != PERSON:
            continue
        same_email = email and email == str(customer.plain.get("email") or "").lower()
        if same_email or (phone and phone in map(digits, customer.phones)):
            return customer
    names: dict[str, Any] = {
        name: order.plain[name] for name in ("lastName", "firstName", "patronymic") if name in order.plain
    }
    given: dict[str, Any] = {**names, "address": order.delivery.get("address")}
    if phone:
        given["phones"] = [{"number": order.plain["phone"]}]
    if email and "@" in email:
        given["email"] = order.plain["email"]
    return create_customer(state, order.site, given)
