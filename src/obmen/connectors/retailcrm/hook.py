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

from obmen.connectors.contract import Envelope, Exchange, Intake, wake_up
from obmen.connectors.retailcrm import wire

LARGEST = 64 * 1024
LONGEST = 255
"""Characters of a shop's id; what is longer is none."""
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
        with_customers: bool,
        now: Callable[[], float],
        log: Callable[[Exchange], None],
    ) -> None:
        """`with_customers`: they are cards of their own."""
        self._connection = connection
        self._with_customers = with_customers
        self._now = now
        self._log = log

    async def receive(self, request: web.Request, intake: Intake) -> web.Response:
        """Leave a wake-up for everything a call names; whatever came, the answer is the same.

        What is named by the shop's id only is sought when the wake-up is followed: a call costs the account nothing.
        """
        began = self._now()
        given = await _given(request)
        wakes = [*self._wakes("order", named_in(given), began)]
        if self._with_customers:
            wakes += self._wakes("customer", customers_in(given), began)
        for wake in wakes:
            await intake.accept(wake)
        self._log(
            Exchange(
                connection=self._connection,
                direction="in",
                what="trigger",
                request=msgspec.json.encode(given).decode()[:1000],
                answer=", ".join(wake.name.removeprefix("trigger ") for wake in wakes),
                status=200,
                took_s=max(0.0, self._now() - began),
            )
        )
        return web.Response(text="ok\n")

    def _wakes(self, entity: str, named: Named, at: float) -> Iterator[Envelope]:
        """Yield a wake-up for each thing named; the same one in the same state is heard of once a minute."""
        about = "" if entity == "order" else f"{entity} "
        state = f"{named.status}:{int(at) // _MINUTE_S}"
        for ref in dict.fromkeys(named.ids):
            name, key = f"trigger {about}{ref}", f"trigger:{entity}:{ref}:{state}"
            yield wake_up(self._connection, entity, [ref], name=name, key=key)
        for theirs in () if named.ids else dict.fromkeys(named.external):
            name, key = f"trigger {about}externalId {theirs}", f"trigger:{entity}:externalId {theirs}:{state}"
            yield wake_up(self._connection, entity, name=name, key=key, names=[theirs])


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
        external = wire.text(row.get("externalId") or row.get("order_id"))
        if ref is not None and ref.isdecimal():
            named.ids.append(ref)
        elif external is not None and len(external) <= LONGEST:
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
