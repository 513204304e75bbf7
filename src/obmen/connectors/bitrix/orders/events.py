"""The shop's events as wake-ups: a form that names an order makes the hub look at that order, and says nothing more.

The box hands events to the vendor's cloud, which posts them as a form: `event`, `data[FIELDS][ID]`,
`auth[application_token]` (REST reference, events). Nothing is signed and nothing is promised: some are lost, some come
twice or in another order. So facts are never taken from here; polling finds what nobody told.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from obmen.connectors.bitrix.orders.settings import Events
from obmen.connectors.contract import Exchange, Intake, Ports, wake_up
from obmen.errors import BadInput

log = logging.getLogger("obmen.bitrix")

LARGEST = 64 * 1024
"""Bytes of one event; a real one has less than a kilobyte."""
_FIELDS = 100
_OF_ORDERS = frozenset(
    {"ONSALEORDERSAVED", "ONORDERENTITYSAVED", "ONSALEBEFOREORDERDELETE", "ONORDERDELETED"}
)
"""Events whose ID is that of an order; payments and shipments are saved together with theirs."""
_STATUS = {
    "bitrix.event_method": 405,
    "bitrix.event_large": 413,
    "bitrix.event_token": 403,
    "bitrix.event_form": 400,
    "bitrix.event_order": 400,
}


class EventDoor:
    """Where the events of one shop come in."""

    def __init__(self, *, connection: str, events: Events, ports: Ports) -> None:
        self.route = events.route or f"/in/{connection}"
        self._connection = connection
        self._token = events.token
        self._ports = ports

    async def receive(self, request: web.Request, intake: Intake) -> web.Response:
        """Answer one call; what it wakes is in the inbox before the answer leaves."""
        clock = asyncio.get_running_loop().time
        began = clock()
        form: dict[str, str] = {}
        status, answer, error = 200, "", ""
        try:
            form = await _form(request)
            answer = await self._take(form, intake)
        except BadInput as refused:
            status, error = _STATUS[refused.code], refused.en
            answer = f"{refused.en} {refused.ru}"
            log.warning(
                "an event was refused: %s",
                refused.en,
                extra={"connection": self._connection, "code": refused.code},
            )
        self._ports.log(
            Exchange(
                connection=self._connection,
                direction="in",
                what=f"event {form.get('event', '')[:60]}".rstrip(),
                request=f"order {form.get('data[FIELDS][ID]', '')[:20]}" if form else "",
                answer=answer,
                status=status,
                took_s=clock() - began,
                error=error,
            )
        )
        return web.Response(status=status, text=f"{answer}\n")

    async def _take(self, form: Mapping[str, str], intake: Intake) -> str:
        given = form.get("auth[application_token]", "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise BadInput(
                "bitrix.event_token",
                "The application token is not the shop's: copy it from the outgoing webhook into orders.events.token.",
                "Токен не от этого магазина: перенесите application_token исходящего вебхука в orders.events.token.",
            )
        event = form.get("event", "").upper()
        if event not in _OF_ORDERS:
            return f"{event or '?'}: not about an order, not needed"
        order = form.get("data[FIELDS][ID]", "")
        if not (order.isascii() and order.isdecimal() and len(order) < 20):
            raise BadInput(
                "bitrix.event_order",
                f"{event} names no order: data[FIELDS][ID] is «{order[:20]}».",
                f"{event} не называет заказ: data[FIELDS][ID] = «{order[:20]}».",
            )
        # Each event has a key of its own: a second one may tell of what was saved after the first was followed.
        await intake.accept(
            wake_up(
                self._connection, "order", [order], name=f"{event} {order}", key=f"event:{uuid.uuid4().hex}"
            )
        )
        return "ok"


async def _form(request: web.Request) -> dict[str, str]:
    """Read a form of the vendor's size; of equal names the first one counts."""
    if request.method != "POST":
        raise BadInput(
            "bitrix.event_method",
            "This is the address for the shop's events: they come by POST.",
            "Это адрес для событий магазина: они приходят методом POST.",
        )
    body = bytearray()
    if (request.content_length or 0) <= LARGEST:
        while len(body) <= LARGEST and (chunk := await request.content.read(LARGEST)):
            body += chunk
    if len(body) > LARGEST or (request.content_length or 0) > LARGEST:
        raise BadInput(
            "bitrix.event_large",
            f"An event larger than {LARGEST} bytes is none of the shop's.",
            f"Событие больше {LARGEST} байт — не от магазина.",
        )
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS, strict_parsing=True)
    except ValueError:
        raise BadInput(
            "bitrix.event_form",
            "The call is not a form with an event of the shop.",
            "Вызов — не форма с событием магазина.",
        ) from None
    return dict(reversed(pairs))
