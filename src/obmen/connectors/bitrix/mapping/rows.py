"""What the shop shows, as looks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.mapping.shop import (
    PropertyMeta,
    Shop,
    characteristic_properties,
    mapped_properties,
)
from obmen.connectors.bitrix.settings import Settings
from obmen.model import Money, instant
from obmen.sync.shadow import Look, Wire

_MARK = re.compile(r"obmen:(?:[^:]+:)*(\d+)")
_SIZES = ("weight", "length", "width", "height")
SEPARATOR = ": "
"""Between the name and the value of a characteristic in the property that shows all of them."""


def category_look(row: Mapping[str, Any]) -> Look:
    """Show a section."""
    parent = wire.whole(row.get("iblockSectionId"))
    changed = wire.utc(row.get("timestampX"))
    fields: dict[str, Wire] = {
        "name": wire.text(row.get("name")),
        "parent": str(parent) if parent else None,
        "slug": wire.text(row.get("code")),
        "sort": wire.whole(row.get("sort")),
        "description": wire.html_text(row.get("description"), row.get("descriptionType")),
        "active": wire.flag(row.get("active")),
    }
    at = instant(changed) if changed else None
    return _look(row, fields, at=at)


def product_look(
    row: Mapping[str, Any], *, shop: Shop, settings: Settings, pictures: Sequence[str] | None
) -> Look:
    """Show a product; without `pictures` nothing is said of them."""
    fields: dict[str, Wire] = {
        "name": wire.text(row.get("name")),
        "slug": wire.text(row.get("code")),
        "description": wire.html_text(row.get("detailText"), row.get("detailTextType")),
        "summary": wire.html_text(row.get("previewText"), row.get("previewTextType")),
        "vat": _rate(row, shop),
        "active": wire.flag(row.get("active")),
        **_property_fields(row, shop, mapped_properties(settings, shop, "product")),
    }
    if "iblockSection" in row or "IblockSection" in row:  # the main one alone is not the list
        fields["categories"] = list(wire.sections(row))
    if pictures is not None:
        fields["pictures"] = list(pictures)
    if not is_parent(row):  # sizes and the unit of a parent live on its offers
        fields |= {name: _size(row.get(name)) for name in _SIZES}
        fields["unit"] = _unit(row, shop)
    return _look(row, fields)


def offer_look(
    row: Mapping[str, Any],
    *,
    shop: Shop,
    settings: Settings,
    prices: Mapping[int, wire.PriceRow],
    amounts: Mapping[int, str],
) -> Look:
    """Show an offer: an element of the infoblock of offers, or a simple product that is its own bare offer.

    A bare offer says nothing of name, article, barcodes, unit and activity: those are the product's.
    """
    ref = str(wire.whole(row.get("id")))
    bare = wire.whole(row.get("iblockId")) != shop.offers
    fields: dict[str, Wire] = {"product": ref if bare else parent_of(row)}
    for key, kind in settings.prices.items():
        if kind in shop.price_types:
            price = prices.get(kind)
            fields[f"prices.{key}"] = str(Money(Decimal(price.price), price.currency)) if price else None
    if not shop.inventory or not settings.stores:
        fields["available"] = wire.number(row.get("quantity")) or "0"
    if settings.uses_door:
        fields |= {f"stock.{key}": amounts.get(store.id, "0") for key, store in shop.stores.items()}
    if bare:
        return _look(row, {**fields, "characteristics": []})
    return _look(
        row,
        {
            **fields,
            "name": wire.text(row.get("name")),
            "unit": _unit(row, shop),
            "active": wire.flag(row.get("active")),
            **_property_fields(row, shop, mapped_properties(settings, shop, "offer")),
            **_characteristics(row, shop, settings),
        },
    )


def is_parent(row: Mapping[str, Any]) -> bool:
    """Tell a parent of offers from a product sold as it is."""
    return wire.whole(row.get("type")) in wire.PARENT_TYPES


def shown_values(row: Mapping[str, Any], meta: PropertyMeta, shop: Shop) -> list[str]:
    """Return the values of a property as people know them: the texts of choices, not their ids."""
    found = []
    for item in wire.values(row.get(meta.field)):
        raw = item.get("value")
        if isinstance(raw, dict):
            raw = raw.get("TEXT", raw.get("text"))
        said = wire.number(raw) if meta.kind == "N" else wire.text(raw)
        if said is None:
            continue
        if meta.kind == "L":
            choice = shop.choice_of(meta, said)
            said = choice.value if choice else wire.text(item.get("valueEnum")) or f"id {said}"
        found.append(said)
    return found


def _property_fields(
    row: Mapping[str, Any], shop: Shop, mapped: Mapping[str, PropertyMeta]
) -> dict[str, Wire]:
    fields: dict[str, Wire] = {}
    for atom, meta in mapped.items():
        shown = shown_values(row, meta, shop)
        if atom == "barcodes":
            fields[atom] = list(shown[:1])
        elif meta.multiple and atom != "sku":
            fields[atom] = list(shown)
        else:
            fields[atom] = shown[0] if shown else None
    return fields


def _characteristics(row: Mapping[str, Any], shop: Shop, settings: Settings) -> dict[str, Wire]:
    """Read the pairs from the property that shows all of them, else from the properties of one each."""
    attributes = shop.property_of(shop.offers, settings.attributes_property)
    pairs: list[Wire] = []
    if attributes is not None:
        for said in shown_values(row, attributes, shop):
            name, found, value = said.partition(SEPARATOR)
            pairs.append([name, value] if found else ["", said])
        return {"characteristics": pairs}
    single = characteristic_properties(settings, shop)
    for name, meta in single.items():
        pairs += [[name, said] for said in shown_values(row, meta, shop)[:1]]
    return {"characteristics": pairs} if single else {}


def _look(row: Mapping[str, Any], fields: dict[str, Wire], *, at: str | None = None) -> Look:
    xml_id = wire.text(row.get("xmlId"))
    keys = {"xml_id": xml_id} if xml_id else {}
    sku = fields.get("sku")
    if isinstance(sku, str):
        keys["sku"] = sku
    ours = _MARK.fullmatch(xml_id or "")
    return Look(
        ref=str(wire.whole(row.get("id"))),
        fields=fields,
        mark=int(ours[1]) if ours else None,
        keys=keys,
        at=at,
        title=wire.text(row.get("name")) or "",
    )


def parent_of(row: Mapping[str, Any]) -> str | None:
    """Return the product an element is a variant of."""
    for item in wire.values(row.get("parentId")):
        if parent := wire.whole(item.get("value")):
            return str(parent)
    return None


def _rate(row: Mapping[str, Any], shop: Shop) -> str | None:
    vat_id = wire.whole(row.get("vatId"))
    if not vat_id:
        return None
    return shop.rate_of(vat_id) or f"id {vat_id}"


def _unit(row: Mapping[str, Any], shop: Shop) -> str | None:
    measure_id = wire.whole(row.get("measure"))
    if not measure_id:
        return None
    return shop.unit_of(measure_id) or f"id {measure_id}"


def _size(raw: Any) -> str | None:
    size = wire.number(raw)
    return None if size == "0" else size


def by_kind(rows: Iterable[wire.PriceRow]) -> dict[int, wire.PriceRow]:
    """Arrange the prices of one product by price type; of several rows the oldest counts."""
    found: dict[int, wire.PriceRow] = {}
    for row in sorted(rows, key=lambda row: row.id):
        found.setdefault(row.kind, row)
    return found
