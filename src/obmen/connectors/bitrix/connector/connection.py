"""One shop as the hub sees it: the contract, by the parts of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

import msgspec
from aiohttp import web

from obmen.connectors.bitrix.client import Rest
from obmen.connectors.bitrix.connector.check import check_shop
from obmen.connectors.bitrix.connector.dictionaries import load_shop
from obmen.connectors.bitrix.connector.finding import Finder
from obmen.connectors.bitrix.connector.pictures import PictureStore
from obmen.connectors.bitrix.connector.pulling import Puller, since
from obmen.connectors.bitrix.connector.reading import Reader
from obmen.connectors.bitrix.connector.stock import StockDoor
from obmen.connectors.bitrix.connector.writing import Writer
from obmen.connectors.bitrix.door_client import DoorClient
from obmen.connectors.bitrix.kinds import TABLES, dictionary
from obmen.connectors.bitrix.mapping import Shop, ShopCodec
from obmen.connectors.bitrix.orders.codec import OrderCodec
from obmen.connectors.bitrix.orders.effects import order_effects
from obmen.connectors.bitrix.orders.events import EventDoor
from obmen.connectors.bitrix.orders.locations import load_locations
from obmen.connectors.bitrix.orders.reading import OrderReader
from obmen.connectors.bitrix.orders.settings import OrderSettings
from obmen.connectors.bitrix.orders.writing import OrderWriter
from obmen.connectors.bitrix.settings import Settings
from obmen.connectors.contract import Finding, Intake, Outcome, Page, Ports, Step, Traits, Unlanded
from obmen.connectors.transport import Transport
from obmen.errors import AuthFailed, ConfigError, Transient, UnknownOutcome
from obmen.sync.mapping import Entry
from obmen.sync.shadow import Codec, Look

_TRAITS = {
    "category": Traits(required=("name",), defaults={"active": True, "sort": 500, "parent": None}),
    "product": Traits(required=("name",), defaults={"active": True}),
    "offer": Traits(required=("product",), defaults={"active": True, "available": "0"}),
}
_ORDERS = Traits(required=("number", "money"), batch=10)
DICTIONARIES_LAST_S = 900.0
"""How long the shop's dictionaries are believed."""


