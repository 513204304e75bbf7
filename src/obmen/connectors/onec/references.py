"""What files said about price types, warehouses, properties and pictures, remembered between files.

A file of prices names types that another file defined, perhaps last month; the shadow holds ids, and the names they
are read by today stand here. One JSON file per connection, replaced as a whole.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from obmen.formats.commerceml import PriceType, Property, Warehouse


class KnownPrice(msgspec.Struct, frozen=True, array_like=True):
    """A price type as 1C describes it."""

    name: str = ""
    currency: str = ""


class KnownProperty(msgspec.Struct, frozen=True, array_like=True):
    """A property as 1C describes it; `values` translates the ids of a directory."""

    name: str = ""
    kind: str = ""
    multiple: bool = False
    values: dict[str, str] = {}


class References(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known, each by its id in 1C. Never changed in place."""

    version: int = 0
    prices: dict[str, KnownPrice] = {}
    warehouses: dict[str, str] = {}
    properties: dict[str, KnownProperty] = {}


Learnt = PriceType | Warehouse | Property


def learn(known: References, items: list[Learnt]) -> References:
    """Return the references with these items; the very same object when they say nothing new."""
    prices, warehouses = dict(known.prices), dict(known.warehouses)
    properties = dict(known.properties)
    for item in items:
        if not item.id:
            continue
        if isinstance(item, PriceType):
            old_price = prices.get(item.id, KnownPrice())
            prices[item.id] = KnownPrice(
                said(item.name, old_price.name), said(item.currency, old_price.currency)
            )
        elif isinstance(item, Warehouse):
            warehouses[item.id] = said(item.name, warehouses.get(item.id, ""))
        else:
            properties[item.id] = _property(item, properties.get(item.id, KnownProperty()))
    new = References(version=known.version, prices=prices, warehouses=warehouses, properties=properties)
    return known if new == known else msgspec.structs.replace(new, version=known.version + 1)


def _property(item: Property, old: KnownProperty) -> KnownProperty:
    # A later file may name the property without its values: they are added to, never lost.
    values = {**old.values, **item.values} if item.values else old.values
    multiple = old.multiple if isinstance(item.multiple, UnsetType) else item.multiple
    return KnownProperty(said(item.name, old.name), said(item.kind, old.kind), multiple, values)


def said(text: str | UnsetType, otherwise: str = "") -> str:
    """Return a text that was given, or the other one."""
    return otherwise if text is UNSET or not text else text


class ReferenceStore:
    """Keeps the references of one connection on disk. Learning happens in worker threads, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._current = (
            msgspec.json.decode(path.read_bytes(), type=References) if path.exists() else References()
        )

    @property
    def current(self) -> References:
        """Return what is known now."""
        return self._current

    def learn(self, items: list[Learnt]) -> References:
        """Add what a file said; it is on disk before this returns."""
        with self._lock:
            new = learn(self._current, items)
            if new is not self._current:
                replace_file(self._path, msgspec.json.encode(new))
                self._current = new
            return new


class PictureIndex:
    """Which picture a path of 1C stands for: by the SHA-256 of its bytes. Lines are added, the last one counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = {}
        self._ends_whole = True
        if path.exists():
            text = path.read_bytes()
            self._ends_whole = not text or text.endswith(b"\n")
            for line in text.splitlines():
                try:
                    name, digest = msgspec.json.decode(line, type=tuple[str, str])
                except msgspec.DecodeError:
                    continue  # a line cut by a crash: its picture comes again with the next export
                self._known[name] = digest

    def find(self, path: str) -> str | None:
        """Return the digest of the picture last uploaded under this path."""
        return self._known.get(picture_key(path))

    def add(self, pictures: Mapping[str, str]) -> None:
        """Remember pictures by path; those known already cost nothing."""
        new = {
            picture_key(path): digest
            for path, digest in pictures.items()
            if self._known.get(picture_key(path)) != digest
        }
        if not new:
            return
        lines = b"".join(msgspec.json.encode(row) + b"\n" for row in new.items())
        with self._path.open("ab") as file:
            file.write(lines if self._ends_whole else b"\n" + lines)
            file.flush()
            os.fsync(file.fileno())
        self._ends_whole = True
        self._known.update(new)


def picture_key(path: str) -> str:
    """Return the part of a path that upload and file agree on: schema 3.1 uploads below `goods/`, and writes without."""
    folder, mark, rest = path.rpartition("import_files/")
    return mark + rest if mark else folder + rest


def replace_file(path: Path, body: bytes) -> None:
    """Write a file so that a crash leaves either the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
