"""The trigger door: a call says that an order has moved, and nothing it says is believed but which one.

Triggers of RetailCRM are typed in by hand: an HTTP request with whatever parameters the administrator named; nothing is
signed, nothing is promised to arrive, once or in order. So the path is the secret, several shapes are understood, and
the order is read anew. Parameters to type in: `id` = `{{order.getId()}}`; `externalId` is understood as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from obmen.connectors.contract import Envelope, Exchange, Intake
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.orders.reading import OrderReader
from obmen.errors import ObmenError

LARGEST = 64 * 1024
_MINUTE_S = 60
_INSIDE = ("payload", "order", "orders")
"""Parameters that may hold JSON."""


class Named(msgspec.Struct):
    """What a call names: ids of the account and ids of the shop."""

    ids: list[str] = []
    external: list[str] = []
    status: str = ""


class TriggerDoor:
    """Takes the calls of triggers."""

    def __init__(
        self,
        *,
        connection: str,
        reader: OrderReader,
        now: Callable[[], float],
        log: Callable[[Exchange], None],
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._now = now
        self._log = log

    async def receive(self, request: web.Request, intake: Intake) -> web.Response:
        """Leave a wake-up for every order a call names; whatever came, the answer is the same."""
        began = self._now()
        given = await _given(request)
        named = named_in(given)
        refs = [*named.ids, *(await self._refs(named.external) if not named.ids else ())]
        for ref in dict.fromkeys(refs):
            minute = int(began) // _MINUTE_S
            await intake.accept(
                Envelope(
                    connection=self._connection,
                    kind="hook",
                    name=f"trigger {ref}",
                    key=f"trigger:{ref}:{named.status}:{minute}",
                    body=msgspec.json.encode({"entity": "order", "refs": [ref]}),
                )
            )
        self._log(
            Exchange(
                connection=self._connection,
                direction="in",
                what="trigger",
                request=msgspec.json.encode(given).decode()[:1000],
                answer=", ".join(refs),
                status=200,
                took_s=max(0.0, self._now() - began),
            )
        )
        return web.Response(text="ok\n")

    async def _refs(self, external: list[str]) -> list[str]:
        """Return our refs of orders named by the shop's ids; the next reading finds what cannot be asked now."""
        if not external:
            return []
        try:
            return [str(row["id"]) for row in await self._reader.by_external_ids(external)]
        except ObmenError:
            return []


def named_in(given: Mapping[str, Any]) -> Named:
    """Return the orders a call names, in any of the shapes people type in."""
    named = Named(status=wire.text(given.get("status")) or "")
    rows: list[Mapping[str, Any]] = [given]
    for name in _INSIDE:
        inner = given.get(name)
        if isinstance(inner, str):
            try:
                inner = msgspec.json.decode(inner)
            except msgspec.DecodeError:
                continue
        one = wire.table(inner)
        rows += [one] if "id" in one or "externalId" in one else wire.rows(inner)
    for row in rows:
        ref = wire.text(row.get("id"))
        if ref is not None and ref.isdecimal():
            named.ids.append(ref)
        elif (external := wire.text(row.get("externalId") or row.get("order_id"))) is not None:
            named.external.append(external)
    return named


async def _given(request: web.Request) -> dict[str, Any]:
    """Read query, form or JSON; what is none of them, or too long, says nothing."""
    given: dict[str, Any] = dict(request.query)
    body = await request.content.read(LARGEST + 1)
    while len(body) <= LARGEST and not request.content.at_eof():
        body += await request.content.read(LARGEST + 1 - len(body))
    if not body or len(body) > LARGEST:
        return given
    if body.lstrip()[:1] in {b"{", b"["}:
        try:
            read = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return given
        return given | (read if isinstance(read, dict) else {"orders": read})
    return given | _form(body)


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
