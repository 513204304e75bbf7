"""The few pieces of XML order documents are written with and read by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

from obmen.formats.commerceml.items import Node
from obmen.formats.commerceml.values import is_true, number
from obmen.model import decimal

_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def legal(text: str) -> str:
    """Leave out what XML 1.0 cannot hold in any spelling."""
    return _ILLEGAL.sub("", text)


def node(name: str, *inner: str) -> str:
    """Write an element around what is inside."""
    return f"<{name}>{''.join(inner)}</{name}>"


def leaf(name: str, value: object) -> str:
    """Write an element with text; nothing where there is no value."""
    return "" if value in (None, "") else f"<{name}>{escape(str(value))}</{name}>"


def cents(amount: object) -> str:
    """Write an amount with two decimals."""
    return "" if amount in (None, "") else f"{decimal(str(amount)):.2f}"


def flag(value: bool) -> str:  # noqa: FBT001 - a word of XML
    """Write a flag."""
    return "true" if value else "false"


def requisites(said: Iterable[tuple[str, object]]) -> str:
    """Write named values; those without a value are left out."""
    rows = "".join(
        node("ЗначениеРеквизита", leaf("Наименование", name), leaf("Значение", value))
        for name, value in said
        if value not in (None, "")
    )
    return node("ЗначенияРеквизитов", rows)


def said_by(document: Node) -> dict[str, str]:
    """Read the named values of an element by their names, spaces and case aside: 1C writes them with and without."""
    rows = document.first("ЗначенияРеквизитов")
    return {
        folded(text(row, "Наименование")): text(row, "Значение")
        for row in (rows.children if rows is not None else ())
        if text(row, "Наименование")
    }


def text(element: Node, name: str) -> str:
    """Read the text of a child; empty where there is none."""
    found = element.text_of(name)
    return found.strip() if isinstance(found, str) else ""


def rows(element: Node, block: str, row: str) -> tuple[Node, ...]:
    """Read the rows of a list inside an element."""
    found = element.first(block)
    return found.all(row) if found is not None else ()


def folded(words: str) -> str:
    """Write words as they are compared."""
    return "".join(words.split()).casefold()


def version_of(words: str) -> tuple[int, int]:
    """Read a schema version so that 2.9 comes before 2.10."""
    major, _, minor = words.partition(".")
    return int(major), int(minor or 0)


def when(date: str, time: str) -> str:
    """Join a date and a time of 1C."""
    return f"{date[:10]}T{time}" if time and date else date


__all__ = [
    "cents",
    "escape",
    "flag",
    "folded",
    "is_true",
    "leaf",
    "legal",
    "node",
    "number",
    "requisites",
    "rows",
    "said_by",
    "text",
    "version_of",
    "when",
]
