"""Tiny valid picture files, equal for equal arguments. They need no imaging library."""

import struct
import zlib

SIDE = 16  # pixels; JPEG wants a multiple of 8


def png(shade: int, *, side: int = SIDE) -> bytes:
    """Draw a plain grey square as PNG."""
    rows = (b"\x00" + bytes([shade]) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, body)
        for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    )


def jpeg(shade: int, *, side: int = SIDE) -> bytes:
    """Draw a plain grey square as baseline JPEG.

    With all quantisers equal to 8 the first block carries the shade as its one coefficient, all others differ by
    zero; so two codes for the differences and one for "end of block" are the whole Huffman alphabet (ITU T.81).
    """
    level = shade - 128
    size = abs(level).bit_length()
    value = level if level >= 0 else level + (1 << size) - 1
    first = ("10" + f"{value:0{size}b}" if size else "0") + "0"
    bits = first + "00" * ((side // 8) ** 2 - 1)
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    lengths = bytes([1, 1, *[0] * 14])
    return (
        b"\xff\xd8"
        + _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
        + _segment(0xDB, b"\x00" + bytes([8] * 64))
        + _segment(0xC0, struct.pack(">BHHB", 8, side, side, 1) + b"\x01\x11\x00")
        + _segment(0xC4, b"\x00" + lengths + bytes([0, size or 1]))
        + _segment(0xC4, b"\x10" + bytes([1, *[0] * 15]) + b"\x00")
        + _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
        + scan
        + b"\xff\xd9"
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
