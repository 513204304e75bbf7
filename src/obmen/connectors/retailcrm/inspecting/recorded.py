"""Recorded answers: one in a file, several as a list, or one in each line; whatever cannot be read is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.shapes import UNKNOWN_FIELD, WORDS, Odd, Rows, Shape, odd

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_PLACE = re.compile(r"\[\d+\]")

_FAULTS = {
    "unreadable": ("this is not JSON", "это не JSON"),
    "no_rows": ("an answer without the rows looked for", "ответ без искомых строк"),
    "refused": ("an answer that refuses the call", "ответ с отказом"),
    "no_id": ("an entry without an id", "запись без ID"),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of oddity at one path, and how often it was met."""

    code: str
    path: str
    """Places in lists left out: `orders[].delivery`."""
    count: int
    en: str
    ru: str
    example: str
    """Where it was met first; the value itself is never shown."""


class Met(NamedTuple):
    """One entry and where it stands."""

    entry: dict[str, Any]
    where: str


class Reading:
    """Reads files, and collects what is odd about them."""

    def __init__(self) -> None:
        self.answers = 0
        self.unknown: Counter[str] = Counter()
        self._met: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}

    def entries(
        self, paths: Sequence[Path], rows: Sequence[str], single: Sequence[str], shape: Shape
    ) -> Iterator[Met]:
        """Yield the entries of all answers: rows under one of the first names, or one under one of the others."""
        for path in paths:
            for where, answer in self._answers(path):
                self.answers += 1
                yield from self._of(answer, where, rows, single, shape)

    def add(self, code: str, path: str, example: str) -> None:
        """Note an oddity."""
        key = code, _PLACE.sub("[]", path)
        self._met[key] += 1
        self._examples.setdefault(key, example)

    def findings(self) -> tuple[Finding, ...]:
        """Return what was odd, the most frequent first."""
        found = []
        for (code, path), count in self._met.most_common():
            en, ru = _FAULTS.get(code) or WORDS[code]
            example = self._examples[code, path]
            found.append(Finding(code=code, path=path, count=count, en=en, ru=ru, example=example))
        return tuple(found)

    def _answers(self, path: Path) -> Iterator[tuple[str, Any]]:
        raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        try:
            whole = _DECODER.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            yield from self._lines(path, raw)
            return
        if (
            isinstance(whole, list)
            and whole
            and all(isinstance(each, dict) and "success" in each for each in whole)
        ):
            for place, answer in enumerate(whole):
                yield f"{path.name}[{place}]", answer
        else:
            yield path.name, whole

    def _lines(self, path: Path, raw: bytes) -> Iterator[tuple[str, Any]]:
        lines = [line for line in raw.splitlines() if line.strip()]
        read = []
        for place, line in enumerate(lines, 1):
            where = f"{path.name}:{place}"
            try:
                read.append((where, _DECODER.decode(line)))
            except (msgspec.DecodeError, RecursionError):
                self.add("unreadable", where if read else path.name, where)
                if not read:  # not one answer a line: one complaint is enough
                    return
        yield from read
        if not lines:
            self.add("unreadable", path.name, path.name)

    def _of(
        self, answer: Any, where: str, rows: Sequence[str], single: Sequence[str], shape: Shape
    ) -> Iterator[Met]:
        if isinstance(answer, list):
            answer = {rows[0]: answer}
        if not isinstance(answer, dict):
            self.add("no_rows", where, where)
            return
        if answer.get("success") is False and not any(name in answer for name in rows):
            self.add("refused", where, f"{where}: {wire.text(answer.get('errorMsg')) or ''}")
            return
        for name in rows:
            if name in answer:
                self._judge(odd(answer[name], Rows(shape), name), where)
                for row in wire.rows(answer[name]):
                    yield Met(row, f"{where}: {name}")
                return
        for name in single:
            if name in answer:
                self._judge(odd(answer[name], shape, name), where)
                if row := wire.table(answer[name]):
                    yield Met(row, f"{where}: {name}")
                return
        self.add("no_rows", where, where)

    def _judge(self, found: Iterator[Odd], where: str) -> None:
        for one in found:
            if one.code == UNKNOWN_FIELD:
                self.unknown[_PLACE.sub("[]", one.path)] += 1
            else:
                self.add(one.code, one.path, f"{where}: {one.path} = {one.shown}")
