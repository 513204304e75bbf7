"""The trigger door: a call says that an order has moved, and nothing it says is believed but which one.

Triggers of RetailCRM are typed in by hand: an HTTP request with whatever parameters the administrator named; nothing is
signed, nothing is promised to arrive, once or in order. So the path is the secret, several shapes are understood, and
the order is read anew. Parameters to type in: `id` = `{{order.getId()}}`; `externalId` is understood as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        now: Callable[[], float],
        log: Callable[[Exchange], None],
    ) -> None:
        self._connection = connection
        self._now = now
        self._log = log

    async def receive(self, request: web.Request, intake: Intake) -> web.Response:
        """Leave a wake-up for every order a call names; whatever came, the answer is the same.

        An order named by the shop's id only is sought when the wake-up is followed: a call costs the account nothing.
        """
        began = self._now()
        given = await _given(request)
        named = named_in(given)
        for ref in dict.fromkeys(named.ids):
            await intake.accept(self._wake(ref, named, began, refs=[ref]))
        for name in () if named.ids else dict.fromkeys(named.external):
            await intake.accept(self._wake(f"externalId {name}", named, began, names=[name]))
        self._log(
            Exchange(
                connection=self._connection,
                direction="in",
                what="trigger",
                request=msgspec.json.encode(given).decode()[:1000],
                answer=", ".join(named.ids or named.external),
                status=200,
                took_s=max(0.0, self._now() - began),
            )
        )
        return web.Response(text="ok\n")

    def _wake(
        self, about: str, named: Named, at: float, *, refs: Sequence[str] = (), names: Sequence[str] = ()
    ) -> Envelope:
        """Return a wake-up; the same order in the same state is heard of once a minute."""
        key = f"trigger:{about}:{named.status}:{int(at) // _MINUTE_S}"
        return wake_up(self._connection, "order", refs, name=f"trigger {about}", key=key, names=names)


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
