"""One account as the hub sees it: the contract, by the parts of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
from aiohttp import web

from obmen.connectors.contract import (
    Card,
    Doubt,
    Finding,
    Intake,
    Outcome,
    Page,
    Ports,
    Step,
    Traits,
    Unlanded,
)
from obmen.connectors.retailcrm.account import Acquaintance
from obmen.connectors.retailcrm.check import check_account
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.feed.publishing import ENTITIES, Feed
from obmen.connectors.retailcrm.goods.codec import OfferCodec
from obmen.connectors.retailcrm.goods.reading import OfferReader
from obmen.connectors.retailcrm.goods.writing import OfferWriter
from obmen.connectors.retailcrm.hook import TriggerDoor
from obmen.connectors.retailcrm.kinds import TABLES, dictionary
from obmen.connectors.retailcrm.orders.buyers import Buyers
from obmen.connectors.retailcrm.orders.codec import OrderCodec
from obmen.connectors.retailcrm.orders.firms import Firms
from obmen.connectors.retailcrm.orders.reading import OrderReader
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.orders.writing import OrderWriter
from obmen.connectors.retailcrm.settings import Settings
from obmen.connectors.transport import Transport
from obmen.errors import AuthFailed, ConfigError, Transient, UnknownOutcome
from obmen.sync.mapping import Entry
from obmen.sync.shadow import Codec, Look

CALLS_OF_A_PACK = 4
"""Under way at once, about: calls wait for their turn in the budget, never for a connection."""
_TRAITS = {
    "order": Traits(required=("number", "money"), batch=50, unique_key=True),
    "offer": Traits(batch=250, recognised=True),
}


class CrmConnection:
    """A RetailCRM account: orders both ways by history and API, goods recognised."""

    vendor = "retailcrm"
    tables = TABLES

    def __init__(self, name: str, settings: Settings, ports: Ports) -> None:
        self.name = name
        self.visible_after_s = settings.visible_after_s
        self.packs = settings.packs
        feed = settings.feed
        self.routes = tuple(filter(None, [settings.hook, feed.path if feed else ""]))
        self.publishes = ENTITIES if feed else ()
        self.publish_every_s = feed.every_s if feed else 0.0
        self.base = settings
        self._transport = Transport(
            ports=ports,
            connection=name,
            base=settings.url,
            secrets=(settings.api_key,),
            proxy=settings.proxy,
            ca_file=settings.ca_file,
            connect_s=settings.connect_timeout_s,
            timeout_s=settings.timeout_s,
            pool=settings.packs * CALLS_OF_A_PACK,
        )
        self.identity = self._transport.host
        self._api = Api(transport=self._transport, ports=ports, key=settings.api_key)
        self._ports = ports
        self._buyers = Buyers(self._api, ports.now)
        self._firms = Firms(self._api)
        self.work_with(settings)

    def work_with(self, settings: msgspec.Struct) -> None:
        """Take other tables up; what is under way ends with those it began with."""
        if not isinstance(settings, Settings):
            raise TypeError(f"RetailCRM takes {Settings.__qualname__}, not {type(settings).__qualname__}")
        self._settings = settings
        orders = settings.orders or OrderSettings()
        now = self._ports.now
        feed = settings.feed
        self._feed = (
            Feed(folder=self._ports.spool, settings=feed, with_stock=not settings.counts_stock, now=now)
            if feed
            else None
        )
        self._acquaintance = Acquaintance(
            api=self._api, now=now, with_staff=orders.by_email, with_fields=bool(orders.fields)
        )
        self._offers = OfferReader(api=self._api, settings=settings)
        self._offer_writer = OfferWriter(api=self._api, reader=self._offers, settings=settings)
        self._orders = OrderReader(
            api=self._api,
            acquaintance=self._acquaintance,
            connection=self.name,
            settings=orders,
            shops=settings.shops(),
            offers_by=settings.offers_by,
            now=now,
        )
        self._door = TriggerDoor(connection=self.name, now=now, log=self._ports.log)
        self._order_writer = OrderWriter(
            api=self._api,
            acquaintance=self._acquaintance,
            reader=self._orders,
            connection=self.name,
            settings=orders,
            site=settings.site,
            offers_by=settings.offers_by,
            buyers=self._buyers,
            firms=self._firms,
        )
        order_codec = OrderCodec(
            connection=self.name, settings=orders, site=settings.site, sites=settings.sites
        )
        offer_codec = OfferCodec(connection=self.name, settings=settings)
        self._codecs: dict[str, Codec] = {"order": order_codec, "offer": offer_codec}

    async def dictionary(self, kind: str) -> Sequence[Entry]:
        """Ask the account for the codes of a kind, with names and groups."""
        return await dictionary(self._api, kind)

    def traits(self, entity: str) -> Traits:
        """Return what the engine must know about an entity here."""
        return _TRAITS[entity]

    def codec(self, entity: str) -> Codec:
        """Return the translation of an entity."""
        return self._codecs[entity]

    async def check(self) -> Sequence[Finding]:
        """Ask the account for everything the connection rests on; nothing is written."""
        return await check_account(self._api, self._settings, name=self.name, now=self._ports.now)

    async def close(self) -> None:
        """Let go of the sockets."""
        await self._transport.close()

    async def pull(self, entity: str, cursor: str) -> Page:
        """Read the next page of what changed; the cursor of orders is the number of a record of the history."""
        return await (self._orders if entity == "order" else self._offers).page(cursor)

    async def look(self, entity: str, refs: Sequence[str]) -> Sequence[Look]:
        """Read these objects now."""
        return await (self._orders.looks(refs) if entity == "order" else self._offers.looks(refs))

    async def named(self, _entity: str, names: Sequence[str]) -> Sequence[tuple[str, str]]:
        """Return the shop's id and the ref of orders that triggers name by the former."""
        rows = await self._orders.by_external_ids(names)
        return [(str(row["externalId"]), str(row["id"])) for row in rows]

    async def walk(self, entity: str) -> AsyncIterator[Page]:
        """Read everything."""
        async for page in (self._orders if entity == "order" else self._offers).walk():
            yield page

    async def push(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Write steps of one entity.

        Raises `AuthFailed` when nothing was written and a person must mend access or settings first.
        """
        if not steps:
            return []
        try:
            if steps[0].entity == "order":
                return await self._order_writer.push(steps)
            return await self._offer_writer.push(steps)
        except ConfigError as exc:  # to a push both mean the same: pause until it is mended
            raise AuthFailed(exc.code, exc.en, exc.ru, detail=exc.detail) from None
        except (Transient, UnknownOutcome) as exc:  # raised by what precedes the first write only
            wait = exc.retry_after_s if isinstance(exc, Transient) else None
            return [
                Unlanded(record=step.record, code=exc.code, text=exc.en, retry_after_s=wait) for step in steps
            ]

    async def find(self, entity: str, steps: Sequence[Step]) -> Mapping[int, Sequence[str]]:
        """Return the refs of orders with a step's external id or mark, of offers with its code."""
        if entity == "order":
            return await self._order_writer.find(steps)
        return await self._offer_writer.find(steps)

    def effects(self, step: Step) -> tuple[str, ...]:
        """Return what a write sets off: the account's triggers run at every change of an order, mails among them."""
        return ("robot",) if step.entity == "order" else ()

    async def receive(self, request: web.Request, intake: Intake) -> web.StreamResponse:
        """Give the catalogue to whoever knows its path, or take the call of a trigger: a hint that an order has moved."""
        if self._feed is not None and request.path != self._settings.hook:
            return await self._feed.serve(request)
        return await self._door.receive(request, intake)

    async def publish(self, cards: AsyncIterator[Card]) -> Doubt | None:
        """Write the catalogue feed anew and put it in the place of the old one."""
        return await self._feed.publish(cards) if self._feed is not None else None
