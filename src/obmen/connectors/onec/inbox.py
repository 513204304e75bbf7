"""From what 1C has uploaded to what the hub keeps: archives opened, pictures stored, files checked and made safe.

Everything here blocks and is run in a worker thread; each step may be run again after a crash.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from obmen.connectors.contract import Envelope
from obmen.connectors.onec.examine import Contents, Examiner
from obmen.connectors.onec.pictures import sniff
from obmen.connectors.onec.references import PictureIndex, ReferenceStore
from obmen.connectors.onec.sentences import Refusal
from obmen.connectors.onec.sessions import Session, Upload
from obmen.connectors.onec.settings import Settings
from obmen.formats.commerceml import Limits, MalformedFile, RefusedFile, unpack

_PORTION = re.compile(r"(?P<stem>.*\D)(?P<row>\d+)_(?P<portion>\d+)\.xml")
_HEAD = 256 * 1024


class Notes(msgspec.Struct, frozen=True):
    """What the upload knows and the file does not say; travels as the envelope's body."""

    alone: bool = True
    """Whether it is not one of several portions of a complete export."""


class Taken(NamedTuple):
    """A checked file, in its place for good."""

    path: Path
    digest: str
    contents: Contents
    notes: Notes


class Inbox:
    """The spool of one connection."""

    def __init__(
        self, settings: Settings, spool: Path, references: ReferenceStore, pictures: PictureIndex
    ) -> None:
        self._settings = settings
        self._limits = Limits(total_bytes=settings.max_session, entries=settings.max_files)
        self._files = spool / "inbox"
        self._blobs = spool.parent / "blobs"
        self._examiner = Examiner(references)
        self._pictures = pictures

    def absorb(self, upload: Upload, session: Session) -> None:
        """Open the archives that were uploaded, and store the pictures; raises `Refusal` of a bad archive at the end."""
        bad: Refusal | None = None
        for name in upload.names():
            if _is_archive(upload.folder / name):
                try:
                    self._open(upload, session, name)
                except Refusal as refusal:
                    bad = refusal
        found: dict[str, str] = {}
        for name in upload.names():
            if name.lower().endswith(".xml") or session.refused.get(name) == "bad_archive":
                continue
            upload.without_doubtful(name)  # no picture repeats itself
            try:
                path = upload.folder / name
                found[name] = keep_picture(path, name, self._blobs, self._settings, ours=True)
            except Refusal as refusal:
                session.refused[name] = refusal.code
                upload.drop(name)
        self._pictures.add(found)
        for name in found:
            upload.drop(name)
        if bad is not None:
            raise bad

    def take(self, upload: Upload, session: Session, name: str) -> Taken:
        """Check a file of goods and put it where it outlives the session."""
        path = upload.folder / name
        # Whatever the order of the imports, what one file defines is known before another refers to it.
        for other in upload.names():
            if other != name and other.lower().endswith(".xml"):
                with suppress(MalformedFile):  # told when that file is asked for
                    self._examiner.examine(upload.folder / other)
        try:
            contents = self._examiner.examine(path)
        except MalformedFile as exc:
            # A piece that came twice spoils the file; without its double it may be whole.
            if upload.without_doubtful(name):
                return self.take(upload, session, name)
            raise Refusal("bad_file", name=name, reason=exc) from exc
        digest = _digest(path)
        kept = self._files / f"{digest}.xml"
        if kept.exists():
            os.utime(kept)  # in use again: housekeeping spares what is young
        else:
            self._files.mkdir(parents=True, exist_ok=True)
            os.utime(path)
            _sync(path)
            with suppress(FileExistsError):  # the same file in another session, just now
                os.link(path, kept)
            _sync(self._files)
        alone = is_alone(name, {*upload.names(), *session.imports})
        return Taken(kept, digest, contents, Notes(alone=alone))

    def _open(self, upload: Upload, session: Session, name: str) -> None:
        """Unpack an archive beside itself, whole or not at all, and drop it."""
        path = upload.folder / name
        opened = upload.folder.with_name("opened")
        shutil.rmtree(opened, ignore_errors=True)
        try:
            inner = unpack(path, opened, self._limits)
        except RefusedFile as exc:
            shutil.rmtree(opened, ignore_errors=True)
            if upload.without_doubtful(name):
                self._open(upload, session, name)
                return
            session.refused[name] = "bad_archive"
            raise Refusal("bad_archive", name=name, reason=exc) from exc
        upload.drop(name)
        for unpacked in inner:
            session.imports.pop(unpacked.relative_to(opened).as_posix(), None)
            target = upload.folder / unpacked.relative_to(opened)
            target.parent.mkdir(parents=True, exist_ok=True)
            unpacked.replace(target)
        session.refused.pop(name, None)


def keep_picture(path: Path, name: str, blobs: Path, settings: Settings, *, ours: bool) -> str:
    """Keep a picture as a blob under the SHA-256 of its bytes, and return that; raises `Refusal`.

    A file that is `ours` becomes the blob; of anybody else's a copy is made.
    """
    with path.open("rb") as file:
        kind = sniff(file.read(_HEAD))
    if kind is None:
        raise Refusal("not_a_picture", name=name)
    if path.stat().st_size > settings.max_picture or kind.width * kind.height > settings.max_pixels:
        raise Refusal("picture_too_big", name=name)
    digest = _digest(path)
    blob = blobs / digest[:2] / digest
    if not blob.exists():
        blob.parent.mkdir(parents=True, exist_ok=True)
        if not ours:
            path = Path(shutil.copyfile(path, blob.with_suffix(".part")))
        _sync(path)
        with suppress(FileExistsError):  # the same picture in another session, just now
            os.link(path, blob)
        if not ours:
            path.unlink()
        _sync(blob.parent)
    return digest


def notes_of(envelope: Envelope) -> Notes:
    """Return what the upload knew of a file; one that came another way stands alone."""
    return msgspec.json.decode(envelope.body, type=Notes) if envelope.body else Notes()


def is_alone(name: str, others: Iterable[str]) -> bool:
    """Tell whether a file is the only portion of its catalogue: `import0_1.xml` without an `import0_2.xml`.

    Every portion of an old complete export calls itself complete, and speaks only of its own goods.
    """
    this = _PORTION.fullmatch(name)
    if this is None:
        return True
    if int(this["portion"]) > 1:
        return False
    portions = (_PORTION.fullmatch(other) for other in others if other != name)
    return not any(each and (each["stem"], each["row"]) == (this["stem"], this["row"]) for each in portions)


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04" or path.suffix.lower() == ".zip"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Force a file or a folder to the disk; folders only where the system can."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
