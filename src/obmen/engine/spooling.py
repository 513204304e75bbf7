"""The temporary file between reading and settling: portions come in the order of the envelope and leave as pages.

What a connector lets go on (`Portion.more`) is put in the order of its refs: a hundred thousand random ids touch every
page of the ledger's tables in every transaction, neighbours touch a few. That spares a first import a third of what it
writes and half of what it reads.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

import msgspec

from obmen.connectors.contract import Portion

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Portion).decode
_LENGTH = struct.Struct(">Q")


def spool(portions: Iterable[Portion], file: BinaryIO, *, page: int) -> int:
    """Write portions as pages of about so many bytes, each with its length before it; return the size of the file."""
    # Side by side, and encoded: as objects looks take four times the memory, and pairs are work for the collector.
    refs: list[str] = []
    looks: list[bytes] = []
    last: Portion | None = None
    for portion in portions:
        if last is not None and not _goes_on(last, portion):
            _write(last, refs, looks, file, page)
            refs, looks = [], []
        refs += [look.ref for look in portion.looks]
        looks += [_ENCODE(look) for look in portion.looks]
        last = portion
    if last is not None:
        _write(msgspec.structs.replace(last, more=False), refs, looks, file, page)
    return file.tell()


def read_page(file: BinaryIO) -> Portion | None:
    """Read the next page back, or None at the end."""
    length = file.read(_LENGTH.size)
    return _DECODE(file.read(_LENGTH.unpack(length)[0])) if length else None


def _goes_on(last: Portion, portion: Portion) -> bool:
    return last.more and (last.entity, last.scope) == (portion.entity, portion.scope)


def _write(last: Portion, refs: list[str], looks: list[bytes], file: BinaryIO, page: int) -> None:
    """Write the looks of portions that went on up to this one, which is true of the last page only."""
    if len(looks) > len(last.looks):
        looks = [looks[place] for place in sorted(range(len(refs)), key=refs.__getitem__)]
    pages = _pages(looks, page)
    for number, together in enumerate(pages, 1):
        ends = number == len(pages)
        encoded: Any = [msgspec.Raw(look) for look in together]
        body = _ENCODE(
            msgspec.structs.replace(
                last, looks=encoded, complete=last.complete and ends, more=last.more or not ends
            )
        )
        file.write(_LENGTH.pack(len(body)))
        file.write(body)


def _pages(looks: list[bytes], size: int) -> list[list[bytes]]:
    """Cut encoded looks into pages that end where they have reached a size; one page at least."""
    pages: list[list[bytes]] = [[]]
    filled = 0
    for look in looks:
        if filled >= size:
            pages.append([])
            filled = 0
        pages[-1].append(look)
        filled += len(look)
    return pages
