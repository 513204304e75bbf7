"""What every exchange begins with: the login, the limits, and files that come piece by piece."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

from aiohttp import StreamReader, web

from obmen.connectors.contract import Ports
from obmen.connectors.onec.door.calls import Answer, Call
from obmen.connectors.onec.imports import Imports
from obmen.connectors.onec.login import is_same
from obmen.connectors.onec.sentences import Refusal
from obmen.connectors.onec.sessions import Session, SessionStore, Upload
from obmen.connectors.onec.settings import Settings

_BLOCK = 1024 * 1024


class Files:
    """The sessions of one connection, and what is uploaded in them."""

    def __init__(
        self,
        settings: Settings,
        ports: Ports,
        sessions: SessionStore,
        imports: Imports,
        *,
        ids: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._ports = ports
        self._sessions = sessions
        self._imports = imports
        self._ids = ids

    async def checkauth(self, *, timed: bool) -> Answer:
        """Begin a session; `timed` tells the moment that `deactivate` will repeat."""
        cookie, token = self._ids(), self._ids()
        session = await asyncio.to_thread(self._sessions.begin, cookie, token, self._ports.now())
        text = "success\n{}\n{}\nsessid={}\n" + (f"timestamp={session.timestamp}\n" if timed else "")
        name = self._settings.cookie
        return Answer(text.format(name, cookie, token), text.format(name, "***", "***"))

    async def init(self, call: Call, *, packs: bool, speaks: str) -> Answer:
        """Wipe what was uploaded and tell the limits; to 1C that names a version, the one spoken here."""
        session = self.session(call)
        async with self._imports.lock(session):
            session.version = call.version
            await asyncio.to_thread(self._imports.begin_anew, session)
        lines = [f"zip={'yes' if packs else 'no'}", f"file_limit={self._settings.file_limit}"]
        shown = list(lines)
        if call.version:
            lines += [f"sessid={session.token}", f"version={speaks}"]
            shown += ["sessid=***", f"version={speaks}"]
        return Answer("\n".join(lines), "\n".join(shown))

    async def file(self, call: Call) -> Answer:
        """Put a piece behind what is there of its file."""
        session = self.session(call)
        size = await self.store(call, session)
        return Answer("success\n", f"success\n({size} bytes)", self.delivered(session))

    async def store(self, call: Call, session: Session) -> int:
        """Put a piece behind what is there of its file; return its size."""
        name = call.filename
        if call.request.method != "POST":
            raise Refusal("needs_post")
        part, size, digest = await self._receive_part(call.request, session, name)
        upload = Upload(self._sessions, session)
        async with self._imports.lock(session):
            await asyncio.to_thread(
                upload.append, name, part, size=size, digest=digest, max_file=self._settings.max_file
            )
        return size

    def delivered(self, session: Session) -> Callable[[bool], Awaitable[None]]:
        """Return what notes that the answer to the last piece has left."""
        upload = Upload(self._sessions, session)

        async def note(left: bool) -> None:  # noqa: FBT001 - what became of the answer
            if left:
                async with self._imports.lock(session):
                    await asyncio.to_thread(upload.delivered)

        return note

    def session(self, call: Call) -> Session:
        """Return the living session of a request; raises `Refusal`."""
        settings = self._settings
        cookie = call.request.cookies.get(settings.cookie, "")
        if not cookie:
            raise Refusal("no_cookie", cookie=settings.cookie)
        session = self._sessions.find(cookie, self._ports.now())
        if session is None:
            raise Refusal("no_session", hours=f"{settings.session_hours:g}")
        if settings.csrf and not is_same(call.asked.get("sessid", ""), session.token):
            raise Refusal("no_token")
        return session

    async def _receive_part(self, request: web.Request, session: Session, name: str) -> tuple[Path, int, str]:
        """Read the raw body, whatever its type says, to a file of its own: half a body changes nothing."""
        settings = self._settings
        if session.files_in >= settings.max_files:
            raise Refusal("too_many_files", limit=settings.max_files)
        limit = min(settings.max_file, settings.max_session - session.bytes_in)
        parts = self._sessions.parts(session)
        parts.mkdir(parents=True, exist_ok=True)
        part = parts / self._ids()
        size, digest = 0, ""
        try:
            with part.open("wb") as file:
                size, digest = await _pour(request.content, file, limit)
        finally:
            if not 0 < size <= limit:
                part.unlink()
        if size > limit:
            raise _too_big(name, settings, limit)
        if not size:
            raise Refusal("empty_chunk", name=name)
        return part, size, digest


async def _pour(body: StreamReader, file: BinaryIO, limit: int) -> tuple[int, str]:
    """Write a body down; return its size and hash. One that is too long is left behind the limit."""
    hasher = hashlib.sha256()
    size = 0
    async for block in body.iter_chunked(_BLOCK):
        size += len(block)
        if size > limit:
            break
        hasher.update(block)
        # Small blocks reach the page cache faster than a thread wakes up.
        if len(block) < _BLOCK // 4:
            file.write(block)
        else:
            await asyncio.to_thread(file.write, block)
    return size, hasher.hexdigest()


def _too_big(name: str, settings: Settings, limit: int) -> Refusal:
    if limit == settings.max_file:
        return Refusal("file_too_big", name=name, limit=limit)
    return Refusal("session_too_big", limit=settings.max_session)


def disk_refusal(exc: OSError) -> Refusal:
    """Tell the person at 1C what is wrong with our disk."""
    if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Refusal("disk_full")
    return Refusal("cannot_write", reason=exc.strerror or type(exc).__name__)
