"""A card as it is sent: new, or what is to change of one that is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obmen.connectors.contract import Step
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.account import Account
from obmen.connectors.retailcrm.custom import custom_fields
from obmen.connectors.retailcrm.customers.contacts import NAMES, one_phone
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.sync.shadow import Wire

_TEXTS = {"emails": "email", "birthday": "birthday"}

Row = Mapping[str, Any]


def customer_body(
    step: Step, row: Row | None, *, settings: CustomerSettings, account: Account
) -> dict[str, Any]:
    """Return what to send of a step, given the card as it stands (None: it is new). Empty where nothing is to be sent."""
    fields = step.fields
    body: dict[str, Any] = {}
    if "name" in fields:
        names = wire.table(fields["name"])
        body |= {part: names.get(part, "") for part in NAMES if row is not None or names.get(part)}
    if "phones" in fields:
        body["phones"] = [{"number": number} for number in _numbers(fields["phones"], row)]
    body |= {
        theirs: fields[ours] or ""
        for ours, theirs in _TEXTS.items()
        if ours in fields and (row is not None or fields[ours])
    }
    if (manager := account.manager(fields.get("responsible"))) is not None:
        body["managerId"] = manager
    custom, _ = custom_fields(fields, settings.fields, account.customer_fields, account.zone)
    if custom:
        body["customFields"] = custom
    if row is None:
        return {**body, "externalId": step.external_code}
    borne = row.get("externalId")
    if body and step.keys.get("xml_id") and (not borne or wire.mark(borne) is not None):
        body["externalId"] = step.external_code
    return body


def is_nobody(body: Row) -> bool:
    """Tell whether a new card would say nothing to know anybody by."""
    return not any(body.get(name) for name in (*NAMES, "phones", "email"))


def _numbers(wanted: Wire, row: Row | None) -> list[str]:
    """Return the phones to write: those that stand there in their own spelling; what is no phone stays behind them."""
    held = [str(each.get("number") or "") for each in wire.rows(row.get("phones"))] if row is not None else []
    spelt = {one_phone(number): number for number in reversed(held)}
    phones = [str(number) for number in (wanted if isinstance(wanted, list) else [])]
    kept = [number for number in held if number and one_phone(number) is None]
    return [*(spelt.get(one_phone(number), number) for number in phones), *kept]
