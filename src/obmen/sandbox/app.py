"""What every simulated system has: a loopback server, faults on the way in, a ledger, and control routes.

Everything under `/sandbox/` belongs to the sandbox, not to the vendor: it meets no faults and is not in the ledger.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

import msgspec
from aiohttp import web

from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Dials, Fault, Faults
from obmen.sandbox.ledger import Ledger, under_fault

FAULT_HEADER = "X-Sandbox-Fault"
MAX_BODY = 64 * 1024 * 1024  # bytes; a full upload of pictures fits, a runaway client does not

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class UnknownAction(LookupError):
    """The simulator has no operator action of this name."""


class Simulator:
    """A simulated system on a loopback port. A vendor's simulator adds its routes and its operator's actions."""

    name: ClassVar[str] = "simulator"

    def __init__(self, *, clock: Clock | None = None, faults: Faults | str = "", seed: int = 0) -> None:
        self.clock = clock or Clock()
        self.faults = faults if isinstance(faults, Faults) else Faults(faults, seed=seed)
        self.ledger = Ledger(self.clock)
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._late: set[asyncio.Task[None]] = set()

    # What a vendor's simulator says about itself.

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """List the vendor's own routes."""
        return ()

    def credentials(self) -> dict[str, str]:
        """Return what a client needs besides the address."""
        return {}

    def actions(self) -> Mapping[str, Callable[..., object]]:
        """List what an operator may do by hand, by name; arguments are the keywords of the callable."""
        return {}

    def counts(self) -> dict[str, object]:
        """Count what the simulated system holds, for verdicts."""
        return {}

    def door_of(self, request: web.Request) -> tuple[str, str]:
        """Name the door and the operation of a request, for the ledger when a fault swallows it."""
        return self.name, request.path

    def limited(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 (vendors look at it)
        """Answer as the vendor does to a client that asks too much."""
        return _page(429, "429 Too Many Requests")

    def forget_sessions(self) -> None:
        """Forget logins and tokens, as the vendor does when they expire."""

    # Life.

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
    ) -> str:
        """Listen and return the address; port 0 takes a free one."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._misbehave])
        app.add_routes([*self.routes(), *self._control_routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, ssl_context=tls).start()
        bound = self._runner.addresses[0][1]
        self.url = f"{'https' if tls else 'http'}://{host}:{bound}"
        return self.url

    async def stop(self) -> None:
        """Stop listening; effects still under way are dropped, as by a power cut."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        if self._runner is None:
            await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def ready(self) -> dict[str, str]:
        """Return the one line a parent process waits for: address and credentials."""
        return {"name": self.name, "url": self.url, **self.credentials()}

    async def settle(self) -> None:
        """Wait until every late effect has landed."""
        await asyncio.gather(*self._late, return_exceptions=True)

    # Faults.

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/sandbox/"):
            return await handler(request)
        if delay := self.faults.delay():
            await asyncio.sleep(delay)
        match self._fault_of(request):
            case None:
                return await handler(request)
            case Fault.ERROR:
                return self._swallow(request, Fault.ERROR, 500, "500 Internal Server Error")
            case Fault.UNAVAILABLE:
                return self._swallow(request, Fault.UNAVAILABLE, 503, "503 Service Temporarily Unavailable")
            case Fault.LIMIT:
                self._note(request, Fault.LIMIT)
                return self.limited(request)
            case Fault.EXPIRED:
                self.forget_sessions()
                with under_fault(Fault.EXPIRED.value):
                    return await handler(request)
            case Fault.LOST_ANSWER:
                with under_fault(Fault.LOST_ANSWER.value):
                    answer = await handler(request)
                if request.transport is not None:
                    request.transport.close()
                return answer
            case Fault.LATE_EFFECT:
                await request.read()  # the body must outlive the connection
                self._land_later(request, handler)
                return _page(504, "504 Gateway Time-out")

    def _fault_of(self, request: web.Request) -> Fault | None:
        drawn = self.faults.draw()
        asked = request.headers.get(FAULT_HEADER)
        if asked is None:
            return drawn
        try:
            return Fault(asked)
        except ValueError as exc:
            known = ", ".join(Fault)
            raise web.HTTPBadRequest(text=f"{FAULT_HEADER}: {asked!r} is unknown; known: {known}.") from exc

    def _note(self, request: web.Request, fault: Fault) -> None:
        door, what = self.door_of(request)
        self.ledger.record_asked(door=door, what=what, ok=False, fault=fault.value)

    def _swallow(self, request: web.Request, fault: Fault, status: int, title: str) -> web.Response:
        self._note(request, fault)
        return _page(status, title)

    def _land_later(self, request: web.Request, handler: Handler) -> None:
        async def land() -> None:
            await asyncio.sleep(self.faults.dials.late_s)
            with under_fault(Fault.LATE_EFFECT.value):
                await handler(request)

        task = asyncio.create_task(land())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    # Control routes.

    def _control_routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/sandbox/ready", self._show_ready),
            web.get("/sandbox/counts", self._show_counts),
            web.get("/sandbox/ledger", self._show_ledger),
            web.get("/sandbox/faults", self._show_faults),
            web.put("/sandbox/faults", self._set_faults),
            web.get("/sandbox/clock", self._show_clock),
            web.post("/sandbox/clock", self._move_clock),
            web.get("/sandbox/act", self._list_actions),
            web.post("/sandbox/act/{action}", self._act),
        ]

    async def _show_ready(self, _: web.Request) -> web.Response:
        return reply(self.ready())

    async def _show_counts(self, _: web.Request) -> web.Response:
        return reply(self.counts())

    async def _show_ledger(self, request: web.Request) -> web.Response:
        """Answer with the counters; `?since=N` adds the entries after N."""
        answer: dict[str, object] = {"summary": self.ledger.summary()}
        since = request.query.get("since")
        if since is not None:
            if not since.isdecimal():
                return reply({"error": f"since is the number of a ledger entry, got {since!r}."}, status=400)
            answer["asked"], answer["effects"] = self.ledger.since(int(since))
        return reply(answer)

    async def _show_faults(self, _: web.Request) -> web.Response:
        return reply(self.faults.dials)

    async def _set_faults(self, request: web.Request) -> web.Response:
        """Set the dials from a text as in `--faults`; dials not named go back to rest."""
        try:
            self.faults.dials = Dials.parse(await request.text())
        except ValueError as exc:
            return reply({"error": str(exc)}, status=400)
        return reply(self.faults.dials)

    async def _show_clock(self, _: web.Request) -> web.Response:
        return reply({"now": self.clock.now(), "frozen": self.clock.frozen})

    async def _move_clock(self, request: web.Request) -> web.Response:
        """Do `{"advance": seconds}` and/or `{"frozen": true}`."""
        try:
            order = msgspec.json.decode(await request.read(), type=_ClockOrder)
            self.clock.advance(order.advance)
        except (msgspec.MsgspecError, ValueError) as exc:
            return reply({"error": str(exc)}, status=400)
        if order.frozen is not None:
            (self.clock.freeze if order.frozen else self.clock.thaw)()
        return await self._show_clock(request)

    async def _list_actions(self, _: web.Request) -> web.Response:
        return reply({name: (action.__doc__ or "").strip() for name, action in self.actions().items()})

    async def _act(self, request: web.Request) -> web.Response:
        """Do one operator action with the JSON body as its keywords."""
        name = request.match_info["action"]
        try:
            return reply({"result": self.act(name, **msgspec.json.decode(await request.read() or b"{}"))})
        except (LookupError, TypeError, ValueError, msgspec.MsgspecError) as exc:
            return reply({"error": str(exc)}, status=400)

    def act(self, action: str, /, **arguments: Any) -> object:
        """Do one operator action in-process, exactly as the control route does it."""
        known = self.actions()
        if action not in known:
            raise UnknownAction(f"{self.name} has no action {action!r}; known: {', '.join(sorted(known))}.")
        return known[action](**arguments)


class _ClockOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    advance: float = 0.0
    frozen: bool | None = None


def _page(status: int, title: str) -> web.Response:
    """Show what a web server shows by itself: not JSON, not the vendor's words."""
    text = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>nginx</body></html>"
    return web.Response(status=status, text=text, content_type="text/html")


def reply(body: object, *, status: int = 200) -> web.Response:
    """Answer a control route in JSON."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
