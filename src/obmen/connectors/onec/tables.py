"""Which atom a price type, a warehouse or a property of 1C is, by today's settings and today's references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property

import msgspec

from obmen.connectors.onec.references import References
from obmen.connectors.onec.settings import Settings
from obmen.sync.mapping import LEFT_OUT
from obmen.sync.traces import spelling

_MOST = 20_000
WIRE_FORM = b"1 "
"""Counts up when the same bytes come to mean other fields of a look (`wire.py`)."""
# What 1C calls the price everybody pays.
RETAIL_NAMES = ("base", "розничная", "розничная цена", "розничные", "розничные цены", "цена розничная")


class Tables:
    """The names of atoms for ids of 1C; looking one up is a plain dictionary access."""

    def __init__(self, settings: Settings, references: References) -> None:
        self.settings = settings
        self.references = references
        defaults = dict.fromkeys(RETAIL_NAMES, "base")
        names = {key: known.name for key, known in references.prices.items()}
        self.prices = Naming("prices", settings.price_types, names, defaults)
        self.stock = Naming("stock", settings.warehouses, references.warehouses, {})
        self.stock[""] = f"stock.{settings.only_warehouse}"
        self.properties = Naming(
            "properties",
            settings.properties,
            {key: known.name for key, known in references.properties.items()},
            {},
        )
        self.currency = {
            self.prices[key]: known.currency for key, known in references.prices.items() if known.currency
        }
        """Currency of a price atom where the price itself names none."""
        self.property = {self.properties[key]: known for key, known in references.properties.items()}
        """What is known of a property, by its atom."""

    @cached_property
    def context(self) -> bytes:
        """All that the wire form of an offer depends on besides its own bytes."""
        chosen = self.settings
        named = (chosen.price_types, chosen.warehouses, chosen.properties, chosen.only_warehouse)
        known = msgspec.structs.replace(self.references, version=0)
        return WIRE_FORM + msgspec.json.encode((named, known, spelling("offer")), order="sorted")


class Naming(dict[str, str]):
    """Atom by id: by the settings (id, then name), by a default name, else by the id itself; empty for one left out.

    A name several ids share decides nothing: prices must never land in another type's place.
    """

    def __init__(
        self, family: str, chosen: Mapping[str, str], names: Mapping[str, str], defaults: Mapping[str, str]
    ) -> None:
        super().__init__()
        self._family = family
        self._chosen = {_folded(key): value for key, value in chosen.items()}
        self._defaults = defaults
        counts = Counter(_folded(name) for name in names.values() if name)
        self.shared = sorted({name for name in names.values() if counts[_folded(name)] > 1})
        """Names that cannot tell ids apart."""
        self._names = {key: _folded(name) for key, name in names.items() if counts[_folded(name)] == 1}
        wanted = Counter(key for key in map(self._key, names) if key != LEFT_OUT)
        # Two types that are both called retail in some way: neither is.
        self.clashing = {key for key, count in wanted.items() if count > 1}
        """Our keys that several ids want; each of those goes by its id."""
        for key in names:
            self[key] = self._atom(key)

    def __missing__(self, key: str) -> str:
        """Name an id no file has described yet; when one does, these tables are made anew."""
        atom = self._atom(key)
        if len(self) < _MOST:
            self[key] = atom
        return atom

    def _atom(self, key: str) -> str:
        wanted = self._key(key)
        if wanted == LEFT_OUT:
            return ""
        return f"{self._family}.{key if wanted in self.clashing else wanted}"

    def _key(self, key: str) -> str:
        by_id = _folded(key)
        if by_id in self._chosen:
            return self._chosen[by_id]
        name = self._names.get(key, "")
        if name in self._chosen:
            return self._chosen[name]
        return self._defaults.get(name) or self._defaults.get(by_id) or key


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
