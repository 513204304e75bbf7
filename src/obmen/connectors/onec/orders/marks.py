"""Marking codes («Честный ЗНАК») in XML: whole, with the crypto tail.

A code holds the group separator U+001D, which XML 1.0 cannot hold in any spelling: it would be lost, and the code
with it. Such a code stands as base64 of its UTF-8, and says so; any other stands as it is. 1C that writes base64
without saying is understood where a GS1 code comes out of it. In JSON codes always stand as they are.
"""

from __future__ import annotations

import base64
import binascii
import re

from obmen.connectors.onec.orders.markup import escape
from obmen.formats.commerceml.items import Node

BLOCK, ROW = "КодыМаркировки", "КодМаркировки"
"""The schema knows no element for codes; these are agreed on with whoever sets 1C's exchange up."""
_PLAIN = re.compile(r"[\x21-\x7e]+")
_GS1 = re.compile(r"\(?01\)?\d{14}\(?21\)?")


def written(codes: list[str]) -> str:
    """Write the codes of one row; nothing where there are none."""
    if not codes:
        return ""
    return f"<{BLOCK}>{''.join(_written(code) for code in codes)}</{BLOCK}>"


def read(row: Node) -> list[str]:
    """Read the codes of one row; raises `ValueError` naming one that cannot be."""
    block = row.first(BLOCK)
    return [_read(each) for each in block.all(ROW)] if block is not None else []


def _written(code: str) -> str:
    if _PLAIN.fullmatch(code) and _guessed(code) is None:
        return f"<{ROW}>{escape(code)}</{ROW}>"
    packed = base64.b64encode(code.encode("utf-8", "surrogatepass")).decode()
    return f'<{ROW} Кодировка="base64">{packed}</{ROW}>'


def _read(mark: Node) -> str:
    if mark.attributes.get("Кодировка", "").strip().casefold() != "base64":
        return _guessed(mark.text) or mark.text
    code = _unpacked(mark.text)
    if code is None:
        raise ValueError(f"{ROW} = «{mark.text[:40]}»")
    return code


def _guessed(packed: str) -> str | None:
    """Return the GS1 code some text is the base64 of, if it is."""
    if _GS1.match(packed):
        return None
    code = _unpacked(packed)
    return code if code is not None and _GS1.match(code) else None


def _unpacked(packed: str) -> str | None:
    try:
        return base64.b64decode("".join(packed.split()), validate=True).decode("utf-8", "surrogatepass")
    except (binascii.Error, ValueError):
        return None
