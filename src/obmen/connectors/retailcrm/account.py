"""What the account says of itself: its time zone, and the types of delivery and payment that modules look after."""

from __future__ import annotations

import asyncio
from asyncio import gather
from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.customers.contacts import STAFF, joined
from obmen.errors import ConfigError

BELIEVED_S = 900.0
"""How long the account's word about itself is believed."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What calls about orders rest on."""

    zone: tzinfo
    """Of every moment in the API."""
    carriers: frozenset[str] = frozenset()
    """Delivery types of carrier modules: an order given to one of them no longer lets its address be changed."""
    acquirers: frozenset[str] = frozenset()
    """Payment types of payment modules: only those say what has been paid."""
    fields: dict[str, str] = {}
    """Types of the custom fields of orders by code, asked for where some are mapped."""
    customer_fields: dict[str, str] = {}
    """The same of customers."""
    emails: dict[str, str] = {}
    """Of the staff by id, lower case; asked for where managers are named by it."""
    present: frozenset[str] = frozenset()
    """Ids of the staff who still work there, where they were asked for."""
    people: dict[str, str] = {}
    """Names of the staff by id, of the nameless their e-mails, for the journal; empty where the key may not ask."""

    def named(self, ref: Any, managers: Collection[str]) -> str | None:
        """Name a manager as the table does: by id, else by e-mail."""
        told = wire.text(ref)
        if told is None or told in managers:
            return told
        return self.emails.get(told) or told

    def manager(self, named: Any) -> int | None:
        """Return the id of a manager; whoever has left, or is nobody there, is left for the account to replace."""
        name = str(named or "")
        ref = name if name.isdecimal() else next((i for i, email in self.emails.items() if email == name), "")
        has_left = bool(self.present) and ref not in self.present
        return int(ref) if ref and not has_left else None


class Wanted(NamedTuple):
    """What is asked for besides the time zone and the types."""

    staff: bool = False
    """Managers are named by their e-mail."""
    fields: bool = False
    """Custom fields of orders are mapped."""
    customer_fields: bool = False
    """Those of customers are."""


class Acquaintance:
    """The account, asked anew when what it said has grown old."""

    def __init__(self, *, api: Api, now: Callable[[], float], wanted: Wanted) -> None:
        self._api = api
        self._wanted = wanted
        self._now = now
        self._known: Account | None = None
        self._at = 0.0
        self._asking = asyncio.Lock()

    async def account(self) -> Account:
        """Return what the account says of itself."""
        async with self._asking:
            if self._known is None or self._now() - self._at > BELIEVED_S:
                self._known = await ask(self._api, self._wanted)
                self._at = self._now()
            return self._known


async def ask(api: Api, wanted: Wanted) -> Account:
    """Ask for the time zone, the types and whatever else is wanted; `ConfigError` names a zone nobody knows."""
    said, delivery_types, payment_types, people, fields, customer_fields = await gather(
        api.get("settings"),
        api.get("reference/delivery-types"),
        api.get("reference/payment-types"),
        _staff(api, needed=wanted.staff),
        _fields(api, "order", wanted=wanted.fields),
        _fields(api, "customer", wanted=wanted.customer_fields),
    )
    settings = wire.table(said.get("settings"))
    name = str(wire.table(settings.get("timezone")).get("value") or "Europe/Moscow")
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(
            "retailcrm.time_zone",
            f"The account's time zone «{name}» is unknown here: choose another in its settings.",
            f"Часовой пояс аккаунта «{name}» неизвестен: выберите другой в его настройках.",
        ) from None
    deliveries = wire.rows(delivery_types.get("deliveryTypes"))
    payments = wire.rows(payment_types.get("paymentTypes"))
    staff = people if wanted.staff else []
    return Account(
        zone=zone,
        fields=fields,
        customer_fields=customer_fields,
        emails={str(each.get("id")): str(each.get("email") or "").lower() for each in staff},
        present=frozenset(str(each.get("id")) for each in staff if each.get("active") is not False),
        carriers=frozenset(str(each.get("code")) for each in deliveries if each.get("integrationCode")),
        acquirers=frozenset(str(each.get("code")) for each in payments if each.get("integrationModule")),
        people={str(each.get("id")): name for each in people if (name := _name(each))},
    )


async def _fields(api: Api, entity: str, *, wanted: bool) -> dict[str, str]:
    if not wanted:
        return {}
    rows = await api.pages("custom-fields", "customFields", {"filter": {"entity": entity}})
    return {str(each.get("code")): str(each.get("type")) for each in rows}


async def _staff(api: Api, *, needed: bool) -> list[dict[str, Any]]:
    """Ask for the staff; a key without the right to is no fault where only the journal would name them."""
    if not needed:
        rights = await api.get("credentials", root="/api/")
        if "user_read" not in (rights.get("scopes") or ()):
            return []
    return await api.pages("users", "users", {})


def _name(user: Mapping[str, Any]) -> str:
    return joined(user, STAFF) or wire.text(user.get("email")) or ""
