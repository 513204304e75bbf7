"""Reading in pages: what changed since a moment of the shop's clock, or everything there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import Command
from obmen.connectors.bitrix.connector.reading import Chunk, Reader, Seen
from obmen.connectors.bitrix.mapping.shop import Shop
from obmen.connectors.bitrix.settings import Settings
from obmen.connectors.contract import Page
from obmen.errors import BadInput
from obmen.model import instant
from obmen.sync.shadow import Look


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a run has got. Between runs only `since` is set: the shop's clock when the last run began."""

    since: str = ""
    running: bool = False
    floor: str = ""
    """Changes from here on are read; the overlap is taken off once, when the run begins."""
    began: str = ""
    stage: int = 0
    after: int = 0


def opened(cursor: str, overlap_s: float) -> Cursor:
    """Return the cursor of a run under way, beginning one where none is; `BadInput` for another connector's."""
    try:
        at = msgspec.json.decode(cursor, type=Cursor) if cursor else Cursor()
    except msgspec.MsgspecError:
        raise BadInput(
            "bitrix.cursor",
            f"The mark «{cursor[:60]}» is not one of this connector: clear it to read from the beginning.",
            f"Отметка «{cursor[:60]}» не от этого коннектора: сбросьте её, чтобы прочитать сначала.",
        ) from None
    if at.running:
        return at
    since = wire.utc(at.since)
    floor = since - timedelta(seconds=overlap_s) if since else None
    return Cursor(running=True, floor=floor.isoformat() if floor else "")


def since(moment: float) -> str:
    """Return the cursor of a run that begins with what changed since a moment, epoch seconds."""
    at = instant(datetime.fromtimestamp(moment, UTC))
    return msgspec.json.encode(Cursor(since=at)).decode()


class _Stage(NamedTuple):
    name: str
    key: str
    command: Command


class Puller:
    """One entity at a time, up to five hundred objects a page."""

    def __init__(self, *, reader: Reader, settings: Settings) -> None:
        self._reader = reader
        self._settings = settings

    async def page(self, entity: str, cursor: str, shop: Shop) -> Page:
        """Read the page behind the cursor.

        Rows go by id, so that rows shifting meanwhile lose nobody; a change behind the walking id is later than
        `began` and belongs to the next run. A price moves no element's time, so prices have a stage of their own.
        """
        at = opened(cursor, self._settings.overlap_s)
        stages = self._stages(entity, shop, prices=bool(at.floor))
        stage = stages[at.stage] if at.stage < len(stages) else stages[-1]
        chunk = await self._chunk(stage, at)
        looks = await self._looks(entity, stage, chunk, shop)
        began = at.began or chunk.at
        if chunk.more:
            following = msgspec.structs.replace(at, began=began, after=chunk.after)
        elif at.stage + 1 < len(stages):
            following = msgspec.structs.replace(at, began=began, after=0, stage=at.stage + 1)
        else:
            following = Cursor(since=began)
        return Page(
            entity=entity,
            looks=looks,
            cursor=msgspec.json.encode(following).decode(),
            last=not following.running,
        )

    async def walk(self, entity: str, shop: Shop) -> AsyncIterator[Page]:
        """Read everything."""
        cursor = ""
        while True:
            page = await self.page(entity, cursor, shop)
            yield page
            if page.last:
                return
            cursor = page.cursor

    def _stages(self, entity: str, shop: Shop, *, prices: bool) -> list[_Stage]:
        if entity == "category":
            ask = Command("catalog.section.list", {"filter": {"iblockId": shop.catalog}})
            return [_Stage("sections", "sections", ask)]
        stages = [_Stage("products", "products", self._reader.element_list(shop, shop.catalog, {}))]
        if entity == "offer":
            if shop.offers:
                stages.append(_Stage("offers", "products", self._reader.element_list(shop, shop.offers, {})))
            kinds = [kind for kind in self._settings.prices.values() if kind in shop.price_types]
            if prices and kinds:
                ask = Command("catalog.price.list", {"filter": {"catalogGroupId": kinds}})
                stages.append(_Stage("prices", "prices", ask))
        return stages

    async def _chunk(self, stage: _Stage, at: Cursor) -> Chunk:
        command = stage.command
        if at.floor:
            asked = {**command.params["filter"], ">=timestampX": at.floor}
            command = Command(command.method, {**command.params, "filter": asked})
        return await self._reader.chain(command, stage.key, after=at.after)

    async def _looks(self, entity: str, stage: _Stage, chunk: Chunk, shop: Shop) -> tuple[Look, ...]:
        if stage.name == "prices":
            refs = [str(wire.whole(row.get("productId"))) for row in chunk.rows]
            seen: dict[str, Seen] = await self._reader.seen(entity, refs, shop)
        else:
            seen = await self._reader.whole(entity, chunk.rows, shop)
        return tuple(one.look for one in seen.values())
