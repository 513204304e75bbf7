"""An order as it is sent: new, or what is to change of one that is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obmen.connectors.contract import Step
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.account import Account
from obmen.connectors.retailcrm.custom import custom_fields
from obmen.connectors.retailcrm.customers.contacts import COMPANY, CORPORATE, is_email
from obmen.connectors.retailcrm.orders.lines import written_items
from obmen.connectors.retailcrm.orders.payments import new_payment
from obmen.connectors.retailcrm.orders.rows import PERSON, buyer_of
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.model import decimal
from obmen.sync.shadow import Wire

_TEXTS = {"comment": "customerComment", "note": "managerComment"}


def site_of(step: Step, usual: str) -> str:
    """Return the shop an order belongs to."""
    return str(step.fields.get("site") or usual)


def order_body(
    step: Step,
    row: Mapping[str, Any] | None,
    *,
    settings: OrderSettings,
    account: Account,
    offers_by: str,
) -> dict[str, Any]:
    """Return what to send of a step, given the order as it stands (None: it is new). Empty where nothing is to be sent."""
    fields = step.fields
    body: dict[str, Any] = {
        theirs: fields[ours] if fields[ours] is not None else ""
        for ours, theirs in _TEXTS.items()
        if ours in fields and (row is not None or fields[ours] is not None)
    }
    if (manager := account.manager(fields.get("responsible"))) is not None:
        body["managerId"] = manager
    if "contact" in fields:
        body |= _contact(wire.table(fields["contact"]), is_new=row is None)
    if "source" in fields and isinstance(fields["source"], dict):
        body["source"] = fields["source"]
    body |= _status(fields, row, step.held, settings)
    custom, _ = custom_fields(fields, settings.fields, account.fields, account.zone)
    if custom:
        body["customFields"] = custom
    delivery = _delivery(fields)
    money = fields.get("money")
    if isinstance(money, dict):
        held = wire.rows(row.get("items")) if row is not None else []
        lines = [wire.table(line) for line in wire.rows(money.get("lines"))]
        body["items"] = written_items(lines, held, mark=str(step.record), offers_by=offers_by)
        body |= {"discountManualAmount": 0, "discountManualPercent": 0, "applyRound": False}
        delivery["cost"] = decimal(str(money.get("delivery") or "0"))
    if delivery:
        body["delivery"] = delivery
    if row is None:
        return {**_birth(step, settings, account), **body}
    body |= _buyer(fields.get("buyer"), row)
    key = step.external_code
    if body and not row.get("externalId") and step.keys.get("xml_id"):
        body["externalId"] = key
    return body


def _buyer(ref: Wire, row: Mapping[str, Any]) -> dict[str, Any]:
    """Give an order to another card; where a company bought, it is the person who speaks for it."""
    if ref is None or ref == buyer_of(row):
        return {}
    of_company = wire.table(row.get("customer")).get("type") == CORPORATE
    return {"contact" if of_company else "customer": {"id": int(str(ref))}}


def _birth(step: Step, settings: OrderSettings, account: Account) -> dict[str, Any]:
    """Return what only a new order is told."""
    fields = step.fields
    is_person = wire.table(fields.get("contact")).get("contragentType", "individual") == "individual"
    born: dict[str, Any] = {
        "externalId": step.external_code,
        "number": fields.get("number"),
        "createdAt": wire.local(fields.get("placed"), account.zone),
        "orderType": settings.person_type if is_person else settings.company_type,
        "orderMethod": settings.order_method,
    }
    payments = [
        new_payment(name.partition(".")[2], value, settings, account)
        for name, value in fields.items()
        if name.startswith("payments.") and isinstance(value, dict)
    ]
    if payments:
        born["payments"] = payments
    return {name: value for name, value in born.items() if value is not None}


def _contact(contact: Mapping[str, Any], *, is_new: bool) -> dict[str, Any]:
    """Write a contact whole: what it does not name is cleared."""
    known = {name: value for name, value in contact.items() if name != "email" or is_email(str(value))}
    body: dict[str, Any] = {name: known.get(name, "") for name in PERSON if not is_new or known.get(name)}
    legal = {name: contact[name] for name in COMPANY if contact.get(name)}
    if legal and (not is_new or len(legal) > 1):
        body["contragent"] = legal
    return body


def _status(
    fields: Mapping[str, Wire],
    row: Mapping[str, Any] | None,
    held: Mapping[str, Wire],
    settings: OrderSettings,
) -> dict[str, Any]:
    """Put two axes into the one status: a cancellation covers the stage, and only its end uncovers it."""
    cancelled = fields.get("cancelled")
    if isinstance(cancelled, dict):
        words = cancelled.get("comment") or ""
        return {"status": cancelled.get("status"), **({"statusComment": words} if words or row else {})}
    stands = wire.code(row.get("status")) if row is not None else None
    if stands in settings.cancels:
        if "cancelled" not in fields:
            return {}
        return {
            "status": fields.get("stage") or held.get("stage") or settings.code_of("new"),
            "statusComment": "",
        }
    stage = fields.get("stage")
    return {"status": stage} if stage and stage != stands else {}


def _delivery(fields: Mapping[str, Wire]) -> dict[str, Any]:
    delivery: dict[str, Any] = {}
    wanted = fields.get("delivery")
    if isinstance(wanted, dict):
        delivery = {name: wanted[name] for name in ("code", "service", "date", "time") if wanted.get(name)}
        if isinstance(wanted.get("pickup"), dict):
            delivery["data"] = wanted["pickup"]
    if isinstance(fields.get("address"), dict):
        delivery["address"] = fields["address"]
    return delivery
