"""Pictures of a product: which of them are ours, and the calls that bring the gallery to the wanted order.

The shop shows no hash. An upload is named by the SHA-256 of its bytes; sites that keep original names show it back.
Others rename files at random, so the id each upload got is also remembered in the connection's own folder. A picture
known by neither is somebody else's: it is not shown, not moved and not removed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import Command

GALLERY = "MORE_PHOTO"
SLOTS = {"detail": "DETAIL_PICTURE", "preview": "PREVIEW_PICTURE"}

_OURS = re.compile(r"([0-9a-f]{64})\.[a-z]{3,4}")
_KINDS = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n", "png"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
)


class Picture(NamedTuple):
    """One picture in the shop; without a hash it is not ours."""

    id: int
    kind: str
    sha: str | None


class PictureStore:
    """Where the bytes lie, and which image of the shop is which of them.

    The hub keeps bytes beside the spools: `<spool>/../blobs/<first two digits>/<sha256>`.
    """

    def __init__(self, spool: Path) -> None:
        self._blobs = spool.parent / "blobs"
        self._index = spool / "pictures.txt"
        self._known: dict[int, str] | None = None

    def has(self, sha: str) -> bool:
        """Tell whether the bytes are here."""
        return self._path(sha).is_file()

    def content(self, sha: str) -> list[str]:
        """Return the upload of a picture; `FileNotFoundError` when its bytes have gone."""
        data = self._path(sha).read_bytes()
        return wire.file_content(f"{sha}.{extension(data)}", base64.b64encode(data).decode())

    def of_row(self, row: Mapping[str, Any]) -> Picture:
        """Recognise a row of `catalog.productImage.list`."""
        image_id = wire.whole(row.get("id"))
        named = _OURS.fullmatch(wire.text(row.get("name")) or "")
        sha = named[1] if named else self._remembered().get(image_id)
        return Picture(image_id, wire.text(row.get("type")) or GALLERY, sha)

    def remember(self, image_id: int, sha: str) -> None:
        """Keep which image an upload became."""
        known = self._remembered()
        if known.get(image_id) != sha:
            known[image_id] = sha
            self._index.parent.mkdir(parents=True, exist_ok=True)
            with self._index.open("a", encoding="ascii") as index:
                index.write(f"{image_id} {sha}\n")

    def _remembered(self) -> dict[int, str]:
        if self._known is None:
            self._known = {}
            if self._index.exists():
                for line in self._index.read_text("ascii").splitlines():
                    image_id, _, sha = line.partition(" ")
                    if image_id.isdecimal():
                        self._known[int(image_id)] = sha
        return self._known

    def _path(self, sha: str) -> Path:
        return self._blobs / sha[:2] / sha


def gallery_of(pictures: Sequence[Picture]) -> list[str]:
    """Return our pictures in the order the shop shows them: that of their upload."""
    ours = sorted(picture for picture in pictures if picture.kind == GALLERY)
    return list(dict.fromkeys(picture.sha for picture in ours if picture.sha))


class Upload(NamedTuple):
    """One picture to add."""

    sha: str
    kind: str


def picture_calls(
    ref: str, pictures: Sequence[Picture], wanted: Sequence[str], slots: Sequence[str]
) -> Iterator[Command | Upload]:
    """List the calls that make the gallery `wanted`.

    A gallery only grows at its end, so what follows a difference is removed and added again.
    """
    kept = 0
    for picture in sorted(picture for picture in pictures if picture.kind == GALLERY):
        if picture.sha is None:
            continue
        if kept < len(wanted) and picture.sha == wanted[kept]:
            kept += 1
        else:
            yield _removal(ref, picture)
    for sha in wanted[kept:]:
        yield Upload(sha, GALLERY)
    for kind in (SLOTS[slot] for slot in slots):
        held = next((picture for picture in pictures if picture.kind == kind), None)
        if held is not None and held.sha is None:
            continue
        if wanted and (held is None or held.sha != wanted[0]):
            yield Upload(wanted[0], kind)
        elif not wanted and held is not None:
            yield _removal(ref, held)


def _removal(ref: str, picture: Picture) -> Command:
    return Command("catalog.productImage.delete", {"id": picture.id, "productId": int(ref)})


def extension(data: bytes) -> str:
    """Name the kind of a picture by its first bytes."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((name for start, name in _KINDS if data.startswith(start)), "jpg")
