"""One shop as the hub sees it: the contract, by the parts of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from obmen.connectors.bitrix.client import Rest
from obmen.connectors.bitrix.connector.check import check_shop
from obmen.connectors.bitrix.connector.dictionaries import load_shop
from obmen.connectors.bitrix.connector.finding import Finder
from obmen.connectors.bitrix.connector.pictures import PictureStore
from obmen.connectors.bitrix.connector.pulling import Puller
from obmen.connectors.bitrix.connector.reading import Reader
from obmen.connectors.bitrix.connector.stock import StockDoor
from obmen.connectors.bitrix.connector.writing import Writer
from obmen.connectors.bitrix.door_client import DoorClient
from obmen.connectors.bitrix.mapping import Shop, ShopCodec
from obmen.connectors.bitrix.settings import Settings
from obmen.connectors.contract import Finding, Outcome, Page, Ports, Step, Traits, Unlanded
from obmen.connectors.transport import Transport
from obmen.errors import AuthFailed, ConfigError, Transient, UnknownOutcome
from obmen.sync.shadow import Codec, Look

_TRAITS = {
    "category": Traits(required=("name",), defaults={"active": True, "sort": 500, "parent": None}),
    "product": Traits(required=("name",), defaults={"active": True}),
    "offer": Traits(required=("product",), defaults={"active": True, "available": "0"}),
}
DICTIONARIES_LAST_S = 900.0
"""How long the shop's dictionaries are believed."""


class ShopConnection:
    """A 1C-Bitrix shop: read by REST, written by REST, stock by warehouse written by the exchange door."""

    vendor = "bitrix"

    def __init__(self, name: str, settings: Settings, ports: Ports) -> None:
        self.name = name
        self.visible_after_s = settings.visible_after_s
        self._settings = settings
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
        self._pictures = PictureStore(ports.spool)
        self._rest = Rest(transport=self._transport, ports=ports, user=settings.user, secret=settings.secret)
        self._reader = Reader(rest=self._rest, settings=settings, pictures=self._pictures)
        self._finder = Finder(rest=self._rest, reader=self._reader)
        self._puller = Puller(reader=self._reader, settings=settings)
        self._door = self._open_door() if settings.uses_door else None
        self._writer = Writer(
            rest=self._rest,
            reader=self._reader,
            finder=self._finder,
            settings=settings,
            pictures=self._pictures,
            stock=StockDoor(door=self._door, settings=settings, now=ports.now) if self._door else None,
            keep_shop=self._keep_shop,
        )
        self._codecs = {
            entity: ShopCodec(
                connection=name,
                entity=entity,
                settings=settings,
                shop=lambda: self._shop,
                has_picture=self._pictures.has,
            )
            for entity in _TRAITS
        }

    def traits(self, entity: str) -> Traits:
        """Return what the engine must know about an entity here."""
        return msgspec.structs.replace(_TRAITS[entity], batch=self._settings.batch)

    def codec(self, entity: str) -> Codec:
        """Return the translation of an entity. Its wire form holds no ids of the shop but refs."""
        return self._codecs[entity]

    async def check(self) -> Sequence[Finding]:
        """Ask the shop for everything the connection rests on; nothing is written."""
        return await check_shop(
            rest=self._rest, door=self._door, settings=self._settings, host=self._transport.host
        )

    async def close(self) -> None:
        """Let go of the sockets."""
        await self._transport.close()

    async def pull(self, entity: str, cursor: str) -> Page:
        """Read the next page of what changed; the cursor is in the shop's clock. Stock changes only show in `walk`."""
        return await self._puller.page(entity, cursor, await self._ready())

    async def look(self, entity: str, refs: Sequence[str]) -> Sequence[Look]:
        """Read these objects now."""
        seen = await self._reader.seen(entity, refs, await self._ready())
        return [
            seen[ref].look if ref in seen else Look(ref=ref, fields={}, gone=True)
            for ref in dict.fromkeys(refs)
        ]

    async def walk(self, entity: str) -> AsyncIterator[Page]:
        """Read everything, by id."""
        async for page in self._puller.walk(entity, await self._ready()):
            yield page

    async def push(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Write steps of one entity.

        Raises `AuthFailed` when nothing was written and a person must mend access or settings first.
        """
        if not steps:
            return []
        try:
            self._refuse_copy()
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
        return await self._finder.find(entity, steps, await self._ready())

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
            login=self._settings.exchange_login,
            password=self._settings.exchange_password,
            timeout_s=self._settings.exchange_timeout_s,
            patience_s=self._settings.exchange_patience_s,
            now=self._now,
        )
