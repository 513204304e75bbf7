"""Mapping tables as a sheet that opens in a Russian Excel and comes back as it was.

Semicolons, a byte order mark, CRLF. What Excel would take for a number, a date or a formula is given an apostrophe,
which it leaves alone; reading takes it off again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from obmen.errors import BadInput

HEADINGS = {
    "connection": ("connection", "подключение"),
    "kind": ("table", "таблица"),
    "code": ("code", "код"),
    "name": ("name", "название"),
    "value": ("value", "значение"),
    "direction": ("direction", "направление"),
    "source": ("from", "откуда"),
}
NEEDED = ("connection", "kind", "code", "value")
_MARK = "'"
_SEPARATORS = (";", "\t", ",")
_NUMBER = re.compile(r"0|[1-9]\d{0,9}")
# Excel reads `янв 5` and `MAR1` as days, `1e5` as a number, `ИСТИНА` as a truth.
_PLAIN = re.compile(
    r"(?!(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)\w*\W*\d)"
    r"(?!(?:true|false|истина|ложь)$)[^\W\d_][^\r\n\t]*(?<!\s)",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """One row of a sheet, with the number people see beside it."""

    number: int
    connection: str
    kind: str
    code: str
    value: str
    direction: str


def guarded(text: str) -> str:
    """Return a text Excel gives back as it is."""
    if not text or _NUMBER.fullmatch(text) or _PLAIN.fullmatch(text):
        return text
    return f"{_MARK}{text}"


def bare(text: str) -> str:
    """Return what stood there before it was guarded."""
    return text.removeprefix(_MARK)


def write(rows: Iterable[Mapping[str, str]], *, russian: bool) -> bytes:
    """Return a sheet of rows by the names of `HEADINGS`."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, delimiter=";", lineterminator="\r\n")
    writer.writerow([names[russian] for names in HEADINGS.values()])
    for row in rows:
        writer.writerow([guarded(row.get(name, "")) for name in HEADINGS])
    return sheet.getvalue().encode("utf-8-sig")


def read(body: bytes) -> list[Line]:
    """Read a sheet, in UTF-8 or as Excel saves it in Russia; raises `BadInput` where it is none."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("windows-1251", errors="replace")
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    rows = _rows(text, separator)
    heading = next(rows, (1, []))[1]
    known = {word: name for name, words in HEADINGS.items() for word in words}
    at = {
        known[word.strip().casefold()]: place
        for place, word in enumerate(heading)
        if word.strip().casefold() in known
    }
    absent = [name for name in NEEDED if name not in at]
    if absent:
        en, ru = (", ".join(HEADINGS[name][side] for name in absent) for side in (0, 1))
        raise BadInput(
            "mapping.no_headings",
            f"The first line must be headings; there is no {en}. A sheet to start from: obmen mapping export.",
            f"В первой строке нужны заголовки; нет: {ru}. Образец даст obmen mapping export.",
        )
    return [
        Line(number, *(_cell(row, at.get(name)) for name in Line._fields[1:]))
        for number, row in rows
        if any(cell.strip() for cell in row)
    ]


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    before = 0
    try:
        for row in reader:
            yield before + 1, row
            before = reader.line_num
    except csv.Error as error:
        raise BadInput(
            "mapping.no_sheet",
            f"Line {reader.line_num}: this is no CSV sheet.",
            f"Строка {reader.line_num}: это не таблица CSV.",
            detail=str(error),
        ) from None


def _cell(row: list[str], place: int | None) -> str:
    return bare(row[place]) if place is not None and place < len(row) else ""