class ShopConnection:
    """A 1C-Bitrix shop: read by REST, written by REST, stock by warehouse written by the exchange door."""

    vendor = "bitrix"
    tables = TABLES

    def __init__(self, name: str, settings: Settings, ports: Ports) -> None:
        self.name = name
        self.base = settings
        self.visible_after_s = settings.visible_after_s
        self._now = ports.now
        self._shop: Shop | None = None
        self._shop_at = 0.0
        self._loading = asyncio.Lock()
        self._transport = Transport(
            ports=ports,
            connection=name,
            base=settings.url,
            secrets=(settings.secret, settings.exchange_password),
            proxy=settings.proxy,
            ca_file=settings.ca_file,
            connect_s=settings.connect_timeout_s,
            timeout_s=settings.timeout_s,
        )
        self.identity = self._transport.host
        self._pictures = PictureStore(ports.spool)
        self._rest = Rest(transport=self._transport, ports=ports, user=settings.user, secret=settings.secret)
        self._door = self._open_door() if settings.uses_door else None
        orders = settings.orders or OrderSettings()
        self._locations = load_locations(orders.locations, orders.locations_file)
        self._events = (
            EventDoor(connection=name, events=orders.events, ports=ports) if orders.events else None
        )
        self.routes: tuple[str, ...] = (self._events.route,) if self._events else ()
        self.work_with(settings)

    def work_with(self, settings: msgspec.Struct) -> None:
        """Take other tables up; what is under way ends with those it began with."""
        if not isinstance(settings, Settings):
            raise TypeError(f"A shop takes {Settings.__qualname__}, not {type(settings).__qualname__}")
        self._settings = settings
        self._shop_at = 0.0  # stores are found in the dictionaries by the table
        self._reader = Reader(rest=self._rest, settings=settings, pictures=self._pictures)
        self._finder = Finder(rest=self._rest, reader=self._reader)
        self._puller = Puller(reader=self._reader, settings=settings)
        self._writer = Writer(
            rest=self._rest,
            reader=self._reader,
            finder=self._finder,
            settings=settings,
            pictures=self._pictures,
            stock=StockDoor(door=self._door, settings=settings, now=self._now) if self._door else None,
            keep_shop=self._keep_shop,
        )
        self._order_settings = settings.orders or OrderSettings()
        self._orders = OrderReader(
            rest=self._rest,
            reader=self._reader,
            connection=self.name,
            settings=self._order_settings,
            locations=self._locations,
            overlap_s=settings.overlap_s,
        )
        self._order_writer = OrderWriter(
            rest=self._rest, reader=self._orders, connection=self.name, settings=self._order_settings
        )
        self._order_codec = OrderCodec(
            connection=self.name, settings=self._order_settings, locations=self._locations
        )
        self._codecs = {
            entity: ShopCodec(
                connection=self.name,
                entity=entity,
                settings=settings,
                shop=lambda: self._shop,
                has_picture=self._pictures.has,
            )
            for entity in _TRAITS
        }

    async def dictionary(self, kind: str) -> Sequence[Entry]:
        """Ask the shop for the codes of a kind, with names."""
        return await dictionary(self._rest, kind)

    def traits(self, entity: str) -> Traits:
        """Return what the engine must know about an entity here."""
        if entity == "order":
            return msgspec.structs.replace(_ORDERS, reserves=self._order_settings.reserves)
        return msgspec.structs.replace(_TRAITS[entity], batch=self._settings.batch)

    def codec(self, entity: str) -> Codec:
        """Return the translation of an entity. Its wire form holds no ids of the shop but refs."""
        return self._order_codec if entity == "order" else self._codecs[entity]

    async def check(self) -> Sequence[Finding]:
        """Ask the shop for everything the connection rests on; nothing is written."""
        return await check_shop(
            name=self.name,
            rest=self._rest,
            door=self._door,
            settings=self._settings,
            host=self._transport.host,
            locations=self._locations,
        )

    async def close(self) -> None:
        """Let go of the sockets."""
        await self._transport.close()

    def cursor_since(self, moment: float) -> str:
        """Return the cursor behind which lies what changed since then."""
        return since(moment)

    async def receive(self, request: web.Request, intake: Intake) -> web.StreamResponse:
        """Answer an event of the shop: it only wakes a look."""
        if self._events is None:
            raise web.HTTPNotFound
        return await self._events.receive(request, intake)

    async def pull(self, entity: str, cursor: str) -> Page:
        """Read the next page of what changed; the cursor is in the shop's clock. Stock changes only show in `walk`."""
        if entity == "order":
            return await self._orders.page(cursor)
        return await self._puller.page(entity, cursor, await self._ready())

    async def look(self, entity: str, refs: Sequence[str]) -> Sequence[Look]:
        """Read these objects now."""
        if entity == "order":
            return await self._orders.looks(refs)
        seen = await self._reader.seen(entity, refs, await self._ready())
        return [
            seen[ref].look if ref in seen else Look(ref=ref, fields={}, gone=True)
            for ref in dict.fromkeys(refs)
        ]

    async def walk(self, entity: str) -> AsyncIterator[Page]:
        """Read everything, by id."""
        pages = self._orders.walk() if entity == "order" else self._puller.walk(entity, await self._ready())
        async for page in pages:
            yield page

    async def push(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Write steps of one entity.

        Raises `AuthFailed` when nothing was written and a person must mend access or settings first.
        """
        if not steps:
            return []
        try:
            self._refuse_copy()
            if steps[0].entity == "order":
                return await self._order_writer.push(steps)
            return await self._writer.push(steps, await self._ready())
        except ConfigError as exc:  # to a push both mean the same: pause until it is mended
            raise AuthFailed(exc.code, exc.en, exc.ru, detail=exc.detail) from None
        except (Transient, UnknownOutcome) as exc:  # raised by what precedes the first write of a step only
            wait = exc.retry_after_s if isinstance(exc, Transient) else None
            return [
                Unlanded(record=step.record, code=exc.code, text=exc.en, retry_after_s=wait) for step in steps
            ]

    async def find(self, entity: str, steps: Sequence[Step]) -> Mapping[int, Sequence[str]]:
        """Return the refs of objects with a step's key or mark; a bare offer is found on its product."""
        if entity == "order":
            return await self._order_writer.find(steps)
        return await self._finder.find(entity, steps, await self._ready())

    def effects(self, step: Step) -> Collection[str]:
        """Return the mails, receipts and deductions an order's write may set off; goods set nothing off."""
        if step.entity != "order":
            return ()
        return order_effects(step, self._order_settings)

    async def _ready(self) -> Shop:
        """Return the shop's dictionaries, asking for them when they are old or were never asked for."""
        async with self._loading:
            if self._shop is None or self._now() - self._shop_at > DICTIONARIES_LAST_S:
                self._keep_shop(await load_shop(self._rest, self._settings))
            if self._shop is None:  # pragma: no cover (kept just above)
                raise AssertionError
            return self._shop

    def _keep_shop(self, shop: Shop) -> None:
        self._shop, self._shop_at = shop, self._now()

    def _refuse_copy(self) -> None:
        expected = self._settings.host
        if expected and expected != self._transport.host:
            raise ConfigError(
                "bitrix.other_host",
                f"This connection is for {expected}, but `url` leads to {self._transport.host}: nothing is written "
                "to a copy. Mend `url`, or `host` if the shop has moved.",
                f"Подключение рассчитано на {expected}, а `url` ведёт на {self._transport.host}: в копию магазина "
                "ничего не пишется. Исправьте `url` или, если магазин переехал, `host`.",
            )

    def _open_door(self) -> DoorClient:
        return DoorClient(
            transport=self._transport,
            login=self.base.exchange_login,
            password=self.base.exchange_password,
            timeout_s=self.base.exchange_timeout_s,
            patience_s=self.base.exchange_patience_s,
            now=self._now,
        )
