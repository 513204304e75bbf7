"""The exchange of orders: `type=sale`. 1C asks for what is meant for it, confirms it, and brings what it changed.

What was offered counts as taken when 1C says `success`, or asks once more in the same session: one configuration in
the field never says `success`. An answer that did not leave whole was not taken, whatever is asked next. A session
that asks for the first time gets what other sessions never confirmed.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO, Protocol

from obmen.connectors.contract import Exchange, Intake, Refused, Step
from obmen.connectors.onec.door.calls import Answer, Call, Document, Mode
from obmen.connectors.onec.door.files import Files
from obmen.connectors.onec.imports import Imports
from obmen.connectors.onec.sentences import Refusal
from obmen.connectors.onec.sessions import Session, SessionStore
from obmen.connectors.onec.settings import Settings
from obmen.errors import BadInput

ORDER = "order"

log = logging.getLogger("obmen.onec")

_BLOCK = 256 * 1024
SHOWN = 100
"""Orders of one answer that stand whole in the exchange log: a day's work, and no burden where years go at once."""
_STRANGERS = frozenset({"no_cookie", "no_session"})


class Papers(Protocol):
    """Orders as documents of the exchange, in the encoding of the answers."""

    def begin(self, version: str) -> bytes:
        """Return what stands before the first order, for a 1C that named this version (empty: it named none)."""

    def order(self, step: Step, version: str) -> bytes:
        """Return one order; raises `BadInput` where it cannot be put into words."""

    def end(self, version: str) -> bytes:
        """Return what stands behind the last one."""

    def info(self) -> bytes:
        """Return the dictionary 1C maps its own states to."""


