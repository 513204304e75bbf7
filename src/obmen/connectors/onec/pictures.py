"""What kind of picture some bytes are, and how large, read from their first bytes; nothing is decoded."""

from __future__ import annotations

import struct
from typing import NamedTuple


class Kind(NamedTuple):
    """A picture's format and size in pixels."""

    format: str
    width: int
    height: int


def sniff(head: bytes) -> Kind | None:
    """Recognise PNG, JPEG, GIF, WebP and BMP; None for anything else, whatever its name says."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR" and len(head) >= 24:
        return Kind("png", *struct.unpack(">II", head[16:24]))
    if head.startswith((b"GIF87a", b"GIF89a")) and len(head) >= 10:
        return Kind("gif", *struct.unpack("<HH", head[6:10]))
    if head.startswith(b"BM") and len(head) >= 26:
        width, height = struct.unpack("<ii", head[18:26])
        return Kind("bmp", abs(width), abs(height))
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp(head)
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(head)
    return None


def _jpeg(head: bytes) -> Kind | None:
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return Kind("jpeg", width, height)
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def _webp(head: bytes) -> Kind | None:
    form = head[12:16]
    if form == b"VP8X" and len(head) >= 30:
        return Kind(
            "webp",
            1 + int.from_bytes(head[24:27], "little"),
            1 + int.from_bytes(head[27:30], "little"),
        )
    if form == b"VP8L" and len(head) >= 25:
        bits = int.from_bytes(head[21:25], "little")
        return Kind("webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if form == b"VP8 " and len(head) >= 30:
        width, height = struct.unpack("<HH", head[26:30])
        return Kind("webp", width & 0x3FFF, height & 0x3FFF)
    return None
