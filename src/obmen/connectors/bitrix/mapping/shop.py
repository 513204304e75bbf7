"""What the shop's dictionaries say: infoblocks, properties, choices, rates, units, price types, stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from obmen.connectors.bitrix.settings import Settings


class PropertyMeta(msgspec.Struct, frozen=True, kw_only=True):
    """One property of an infoblock."""

    id: int
    code: str
    kind: str
    """S, N, L, F, E or G."""
    multiple: bool = False
    directory: bool = False
    """Its values are external codes of a highload directory."""
    html: bool = False
    """Its values are texts with a type."""

    @property
    def field(self) -> str:
        """Its name in REST."""
        return f"property{self.id}"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One choice of a list property."""

    id: int
    xml_id: str
    value: str


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """One warehouse of the shop."""

    id: int
    xml_id: str


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """The dictionaries at one moment."""

    catalog: int
    offers: int | None = None
    properties: Mapping[int, tuple[PropertyMeta, ...]] = {}
    """By infoblock."""
    choices: Mapping[int, tuple[Choice, ...]] = {}
    """By property; only of the mapped ones."""
    vats: Mapping[str, int] = {}
    """Rate → id; `none` is the rate without a number."""
    measures: Mapping[str, int] = {}
    """OKEI code → id."""
    price_types: Mapping[int, str] = {}
    stores: Mapping[str, Store] = {}
    """By canonical key; only the mapped ones that exist."""
    inventory: bool = False
    """Inventory control is on: REST may not write quantities."""

    def property_of(self, iblock: int | None, named: str) -> PropertyMeta | None:
        """Find a property by its code or id."""
        for found in self.properties.get(iblock or 0, ()):
            if named and named in (found.code, str(found.id)):
                return found
        return None

    def rate_of(self, vat_id: int) -> str | None:
        """Return the rate of a VAT id."""
        return next((rate for rate, found in self.vats.items() if found == vat_id), None)

    def unit_of(self, measure_id: int) -> str | None:
        """Return the OKEI code of a unit's id."""
        return next((code for code, found in self.measures.items() if found == measure_id), None)

    def choice_named(self, prop: PropertyMeta, said: str) -> Choice | None:
        """Find a choice by what it shows, else by its external code."""
        known = self.choices.get(prop.id, ())
        return next((one for one in known if one.value == said), None) or next(
            (one for one in known if one.xml_id == said), None
        )

    def choice_of(self, prop: PropertyMeta, choice_id: str) -> Choice | None:
        """Find a choice by its id."""
        return next((one for one in self.choices.get(prop.id, ()) if str(one.id) == choice_id), None)


def named_properties(settings: Settings, entity: str) -> Iterator[tuple[str, str]]:
    """List the atoms of an entity that live in properties, with the property's code or id."""
    if entity in {"product", "offer"}:
        yield "sku", settings.sku_property
        yield "barcodes", settings.barcode_property
    if entity == "product":
        yield "brand", settings.brand_property
        yield "manufacturer", settings.manufacturer_property
        yield "country", settings.country_property
        for code, named in settings.properties.items():
            yield f"properties.{code}", named


def mapped_properties(settings: Settings, shop: Shop, entity: str) -> dict[str, PropertyMeta]:
    """Return the properties of an entity's atoms as far as the shop has them; files are not among them."""
    iblock = shop.offers if entity == "offer" else shop.catalog
    found = {}
    for atom, named in named_properties(settings, entity):
        meta = shop.property_of(iblock, named)
        if meta is not None and meta.kind != "F":
            found[atom] = meta
    return found


def characteristic_properties(settings: Settings, shop: Shop) -> dict[str, PropertyMeta]:
    """Return the properties of offers that hold one characteristic each, by the characteristic's name."""
    found = {}
    for name, named in settings.characteristics.items():
        meta = shop.property_of(shop.offers, named)
        if meta is not None and meta.kind != "F":
            found[name] = meta
    return found
