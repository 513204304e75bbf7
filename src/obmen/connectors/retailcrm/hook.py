"""The trigger door: a call says that an order or a customer has moved, and nothing it says is believed but which one.

Triggers of RetailCRM are typed in by hand: an HTTP request with whatever parameters the administrator named; nothing is
signed, nothing is promised to arrive, once or in order. So the path is the secret, several shapes are understood, and
it is read anew. Parameters to type in: `id` = `{{order.getId()}}` (`externalId` is understood as well) and, where
customers are cards of their own, `customer_id` = `{{customer.getId()}}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from obmen.connectors.contract import Exchange, Intake, wake_up
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.customers.reading import CustomerReader
from obmen.connectors.retailcrm.orders.reading import OrderReader
from obmen.errors import ObmenError

LARGEST = 64 * 1024
_MINUTE_S = 60
_INSIDE = ("payload", "order", "orders")
_INSIDE_CUSTOMERS = ("customer", "customers")
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
        orders: OrderReader,
        customers: CustomerReader | None,
        now: Callable[[], float],
        log: Callable[[Exchange], None],
    ) -> None:
        """`customers` reads them where they are cards of their own."""
        self._connection = connection
        self._orders = orders
        self._customers = customers
        self._now = now
        self._log = log

    async def receive(self, request: web.Request, intake: Intake) -> web.Response:
        """Leave a wake-up for everything a call names; whatever came, the answer is the same."""
        began = self._now()
        given = await _given(request)
        minute, told = int(began) // _MINUTE_S, []
        named = named_in(given)
        for ref in await _refs(named, self._orders):
            key = f"trigger:{ref}:{named.status}:{minute}"
            await intake.accept(wake_up(self._connection, "order", [ref], name=f"trigger {ref}", key=key))
            told.append(ref)
        people = customers_in(given) if self._customers is not None else Named()
        for ref in await _refs(people, self._customers):
            name, key = f"trigger customer {ref}", f"trigger:customer:{ref}:{minute}"
            await intake.accept(wake_up(self._connection, "customer", [ref], name=name, key=key))
            told.append(f"customer {ref}")
        self._log(
            Exchange(
                connection=self._connection,
                direction="in",
                what="trigger",
                request=msgspec.json.encode(given).decode()[:1000],
                answer=", ".join(told),
                status=200,
                took_s=max(0.0, self._now() - began),
            )
        )
        return web.Response(text="ok\n")


async def _refs(named: Named, reader: OrderReader | CustomerReader | None) -> list[str]:
    """Return our refs of what is named, by the shop's ids too; the next reading finds what cannot be asked now."""
    if named.ids or not named.external or reader is None:
        return list(dict.fromkeys(named.ids))
    try:
        return [str(row["id"]) for row in await reader.by_external_ids(named.external)]
    except ObmenError:
        return []


def named_in(given: Mapping[str, Any]) -> Named:
    """Return the orders a call names, in any of the shapes people type in."""
    named = _named([given, *_inside(given, _INSIDE)])
    named.status = wire.text(given.get("status")) or ""
    return named


def customers_in(given: Mapping[str, Any]) -> Named:
    """Return the customers a call names."""
    return _named([{"id": given.get("customer_id")}, *_inside(given, _INSIDE_CUSTOMERS)])


def _inside(given: Mapping[str, Any], names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows that stand in parameters as JSON."""
    for name in names:
        inner = given.get(name)
        if isinstance(inner, str):
            try:
                inner = msgspec.json.decode(inner)
            except msgspec.DecodeError:
                continue
        one = wire.table(inner)
        yield from [one] if "id" in one or "externalId" in one else wire.rows(inner)


def _named(rows: Iterable[Mapping[str, Any]]) -> Named:
    named = Named()
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
