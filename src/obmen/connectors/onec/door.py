"""The exchange door: answers 1C as a Bitrix shop does, request by request.

The first word of an answer is its verdict and the HTTP status is 200 for success and failure alike; 1C shows the
sentence behind `failure` to its user. Requests are told apart by `mode`, not by method: some builds POST everything.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from aiohttp import ClientError, StreamReader, web

from obmen.connectors.contract import Exchange, Intake, Ports
from obmen.connectors.onec.imports import Imports
from obmen.connectors.onec.inbox import Inbox
from obmen.connectors.onec.login import is_allowed, is_same, parameters
from obmen.connectors.onec.sentences import Reason, Refusal, sentence
from obmen.connectors.onec.sessions import Session, SessionStore, Upload
from obmen.connectors.onec.settings import Settings
from obmen.errors import ObmenError, redact
from obmen.formats.commerceml import RefusedFile, clean_filename

_BLOCK = 1024 * 1024
_TYPES = ("catalog", "sale", "reference", "get_catalog", "listen", "crm")


class Answer(NamedTuple):
    """What goes back: the words, and what to do once they have left."""

    text: str
    shown: str = ""
    """The same for the log, without secrets."""
    sent: Callable[[], Awaitable[None]] | None = None


class Call(NamedTuple):
    """One request of 1C."""

    request: web.Request
    intake: Intake
    asked: dict[str, str]

    @property
    def mode(self) -> str:
        """What is to be done."""
        return self.asked.get("mode", "").strip()

    @property
    def filename(self) -> str:
        """The cleaned name of the file it is about."""
        name = self.asked.get("filename", "")
        if not name.strip():
            raise Refusal("no_name")
        try:
            return clean_filename(name)
        except RefusedFile as exc:
            raise Refusal("bad_name", reason=exc) from exc


class Door:
    """The door of one connection."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        ports: Ports,
        inbox: Inbox,
        *,
        ids: Callable[[], str],
        wait_s: float,
    ) -> None:
        """`wait_s`: how long one request may last before `progress` is answered."""
        self._name = name
        self._settings = settings
        self._ports = ports
        self._ids = ids
        self._sessions = SessionStore(ports.spool / "sessions", lifetime_s=settings.session_hours * 3600)
        self._imports = Imports(name, settings, self._sessions, inbox, wait_s=wait_s)
        self._modes: dict[str, Callable[[Call], Awaitable[Answer]]] = {
            "checkauth": self._checkauth,
            "init": self._init,
            "file": self._file,
            "import": self._import,
            "deactivate": self._deactivate,
            "complete": self._complete,
        }

    async def close(self) -> None:
        """Wait for checks that are under way."""
        await self._imports.close()

    async def tidy(self) -> None:
        """Clear expired sessions away."""
        await asyncio.to_thread(self._sessions.purge, self._ports.now())

    async def receive(self, request: web.Request, intake: Intake) -> web.StreamResponse:
        """Answer one request, and note whether the answer has left."""
        clock = asyncio.get_running_loop().time
        began = clock()
        call = Call(request, intake, parameters(request.raw_path))
        failed = ""
        try:
            answer = await self._answer(call)
        except Refusal as refusal:
            answer = self._failure(refusal)
            failed = refusal.text("en")
        except (ConnectionError, ClientError, web.RequestPayloadError) as exc:
            answer = self._failure(Refusal("line_broken"))
            failed = str(exc) or type(exc).__name__
        except ObmenError as exc:
            answer = self._failure(exc)
            failed = exc.en
        except OSError as exc:
            answer = self._failure(disk_refusal(exc))
            failed = str(exc)
        response = web.Response(
            body=answer.text.encode(self._settings.charset, "replace"),
            content_type="text/html",
            charset=self._settings.charset,
        )
        self._ports.log(
            Exchange(
                connection=self._name,
                direction="in",
                what=f"{call.asked.get('type', '')}.{call.mode} {call.asked.get('filename', '')}".strip(),
                request=redact(request.path_qs),
                answer=answer.shown or answer.text,
                status=response.status,
                took_s=clock() - began,
                error=failed,
            )
        )
        if await _send(response, request) and answer.sent is not None:
            await answer.sent()
        return response

    async def _answer(self, call: Call) -> Answer:
        kind = call.asked.get("type", "").strip()
        if kind not in _TYPES:
            raise Refusal("unknown_type", type=kind[:40], known=", ".join(_TYPES))
        if call.mode == "checkauth" or "Authorization" in call.request.headers:
            self._let_in(call)
        if kind != "catalog":
            raise Refusal("type_off", type=kind)
        answer = self._modes.get(call.mode)
        if answer is None:
            raise Refusal("unknown_mode", mode=call.mode[:40], known=", ".join(self._modes))
        return await answer(call)

    # --- modes ----------------------------------------------------------------------------------------------------

    async def _checkauth(self, _call: Call) -> Answer:
        cookie, token = self._ids(), self._ids()
        session = await asyncio.to_thread(self._sessions.begin, cookie, token, self._ports.now())
        text = "success\n{}\n{}\nsessid={}\ntimestamp={}\n"
        name = self._settings.cookie
        return Answer(
            text.format(name, cookie, token, session.timestamp),
            text.format(name, "***", "***", session.timestamp),
        )

    async def _init(self, call: Call) -> Answer:
        session = self._session(call)
        async with self._imports.lock(session):
            await asyncio.to_thread(self._imports.begin_anew, session)
        lines = [f"zip={'yes' if self._settings.zip else 'no'}", f"file_limit={self._settings.file_limit}"]
        shown = list(lines)
        if call.asked.get("version"):
            lines += [f"sessid={session.token}", "version=3.1"]
            shown += ["sessid=***", "version=3.1"]
        return Answer("\n".join(lines), "\n".join(shown))

    async def _file(self, call: Call) -> Answer:
        session = self._session(call)
        name = call.filename
        if call.request.method != "POST":
            raise Refusal("needs_post")
        part, size, digest = await self._receive_part(call.request, session, name)
        upload = Upload(self._sessions, session)
        async with self._imports.lock(session):
            await asyncio.to_thread(
                upload.append, name, part, size=size, digest=digest, max_file=self._settings.max_file
            )

        async def sent() -> None:
            async with self._imports.lock(session):
                await asyncio.to_thread(upload.delivered)

        return Answer("success\n", f"success\n({size} bytes)", sent)

    async def _import(self, call: Call) -> Answer:
        session = self._session(call)
        verdict, text = await self._imports.run(session, call.filename, call.intake)
        return Answer(f"{verdict}\n{text}")

    async def _deactivate(self, call: Call) -> Answer:
        session = self._session(call)
        text = await self._imports.deactivate(session, call.asked.get("timestamp", "").strip(), call.intake)
        return Answer(f"success\n{text}")

    async def _complete(self, call: Call) -> Answer:
        session = self._session(call)
        async with self._imports.lock(session):
            await asyncio.to_thread(self._imports.absorb, session)
        return Answer(f"success\n{sentence('complete', self._settings.answers_in)}")

    # --- who is there ---------------------------------------------------------------------------------------------

    def _let_in(self, call: Call) -> None:
        if not is_allowed(call.request.headers.get("Authorization", ""), self._settings):
            raise Refusal("bad_login")

    def _session(self, call: Call) -> Session:
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

    # --- bodies ---------------------------------------------------------------------------------------------------

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

    def _failure(self, reason: Reason) -> Answer:
        return Answer(f"failure\n{reason.text(self._settings.answers_in)}")


async def _send(response: web.Response, request: web.Request) -> bool:
    """Send the answer now; tell whether it has left, as far as this side of the line can know."""
    try:
        await response.prepare(request)
        await response.write_eof()
    except ConnectionError:
        return False
    return request.transport is not None and not request.transport.is_closing()


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
