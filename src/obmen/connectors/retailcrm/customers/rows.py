"""What the API shows of a customer, in our atoms and the account's own words; what its history says of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import Any

from obmen.connectors.contract import Act, Doubt
from obmen.connectors.retailcrm import custom, wire
from obmen.connectors.retailcrm.account import Account
from obmen.connectors.retailcrm.answers import SAID_OF_CUSTOMERS
from obmen.connectors.retailcrm.customers.contacts import NAMES, joined, one_email, one_phone
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.records import CUSTOMERS, Record, acts_of
from obmen.connectors.retailcrm.shapes import unread, unreadable
from obmen.sync.shadow import Look, Wire

_FIELDS = {
    "last_name": "name",
    "first_name": "name",
    "patronymic": "name",
    "phones": "phones",
    "email": "emails",
    "birthday": "birthday",
    "manager": "responsible",
}
_NOISE = frozenset(
    [
        "segments",
        "vip",
        "bad",
        "sex",
        "tags",
        "personal_discount",
        "cumulative_discount",
        "discount_card_number",
        "email_marketing_unsubscribed_at",
        "subscriptions",
        "avg_margin_summ",
        "margin_summ",
        "total_summ",
        "average_summ",
        "cost_summ",
        "orders_count",
        "maturation_time",
        "first_client_id",
        "last_client_id",
        "mg_customer_id",
    ]
)
"""Fields of the history that are no part of what is exchanged; three quarters of all records are about segments."""
_NOISY_FAMILIES = ("address.", "contragent.")

Row = Mapping[str, Any]


def customer_look(
    row: Row, *, settings: CustomerSettings, managers: Mapping[str, str], account: Account
) -> Look:
    """Show one card as the API gave it. A piece of another shape than it should have is named, and shown as unreadable."""
    ref = str(row["id"])
    pieces: dict[str, Callable[[], dict[str, Wire]]] = {
        "name": lambda: {"name": _name(row)},
        "phones": lambda: {"phones": [*_numbers(row)] or None},
        "emails": lambda: {"emails": wire.text(row.get("email"))},
        "birthday": lambda: {"birthday": wire.text(row.get("birthday"))},
        "properties": lambda: custom.shown(wire.table(row.get("customFields")), settings.fields),
    }
    if managers:
        pieces["responsible"] = lambda: {"responsible": account.named(row.get("managerId"), managers)}
    fields: dict[str, Wire] = {}
    for piece, read in pieces.items():
        wrong = unread(row, SAID_OF_CUSTOMERS[piece])
        places = tuple(settings.fields.values()) if piece == "properties" else (piece,)
        fields |= read() if wrong is None else dict.fromkeys(places, unreadable(wrong))
    mark, external = wire.mark(row.get("externalId")), wire.text(row.get("externalId")) or ""
    name, phones = joined(row), tuple(sorted({one for each in _numbers(row) if (one := one_phone(each))}))
    email = one_email(wire.text(row.get("email")) or "") or ""
    known: dict[str, str | tuple[str, ...]] = {
        "name": name,
        "phones": phones,
        "emails": email,
        "xml_id": external if mark is None else "",
    }
    return Look(
        ref=ref,
        fields=fields,
        mark=mark,
        keys={key: value for key, value in known.items() if value},
        # An id that cannot be read is somebody's id all the same.
        elsewhere=settings.creates == "own"
        and ((bool(external) and mark is None) or isinstance(row.get("externalId"), dict | list)),
        title=name or next(iter(phones), email) or f"№ {ref}",
    )


def unfit_contacts(rows: Iterable[Row]) -> list[Doubt]:
    """Tell of cards whose phones or e-mail cannot be any, without repeating them."""
    refs = [str(row.get("id")) for row in rows if _is_unfit(row)]
    if not refs:
        return []
    ids = ", ".join(refs[:3]) + (" …" if len(refs) > 3 else "")
    return [
        Doubt(
            code="retailcrm.unfit_contacts",
            en=f"customers with a phone or an e-mail that cannot be one: {len(refs)} ({ids}). It is not passed on and stays "
            "on the card; the rest of the card goes all the same. Correct it in RetailCRM.",
            ru=f"клиентов, у которых телефон или почта заведомо неверны: {len(refs)} ({ids}). Такое значение не передаётся и "
            "остаётся в карточке; остальное передаётся. Исправьте в RetailCRM.",
        )
    ]


def atom_of(record: Record, settings: CustomerSettings, managers: Mapping[str, str]) -> str | None:
    """Return which of our atoms a record is about; None for what is not exchanged."""
    field = str(record.get("field") or "")
    if field.startswith("custom_"):
        return settings.fields.get(field.removeprefix("custom_"))
    if field == "manager" and not managers:
        return None
    return _FIELDS.get(field)


def matters(record: Record, settings: CustomerSettings, managers: Mapping[str, str]) -> bool:
    """Tell whether a card is worth reading for a record: not for what we know and do not exchange."""
    field = str(record.get("field") or "")
    if record.get("created") is True or record.get("deleted") is True:
        return True
    is_known = field in _NOISE or field in _FIELDS or field.startswith(("custom_", *_NOISY_FAMILIES))
    return not is_known or atom_of(record, settings, managers) is not None


def acts_in(
    records: Sequence[Record],
    settings: CustomerSettings,
    managers: Mapping[str, str],
    zone: tzinfo,
    people: Mapping[str, str],
) -> Iterator[Act]:
    """Yield what people, rules and other programs did to what is exchanged of customers."""
    return acts_of(records, partial(atom_of, settings=settings, managers=managers), CUSTOMERS, zone, people)


def _name(row: Row) -> Wire:
    return {part: found for part in NAMES if (found := wire.text(row.get(part))) is not None} or None


def _numbers(row: Row) -> list[str]:
    found = (wire.text(each.get("number")) for each in wire.rows(row.get("phones")))
    return [number for number in found if number is not None]


def _is_unfit(row: Row) -> bool:
    email = wire.text(row.get("email"))
    return any(one_phone(each) is None for each in _numbers(row)) or (
        email is not None and one_email(email) is None
    )
