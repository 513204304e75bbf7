"""What happens behind `import`, `init` and `deactivate`: files go into the hub's inbox, and 1C is told how far they are."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import NamedTuple
from weakref import WeakValueDictionary

import msgspec

from obmen.connectors.contract import Envelope, Intake, Progress
from obmen.connectors.onec.inbox import Inbox
from obmen.connectors.onec.sentences import Refusal, sentence
from obmen.connectors.onec.sessions import Import, Session, SessionStore, Upload
from obmen.connectors.onec.settings import Settings


class Verdict(NamedTuple):
    """The first word of an answer, and the sentence behind it."""

    word: str
    text: str


class Imports:
    """The imports of one connection. One session does one thing at a time; sessions do not wait for each other."""

    def __init__(
        self, connection: str, settings: Settings, sessions: SessionStore, inbox: Inbox, *, wait_s: float
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._sessions = sessions
        self._inbox = inbox
        self._wait_s = wait_s
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._running: dict[tuple[str, str], asyncio.Task[Import]] = {}

    def lock(self, session: Session) -> asyncio.Lock:
        """Return the lock of a session's files."""
        lock = self._locks.get(session.id)
        if lock is None:
            lock = self._locks[session.id] = asyncio.Lock()
        return lock

    async def close(self) -> None:
        """Wait for what is being checked."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def begin_anew(self, session: Session) -> None:
        """Wipe what was uploaded; pictures that came last are kept first."""
        with suppress(Refusal):  # whoever wanted a bad archive has been told, or never asked
            self.absorb(session)
        self._sessions.wipe(session)

    def absorb(self, session: Session) -> None:
        """Open archives and keep pictures."""
        try:
            self._inbox.absorb(Upload(self._sessions, session), session)
        finally:
            self._sessions.save(session)

    async def run(self, session: Session, name: str, intake: Intake) -> Verdict:
        """Hand a file to the hub, or tell how far it has got; returns in time for 1C to ask again."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._wait_s
        work = await self._handed(session, name, intake)
        if work is None:
            return Verdict("progress", self._say("checking", name=name))
        progress = await intake.progress(work.number, wait_s=max(0.0, deadline - clock()))
        await self._note(session, name, work, progress)
        return self._verdict(session, name, work, progress)

    async def at_once(self, session: Session, name: str, intake: Intake, *, more: bool) -> Verdict:
        """Take in what has just been uploaded, for 1C that never asks to import; `more`: another piece may follow."""
        upload = Upload(self._sessions, session)
        try:
            async with self.lock(session):
                await asyncio.to_thread(self.absorb, session)
            told = [await self.run(session, each, intake) for each in upload.names() if _matters(each)]
        except Refusal:
            if not more:
                raise
            session.refused.pop(name, None)
            return Verdict("success", self._say("more_to_come", name=name))
        failed = [each for each in told if each.word == "failure"]
        # In a file that is taken in at once errors stand behind the word, where 1C shows them in its log.
        return Verdict("success", "\n".join(each.text for each in failed or told))

    async def settled(self, session: Session, intake: Intake, *, wait_s: float) -> None:
        """Wait until the hub is through with what this session has brought, at most so long."""
        deadline = asyncio.get_running_loop().time() + wait_s
        for name, work in list(session.imports.items()):
            if work.state == "working":
                left = max(0.0, deadline - asyncio.get_running_loop().time())
                await self._note(session, name, work, await intake.progress(work.number, wait_s=left))

    async def deactivate(self, session: Session, timestamp: str, intake: Intake) -> str:
        """Tell the hub that what these sessions did not show is gone; refuses unless they are complete."""
        if self._settings.full_export == "nothing":
            return self._say("deactivate_off")
        if not timestamp.isdecimal():
            raise Refusal("bad_timestamp", timestamp=timestamp[:40])
        sessions = await asyncio.to_thread(self._sessions.since, int(timestamp), session)
        if sessions is None:
            raise Refusal("bad_timestamp", timestamp=timestamp[:40])
        for each in sessions:
            await self._refresh(each, intake)
        unfinished = sorted({name for each in sessions for name in self._unfinished(each)})
        if unfinished:
            raise Refusal("incomplete", names=_some(unfinished))
        scopes = sorted(
            {scope for each in sessions for done in each.imports.values() for scope in done.scopes}
        )
        if not scopes:
            raise Refusal("nothing_imported")
        for scope in scopes:
            await intake.accept(
                Envelope(
                    connection=self._connection,
                    kind="absence",
                    name="deactivate",
                    key=f"{sessions[0].id}:deactivate:{scope}",
                    session=session.id,
                    since=sessions[0].created_at,
                    scope=scope,
                )
            )
        return self._say("deactivating")

    # --- handing on -----------------------------------------------------------------------------------------------

    async def _handed(self, session: Session, name: str, intake: Intake) -> Import | None:
        """Return the import of a file, starting it where needed; None while it is still being checked."""
        key = (session.id, name)
        task = self._running.get(key)
        if task is None or task.done():
            # A task that ended unheard is asked again: by now the file may be another one.
            task = self._running[key] = asyncio.create_task(self.hand_over(session, name, intake))
            task.add_done_callback(_heard)
        await asyncio.wait({task}, timeout=self._wait_s)
        if not task.done():
            return None
        self._running.pop(key, None)
        return task.result()

    async def hand_over(self, session: Session, name: str, intake: Intake) -> Import:
        """Put an uploaded file into the hub's inbox; raises `Refusal` where it cannot be used."""
        async with self.lock(session):
            upload = Upload(self._sessions, session)
            bad_archive: Refusal | None = None
            try:
                await asyncio.to_thread(self.absorb, session)
            except Refusal as refusal:
                bad_archive = refusal  # the file wanted may have come another way
            names = upload.names()
            if name not in names and (known := session.imports.get(name)):
                return known
            found = _find(name, names)
            if found is None:
                raise bad_archive or _not_there(session, name, names)
            try:
                taken = await asyncio.to_thread(self._inbox.take, upload, session, found)
            except Refusal as refusal:
                session.refused[name] = refusal.code
                self._sessions.save(session)
                raise
            number = await intake.accept(
                Envelope(
                    connection=self._connection,
                    kind="file",
                    name=name,
                    key=f"{session.id}:{name}:{taken.digest}",
                    path=str(taken.path),
                    body=msgspec.json.encode(taken.notes),
                    session=session.id,
                )
            )
            work = Import(
                digest=taken.digest,
                number=number,
                total=taken.contents.total,
                scopes=taken.contents.scopes,
            )
            session.imports[name] = work
            session.refused.pop(name, None)
            self._sessions.save(session)
            # Only now: a crash before this line finds the file again and gets the same number.
            upload.drop(found)
            return work

    # --- telling --------------------------------------------------------------------------------------------------

    async def _refresh(self, session: Session, intake: Intake) -> None:
        for name, work in list(session.imports.items()):
            if work.state != "done":
                await self._note(session, name, work, await intake.progress(work.number, wait_s=0))

    async def _note(self, session: Session, name: str, work: Import, progress: Progress) -> None:
        if progress.state in {"done", "failed"} and work.state != progress.state:
            async with self.lock(session):
                session.imports[name] = msgspec.structs.replace(work, state=progress.state)
                await asyncio.to_thread(self._sessions.save, session)

    def _unfinished(self, session: Session) -> list[str]:
        names = [name for name, work in session.imports.items() if work.state != "done"]
        names += [name for name in session.refused if _matters(name)]
        names += [name for name in Upload(self._sessions, session).names() if _matters(name)]
        return names

    def _verdict(self, session: Session, name: str, work: Import, progress: Progress) -> Verdict:
        told = progress.ru if self._settings.answers_in == "ru" else progress.en
        if progress.state == "failed":
            return Verdict("failure", told or self._say("import_failed", name=name))
        if progress.state != "done":
            return Verdict("progress", self._say("working", name=name, done=progress.done, total=work.total))
        left_out = [each for each in session.refused if not _matters(each)]
        more = self._say("left_out", count=len(left_out), name=left_out[0]) if left_out else ""
        done = told or self._say("imported", name=name, total=work.total)
        return Verdict("success", " ".join(part for part in (done, more) if part))

    def _say(self, code: str, **facts: str | int) -> str:
        return sentence(code, self._settings.answers_in, **facts)


def _heard(task: asyncio.Task[Import]) -> None:
    """Look at the outcome of a task nobody may come back for; whoever does is told it again."""
    if not task.cancelled():
        task.exception()


def _not_there(session: Session, name: str, names: list[str]) -> Refusal:
    known = [each for each in names if _matters(each)] + list(session.imports)
    return Refusal("not_uploaded", name=name, known=_some(known) or "—")


def _matters(name: str) -> bool:
    """Tell whether a file is more than a picture."""
    return name.lower().endswith((".xml", ".zip"))


def _find(name: str, names: list[str]) -> str | None:
    """Return the uploaded file 1C means: by its name, else by the end of its path, if only one fits."""
    if name in names:
        return name
    wanted = name.casefold()
    fits = [each for each in names if each.casefold() == wanted]
    fits = fits or [each for each in names if each.casefold().rpartition("/")[2] == wanted.rpartition("/")[2]]
    return fits[0] if len(fits) == 1 else None


def _some(names: list[str], most: int = 5) -> str:
    shown = ", ".join(names[:most])
    return f"{shown}…" if len(names) > most else shown
