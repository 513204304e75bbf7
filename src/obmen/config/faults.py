"""Faults of a configuration: all of them at once, each with its place, what stands there and the way out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

import msgspec

from obmen.errors import ConfigError, redact
from obmen.language import Language, plural

Where: TypeAlias = tuple[str | int, ...]
"""A place in the file: `("sync", "product", "readers", 1)`."""

_HEADER_DEPTH = {"connections": 2, "sync": 2}
_SHOWN_CHARS = 60


class Complaint(ValueError):
    """What is wrong with one value, in both languages; whoever knows its place adds it."""

    def __init__(self, en: str, ru: str) -> None:
        super().__init__(en)
        self.en = en
        self.ru = ru


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to mend in the file."""

    where: Where
    got: str = ""
    """What stands there, as TOML; empty where nothing does or it must not be shown."""
    en: str
    ru: str

    def text(self, language: Language) -> str:
        """Return the line for the operator."""
        said = self.ru if language == "ru" else self.en
        stands = f" = {self.got}: " if self.got else " — "
        return redact(f"{place(self.where)}{stands}{said}" if self.where else said)


class FaultyConfig(ConfigError):
    """The file cannot be used; `faults` holds everything that is wrong with it."""

    def __init__(self, path: Path, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        ru = f"{path.name}: {count} {plural(count, 'ошибка', 'ошибки', 'ошибок')}, исправьте файл"
        en = f"{path.name}: {count} {'fault' if count == 1 else 'faults'}, mend the file"
        super().__init__(
            "config.faults",
            "\n".join([en, *(f"  {fault.text('en')}" for fault in self.faults)]),
            "\n".join([ru, *(f"  {fault.text('ru')}" for fault in self.faults)]),
            detail=str(path),
        )


class Faults:
    """Collects faults while a document is read; what stands at a place is taken from the document as written."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document
        self.found: list[Fault] = []

    def add(self, where: Where, en: str, ru: str, *, show: bool = True) -> None:
        """Note a fault; `show=False` keeps what stands there out of the text."""
        got = stands_at(self._document, where) if show else None
        self.found.append(Fault(where=where, got="" if got is None else _short(got), en=en, ru=ru))

    def complain(self, where: Where, complaint: Complaint, *, show: bool = True) -> None:
        """Note a complaint about the value at a place."""
        self.add(where, complaint.en, complaint.ru, show=show)

    def blame(self, where: Where) -> bool:
        """Tell whether something at or below this place is already known to be wrong."""
        return any(fault.where[: len(where)] == where for fault in self.found)


def unknown(en: str, ru: str, name: str, known: Iterable[str]) -> Complaint:
    """Say that a name is not known, what is, and what was probably meant: `unknown("no such connection", …)`."""
    names = list(known)
    listed = ", ".join(names) or "—"
    close = get_close_matches(name, names, 1)
    meant_en = f"; did you mean «{close[0]}»?" if close else ""
    meant_ru = f"; может быть, «{close[0]}»?" if close else ""
    return Complaint(f"{en}; known: {listed}{meant_en}", f"{ru}; есть: {listed}{meant_ru}")


def stands_at(document: object, where: Where) -> object:
    """Return what stands at a place of a document, or None."""
    for key in where:
        match document:
            case dict() if key in document:
                document = document[key]
            case list() if isinstance(key, int) and key < len(document):
                document = document[key]
            case _:
                return None
    return document


def place(where: Where) -> str:
    """Print a place as people find it in the file: `[sync.product] readers[1]`."""
    depth = _HEADER_DEPTH.get(str(where[0]), 1)
    if where[:1] == ("connections",) and where[2:3] == ("schedule",):
        depth = 3
    header = ".".join(_key(str(key)) for key in where[:depth])
    rest = "".join(f"[{key}]" if isinstance(key, int) else f".{_key(key)}" for key in where[depth:])
    return f"[{header}] {rest.removeprefix('.')}".rstrip()


def toml(value: object) -> str:
    """Print a value as TOML, tables inline."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() | Path():
            return json.dumps(str(value), ensure_ascii=False)
        case dict():
            inside = ", ".join(f"{_key(str(key))} = {toml(item)}" for key, item in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case list() | tuple() | set() | frozenset():
            return f"[{', '.join(toml(item) for item in value)}]"
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _short(value: object) -> str:
    text = toml(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _key(key: str) -> str:
    is_bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if is_bare else json.dumps(key, ensure_ascii=False)
