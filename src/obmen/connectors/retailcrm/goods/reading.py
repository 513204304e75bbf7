"""Reading offers: those somebody asks for, and all of them once a feed has been loaded.

The catalogue comes by a feed, nobody makes goods here: an offer nobody knows is nobody's business.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from obmen.connectors.contract import Page
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import PAGE, Api, sliced
from obmen.connectors.retailcrm.settings import Settings
from obmen.errors import BadInput
from obmen.sync.shadow import Look, Wire


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the catalogue looked like when it was read, and the page reading has got to."""

    seen: str = ""
    page: int = 0


_FILTERS = {"externalId": ("externalIds", "offerExternalId"), "xmlId": ("xmlIds", "offerXmlId")}
"""The same filter is called one thing for offers and another for stock."""


class OfferReader:
    """Offers of the shops of one connection; the same offer of two shops is one, known by the same code."""

    def __init__(self, *, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    async def page(self, cursor: str) -> Page:
        """Read the next offers; none where no feed has been loaded and nothing was added since."""
        try:
            at = msgspec.json.decode(cursor, type=Cursor) if cursor else Cursor()
        except msgspec.MsgspecError:
            raise BadInput(
                "retailcrm.cursor",
                f"The mark «{cursor[:60]}» is not one of this connector: clear it to read from the beginning.",
                f"Отметка «{cursor[:60]}» не от этого коннектора: сбросьте её, чтобы прочитать сначала.",
            ) from None
        if not at.page:
            now = await self._state()
            if now == at.seen:
                return _page((), at, last=True)
            at = Cursor(seen=now, page=1)
        looks, more = await self._listed(at.page)
        return _page(looks, Cursor(seen=at.seen, page=at.page + 1 if more else 0), last=not more)

    async def walk(self) -> AsyncIterator[Page]:
        """Read every offer."""
        page, more = 1, True
        while more:
            looks, more = await self._listed(page)
            page += 1
            yield _page(looks, Cursor(), last=not more)

    async def _listed(self, page: int) -> tuple[list[Look], bool]:
        asked = {"filter": {"sites": sorted(self._settings.shops())}, "limit": PAGE, "page": page}
        body = await self._api.get("store/offers", asked)
        pages = int(wire.table(body.get("pagination")).get("totalPageCount") or 0)
        rows = {
            ref: row
            for row in wire.rows(body.get("offers"))
            if (ref := wire.text(row.get(self._settings.offers_by))) is not None
        }
        stock = await self._stock(list(rows)) if self._settings.counts_stock else {}
        return [self._look(ref, row, stock.get(ref, {})) for ref, row in rows.items()], page < pages

    async def _state(self) -> str:
        """Return what changes when a feed is loaded or goods are added."""
        shops = self._settings.shops()
        sites = wire.rows((await self._api.get("reference/sites")).get("sites"))
        loaded = (f"{each.get('code')} {each.get('catalogUpdatedAt') or ''}" for each in sites)
        mine = sorted(text for text in loaded if text.partition(" ")[0] in shops)
        asked = {"filter": {"sites": sorted(shops)}, "limit": 20, "page": 1}
        total = wire.table((await self._api.get("store/offers", asked)).get("pagination")).get("totalCount")
        return f"{total}; {'; '.join(mine)}"

    async def looks(self, refs: Sequence[str]) -> list[Look]:
        """Read these offers now; one that no catalogue has comes back with `gone`."""
        found = await self.known(refs)
        stock = await self._stock(list(found)) if self._settings.counts_stock else {}
        return [
            self._look(ref, found[ref], stock.get(ref, {}))
            if ref in found
            else Look(ref=ref, fields={}, gone=True)
            for ref in dict.fromkeys(refs)
        ]

    async def known(self, refs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the offers of these codes that are there."""
        return await self._by_code("store/offers", refs, _FILTERS[self._settings.offers_by][0], {})

    async def _stock(self, refs: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the stock of offers by store."""
        name = _FILTERS[self._settings.offers_by][1]
        rows = await self._by_code("store/inventories", refs, name, {"details": 1})
        return {
            ref: {
                str(held.get("store")): wire.number(held.get("quantity")) or "0"
                for held in wire.rows(row.get("stores"))
            }
            for ref, row in rows.items()
        }

    async def _by_code(
        self, method: str, refs: Sequence[str], name: str, more: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        shops = sorted(self._settings.shops())
        for some in sliced(list(dict.fromkeys(refs)), PAGE):
            asked = {name: list(some), "sites": shops, **more}
            for row in await self._api.pages(method, "offers", {"filter": asked}):
                if (ref := wire.text(row.get(self._settings.offers_by))) is not None:
                    found[ref] = row
        return found

    def _look(self, ref: str, row: Mapping[str, Any], stock: Mapping[str, str]) -> Look:
        prices = {str(each.get("priceType")): each.get("price") for each in wire.rows(row.get("prices"))}
        fields: dict[str, Wire] = {
            f"prices.{ours}": wire.number(prices.get(theirs))
            for ours, theirs in self._settings.prices.items()
        }
        fields |= {f"stock.{ours}": stock.get(theirs) for ours, theirs in self._settings.stores.items()}
        if self._settings.available_store:
            fields["available"] = stock.get(self._settings.available_store)
        return Look(ref=ref, fields=fields, keys={"xml_id": ref}, title=wire.text(row.get("name")) or ref)


def _page(looks: Sequence[Look], cursor: Cursor, *, last: bool) -> Page:
    return Page(entity="offer", looks=tuple(looks), cursor=msgspec.json.encode(cursor).decode(), last=last)
