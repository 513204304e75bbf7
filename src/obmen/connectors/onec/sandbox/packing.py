"""Turns an export into uploads: one archive or file by file, and those into pieces no longer than the site takes."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from obmen.connectors.onec.sandbox.export import ExportFile


class Upload(NamedTuple):
    """One thing to send under one name."""

    name: str
    body: bytes


def uploads(
    files: Sequence[ExportFile],
    *,
    archive: str | None,
    backslashes: bool = False,
    corrupt: bool = False,
) -> list[Upload]:
    """Return what is sent: one archive under the name given, or each file by itself."""
    if archive is None:
        return [Upload(file.name, file.body) for file in files]
    packed = pack(files, backslashes=backslashes)
    return [Upload(archive, spoil(packed) if corrupt else packed)]


def pack(files: Iterable[ExportFile], *, backslashes: bool = False) -> bytes:
    """Pack into one archive; equal files give equal bytes. On Windows 1C writes entries with backslashes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.name)
            # Set afterwards: the constructor cuts names at a zero byte and turns separators.
            entry.filename = file.name.replace("/", "\\") if backslashes else file.name
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.body)
    return buffer.getvalue()


def spoil(archive: bytes) -> bytes:
    """Turn over the bits in the middle third of an archive: its directory stays readable, its contents do not."""
    third = len(archive) // 3
    middle = bytes(255 - byte for byte in archive[third : 2 * third])
    return archive[:third] + middle + archive[2 * third :]


def pieces(body: bytes, limit: int) -> Iterator[bytes]:
    """Cut into pieces of at most `limit` bytes; an empty file is one empty piece."""
    for start in range(0, max(len(body), 1), limit):
        yield body[start : start + limit]
