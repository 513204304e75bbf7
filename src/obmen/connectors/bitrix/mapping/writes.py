"""Wire fields as the shop's methods take them: only what is given, every property as objects."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.mapping.rows import SEPARATOR
from obmen.connectors.bitrix.mapping.shop import (
    PropertyMeta,
    Shop,
    characteristic_properties,
    mapped_properties,
)
from obmen.connectors.bitrix.settings import Settings
from obmen.errors import Rejected
from obmen.sync.shadow import Wire

ELSEWHERE = frozenset({"slug", "pictures"})
"""Atoms written by calls of their own, or only at creation; prices and stock likewise."""

_PLAIN: dict[str, Callable[[Wire], dict[str, Any]]] = {
    "name": lambda value: {"name": value or ""},
    "active": lambda value: {"active": "N" if value is False else "Y"},
    "sort": lambda value: {"sort": value if value is not None else 500},
    "parent": lambda value: {"iblockSectionId": value or ""},
    "product": lambda value: {"parentId": value or ""},
    "summary": lambda value: {"previewText": value or "", "previewTextType": "html"},
    "categories": lambda value: {"iblockSection": value or [""]},
    "weight": lambda value: {"weight": value or 0},
    "length": lambda value: {"length": value or 0},
    "width": lambda value: {"width": value or 0},
    "height": lambda value: {"height": value or 0},
    "available": lambda value: {"quantity": value or 0},
}
SIZES = frozenset({"weight", "length", "width", "height", "unit"})


class NewChoice(NamedTuple):
    """A choice a list property lacks."""

    prop: PropertyMeta
    value: str

    @property
    def xml_id(self) -> str:
        """Its external code, the same each time: a second attempt meets the first."""
        return hashlib.sha256(self.value.encode()).hexdigest()[:32]


def rest_fields(fields: Mapping[str, Wire], *, entity: str, shop: Shop, settings: Settings) -> dict[str, Any]:
    """Return the `fields` of an add or update. What the shop's dictionaries lack is `Rejected`, naming the field."""
    mapped = mapped_properties(settings, shop, entity)
    out: dict[str, Any] = {}
    for atom, value in fields.items():
        if atom in mapped:
            out[mapped[atom].field] = _property(atom, mapped[atom], value, shop)
        elif atom == "description":
            name = "description" if entity == "category" else "detailText"
            out |= {name: value or "", f"{name}Type": "html"}
        elif atom == "vat":
            out["vatId"] = _id_of(atom, value, shop.vats, "VAT rate", "ставки НДС")
        elif atom == "unit":
            out["measure"] = _id_of(atom, value, shop.measures, "unit", "единицы измерения")
        elif atom == "characteristics":
            out |= _characteristics(value, shop, settings)
        elif atom in _PLAIN:
            out |= _PLAIN[atom](value)
    return out


def missing_choices(
    fields: Mapping[str, Wire], *, entity: str, shop: Shop, settings: Settings
) -> Iterator[NewChoice]:
    """List the choices that must be added before these fields can be written."""
    mapped = mapped_properties(settings, shop, entity)
    for atom, value in fields.items():
        if atom in mapped:
            yield from _lacking(mapped[atom], _items(value), shop)
    if "characteristics" in fields:
        single = characteristic_properties(settings, shop)
        for name, said in _pairs(fields["characteristics"]):
            if name in single:
                yield from _lacking(single[name], [said], shop)


def _lacking(meta: PropertyMeta, items: list[str], shop: Shop) -> Iterator[NewChoice]:
    if meta.kind == "L":
        for said in items:
            if shop.choice_named(meta, said) is None:
                yield NewChoice(meta, said)


def _property(atom: str, meta: PropertyMeta, value: Wire, shop: Shop) -> Any:
    items: list[Any] = []
    for said in _items(value):
        if meta.kind == "L":
            choice = shop.choice_named(meta, said)
            if choice is None:
                raise _unknown(atom, said, f"choice of {meta.code or meta.id}", "варианта списка")
            items.append(choice.id)
        elif meta.html:
            items.append({"TYPE": "HTML", "TEXT": said})
        else:
            items.append(said)
    return wire.property_value(items, multiple=meta.multiple)


def _characteristics(value: Wire, shop: Shop, settings: Settings) -> dict[str, Any]:
    pairs = _pairs(value)
    out: dict[str, Any] = {}
    attributes = shop.property_of(shop.offers, settings.attributes_property)
    if attributes is not None:
        lines = [f"{name}{SEPARATOR}{said}" if name else said for name, said in pairs]
        out[attributes.field] = wire.property_value(
            lines if attributes.multiple else ["; ".join(lines)] if lines else [],
            multiple=attributes.multiple,
        )
    said_of = dict(pairs)
    for name, meta in characteristic_properties(settings, shop).items():
        out[meta.field] = _property("characteristics", meta, said_of.get(name), shop)
    return out


def _pairs(value: Wire) -> list[tuple[str, str]]:
    found = value if isinstance(value, list) else []
    return [(str(pair[0]), str(pair[1])) for pair in found if isinstance(pair, list) and len(pair) == 2]


def _items(value: Wire) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def _id_of(atom: str, value: Wire, known: Mapping[str, int], en: str, ru: str) -> int | str:
    if value is None:
        return ""
    found = known.get(str(value))
    if found is None:
        raise _unknown(atom, str(value), en, ru)
    return found


def _unknown(atom: str, said: str, en: str, ru: str) -> Rejected:
    return Rejected(
        "bitrix.unknown_value",
        f"{atom}: the shop has no {en} «{said}»; add it there.",
        f"{atom}: в магазине нет {ru} «{said}»; заведите там.",
    )
