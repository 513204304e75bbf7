"""Writing offers: prices and stock of those that are there. There is nothing to make: an offer comes with the feed.

An offer nobody knows is no error to the account, it only names it (`notFoundOffers`); to us it is one that went away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from obmen.connectors.contract import Done, Missing, Outcome, Refused, Step, Unknown, Unlanded
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import Api, Reply, sliced
from obmen.connectors.retailcrm.goods.reading import OfferReader
from obmen.connectors.retailcrm.settings import Settings
from obmen.errors import Rejected, UnknownOutcome
from obmen.model import decimal
from obmen.sync.shadow import Wire

ASK_AGAIN_S = 3600.0
"""When an offer that no catalogue has is sought again; feeds are loaded every few hours."""
PACK = 250
"""Offers in one upload."""


class OfferWriter:
    """Prices and stock of one account."""

    def __init__(self, *, api: Api, reader: OfferReader, settings: Settings) -> None:
        self._api = api
        self._reader = reader
        self._settings = settings

    async def push(self, steps: Sequence[Step]) -> list[Outcome]:
        """Write prices and stock; an offer that no catalogue has yet waits for the feed.

        Both say how things stand, not what to add: after an unknown outcome they may be repeated.
        """
        outcomes: list[Outcome] = [_waits(step) for step in steps if step.ref is None]
        known = [step for step in steps if step.ref is not None]
        if known:
            shops = await self._catalogues()
            for pack in sliced(known, PACK):
                outcomes += await self._pack(pack, shops)
        return outcomes

    async def find(self, steps: Sequence[Step]) -> dict[int, list[str]]:
        """Return the code of each offer some catalogue has."""
        codes = {step.record: step.keys.get("xml_id", "") for step in steps}
        known = await self._reader.known([code for code in codes.values() if code])
        return {record: [code] if code in known else [] for record, code in codes.items()}

    async def _pack(self, steps: Sequence[Step], shops: Sequence[str]) -> list[Outcome]:
        try:
            missing = await self._upload(steps, shops)
        except Rejected as error:
            if len(steps) > 1:  # one bad row spoils the pack: whose it is, each shows alone
                return [outcome for step in steps for outcome in await self._pack([step], shops)]
            (step,) = steps
            return [Refused(record=step.record, code=error.code, en=error.en, ru=error.ru)]
        except UnknownOutcome as error:
            return [Unknown(record=step.record, code=error.code, text=error.en) for step in steps]
        return [
            Missing(record=step.record)
            if step.ref in missing
            else Done(record=step.record, ref=str(step.ref))
            for step in steps
        ]

    async def _upload(self, steps: Sequence[Step], shops: Sequence[str]) -> set[str]:
        """Upload to each catalogue; return the codes none of them knows."""
        missing: list[set[str]] = []
        by = self._settings.offers_by
        prices = [{by: step.ref, "prices": rows} for step in steps if (rows := self._prices(step.fields))]
        stock = [{by: step.ref, "stores": rows} for step in steps if (rows := self._stock(step.fields))]
        for shop in shops:
            unknown: set[str] = set()
            if prices:
                rows = [{**row, "site": shop} for row in prices]
                unknown |= self._unknown(await self._api.post("store/prices/upload", prices=rows))
            if stock:
                unknown |= self._unknown(
                    await self._api.post("store/inventories/upload", site=shop, offers=stock)
                )
            missing.append(unknown)
        return set.intersection(*missing) if missing else set()

    def _prices(self, fields: Mapping[str, Wire]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for ours, theirs in self._settings.prices.items():
            if (name := f"prices.{ours}") in fields:
                price = fields[name]
                told = {"remove": True} if price is None else {"price": decimal(str(price))}
                rows.append({"code": theirs, **told})
        return rows

    def _stock(self, fields: Mapping[str, Wire]) -> list[dict[str, Any]]:
        named = {f"stock.{ours}": theirs for ours, theirs in self._settings.stores.items()}
        if self._settings.available_store:
            named["available"] = self._settings.available_store
        return [
            {"code": theirs, "available": decimal(str(fields[name] or "0"))}
            for name, theirs in named.items()
            if name in fields
        ]

    def _unknown(self, reply: Reply) -> set[str]:
        return {str(row.get(self._settings.offers_by)) for row in wire.rows(reply.body.get("notFoundOffers"))}

    async def _catalogues(self) -> list[str]:
        """Return one of our shops for each catalogue: shops may share one, and it is written once."""
        sites = wire.rows((await self._api.get("reference/sites")).get("sites"))
        chosen: dict[str, str] = {}
        for site in sites:
            if site.get("code") in self._settings.shops():
                chosen.setdefault(str(site.get("catalogId") or site.get("code")), str(site["code"]))
        return list(chosen.values()) or [self._settings.site]


def _waits(step: Step) -> Unlanded:
    return Unlanded(
        record=step.record,
        code="retailcrm.no_offer",
        text="No catalogue of RetailCRM has this offer yet: it comes with the feed.",
        retry_after_s=ASK_AGAIN_S,
    )