class Sale:
    """What 1C does to take orders and to bring what it changed."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        files: Files,
        imports: Imports,
        sessions: SessionStore,
        papers: Papers,
        *,
        wait_s: float,
        note: Callable[[Exchange], None],
    ) -> None:
        """`note` takes what goes to 1C into the exchange log."""
        self._name = name
        self._settings = settings
        self._files = files
        self._imports = imports
        self._sessions = sessions
        self._papers = papers
        self._wait_s = wait_s
        self._note = note
        self.modes: Mapping[str, Mode] = {
            "checkauth": self._checkauth,
            "init": self._init,
            "query": self._query,
            "success": self._success,
            "file": self._file,
            "import": self._import,
            "info": self._info,
        }

    async def _checkauth(self, _call: Call) -> Answer:
        return await self._files.checkauth(timed=False)

    async def _init(self, call: Call) -> Answer:
        return await self._files.init(call, packs=self._settings.zip, speaks=self._settings.orders_version)

    # --- orders out -----------------------------------------------------------------------------------------------

    async def _query(self, call: Call) -> Answer:
        session, intake = self._files.session(call), call.intake
        deadline = _clock() + self._wait_s
        # What 1C has just brought comes first: a document must not put back what it has changed.
        await self._imports.settled(session, intake, wait_s=self._wait_s)
        async with self._imports.lock(session):
            if session.offers:
                await intake.taken(self._name, session=session.id, offers=session.left)
            else:
                await intake.untaken(self._name, but=session.id)
            session.left = []
            session.offers += 1
            number = session.offers
            await asyncio.to_thread(self._sessions.save, session)
        offered = _Offered()
        pieces = self._pieces(session, number, intake, deadline, offered)
        document = Document(pieces, offered.told)
        if not self._settings.orders_in_chunks:
            document = await _spooled(document, self._sessions.folder(session))

        async def sent(left: bool) -> None:  # noqa: FBT001 - what became of the answer
            async with self._imports.lock(session):
                if left:
                    session.left.append(number)
                    session.unconfirmed = offered.orders
                else:
                    session.broken = number
                await asyncio.to_thread(self._sessions.save, session)

        return Answer(sent=sent, document=document)

    async def _pieces(
        self, session: Session, number: int, intake: Intake, deadline: float, offered: _Offered
    ) -> AsyncGenerator[bytes, None]:
        """Yield the document of an offer; it ends early rather than let 1C wait too long, more comes with the next."""
        version, papers = session.version, self._papers
        yield papers.begin(version)
        portions = intake.offer(
            self._name,
            ORDER,
            session=session.id,
            number=number,
            limit=self._settings.orders_at_once,
            keep_s=self._settings.session_hours * 3600,
        )
        async with aclosing(portions):
            async for steps in portions:
                orders, refused = await asyncio.to_thread(self._written, steps, version)
                if refused:
                    await intake.refuse(self._name, ORDER, refused)
                self._show(orders[: max(0, SHOWN - offered.orders)])
                offered.orders += len(orders)
                yield b"".join(orders)
                if _clock() >= deadline:
                    break
        yield papers.end(version)

    def _show(self, orders: Sequence[bytes]) -> None:
        """Put orders into the exchange log as 1C gets them, each by itself."""
        for order in orders:
            text = order.decode(self._settings.charset, "replace")
            self._note(
                Exchange(
                    connection=self._name,
                    direction="out",
                    what="sale.order",
                    request="",
                    answer=text,
                    status=200,
                    took_s=0.0,
                )
            )

    def _written(self, steps: Sequence[Step], version: str) -> tuple[list[bytes], list[Refused]]:
        pieces: list[bytes] = []
        refused: list[Refused] = []
        for step in steps:
            try:
                pieces.append(self._papers.order(step, version))
            except BadInput as exc:
                refused.append(Refused(record=step.record, code=exc.code, en=exc.en, ru=exc.ru))
            except Exception:  # one order must not keep all the others from 1C
                log.exception("%s: order «%s» could not be written down", self._name, step.title)
                refused.append(
                    Refused(
                        record=step.record,
                        code="onec.not_written",
                        en="the hub made a mistake when writing it down for 1C; its log says more.",
                        ru="при записи для 1С в хабе произошла ошибка; подробности в его логе.",
                    )
                )
        return pieces, refused

    async def _success(self, call: Call) -> Answer:
        """Close what was offered. The verdict on a session that is not the one that counts is `error`, as in a shop."""
        try:
            session = self._files.session(call)
        except Refusal as refusal:
            if refusal.code not in _STRANGERS:
                raise
            return self._error(refusal)
        async with self._imports.lock(session):
            # Unless the answer to the last query is known to have broken off, 1C has it, or it would not say so.
            offers = {*session.left, session.offers} - {session.broken}
            count = await call.intake.taken(self._name, session=session.id, offers=offers)
            lost = session.unconfirmed > 0 and not count and self._is_overtaken(session)
            session.left, session.unconfirmed = [], 0
            await asyncio.to_thread(self._sessions.save, session)
        if lost:
            return self._error(Refusal("orders_elsewhere"))
        return Answer("success\n", f"success\n({count} orders)")

    def _error(self, refusal: Refusal) -> Answer:
        return Answer(f"error\n{refusal.text(self._settings.answers_in)}", failed=refusal.text("en"))

    def _is_overtaken(self, session: Session) -> bool:
        """Tell whether a later session has asked for orders: it was given what this one had not confirmed."""
        return any(later.offers for later in self._sessions.later(session))

    # --- orders in ------------------------------------------------------------------------------------------------

    async def _file(self, call: Call) -> Answer:
        """Store a piece; for 1C that named no version, and so will never ask to import, take the file in at once."""
        session = self._files.session(call)
        name = call.filename
        size = await self._files.store(call, session)
        delivered = self._files.delivered(session)
        if session.version:
            return Answer("success\n", f"success\n({size} bytes)", delivered)
        verdict = await self._imports.at_once(
            session, name, call.intake, more=size >= self._settings.file_limit
        )
        return Answer(f"{verdict.word}\n{verdict.text}", sent=delivered)

    async def _import(self, call: Call) -> Answer:
        session = self._files.session(call)
        verdict = await self._imports.run(session, call.filename, call.intake)
        return Answer(f"{verdict.word}\n{verdict.text}")

    async def _info(self, call: Call) -> Answer:
        self._files.session(call)
        body = self._papers.info()
        return Answer(document=Document(_whole(body), lambda: f"({len(body)} bytes)", len(body)))


class _Offered:
    """What has gone into a document so far."""

    def __init__(self) -> None:
        self.orders = 0

    def told(self) -> str:
        """Tell the log; nothing about buyers."""
        return f"({self.orders} orders)"


async def _whole(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


async def _spooled(document: Document, folder: Path) -> Document:
    """Write a document to disk first: an old 1C wants to know its length beforehand."""
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed when it has been read
    try:
        async with aclosing(document.pieces) as pieces:
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    return Document(_read(file, size), document.told, size)


async def _read(file: BinaryIO, size: int) -> AsyncGenerator[bytes, None]:
    """Yield a file of this size; nothing is waited for behind the last byte, when 1C may hang up at any moment."""
    with file:
        file.seek(0)
        while size > 0:
            block = await asyncio.to_thread(file.read, _BLOCK)
            size -= len(block)
            yield block


def _clock() -> float:
    return asyncio.get_running_loop().time()
