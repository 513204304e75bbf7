"""What the hub keeps of an exchange that passes it by: its own copy of the files, taken in once the shop took them.

The copy follows the shop: a piece counts when the shop has answered `success` to it, a file when the shop has
imported it. Whatever goes wrong here is told in the log and never reaches 1C or the shop.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from obmen.connectors.contract import Exchange, Intake, Ports
from obmen.connectors.onec.door import disk_refusal
from obmen.connectors.onec.imports import Imports
from obmen.connectors.onec.inbox import Inbox
from obmen.connectors.onec.sentences import Refusal
from obmen.connectors.onec.sessions import Session, SessionStore, Upload
from obmen.connectors.onec.settings import Settings
from obmen.errors import ObmenError
from obmen.formats.commerceml import RefusedFile, clean_filename

GRACE_S: Final = 2.0
"""How long an answer to 1C waits for the hub's own bookkeeping, which goes on behind it."""
_POLL_S: Final = 1.0
_LARGE: Final = 256 * 1024
_SPOILT: Final = "spoilt"

log = logging.getLogger("obmen.onec")


class Asked(NamedTuple):
    """What 1C wants of the shop."""

    kind: str
    mode: str
    filename: str
    timestamp: str
    cookies: tuple[str, ...]
    """As `name=value`."""


class Heard(NamedTuple):
    """What the shop answered."""

    status: int
    lines: tuple[str, ...]
    """The beginning, decoded."""

    @property
    def word(self) -> str:
        """The verdict."""
        return self.lines[0].strip() if self.lines else ""

    @property
    def ok(self) -> bool:
        """Whether the shop did what was asked."""
        return self.status == 200 and self.word == "success"

    @property
    def begins(self) -> bool:
        """Whether the shop has told its limits, and so wiped what was there."""
        return self.status == 200 and any(line.startswith(("zip=", "file_limit=")) for line in self.lines)


class Part:
    """A piece of a file, written down while it passes; a disk that fails does not stop it."""

    def __init__(self, session: Session, name: str, path: Path, limit: int) -> None:
        self.session = session
        self.name = name
        self.path = path
        self.size = 0
        self.fault: Refusal | None = None
        self._limit = limit
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The SHA-256 of what was written."""
        return self._hash.hexdigest()

    async def write(self, block: bytes) -> None:
        """Add what has just passed."""
        if self.fault is not None:
            return
        self.size += len(block)
        if self.size > self._limit:
            self.drop(Refusal("file_too_big", name=self.name, limit=self._limit))
            return
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("wb")
            self._hash.update(block)
            if len(block) < _LARGE:
                self._file.write(block)
            else:
                await asyncio.to_thread(self._file.write, block)
        except OSError as exc:
            self.drop(disk_refusal(exc))

    def end(self) -> None:
        """Bring the last bytes to the disk."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError as exc:
            self.fault = disk_refusal(exc)

    def drop(self, fault: Refusal | None = None) -> None:
        """Forget the piece."""
        self.fault = self.fault or fault
        self.end()
        with suppress(OSError):  # whatever stays is wiped with the session
            self.path.unlink(missing_ok=True)


