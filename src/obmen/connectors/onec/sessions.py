"""Exchange sessions on disk: what 1C has uploaded and what became of it, kept over a restart of the hub.

A session is a folder named by the hash of its cookie: `session.json` and `upload/`. Chunks are appended without
offsets or checksums, as the protocol has it, so everything that can guard against a doubled chunk is here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from obmen.connectors.onec.sentences import Refusal


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """The last piece of a file that came."""

    name: str
    offset: int
    size: int
    digest: str
    delivered: bool = False
    """Whether the answer to it left this machine."""


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was handed to the hub."""

    digest: str
    number: int
    """Of the envelope."""
    total: int
    scopes: tuple[str, ...] = ()
    """Catalogues it speaks of."""
    state: str = "working"
    """`working`, `done` or `failed`."""


class Session(msgspec.Struct, kw_only=True):
    """One exchange of one 1C, from its login on."""

    id: str
    token: str
    created_at: float
    seen_at: float
    timestamp: int
    """What was told to 1C at login, for `deactivate`."""
    last: Chunk | None = None
    doubtful: dict[str, list[tuple[int, int]]] = {}
    """Pieces, by offset and size, that equal the one before although its answer was delivered."""
    imports: dict[str, Import] = {}
    refused: dict[str, str] = {}
    """Files that could not be taken, and why."""
    bytes_in: int = 0
    files_in: int = 0
    version: str = ""
    """The schema 1C named at `init`; empty for one that names none."""
    offers: int = 0
    """How often it has asked for orders."""
    left: list[int] = []
    """Offers whose answer left this machine whole and that are not confirmed yet."""
    broken: int = 0
    """The last offer whose answer is known to have broken off."""
    unconfirmed: int = 0
    """Orders of the last offer that left."""


class SessionStore:
    """The sessions of one connection."""

    def __init__(self, folder: Path, *, lifetime_s: float) -> None:
        self._folder = folder
        self._lifetime_s = lifetime_s
        self._open: dict[str, Session] = {}

    def begin(self, cookie: str, token: str, now: float) -> Session:
        """Open a session; expired ones are cleared away."""
        self.purge(now)
        session = Session(id=_hidden(cookie), token=token, created_at=now, seen_at=now, timestamp=int(now))
        self._open[session.id] = session
        self.save(session)
        return session

    def find(self, cookie: str, now: float) -> Session | None:
        """Return the living session of a cookie; it lives on from now."""
        session = self._load(_hidden(cookie))
        if session is None or now - session.seen_at > self._lifetime_s:
            return None
        session.seen_at = now
        return session

    def since(self, timestamp: int, session: Session) -> list[Session] | None:
        """Return the sessions begun since the login that gave out a time mark, oldest first; None if none did.

        Some exchanges log in anew for each file: together they are one exchange.
        """
        if session.timestamp == timestamp:
            return [session]
        sessions = sorted(self._all(), key=lambda each: each.created_at)
        first = next((each for each in sessions if each.timestamp == timestamp), None)
        if first is None:
            return None
        return [each for each in sessions if each.created_at >= first.created_at]

    def later(self, session: Session) -> list[Session]:
        """Return the other sessions that were not begun before this one."""
        return [
            each for each in self._all() if each.created_at >= session.created_at and each.id != session.id
        ]

    def save(self, session: Session) -> None:
        """Write a session down."""
        folder = self._folder / session.id
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / "session.json.new"
        fresh.write_bytes(msgspec.json.encode(session))
        fresh.replace(folder / "session.json")

    def uploads(self, session: Session) -> Path:
        """Return the folder of what was uploaded."""
        return self._folder / session.id / "upload"

    def parts(self, session: Session) -> Path:
        """Return the folder of pieces on their way in."""
        return self._folder / session.id / "parts"

    def folder(self, session: Session) -> Path:
        """Return the folder of a session."""
        return self._folder / session.id

    def wipe(self, session: Session) -> None:
        """Forget what was uploaded and not imported."""
        shutil.rmtree(self.uploads(session), ignore_errors=True)
        session.last = None
        session.doubtful = {}
        session.bytes_in = session.files_in = 0
        self.save(session)

    def _load(self, key: str) -> Session | None:
        if key not in self._open:
            try:
                stored = (self._folder / key / "session.json").read_bytes()
                self._open[key] = msgspec.json.decode(stored, type=Session)
            except (FileNotFoundError, msgspec.DecodeError):
                return None  # it was never begun, or a power cut took it: 1C logs in anew
        return self._open[key]

    def _all(self) -> Iterator[Session]:
        if not self._folder.exists():
            return
        for folder in list(self._folder.iterdir()):
            if session := self._load(folder.name):
                yield session

    def purge(self, now: float) -> None:
        """Clear expired sessions away."""
        for session in list(self._all()):
            if now - session.seen_at > self._lifetime_s:
                self._open.pop(session.id, None)
                shutil.rmtree(self._folder / session.id, ignore_errors=True)


