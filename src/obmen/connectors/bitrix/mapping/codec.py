"""The translation of values.

The wire form names things as people do (rates, unit codes, texts of choices), not by the shop's ids: a shadow stays
true when the shop's dictionaries are renumbered, and needs no dictionary to be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeGuard

from obmen.connectors.bitrix.mapping.shop import PropertyMeta, Shop, mapped_properties, named_properties
from obmen.connectors.bitrix.settings import Settings
from obmen.model import BadValue, Money, Value, decimal, plain, vat_rate
from obmen.sync.shadow import Blocked, Decoded, Encoded, Wire

_KINDS: dict[str, dict[str, str]] = {
    "category": {
        "name": "text",
        "parent": "text",
        "slug": "text",
        "sort": "order",
        "description": "text",
        "active": "flag",
    },
    "product": {
        "name": "text",
        "slug": "text",
        "categories": "texts",
        "description": "text",
        "summary": "text",
        "pictures": "pictures",
        "unit": "unit",
        "vat": "vat",
        "weight": "size",
        "length": "size",
        "width": "size",
        "height": "size",
        "active": "flag",
    },
    "offer": {
        "product": "text",
        "name": "text",
        "characteristics": "pairs",
        "unit": "unit",
        "available": "quantity",
        "active": "flag",
    },
}
_SHA = re.compile(r"[0-9a-f]{64}")
PRICE_PLACES = 4
"""Decimals the shop stores of a price."""


class ShopCodec:
    """One entity's translation with today's settings and, once asked, the shop's dictionaries."""

    form = 1

    def __init__(
        self,
        *,
        connection: str,
        entity: str,
        settings: Settings,
        shop: Callable[[], Shop | None],
        has_picture: Callable[[str], bool],
    ) -> None:
        self._connection = connection
        self._entity = entity
        self._settings = settings
        self._shop = shop
        self._has_picture = has_picture
        self._mapped: tuple[Shop, dict[str, PropertyMeta]] | None = None
        self._named = {atom: named for atom, named in named_properties(settings, entity) if named}

    def carries(self, atom: str) -> bool:
        """Tell whether the shop can hold the atom; before the first call, whether the settings say so."""
        shop = self._shop()
        family, _, key = atom.partition(".")
        if atom in self._named:
            return shop is None or atom in self._properties(shop)
        if self._entity != "offer" or family not in {"available", "prices", "stock"}:
            return self._kind(atom) != ""
        if family == "prices":
            return key in self._settings.prices and (
                shop is None or self._settings.prices[key] in shop.price_types
            )
        if family == "stock":
            known = key in (self._settings.stores if shop is None else shop.stores)
            return known and self._settings.uses_door
        # With inventory control only the door writes; where stores are mapped, their sum is the quantity.
        controlled = shop is not None and shop.inventory
        return not controlled or (self._settings.uses_door and not self._settings.stores)

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate what the shop shows; what cannot be read is blocked, never an error."""
        kind = self._kind(atom)
        if wire is None:
            return [] if kind in {"texts", "pairs", "pictures", "barcodes"} else None
        match kind:
            case "flag":
                return wire if isinstance(wire, bool) else self._unread(atom, wire)
            case "order":
                return wire if _is_int(wire) else self._unread(atom, wire)
            case "texts" | "pictures" | "barcodes":
                return _texts(wire) if isinstance(wire, list) else self._unread(atom, wire)
            case "pairs":
                pairs = _pairs(wire)
                return self._unread(atom, wire) if pairs is None else _as_value(pairs)
            case "property":
                return _texts(wire) if isinstance(wire, list) else self._text(atom, wire)
        if not isinstance(wire, str):
            return self._unread(atom, wire)
        try:
            match kind:
                case "vat":
                    return vat_rate(wire)
                case "size" | "quantity":
                    return plain(decimal(wire))
                case "money":
                    return str(Money.parse(wire))
                case "unit":
                    return wire if wire.isdecimal() else self._unread(atom, wire)
        except BadValue:
            return self._unread(atom, wire)
        return wire or None

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value; what the shop's dictionaries lack is blocked by name."""
        kind = self._kind(atom)
        match kind:
            case "barcodes":  # the shop's property holds one
                return _wires(_listed(value))[:1]
            case "texts":
                return _wires(sorted(_listed(value), key=str))
            case "pictures":
                return self._pictures(value)
            case "pairs":
                pairs = _pairs(value)
                return self._unread(atom, value) if pairs is None else _as_wire(pairs)
        if value is None or value == "":
            return None
        match kind:
            case "flag":
                return bool(value)
            case "order":
                return value if _is_int(value) else self._unread(atom, value)
            case "property":
                return self._property(atom, value)
        if isinstance(value, list | dict):
            return self._unread(atom, value)
        try:
            return self._encode_text(kind, str(value))
        except BadValue:
            return self._unread(atom, value)

    def _encode_text(self, kind: str, value: str) -> Encoded:
        shop = self._shop()
        match kind:
            case "vat":
                rate = vat_rate(value)
                if shop is not None and rate not in shop.vats:
                    return Blocked(f"map:{self._connection}:vat:{rate}", f"НДС {rate}")
                return rate
            case "unit":
                code = value.zfill(3)
                if shop is not None and code not in shop.measures:
                    return Blocked(f"map:{self._connection}:unit:{code}", code)
                return code
            case "size":  # nought is how the shop says "unknown"
                return None if decimal(value) == 0 else plain(decimal(value))
            case "quantity":
                return plain(decimal(value))
            case "money":
                money = Money.parse(value)
                return str(Money(round(money.amount, PRICE_PLACES), money.currency))
        return value

    def _property(self, atom: str, value: Value) -> Encoded:
        if isinstance(value, dict):
            return self._unread(atom, value)
        items = [_said(item) for item in (value if isinstance(value, list) else [value])]
        shop = self._shop()
        meta = self._properties(shop).get(atom) if shop else None
        if shop is None or meta is None:
            return list(items) if isinstance(value, list) else items[0]
        if not meta.multiple and len(items) > 1:
            items = [", ".join(items)]
        found: list[Wire] = []
        for item in items:
            said = item
            if meta.kind == "L":
                choice = shop.choice_named(meta, item)
                if choice is None and not self._settings.create_choices:
                    return Blocked(f"map:{self._connection}:{atom}:{item}", item)
                said = choice.value if choice else item
            elif meta.kind == "N":
                try:
                    said = plain(decimal(item))
                except BadValue:
                    return self._unread(atom, item)
            found.append(said)
        if meta.multiple:
            return found
        return found[0] if found else None

    def _pictures(self, value: Value) -> Encoded:
        wanted = [str(item) for item in _listed(value)]
        for digest in wanted:
            if not _SHA.fullmatch(digest) or not self._has_picture(digest):
                return Blocked(f"blob:{digest}", digest[:12])
        return list(dict.fromkeys(wanted))

    def _properties(self, shop: Shop) -> dict[str, PropertyMeta]:
        """Return the properties of the atoms; they are asked for with every value, so worked out once per shop."""
        if self._mapped is None or self._mapped[0] is not shop:
            self._mapped = (shop, mapped_properties(self._settings, shop, self._entity))
        return self._mapped[1]

    def _kind(self, atom: str) -> str:
        if atom in self._named:
            return {"sku": "text", "barcodes": "barcodes"}.get(atom, "property")
        if self._entity == "offer":
            if atom.startswith("prices."):
                return "money"
            if atom.startswith("stock."):
                return "quantity"
        return _KINDS[self._entity].get(atom, "")

    def _text(self, atom: str, wire: Wire) -> Decoded:
        return (wire or None) if isinstance(wire, str) else self._unread(atom, wire)

    def _unread(self, atom: str, shown: object) -> Blocked:
        return Blocked(f"map:{self._connection}:{atom}:{str(shown)[:80]}", str(shown)[:80])


def _listed(value: Value) -> list[Value]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _texts(wire: list[Wire]) -> list[Value]:
    return [str(item) for item in wire]


def _wires(values: list[Value]) -> list[Wire]:
    return [str(item) for item in values]


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "Y" if value else "N"
    return str(value)


def _is_int(raw: object) -> TypeGuard[int]:
    return isinstance(raw, int) and not isinstance(raw, bool)


def _pairs(raw: object) -> list[tuple[str, str]] | None:
    """Read pairs of name and value: a mapping, a list of pairs, or a list of objects with both."""
    if raw is None or raw == "":
        return []
    if isinstance(raw, dict):
        return [(str(name), str(value)) for name, value in raw.items()]
    if not isinstance(raw, list):
        return None
    found = []
    for item in raw:
        if isinstance(item, list) and len(item) == 2:
            found.append((str(item[0]), str(item[1])))
        elif isinstance(item, dict) and {"name", "value"} <= item.keys():
            found.append((str(item["name"]), str(item["value"])))
        else:
            return None
    return found


def _as_value(pairs: list[tuple[str, str]]) -> Value:
    return [[name, value] for name, value in pairs]


def _as_wire(pairs: list[tuple[str, str]]) -> Wire:
    return [[name, value] for name, value in pairs]
