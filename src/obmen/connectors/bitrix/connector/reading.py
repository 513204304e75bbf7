"""Reading objects whole: elements with their prices, stock and pictures, many in few requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import BATCH, Command, Reply, Rest, sliced
from obmen.connectors.bitrix.connector.pictures import Picture, PictureStore, gallery_of
from obmen.connectors.bitrix.mapping.rows import (
    by_kind,
    category_look,
    is_parent,
    offer_look,
    product_look,
)
from obmen.connectors.bitrix.mapping.shop import Shop, characteristic_properties, mapped_properties
from obmen.connectors.bitrix.settings import Settings
from obmen.errors import ObmenError
from obmen.sync.shadow import Look

Row = Mapping[str, Any]


class Seen(NamedTuple):
    """One object as read: its look and what writing needs besides."""

    look: Look
    row: Row
    prices: Mapping[int, wire.PriceRow] = {}
    pictures: Sequence[Picture] = ()


class Chunk(NamedTuple):
    """Rows of a list in order of id, whether more follow, and the shop's clock."""

    rows: list[dict[str, Any]]
    more: bool
    at: str

    @property
    def after(self) -> int:
        """The id to go on behind."""
        return wire.whole(self.rows[-1].get("id")) if self.rows else 0


class Reader:
    """What the shop holds, read through its REST."""

    def __init__(self, *, rest: Rest, settings: Settings, pictures: PictureStore) -> None:
        self._rest = rest
        self._settings = settings
        self._pictures = pictures

    async def seen(self, entity: str, refs: Sequence[str], shop: Shop) -> dict[str, Seen]:
        """Read these objects by ref; what is not there, or is no such thing any more, is absent."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref.isdecimal()]
        if entity == "category":
            asks = [
                Command(
                    "catalog.section.list",
                    {"filter": {"iblockId": shop.catalog, "id": list(ids)}, "order": {"id": "asc"}},
                )
                for ids in sliced(wanted, BATCH)
            ]
        else:
            iblocks = [shop.catalog]
            if entity == "offer" and shop.offers:
                iblocks.insert(0, shop.offers)
            asks = [
                self.element_list(shop, iblock, {"id": list(ids)})
                for ids in sliced(wanted, BATCH)
                for iblock in iblocks
            ]
        trade = self._trade_asks(wanted, shop) if entity == "offer" else []
        replies = await self._rest.read([*asks, *trade])
        rows = [row for reply in replies[: len(asks)] for row in reply.rows]
        if entity == "offer":
            return self._offers(rows, replies[len(asks) :], shop)
        return await self.whole(entity, rows, shop)

    async def whole(self, entity: str, rows: Sequence[Row], shop: Shop) -> dict[str, Seen]:
        """Add to rows of elements what lies outside of them, and return all by ref."""
        if entity == "category":
            looks = [(category_look(row), row) for row in rows]
            return {look.ref: Seen(look, row) for look, row in looks}
        if entity == "offer":
            refs = [str(wire.whole(row.get("id"))) for row in rows if not is_parent(row)]
            return self._offers(rows, await self._rest.read(self._trade_asks(refs, shop)), shop)
        by_ref = {str(wire.whole(row.get("id"))): row for row in rows}
        pictures = await self._pictures_of(list(by_ref), shop)
        return {
            ref: Seen(
                product_look(
                    row,
                    shop=shop,
                    settings=self._settings,
                    pictures=gallery_of(pictures[ref]) if ref in pictures else None,
                ),
                row,
                pictures=pictures.get(ref, ()),
            )
            for ref, row in by_ref.items()
        }

    async def chain(self, command: Command, key: str, *, after: int, pages: int = 10) -> Chunk:
        """Read up to `pages` pages behind an id in one request: each page asks behind the last id of the one before.

        A page that follows a short one is meaningless (its reference is empty) and is not looked at.
        """
        commands = []
        for number in range(pages):
            behind: object = after if number == 0 else f"$result[c{number - 1}][{key}][{BATCH - 1}][id]"
            asked = {**command.params.get("filter", {}), ">id": behind}
            params = {**command.params, "filter": asked, "order": {"id": "asc"}, "start": -1}
            commands.append(Command(command.method, params))
        rows: list[dict[str, Any]] = []
        at = ""
        for reply in await self._rest.batch(commands):
            if isinstance(reply, ObmenError):
                raise reply
            at = at or reply.at
            rows += reply.rows
            if len(reply.rows) < BATCH:
                return Chunk(rows, more=False, at=at)
        return Chunk(rows, more=True, at=at)

    def element_list(self, shop: Shop, iblock: int, asked: Mapping[str, Any]) -> Command:
        """Ask for elements of an infoblock with every field a look is made of."""
        entity = "offer" if iblock == shop.offers else "product"
        props = {meta.field for meta in mapped_properties(self._settings, shop, entity).values()}
        if entity == "offer":
            props |= {meta.field for meta in characteristic_properties(self._settings, shop).values()}
            shown = shop.property_of(shop.offers, self._settings.attributes_property)
            props |= {shown.field} if shown else set()
            props.add("parentId")
        return Command(
            "catalog.product.list",
            {
                "select": [*wire.ELEMENT_FIELDS, *sorted(props)],
                "filter": {"iblockId": iblock, **asked},
                "order": {"id": "asc"},
            },
        )

    def _trade_asks(self, refs: Sequence[str], shop: Shop) -> list[Command]:
        """Ask for mapped prices and, where the door writes them, mapped stores: rows for no more than a page."""
        kinds = sorted({kind for kind in self._settings.prices.values() if kind in shop.price_types})
        stores = sorted({store.id for store in shop.stores.values()}) if self._settings.uses_door else []
        asks = []
        for method, name, ids in (
            ("catalog.price.list", "catalogGroupId", kinds),
            ("catalog.storeproduct.list", "storeId", stores),
        ):
            for some in sliced(refs, max(1, BATCH // len(ids))) if ids else ():
                asked = {"productId": list(some), name: ids}
                asks.append(Command(method, {"filter": asked, "order": {"id": "asc"}}))
        return asks

    def _offers(self, rows: Sequence[Row], trade: Sequence[Reply], shop: Shop) -> dict[str, Seen]:
        """Put elements, prices and amounts together; a parent of offers is no offer."""
        prices: dict[str, list[wire.PriceRow]] = {}
        amounts: dict[str, dict[int, str]] = {}
        for line in (line for reply in trade for line in reply.rows):
            if "storeId" in line:
                held = amounts.setdefault(str(wire.whole(line.get("productId"))), {})
                held[wire.whole(line.get("storeId"))] = wire.number(line.get("amount")) or "0"
            elif (price := wire.price_row(line)) is not None:
                prices.setdefault(price.product, []).append(price)
        found = {}
        for row in rows:
            if is_parent(row):
                continue
            ref = str(wire.whole(row.get("id")))
            kinds = by_kind(prices.get(ref, ()))
            look = offer_look(
                row, shop=shop, settings=self._settings, prices=kinds, amounts=amounts.get(ref, {})
            )
            found[ref] = Seen(look, row, prices=kinds)
        return found

    async def _pictures_of(self, refs: Sequence[str], shop: Shop) -> dict[str, list[Picture]]:
        """Read the pictures of products; a product that went away meanwhile has none."""
        if shop.property_of(shop.catalog, "MORE_PHOTO") is None:
            return {}
        found: dict[str, list[Picture]] = {}
        for slice_ in sliced(refs, BATCH):
            asks = [Command("catalog.productImage.list", {"productId": ref}) for ref in slice_]
            for ref, reply in zip(slice_, await self._rest.batch(asks), strict=True):
                if isinstance(reply, ObmenError):
                    raise reply
                found[ref] = [self._pictures.of_row(row) for row in reply.rows]
        return found
