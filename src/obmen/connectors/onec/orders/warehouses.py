"""Warehouses of 1C by our keys and back, for orders that name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from obmen.connectors.onec.tables import Naming
from obmen.sync.mapping import LEFT_OUT
from obmen.sync.shadow import Blocked

_FAMILY = "stock."


class Place(NamedTuple):
    """A warehouse as a document names it."""

    id: str
    name: str


class Warehouses:
    """The warehouses of one 1C that exports or settings have named."""

    def __init__(
        self, connection: str, *, known: Mapping[str, str], keys: Naming, chosen: Mapping[str, str]
    ) -> None:
        """`known`: id → name, from exports; `keys`: id → atom; `chosen`: name or id → key, from the settings."""
        self._connection = connection
        # Where a warehouse is left out, its stock is; an order that names it goes by its id.
        self._keys = {key: keys[key].removeprefix(_FAMILY) or key for key in known if key}
        chosen = {name: key for name, key in chosen.items() if key != LEFT_OUT}
        self._named = {_folded(name): key for name, key in chosen.items()}
        self._named |= {_folded(name): self._keys[key] for key, name in known.items() if key and name}
        self._places = {key: Place("", name) for name, key in chosen.items()}
        self._places |= {self._keys[key]: Place(key, name) for key, name in known.items() if key}

    def key(self, ref: str, name: str) -> str | Blocked:
        """Return our key of a warehouse a document names; one nobody has named is `Blocked`."""
        found = self._keys.get(ref) or self._named.get(_folded(ref)) or self._named.get(_folded(name))
        shown = name or ref
        return found or Blocked(f"map:{self._connection}:warehouse:{shown}", shown)

    def place(self, key: str) -> Place | Blocked:
        """Return the warehouse that goes by a key of ours; a key 1C has none for is `Blocked`."""
        return self._places.get(key) or Blocked(f"map:{self._connection}:warehouse:{key}", key)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