class Upload:
    """The files of one session, growing piece by piece."""

    def __init__(self, store: SessionStore, session: Session) -> None:
        self._store = store
        self._session = session
        self.folder = store.uploads(session)

    def append(self, name: str, part: Path, *, size: int, digest: str, max_file: int) -> None:
        """Put a piece that came whole behind what is there of its file.

        A piece whose answer never left is written over itself when it comes again. One whose answer did leave is
        added, but noted as doubtful: whether the file is well-formed with it or without it tells later.
        """
        session, target = self._session, self.folder / name
        if name in session.refused:
            target.unlink(missing_ok=True)  # it was no good as a whole: this is another one
            session.last = None
        last = session.last
        repeats = last is not None and (last.name, last.size, last.digest) == (name, size, digest)
        offset = target.stat().st_size if target.exists() else 0
        if last is not None and last.name == name and not last.delivered:
            if repeats:
                offset = last.offset
            elif offset != last.offset + last.size:
                raise Refusal("chunk_lost", name=name)
        elif repeats and target.exists():
            session.doubtful.setdefault(name, []).append((offset, size))
        if offset + size > max_file:
            raise Refusal("file_too_big", name=name, limit=max_file)
        target.parent.mkdir(parents=True, exist_ok=True)
        session.files_in += not target.exists()
        session.bytes_in += size
        session.imports.pop(name, None)
        session.refused.pop(name, None)
        session.last = Chunk(name=name, offset=offset, size=size, digest=digest)
        self._store.save(session)
        if offset == 0:
            part.replace(target)
            return
        with target.open("r+b") as whole, part.open("rb") as piece:
            whole.truncate(offset)
            whole.seek(offset)
            shutil.copyfileobj(piece, whole)
        part.unlink()

    def delivered(self) -> None:
        """Note that the answer to the last piece has left."""
        if self._session.last is not None:
            self._session.last = msgspec.structs.replace(self._session.last, delivered=True)
            self._store.save(self._session)

    def names(self) -> list[str]:
        """Return what has been uploaded and not handed on yet, by name."""
        if not self.folder.exists():
            return []
        return sorted(
            path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()
        )

    def drop(self, name: str) -> None:
        """Forget a file: it has been handed on, or refused."""
        (self.folder / name).unlink(missing_ok=True)

    def without_doubtful(self, name: str) -> bool:
        """Cut the doubtful pieces out of a file; tell whether there were any."""
        pieces = self._session.doubtful.pop(name, None)
        if not pieces:
            return False
        target = self.folder / name
        fresh = target.with_name(target.name + ".cut")
        with target.open("rb") as old, fresh.open("wb") as new:
            at = 0
            for offset, size in pieces:
                _copy(old, new, offset - at)
                old.seek(size, os.SEEK_CUR)
                at = offset + size
            shutil.copyfileobj(old, new)
        fresh.replace(target)
        self._store.save(self._session)
        return True


def _copy(old: BinaryIO, new: BinaryIO, size: int) -> None:
    while size > 0:
        block = old.read(min(size, 1 << 20))
        if not block:
            return
        new.write(block)
        size -= len(block)


def _hidden(cookie: str) -> str:
    """Name a session so that its folder does not give its cookie away."""
    return hashlib.sha256(cookie.encode()).hexdigest()[:32]
