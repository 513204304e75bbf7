"""A first look at a file before it is accepted: it is whole, and what it defines is known before anything refers to it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from obmen.connectors.onec.references import Learnt, ReferenceStore
from obmen.formats.commerceml import (
    Catalog,
    Group,
    MalformedFile,
    Offer,
    Package,
    PriceType,
    Product,
    Property,
    Warehouse,
    open_document,
)

_MOST = 2000


class Contents(NamedTuple):
    """What a file holds."""

    total: int
    """Groups, products and offers."""
    scopes: tuple[str, ...]
    """Catalogues it speaks of."""


class _Seen(NamedTuple):
    changed_ns: int
    size: int
    found: Contents | MalformedFile


class Examiner:
    """Examines files, each once as long as it does not change."""

    def __init__(self, references: ReferenceStore) -> None:
        self._references = references
        self._seen: dict[Path, _Seen] = {}

    def examine(self, path: Path) -> Contents:
        """Read a file to its end; raises `MalformedFile`."""
        stat = path.stat()
        seen = self._seen.get(path)
        if seen is None or (seen.changed_ns, seen.size) != (stat.st_mtime_ns, stat.st_size):
            if len(self._seen) >= _MOST:
                self._seen.clear()
            seen = self._seen[path] = _Seen(stat.st_mtime_ns, stat.st_size, self._read(path))
        if isinstance(seen.found, MalformedFile):
            raise seen.found
        return seen.found

    def _read(self, path: Path) -> Contents | MalformedFile:
        learnt: list[Learnt] = []
        scopes: set[str] = set()
        total = 0
        try:
            with open_document(path) as document:
                for item in document:
                    if isinstance(item, (Offer, Product, Group)):
                        total += 1
                    elif isinstance(item, (PriceType, Warehouse, Property)):
                        learnt.append(item)
                    elif isinstance(item, Catalog):
                        scopes.add(item.id or "")
                    elif isinstance(item, Package):
                        scopes.add(item.catalog_id or item.id or "")
        except MalformedFile as exc:
            return exc
        if learnt:
            self._references.learn(learnt)
        return Contents(total, tuple(sorted(scopes - {""})))
