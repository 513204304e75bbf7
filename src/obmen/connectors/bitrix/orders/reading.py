"""Reading orders: what changed since a moment of the shop's clock, or these orders now."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import BATCH, Command, Rest, sliced
from obmen.connectors.bitrix.connector.pulling import Cursor, opened
from obmen.connectors.bitrix.connector.reading import Reader
from obmen.connectors.bitrix.orders.locations import Locations
from obmen.connectors.bitrix.orders.rows import order_look
from obmen.connectors.bitrix.orders.settings import OrderSettings
from obmen.connectors.contract import Page
from obmen.errors import ObmenError, Rejected
from obmen.sync.shadow import Look

log = logging.getLogger("obmen.bitrix")

NO_SUCH_ORDER = "200540400001"
"""What `sale.order.get` answers for an order that is not there."""
_PAGES = 4
"""Pages of heads per request: two hundred orders a page of ours."""


class OrderReader:
    """Orders of one shop, read over REST."""

    def __init__(
        self,
        *,
        rest: Rest,
        reader: Reader,
        connection: str,
        settings: OrderSettings,
        locations: Locations,
        overlap_s: float,
    ) -> None:
        self._rest = rest
        self._reader = reader
        self._connection = connection
        self._settings = settings
        self._locations = locations
        self._overlap_s = overlap_s
        self._told: set[str] = set()
        self._unshown: set[str] = set()
        """Orders the shop could not show; they are asked for again with the next run."""

    async def page(self, cursor: str) -> Page:
        """Read the next orders that changed.

        Heads go by id, so that rows shifting meanwhile lose nobody; what changes behind the walking id is later than
        `began` and belongs to the next run, which begins `overlap_s` earlier, once.
        """
        at = opened(cursor, self._overlap_s)
        asked = {">=dateUpdate": at.floor} if at.floor else {}
        heads = Command("sale.order.list", {"select": ["id"], "filter": asked})
        chunk = await self._reader.chain(heads, "orders", after=at.after, pages=_PAGES)
        again = [] if at.after else sorted(self._unshown)
        rows = await self.rows([*(str(wire.whole(row.get("id"))) for row in chunk.rows), *again])
        began = at.began or chunk.at
        following = (
            msgspec.structs.replace(at, began=began, after=chunk.after) if chunk.more else Cursor(since=began)
        )
        return Page(
            entity="order",
            looks=tuple(self.look(row) for row in rows.values()),
            cursor=msgspec.json.encode(following).decode(),
            last=not following.running,
        )

    async def walk(self) -> AsyncIterator[Page]:
        """Read every order."""
        cursor = ""
        while True:
            page = await self.page(cursor)
            yield page
            if page.last:
                return
            cursor = page.cursor

    async def looks(self, refs: Sequence[str]) -> list[Look]:
        """Read these orders now; one that is not there comes back with `gone`, one that cannot be shown not at all."""
        rows = await self.rows(refs)
        return [
            self.look(rows[ref]) if ref in rows else Look(ref=ref, fields={}, gone=True)
            for ref in dict.fromkeys(refs)
            if not self.is_unshown(ref)
        ]

    def is_unshown(self, ref: str) -> bool:
        """Tell whether an order is there and the shop could not show it when it was last asked."""
        return ref in self._unshown

    def look(self, row: Mapping[str, Any]) -> Look:
        """Show an order."""
        look = order_look(row, connection=self._connection, settings=self._settings)
        self._tell_unknown(look)
        return look

    def _tell_unknown(self, look: Look) -> None:
        """Say once of each location code that nobody can name."""
        address = look.fields.get("address")
        code = str(address.get("location") or "") if isinstance(address, dict) else ""
        if code and code not in self._told and self._locations.find(code) is None:
            self._told.add(code)
            log.warning(
                "order %s: the location %s has no name here and stays a code; add it to orders.locations_file",
                look.ref,
                code,
                extra={"connection": self._connection, "code": "bitrix.location"},
            )

    async def rows(self, refs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read orders whole, by ref; what is not there, or cannot be shown by the shop, is absent."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref.isdecimal()]
        found: dict[str, dict[str, Any]] = {}
        for some in sliced(wanted, BATCH):
            asks = [Command("sale.order.get", {"id": ref}) for ref in some]
            for ref, reply in zip(some, await self._rest.batch(asks), strict=True):
                if isinstance(reply, Rejected):
                    self._miss(ref, reply)
                    continue
                if isinstance(reply, ObmenError):
                    raise reply
                found[ref] = reply.row
                self._unshown.discard(ref)
        return found

    def _miss(self, ref: str, refused: Rejected) -> None:
        """Note an order that was not shown. One the shop stumbles over must not hold up the others."""
        if NO_SUCH_ORDER in refused.code + str(refused.detail) + refused.en:
            self._unshown.discard(ref)
        elif ref not in self._unshown:
            self._unshown.add(ref)
            log.warning(
                "order %s: the shop cannot show it (%s); open it in the shop's orders. It is asked for again by itself",
                ref,
                refused.en,
                extra={"connection": self._connection, "code": "bitrix.unshown_order"},
            )

    async def by_mark(self, marks: Sequence[str]) -> dict[str, list[str]]:
        """Return the refs of orders by the mark they bear. Nothing is unique on the shop's side: all come back."""
        found: dict[str, list[str]] = {}
        for some in sliced(sorted(set(marks)), 20):
            heads = Command(
                "sale.order.list",
                {"select": ["id", "xmlId"], "filter": {"@xmlId": list(some)}, "order": {"id": "asc"}},
            )
            (reply,) = await self._rest.read([heads])
            for row in reply.rows:
                xml_id = wire.text(row.get("xmlId")) or ""
                if xml_id in some:
                    found.setdefault(xml_id, []).append(str(wire.whole(row.get("id"))))
        return found
