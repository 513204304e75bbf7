"""What the account says of itself: its time zone, and the types of delivery and payment that modules look after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import tzinfo
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
    staff = await api.pages("users", "users", {}) if with_staff else []
    of_orders = {"filter": {"entity": "order"}}
    fields = await api.pages("custom-fields", "customFields", of_orders) if with_fields else []
    return Account(
        zone=zone,
        fields={str(each.get("code")): str(each.get("type")) for each in fields},
        emails={str(each.get("id")): str(each.get("email") or "").lower() for each in staff},
        present=frozenset(str(each.get("id")) for each in staff if each.get("active") is not False),
        carriers=frozenset(str(each.get("code")) for each in deliveries if each.get("integrationCode")),
        acquirers=frozenset(str(each.get("code")) for each in payments if each.get("integrationModule")),
    )
