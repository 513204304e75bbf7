"""Customers as the API shows them, with what they bought."""

from decimal import Decimal
from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import php
from obmen.connectors.retailcrm.sandbox.rows import (
    CORPORATE,
    ZERO,
    Address,
    Company,
    Contact,
    Customer,
    Order,
)
from obmen.connectors.retailcrm.sandbox.state import CrmState
from obmen.connectors.retailcrm.sandbox.values import KOPECK, trimmed


def shown_customer(state: CrmState, customer: Customer) -> dict[str, Any]:
    """Show a person or a corporate customer in full."""
    return {
        "type": customer.type,
        "id": customer.id,
        **_given(externalId=customer.external_id),
        **({} if customer.type == CORPORATE else {"isContact": _is_contact(state, customer)}),
        "vip": False,
        "bad": False,
        **customer.plain,
        "site": customer.site,
        **(_company_side(state, customer) if customer.type == CORPORATE else _person_side(customer)),
        "tags": [{"name": tag, "color": "#3e89b6", "attached": False} for tag in customer.tags],
        **_bought(state, state.orders.where(customer_id=customer.id)),
        "customFields": php(customer.custom_fields),
        "personalDiscount": customer.plain.get("personalDiscount", 0),
        "cumulativeDiscount": 0,
        **_given(source=customer.source),
    }


def shown_brief(customer: Customer) -> dict[str, Any]:
    """Show a customer as an ordinary record of the history does."""
    return {"id": customer.id, **_given(externalId=customer.external_id), "site": customer.site}


def shown_address(address: Address, main_id: int | None) -> dict[str, Any]:
    """Show an address of a corporate customer."""
    return {
        "id": address.id,
        **_given(externalId=address.external_id),
        **address.fields,
        **_given(name=address.name),
        "isMain": address.id == main_id,
    }


def shown_company(state: CrmState, company: Company) -> dict[str, Any]:
    """Show a legal entity of a corporate customer."""
    owner = state.customers.get(company.customer_id)
    address = state.addresses.get(company.address_id)
    return {
        "isMain": owner is not None and owner.main_company_id == company.id,
        "id": company.id,
        **_given(externalId=company.external_id),
        **({"customer": {**shown_brief(owner), "type": owner.type}} if owner else {}),
        "active": company.active,
        "name": company.name,
        **_given(brand=company.brand),
        "createdAt": company.created_at,
        "contragent": company.contragent or {"contragentType": "legal-entity"},
        **({"address": shown_address(address, None)} if address else {}),
        **_bought(state, state.orders.where(company_id=company.id)),
        "customFields": php(company.custom_fields),
    }


def shown_contact(state: CrmState, contact: Contact) -> dict[str, Any]:
    """Show who speaks for a corporate customer."""
    owner, person = state.customers.get(contact.customer_id), state.customers.get(contact.person_id)
    companies = [found for found in map(state.companies.get, contact.companies) if found]
    return {
        "isMain": owner is not None and owner.main_contact_id == contact.id,
        "id": contact.id,
        **({"customer": shown_brief(person)} if person else {}),
        "companies": [
            {"id": place, "company": {"id": company.id, "name": company.name}}
            for place, company in enumerate(companies, 1)
        ],
    }


def _person_side(customer: Customer) -> dict[str, Any]:
    return {
        "contragent": customer.contragent or {"contragentType": "individual"},
        **({"address": {"id": customer.id, **customer.address}} if customer.address else {}),
        "segments": [_segment(place, code) for place, code in enumerate(customer.segments, 1)],
        "phones": [{"number": number} for number in customer.phones],
    }


def _company_side(state: CrmState, customer: Customer) -> dict[str, Any]:
    company = state.companies.get(customer.main_company_id)
    contact = state.contacts.get(customer.main_contact_id)
    person = state.customers.get(contact.person_id) if contact else None
    return {
        **({"mainAddress": {"id": customer.main_address_id}} if customer.main_address_id else {}),
        **({"mainCompany": {"id": company.id, "name": company.name}} if company else {}),
        **(
            {"mainCustomerContact": {"id": contact.id, "customer": shown_brief(person)}}
            if contact and person
            else {}
        ),
    }


def _bought(state: CrmState, orders: list[Order]) -> dict[str, Any]:
    kept = [order for order in orders if state.group_of(order.status) != "cancel"]
    total = sum((order.total_summ for order in kept), ZERO)
    cost = sum((order.purchase_summ for order in kept), ZERO)
    average = (total / Decimal(len(kept))).quantize(KOPECK) if kept else ZERO
    return {
        "marginSumm": trimmed(total - cost),
        "totalSumm": trimmed(total),
        "averageSumm": trimmed(average),
        "ordersCount": len(kept),
        "costSumm": trimmed(cost),
    }


def _segment(place: int, code: str) -> dict[str, Any]:
    return {
        "id": place,
        "code": code,
        "name": code,
        "createdAt": "2024-01-10 09:00:00",
        "isDynamic": True,
        "customersCount": 1,
        "active": True,
    }


def _is_contact(state: CrmState, customer: Customer) -> bool:
    return any(contact.person_id == customer.id for contact in state.contacts)


def _given(**values: Any) -> dict[str, Any]:
    """Leave out what is empty."""
    return {name: value for name, value in values.items() if value}
