"""Asking the shop for its dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import Command, Reply, Rest
from obmen.connectors.bitrix.mapping.shop import (
    Choice,
    PropertyMeta,
    Shop,
    Store,
    characteristic_properties,
    mapped_properties,
)
from obmen.connectors.bitrix.settings import PURCHASE, Settings
from obmen.errors import ConfigError, ObmenError


async def load_shop(rest: Rest, settings: Settings) -> Shop:
    """Read infoblocks, properties, rates, units, price types and stores; `ConfigError` names what does not fit."""
    catalogs, vats, measures, price_types, stores = await rest.read(
        [
            Command("catalog.catalog.list", {}),
            Command("catalog.vat.list", {}),
            Command("catalog.measure.list", {}),
            Command("catalog.priceType.list", {}),
            Command("catalog.store.list", {}),
        ]
    )
    catalog, offers = find_iblocks(catalogs.rows, settings)
    types = {wire.whole(row.get("id")): wire.text(row.get("name")) or "" for row in price_types.rows}
    _refuse_purchase(types, settings)
    shop = Shop(
        catalog=catalog,
        offers=offers,
        properties=await _properties(rest, [iblock for iblock in (catalog, offers) if iblock]),
        vats=_rates(vats.rows),
        measures={_unit_code(row): wire.whole(row.get("id")) for row in measures.rows},
        price_types=types,
        stores=_stores(stores.rows, settings),
        inventory=await inventory_of(rest, settings),
    )
    return await with_choices(rest, shop, settings)


async def with_choices(rest: Rest, shop: Shop, settings: Settings) -> Shop:
    """Return the dictionaries with today's choices of every mapped list property."""
    mapped = [
        *mapped_properties(settings, shop, "product").values(),
        *mapped_properties(settings, shop, "offer").values(),
        *characteristic_properties(settings, shop).values(),
    ]
    lists = sorted({meta.id for meta in mapped if meta.kind == "L"})
    replies = await rest.read(
        [
            Command(
                "catalog.productPropertyEnum.list", {"filter": {"propertyId": prop}, "order": {"id": "asc"}}
            )
            for prop in lists
        ]
    )
    choices = {
        prop: tuple(
            Choice(
                id=wire.whole(row.get("id")),
                xml_id=wire.text(row.get("xmlId")) or "",
                value=wire.text(row.get("value")) or "",
            )
            for row in reply.rows
        )
        for prop, reply in zip(lists, replies, strict=True)
    }
    return msgspec.structs.replace(shop, choices=choices)


async def inventory_of(rest: Rest, settings: Settings) -> bool:
    """Tell whether inventory control is on; a shop without the method is too old to have it."""
    if settings.inventory_control != "auto":
        return settings.inventory_control == "on"
    (reply,) = await rest.batch([Command("catalog.document.mode.status", {})])
    if isinstance(reply, ConfigError):
        return False
    if isinstance(reply, ObmenError):
        raise reply
    return inventory_said(reply)


def inventory_said(reply: Reply) -> bool:
    """Read the answer of `catalog.document.mode.status`, bare or under a key."""
    said = reply.result
    if isinstance(said, Mapping):
        said = next(iter(said.values()), "N")
    return wire.flag(said)


def find_iblocks(rows: Sequence[Mapping[str, Any]], settings: Settings) -> tuple[int, int | None]:
    """Choose the infoblocks of products and offers: as set, else the only pair there is."""
    parent_of = {wire.whole(row.get("iblockId")): wire.whole(row.get("productIblockId")) for row in rows}
    products = [iblock for iblock, parent in parent_of.items() if not parent]
    catalog = settings.catalog_iblock or (products[0] if len(products) == 1 else 0)
    if catalog not in parent_of:
        shown = ", ".join(str(iblock) for iblock in products) or "—"
        raise ConfigError(
            "bitrix.catalog_iblock",
            f"Which infoblock holds the products? Set catalog_iblock; trade catalogues there: {shown}.",
            f"В каком инфоблоке товары? Задайте catalog_iblock; торговые каталоги: {shown}.",
        )
    offers = settings.offers_iblock or next(
        (iblock for iblock, parent in parent_of.items() if parent == catalog), None
    )
    if offers is not None and parent_of.get(offers) != catalog:
        raise ConfigError(
            "bitrix.offers_iblock",
            f"Infoblock {offers} does not hold the offers of {catalog}: mend offers_iblock.",
            f"Инфоблок {offers} не содержит предложений для {catalog}: исправьте offers_iblock.",
        )
    return catalog, offers


async def _properties(rest: Rest, iblocks: Sequence[int]) -> dict[int, tuple[PropertyMeta, ...]]:
    replies = await rest.read(
        [
            Command("catalog.productProperty.list", {"filter": {"iblockId": iblock}, "order": {"id": "asc"}})
            for iblock in iblocks
        ]
    )
    return {
        iblock: tuple(
            PropertyMeta(
                id=wire.whole(row.get("id")),
                code=wire.text(row.get("code")) or "",
                kind=wire.text(row.get("propertyType")) or "S",
                multiple=wire.flag(row.get("multiple")),
                directory=row.get("userType") == "directory",
                html=row.get("userType") == "HTML",
            )
            for row in reply.rows
            if row.get("active") != "N"
        )
        for iblock, reply in zip(iblocks, replies, strict=True)
    }


def _rates(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Arrange VAT rates; an inactive one is there for old documents only. Of two alike the first counts."""
    found: dict[str, int] = {}
    for row in rows:
        if row.get("active") != "N":
            found.setdefault(wire.number(row.get("rate")) or "none", wire.whole(row.get("id")))
    return found


def _unit_code(row: Mapping[str, Any]) -> str:
    """Return the OKEI code with its leading noughts, which the shop drops."""
    return str(wire.whole(row.get("code"))).zfill(3)


def _stores(rows: Sequence[Mapping[str, Any]], settings: Settings) -> dict[str, Store]:
    known = [Store(id=wire.whole(row.get("id")), xml_id=wire.text(row.get("xmlId")) or "") for row in rows]
    found = {}
    for key, named in settings.stores.items():
        for store in known:
            if named in {str(store.id), store.xml_id}:
                found[key] = store
    return found


def _refuse_purchase(types: Mapping[int, str], settings: Settings) -> None:
    for key, kind in settings.prices.items():
        if PURCHASE.search(types.get(kind, "")) and not settings.allow_purchase:
            raise ConfigError(
                "bitrix.purchase_price",
                f"prices.{key} leads to the price type «{types[kind]}», which looks like a purchase price: "
                "remove it, or set allow_purchase = true.",
                f"prices.{key} ведёт в тип цены «{types[kind]}», похожий на закупочный: "
                "уберите его или задайте allow_purchase = true.",
            )
