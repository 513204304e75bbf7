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
from obmen.connectors.retailcrm.account import Acquaintance, Wanted
from obmen.connectors.retailcrm.check import check_account
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.customers.buyers import Buyers
from obmen.connectors.retailcrm.customers.codec import CustomerCodec
from obmen.connectors.retailcrm.customers.firms import Firms
from obmen.connectors.retailcrm.customers.reading import CustomerReader
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.customers.writing import CustomerWriter
from obmen.connectors.retailcrm.feed.publishing import ENTITIES, Feed
from obmen.connectors.retailcrm.goods.codec import OfferCodec
from obmen.connectors.retailcrm.goods.reading import OfferReader
from obmen.connectors.retailcrm.goods.writing import OfferWriter
from obmen.connectors.retailcrm.hook import TriggerDoor
from obmen.connectors.retailcrm.kinds import TABLES, dictionary
from obmen.connectors.retailcrm.orders.codec import OrderCodec
from obmen.connectors.retailcrm.orders.reading import OrderReader
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.orders.writing import OrderWriter
from obmen.connectors.retailcrm.reading import Reader
from obmen.connectors.retailcrm.settings import Settings
from obmen.connectors.transport import Transport
from obmen.errors import AuthFailed, ConfigError, Transient, UnknownOutcome
from obmen.sync.mapping import Entry
from obmen.sync.shadow import Codec, Look

CALLS_OF_A_PACK = 4
"""Under way at once, about: calls wait for their turn in the budget, never for a connection."""
_TRAITS = {
    "order": Traits(required=("number", "money"), batch=50, unique_key=True),
    "customer": Traits(batch=50, unique_key=True),
    "offer": Traits(batch=250, recognised=True),
}


class CrmConnection:
    """A RetailCRM account: orders and customers both ways by history and API, goods recognised."""

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
        customers = settings.customers or CustomerSettings()
        now = self._ports.now
        feed = settings.feed
        self._feed = (
            Feed(folder=self._ports.spool, settings=feed, with_stock=not settings.counts_stock, now=now)
            if feed
            else None
        )
        self._acquaintance = Acquaintance(
            api=self._api,
            now=now,
            wanted=Wanted(
                staff=orders.by_email,
                fields=bool(orders.fields),
                customer_fields=bool(customers.fields),
            ),
        )
        offer_reader = OfferReader(api=self._api, settings=settings)
        customer_reader = CustomerReader(
            api=self._api,
            acquaintance=self._acquaintance,
            settings=customers,
            managers=orders.managers,
            shops=settings.shops(),
        )
        order_reader = OrderReader(
            api=self._api,
            acquaintance=self._acquaintance,
            connection=self.name,
            settings=orders,
            shops=settings.shops(),
            offers_by=settings.offers_by,
            now=now,
            with_buyer=settings.customers is not None,
        )
        self._readers: dict[str, Reader | OfferReader] = {
            "order": order_reader,
            "customer": customer_reader,
            "offer": offer_reader,
        }
        self._door = TriggerDoor(
            connection=self.name,
            with_customers=settings.customers is not None,
            now=now,
            log=self._ports.log,
        )
        order_writer = OrderWriter(
            api=self._api,
            acquaintance=self._acquaintance,
            reader=order_reader,
            connection=self.name,
            settings=orders,
            site=settings.site,
            offers_by=settings.offers_by,
            buyers=self._buyers,
            firms=self._firms,
        )
        customer_writer = CustomerWriter(
            api=self._api,
            acquaintance=self._acquaintance,
            reader=customer_reader,
            settings=customers,
            site=settings.site,
            shops=settings.shops(),
            buyers=self._buyers,
        )
        self._writers: dict[str, OrderWriter | CustomerWriter | OfferWriter] = {
            "order": order_writer,
            "customer": customer_writer,
            "offer": OfferWriter(api=self._api, reader=offer_reader, settings=settings),
        }
        order_codec = OrderCodec(
            connection=self.name,
            settings=orders,
            site=settings.site,
            sites=settings.sites,
            with_buyer=settings.customers is not None,
        )
        customer_codec = CustomerCodec(connection=self.name, settings=customers, managers=orders.managers)
        offer_codec = OfferCodec(connection=self.name, settings=settings)
        self._codecs: dict[str, Codec] = {
            "order": order_codec,
            "customer": customer_codec,
            "offer": offer_codec,
        }

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
        """Read the next page of what changed; orders and customers are followed by the records of their histories."""
        return await self._readers[entity].page(cursor)

    async def look(self, entity: str, refs: Sequence[str]) -> Sequence[Look]:
        """Read these objects now."""
        return await self._readers[entity].looks(refs)

    async def named(self, entity: str, names: Sequence[str]) -> Sequence[tuple[str, str]]:
        """Return the shop's id and the ref of orders and customers that triggers name by the former."""
        reader = self._readers[entity]
        rows = await reader.by_external_ids(names) if isinstance(reader, Reader) else []
        return [(str(row["externalId"]), str(row["id"])) for row in rows]

    async def walk(self, entity: str) -> AsyncIterator[Page]:
        """Read everything."""
        async for page in self._readers[entity].walk():
            yield page

    async def push(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Write steps of one entity.

        Raises `AuthFailed` when nothing was written and a person must mend access or settings first.
        """
        if not steps:
            return []
        try:
            return await self._writers[steps[0].entity].push(steps)
        except ConfigError as exc:  # to a push both mean the same: pause until it is mended
            raise AuthFailed(exc.code, exc.en, exc.ru, detail=exc.detail) from None
        except (Transient, UnknownOutcome) as exc:  # raised by what precedes the first write only
            wait = exc.retry_after_s if isinstance(exc, Transient) else None
            return [
                Unlanded(record=step.record, code=exc.code, text=exc.en, retry_after_s=wait) for step in steps
            ]

    async def find(self, entity: str, steps: Sequence[Step]) -> Mapping[int, Sequence[str]]:
        """Return the refs of what bears a step's external id or mark; of customers those of its people, of offers its code."""
        return await self._writers[entity].find(steps)

    def effects(self, step: Step) -> tuple[str, ...]:
        """Return what a write sets off: triggers of the account run at every change of an order or a customer, mails too."""
        return ("robot",) if step.entity in {"order", "customer"} else ()

    async def receive(self, request: web.Request, intake: Intake) -> web.StreamResponse:
        """Give the catalogue to whoever knows its path, or take the call of a trigger: a hint of what has moved."""
        if self._feed is not None and request.path != self._settings.hook:
            return await self._feed.serve(request)
        return await self._door.receive(request, intake)

    async def publish(self, cards: AsyncIterator[Card]) -> Doubt | None:
        """Write the catalogue feed anew and put it in the place of the old one."""
        return await self._feed.publish(cards) if self._feed is not None else None
