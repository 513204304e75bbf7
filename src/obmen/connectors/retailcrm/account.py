"""What the account says of itself: its time zone, and the types of delivery and payment that modules look after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import Api
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
    emails: dict[str, str] = {}
    """Of the staff by id, lower case; asked for where managers are named by it."""
    present: frozenset[str] = frozenset()
    """Ids of the staff who still work there, where they were asked for."""
    people: dict[str, str] = {}
    """Names of the staff by id, of the nameless their e-mails, for the journal; empty where the key may not ask."""


class Acquaintance:
    """The account, asked anew when what it said has grown old."""

    def __init__(
        self, *, api: Api, now: Callable[[], float], with_staff: bool = False, with_fields: bool = False
    ) -> None:
        """`with_staff`: managers are named by their e-mail; `with_fields`: custom fields are mapped."""
        self._api = api
        self._with_staff, self._with_fields = with_staff, with_fields
        self._now = now
        self._known: Account | None = None
        self._at = 0.0
        self._asking = asyncio.Lock()

    async def account(self) -> Account:
        """Return what the account says of itself."""
        async with self._asking:
            if self._known is None or self._now() - self._at > BELIEVED_S:
                self._known = await ask(self._api, with_staff=self._with_staff, with_fields=self._with_fields)
                self._at = self._now()
            return self._known


async def ask(api: Api, *, with_staff: bool = False, with_fields: bool = False) -> Account:
    """Ask for the time zone, the types and, if wanted, staff and fields; `ConfigError` names a zone nobody knows."""
    settings = wire.table((await api.get("settings")).get("settings"))
    name = str(wire.table(settings.get("timezone")).get("value") or "Europe/Moscow")
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(
            "retailcrm.time_zone",
            f"The account's time zone «{name}» is unknown here: choose another in its settings.",
            f"Часовой пояс аккаунта «{name}» неизвестен: выберите другой в его настройках.",
        ) from None
    deliveries = wire.rows((await api.get("reference/delivery-types")).get("deliveryTypes"))
    payments = wire.rows((await api.get("reference/payment-types")).get("paymentTypes"))
    people = await _staff(api, needed=with_staff)
    staff = people if with_staff else []
    of_orders = {"filter": {"entity": "order"}}
    fields = await api.pages("custom-fields", "customFields", of_orders) if with_fields else []
    return Account(
        zone=zone,
        fields={str(each.get("code")): str(each.get("type")) for each in fields},
        emails={str(each.get("id")): str(each.get("email") or "").lower() for each in staff},
        present=frozenset(str(each.get("id")) for each in staff if each.get("active") is not False),
        carriers=frozenset(str(each.get("code")) for each in deliveries if each.get("integrationCode")),
        acquirers=frozenset(str(each.get("code")) for each in payments if each.get("integrationModule")),
        people={str(each.get("id")): name for each in people if (name := _name(each))},
    )


async def _staff(api: Api, *, needed: bool) -> list[dict[str, Any]]:
    """Ask for the staff; a key without the right to is no fault where only the journal would name them."""
    if not needed:
        rights = await api.get("credentials", root="/api/")
        if "user_read" not in (rights.get("scopes") or ()):
            return []
    return await api.pages("users", "users", {})


def _name(user: Mapping[str, Any]) -> str:
    names = filter(None, (wire.text(user.get("lastName")), wire.text(user.get("firstName"))))
    return " ".join(names) or wire.text(user.get("email")) or ""
