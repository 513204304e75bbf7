"""Exports that lie on disk, as 1C leaves them in a folder or somebody has brought them: the way of `obmen import`.

The files stay where they are. Pictures beside them are kept as blobs; archives are opened into the spool.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from obmen.connectors.contract import Envelope
from obmen.connectors.onec.inbox import Notes, is_alone, keep_picture
from obmen.connectors.onec.references import PictureIndex
from obmen.connectors.onec.sentences import Refusal
from obmen.connectors.onec.settings import Settings
from obmen.errors import BadInput
from obmen.formats.commerceml import Limits, MalformedFile, RefusedFile, classify, import_order, unpack

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".webp"})


class Disk:
    """Reads folders and files into envelopes of one connection."""

    def __init__(self, name: str, settings: Settings, spool: Path, pictures: PictureIndex) -> None:
        self._name = name
        self._settings = settings
        self._unpacked = spool / "unpacked"
        self._blobs = spool.parent / "blobs"
        self._pictures = pictures
        self._limits = Limits(total_bytes=settings.max_session, entries=settings.max_files)

    def envelopes(self, paths: Sequence[Path], session: str) -> Iterator[Envelope | BadInput]:
        """Yield every file of goods in the order they build on each other, or the sentence on why it cannot be used."""
        shutil.rmtree(self._unpacked, ignore_errors=True)
        files: list[Path] = []
        for path in _listed(paths):
            if not path.exists():
                yield BadInput(
                    "onec.disk.absent",
                    f"No such file or folder: {path}.",
                    f"Нет такого файла или папки: {path}.",
                )
            elif path.suffix.lower() == ".zip":
                yield from self._open(path, files)
            else:
                files.append(path)
        yield from self._keep_pictures([path for path in files if path.suffix.lower() in PICTURES])
        whole: list[Path] = []
        for path in files:
            if path.suffix.lower() in PICTURES:
                continue
            if path.suffix.lower() != ".xml" and path not in paths:
                continue  # a folder may hold anything; what is named must be an export
            try:
                classify(path)
            except MalformedFile as exc:
                yield _bad(path, exc)
            else:
                whole.append(path)
        names = {path.name for path in whole}
        for path in import_order(whole):
            notes = Notes(alone=is_alone(path.name, names))
            yield Envelope(
                connection=self._name,
                kind="file",
                name=path.name,
                key=f"{session}:{path.resolve()}",
                path=str(path.resolve()),
                body=msgspec.json.encode(notes),
                session=session,
            )

    def _open(self, archive: Path, files: list[Path]) -> Iterator[BadInput]:
        folder = self._unpacked / str(len(files)) / archive.stem
        folder.mkdir(parents=True, exist_ok=True)
        try:
            files += unpack(archive, folder, self._limits)
        except RefusedFile as exc:
            yield BadInput(
                f"onec.disk.{exc.code}",
                f"Archive «{archive.name}»: {exc.text('en')}",
                f"Архив «{archive.name}»: {exc.text('ru')}",
            )

    def _keep_pictures(self, paths: Sequence[Path]) -> Iterator[BadInput]:
        found: dict[str, str] = {}
        for path in paths:
            name = path.as_posix()
            try:
                found[name] = keep_picture(path, name, self._blobs, self._settings, ours=False)
            except Refusal as refusal:
                yield BadInput(f"onec.disk.{refusal.code}", refusal.text("en"), refusal.text("ru"))
        self._pictures.add(found)


def _listed(paths: Sequence[Path]) -> Iterator[Path]:
    """Give the files of folders in their place."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file())
        else:
            yield path


def _bad(path: Path, exc: MalformedFile) -> BadInput:
    return BadInput(
        f"onec.file.{exc.code}",
        f"File «{path.name}»: {exc.text('en')}",
        f"Файл «{path.name}»: {exc.text('ru')}",
    )
