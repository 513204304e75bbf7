"""The exchange door: answers 1C as a Bitrix shop does, request by request.

The first word of an answer is its verdict and the HTTP status is 200 for success and failure alike; 1C shows the
sentence behind `failure` to its user. Requests are told apart by `mode`, not by method: some builds POST everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import ClientError, web

from obmen.connectors.contract import Exchange, Intake, Ports
from obmen.connectors.onec.door.calls import Answer, Call, Kind, send
from obmen.connectors.onec.door.catalog import Catalog
from obmen.connectors.onec.door.files import Files, disk_refusal
from obmen.connectors.onec.door.reference import Reference
from obmen.connectors.onec.door.sale import Papers, Sale
from obmen.connectors.onec.imports import Imports
from obmen.connectors.onec.inbox import Inbox
from obmen.connectors.onec.login import is_allowed, parameters
from obmen.connectors.onec.sentences import Reason, Refusal
from obmen.connectors.onec.sessions import SessionStore
from obmen.connectors.onec.settings import Settings
from obmen.errors import ObmenError, redact

_TYPES = ("catalog", "sale", "reference", "get_catalog", "listen", "crm")
_NEVER = frozenset({"get_catalog", "listen", "crm"})


class Door:
    """The door of one connection."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        ports: Ports,
        inbox: Inbox,
        papers: Papers | None,
        *,
        ids: Callable[[], str],
        wait_s: float,
    ) -> None:
        """`wait_s`: how long one request may last before `progress` is answered."""
        self._name = name
        self._settings = settings
        self._ports = ports
        self._sessions = SessionStore(ports.spool / "sessions", lifetime_s=settings.session_hours * 3600)
        self._imports = imports = Imports(name, settings, self._sessions, inbox, wait_s=wait_s)
        files = Files(settings, ports, self._sessions, imports, ids=ids)
        self._kinds: dict[str, Kind] = {
            "catalog": Catalog(settings, files, imports),
            "reference": Reference(settings, files),
        }
        if settings.orders and papers is not None:
            self._kinds["sale"] = Sale(
                name, settings, files, imports, self._sessions, papers, wait_s=wait_s, note=ports.log
            )

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
            failed = answer.failed
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
        if answer.document is None:
            self._note(call, answer, clock() - began, failed)
        response, broken = await send(request, answer, self._settings.charset)
        if answer.document is not None:
            self._note(call, answer, clock() - began, broken)  # only now is it known what has gone
        if answer.sent is not None:
            await answer.sent(not broken)
        return response

    async def _answer(self, call: Call) -> Answer:
        kind = call.asked.get("type", "").strip()
        if kind not in _TYPES:
            raise Refusal("unknown_type", type=kind[:40], known=", ".join(_TYPES))
        if call.mode == "checkauth" or "Authorization" in call.request.headers:
            self._let_in(call)
        if kind in _NEVER:
            raise Refusal("type_never", type=kind)
        if kind not in self._kinds:
            raise Refusal("type_off", type=kind)
        modes = self._kinds[kind].modes
        mode = modes.get(call.mode)
        if mode is None:
            raise Refusal("unknown_mode", mode=call.mode[:40], known=", ".join(modes))
        return await mode(call)

    def _let_in(self, call: Call) -> None:
        if not is_allowed(call.request.headers.get("Authorization", ""), self._settings):
            raise Refusal("bad_login")

    def _failure(self, reason: Reason) -> Answer:
        return Answer(f"failure\n{reason.text(self._settings.answers_in)}")

    def _note(self, call: Call, answer: Answer, took_s: float, failed: str) -> None:
        """Tell the exchange log; of a document only what it was."""
        told = answer.shown or answer.text if answer.document is None else answer.document.told()
        self._ports.log(
            Exchange(
                connection=self._name,
                direction="in",
                what=f"{call.asked.get('type', '')}.{call.mode} {call.asked.get('filename', '')}".strip(),
                request=redact(call.request.path_qs),
                answer=told,
                status=200,
                took_s=took_s,
                error=failed,
            )
        )