class Copies:
    """The copies of one connection. Work is done in the order the shop answered."""

    def __init__(
        self, name: str, settings: Settings, ports: Ports, inbox: Inbox, *, ids: Callable[[], str]
    ) -> None:
        self._name = name
        self._settings = settings
        self._ports = ports
        self._ids = ids
        self._sessions = SessionStore(ports.spool / "sessions", lifetime_s=settings.session_hours * 3600)
        self._imports = Imports(name, settings, self._sessions, inbox, wait_s=0)
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._missed_at = 0.0  # when the shop last took something of an exchange unknown here

    async def close(self) -> None:
        """Let work under way end; what waits for the hub is given up."""
        self._closing = True
        await asyncio.gather(*self._tasks)
        await self._imports.close()

    async def tidy(self) -> None:
        """Clear expired sessions away."""
        async with self._turn:
            await asyncio.to_thread(self._sessions.purge, self._ports.now())

    def part(self, asked: Asked) -> Part | None:
        """Return where to write a piece that is about to pass; None where none passes, or nobody known sends it."""
        if (asked.kind, asked.mode) != ("catalog", "file"):
            return None
        try:
            session = self._session(asked)
        except OSError:
            return None  # told when the shop has taken the piece
        if session is None:
            return None
        limit = min(self._settings.max_file, self._settings.max_session)
        return Part(session, asked.filename, self._sessions.parts(session) / self._ids(), limit)

    async def hear(self, asked: Asked, heard: Heard, part: Part | None, intake: Intake) -> None:
        """Do what the shop has done; returns soon, work may go on behind."""
        if asked.kind != "catalog":
            return
        task = asyncio.create_task(self._guarded(asked, self._work(asked, heard, part, intake)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait({task}, timeout=GRACE_S)

    async def _guarded(self, asked: Asked, work: Awaitable[None]) -> None:
        """Turn whatever goes wrong into one sentence of the log."""
        try:
            await work
        except Refusal as refusal:
            self._tell(asked, refusal.text("en"))
        except ObmenError as exc:
            self._tell(asked, exc.en)
        except OSError as exc:
            self._tell(asked, disk_refusal(exc).text("en"))
        except Exception:
            log.exception("%s: the copy of %s %s failed", self._name, asked.mode, asked.filename)
            self._tell(asked, "The exchange server made a mistake; its log says more.")

    async def _work(self, asked: Asked, heard: Heard, part: Part | None, intake: Intake) -> None:
        if asked.mode == "deactivate" and heard.ok:
            await self._deactivate(asked, intake)
            return
        async with self._turn:
            if asked.mode == "checkauth" and heard.ok:
                await asyncio.to_thread(self._begin, heard)
            elif asked.mode == "init" and heard.begins:
                await asyncio.to_thread(self._begin_anew, self._known(asked))
            elif asked.mode == "file" and heard.ok:
                await asyncio.to_thread(self._append, part or self._no_part(asked))
            elif part is not None:
                part.drop()
            elif asked.mode == "import" and heard.ok:
                await self._take(asked, intake)
            elif asked.mode == "complete" and heard.ok:
                await asyncio.to_thread(self._imports.absorb, self._known(asked))

    # --- steps ----------------------------------------------------------------------------------------------------

    def _begin(self, heard: Heard) -> None:
        """Open a session under the cookie and the time mark the shop gave out."""
        if len(heard.lines) < 3:
            return
        told = dict(line.strip().partition("=")[::2] for line in heard.lines[3:])
        cookie = f"{heard.lines[1].strip()}={heard.lines[2].strip()}"
        try:
            session = self._sessions.begin(cookie, "", self._ports.now())
            if (timestamp := told.get("timestamp", "")).isdecimal():
                session.timestamp = int(timestamp)
                self._sessions.save(session)
        except OSError:
            self._missed_at = self._ports.now()
            raise

    def _begin_anew(self, session: Session) -> None:
        for name in [name for name, code in session.refused.items() if code == _SPOILT]:
            del session.refused[name]
        self._imports.begin_anew(session)

    def _append(self, part: Part) -> None:
        """Append a piece as the shop does; a file with a hole is not kept at all."""
        session = part.session
        if session.refused.get(part.name) == _SPOILT:
            part.drop()
            return
        try:
            self._refuse(part)
            upload = Upload(self._sessions, session)
            upload.append(
                _clean(part.name),
                part.path,
                size=part.size,
                digest=part.digest,
                max_file=self._settings.max_file,
            )
            upload.delivered()
        except (Refusal, OSError):
            part.drop()
            self._spoil(session, part.name)
            raise

    def _refuse(self, part: Part) -> None:
        """Raise `Refusal` for a piece that came badly, or is too much."""
        session, settings = part.session, self._settings
        if part.fault is not None:
            raise part.fault
        if session.bytes_in + part.size > settings.max_session:
            raise Refusal("session_too_big", limit=settings.max_session)
        if session.files_in >= settings.max_files:
            raise Refusal("too_many_files", limit=settings.max_files)
        if not part.size:
            raise Refusal("empty_chunk", name=part.name)

    def _spoil(self, session: Session, name: str) -> None:
        session.refused[name] = _SPOILT
        session.last = None
        with suppress(Refusal):
            (self._sessions.uploads(session) / _clean(name)).unlink(missing_ok=True)
        self._sessions.save(session)

    async def _take(self, asked: Asked, intake: Intake) -> None:
        session = self._known(asked)
        name = asked.filename
        try:
            name = _clean(asked.filename)
            await self._imports.hand_over(session, name, intake)
        except (Refusal, ObmenError, OSError):
            # Nothing may be called absent by an exchange of which a file is missing here.
            session.refused.setdefault(name, "not_taken")
            await asyncio.to_thread(self._sessions.save, session)
            raise

    async def _deactivate(self, asked: Asked, intake: Intake) -> None:
        async with self._turn:  # behind all that was imported before
            session = self._known(asked)
        marked = int(asked.timestamp) if asked.timestamp.isdecimal() else 0
        sessions = self._sessions.since(marked, session) or []
        for work in [work for each in sessions for work in each.imports.values()]:
            while (await intake.progress(work.number, wait_s=_POLL_S)).state not in {"done", "failed"}:
                if self._closing:
                    raise Refusal("copy_stopped")
        if any(self._missed_at >= each.created_at for each in sessions):
            raise Refusal("copy_unseen")
        await self._imports.deactivate(session, asked.timestamp, intake)

    # --- whose ----------------------------------------------------------------------------------------------------

    def _session(self, asked: Asked) -> Session | None:
        now = self._ports.now()
        return next((found for each in asked.cookies if (found := self._sessions.find(each, now))), None)

    def _known(self, asked: Asked) -> Session:
        session = self._session(asked)
        if session is None:
            self._missed_at = self._ports.now()
            raise Refusal("copy_unseen")
        return session

    def _no_part(self, asked: Asked) -> Part:
        """Tell why a piece that the shop took was not written down."""
        self._known(asked)
        raise Refusal("copy_unseen")

    def _tell(self, asked: Asked, reason: str) -> None:
        what = f"{asked.mode} {asked.filename}".strip()
        log.warning("%s: the shop has taken %s, the hub's copy has not: %s", self._name, what, reason)
        self._ports.log(
            Exchange(
                connection=self._name,
                direction="in",
                what=f"copy.{what}",
                request="",
                answer="",
                status=0,
                took_s=0.0,
                error=reason,
            )
        )


def _clean(name: str) -> str:
    if not name.strip():
        raise Refusal("no_name")
    try:
        return clean_filename(name)
    except RefusedFile as exc:
        raise Refusal("bad_name", reason=exc) from exc
