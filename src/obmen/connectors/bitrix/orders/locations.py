"""Where a location code is: the shop keeps `0000073738` in an order, and no REST method of its tells the name.

The names come from the settings or from a CSV file: two columns, code and city, or the file the shop's own export of
locations writes (CODE, PARENT_CODE, TYPE_CODE, NAME.RU.NAME), where the region is found by the parents.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from obmen.errors import ConfigError

_CODE = ("code", "код")
_NAME = ("name.ru.name", "name", "city", "название", "город")
_REGION = ("region", "регион", "область")
_PARENT, _TYPE = ("parent_code",), ("type_code",)
_DEEPEST = 20
"""Parents looked through: a file may name a circle."""


class Place(NamedTuple):
    """A town; `region` is empty where nobody says it."""

    city: str
    region: str = ""


class Locations:
    """Places by code, and codes by place."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places
        self._codes: dict[str, list[str]] = {}
        for code, place in places.items():
            self._codes.setdefault(_folded(place.city), []).append(code)

    def __len__(self) -> int:
        return len(self._places)

    def find(self, code: str) -> Place | None:
        """Return the place of a code, or None: then the code is all there is."""
        return self._places.get(code)

    def code_of(self, city: str, region: str = "") -> str | None:
        """Return the code of a town; None where there is none, or several and the region does not tell them apart."""
        codes = self._codes.get(_folded(city), [])
        if len(codes) > 1:
            codes = [code for code in codes if _folded(self._places[code].region) == _folded(region)]
        return codes[0] if len(codes) == 1 else None


def load_locations(named: Mapping[str, str], file: str) -> Locations:
    """Return the places of the settings and of a file; what the settings say counts.

    Raises `ConfigError` for a file that cannot be read.
    """
    places = {code: Place(city) for code, city in named.items()}
    return Locations({**_read(file), **places} if file else places)


def _read(file: str) -> dict[str, Place]:
    try:
        rows = list(_rows(_decoded(Path(file).read_bytes())))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise ConfigError(
            "bitrix.settings.locations_file",
            f"orders.locations_file: {file} cannot be read as CSV ({exc}); save it as UTF-8 with two columns, code and city.",
            f"orders.locations_file: {file} не читается как CSV ({exc}); сохраните его в UTF-8 с колонками «код» и «город».",
        ) from None
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    code, name = _column(header, _CODE), _column(header, _NAME)
    if code is None or name is None:
        return {row[0].strip(): Place(row[1].strip(), *_third(row)) for row in rows if len(row) > 1}
    parent, kind, region = _column(header, _PARENT), _column(header, _TYPE), _column(header, _REGION)
    cells = {_cell(row, code): row for row in rows[1:] if _cell(row, code) and _cell(row, name)}

    def region_of(key: str) -> str:
        if region is not None:
            return _cell(cells[key], region)
        at = key
        for _ in range(_DEEPEST):
            row = cells.get(at)
            if row is None:
                return ""
            if _cell(row, kind).upper() == "REGION":
                return _cell(row, name) if at != key else ""
            at = _cell(row, parent)
        return ""

    return {key: Place(_cell(row, name), region_of(key)) for key, row in cells.items()}


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1251")


def _rows(text: str) -> Iterator[list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    yield from (row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row)


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _cell(row: list[str], column: int | None) -> str:
    return row[column].strip() if column is not None and column < len(row) else ""


def _third(row: list[str]) -> tuple[str, ...]:
    return (row[2].strip(),) if len(row) > 2 else ()


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold().replace("ё", "е")
