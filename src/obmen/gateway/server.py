"""The one place where others call us: paths lead to connections, addresses are checked, nothing is understood here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

import msgspec
from aiohttp import web

from obmen.connectors.contract import Intake, Receiver
from obmen.errors import ConfigError

Address: TypeAlias = "IPv4Address | IPv6Address"
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Network: TypeAlias = "IPv4Network | IPv6Network"

HEALTH: Final = "/health"
MAX_BODY: Final = 4 * 1024**3
"""Bytes one request may announce; receivers have closer limits of their own."""

_ACCEPTING: Final = 5
"""Turns of the loop until a line that is just being accepted is known: aiohttp waits 30 s for one it meets before that."""

log = logging.getLogger("obmen.gateway")


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that is called, and who may call it."""

    connection: str
    receiver: Receiver
    allow_from: tuple[Network, ...] = ()
    """Empty lets everybody try."""


class Gateway:
    """The HTTP server of the hub."""

    def __init__(
        self, entrances: Sequence[Entrance], intake: Intake, *, trusted_proxies: Sequence[Network] = ()
    ) -> None:
        """`trusted_proxies`: whose `X-Forwarded-For` is believed."""
        self._intake = intake
        self._trusted = tuple(trusted_proxies)
        self._by_path = _routes(entrances)
        self._runner: web.AppRunner | None = None

    def app(self) -> web.Application:
        """Return the application; receivers read bodies as streams, so that no size is buffered."""
        app = web.Application(middlewares=[self._logged])
        app.router.add_get(HEALTH, self._health)
        for path in self._by_path:
            app.router.add_route("*", path, self._enter)
        return app

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port: the one given, or the one found for 0."""
        self._runner = web.AppRunner(self.app(), access_log=None, handle_signals=False, shutdown_timeout=30)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening, and let requests under way end; whoever has connected and asked nothing is hung up on."""
        if self._runner is not None:
            for site in self._runner.sites:
                await site.stop()
            for _ in range(_ACCEPTING):
                await asyncio.sleep(0)
            await self._runner.cleanup()
            self._runner = None

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        entrance = self._by_path[request.path]
        caller = self.caller(request)
        if entrance.allow_from and not _is_in(caller, entrance.allow_from):
            return web.Response(
                status=403,
                text=f"{caller}: this address may not call here. Этому адресу сюда обращаться нельзя.\n",
            )
        if (request.content_length or 0) > MAX_BODY:
            return web.Response(
                status=413,
                text=f"The body is larger than {MAX_BODY} bytes. Тело запроса больше {MAX_BODY} байт.\n",
            )
        return await entrance.receiver.receive(request, self._intake)

    def caller(self, request: web.Request) -> Address | None:
        """Return who calls: behind trusted proxies, the nearest address that is not one of them."""
        address = _address(request.remote or "")
        chain = [part.strip() for part in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
        while address is not None and _is_in(address, self._trusted) and chain and chain[-1]:
            address = _address(chain.pop())
        return address

    @web.middleware
    async def _logged(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Log each request without its query, where secrets travel."""
        clock = asyncio.get_running_loop().time
        began = clock()
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as exc:
            status = exc.status
            raise
        finally:
            entrance = self._by_path.get(request.path)
            log.info(
                "%s %s %s %d in %.0f ms",
                self.caller(request),
                request.method,
                request.path,
                status,
                (clock() - began) * 1000,
                extra={"connection": entrance.connection if entrance else "", "status": status},
            )
        return response


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read addresses and networks as people write them in settings."""
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ip_network(text.strip(), strict=False))
        except ValueError as exc:
            raise ConfigError(
                "gateway.bad_network",
                f"«{text}» is neither an IP address nor a network; write it like 10.0.0.5 or 10.0.0.0/8.",
                f"«{text}» не IP-адрес и не подсеть; пишите как 10.0.0.5 или 10.0.0.0/8.",
            ) from exc
    return tuple(found)


def _routes(entrances: Sequence[Entrance]) -> dict[str, Entrance]:
    by_path: dict[str, Entrance] = {}
    for entrance in entrances:
        for path in entrance.receiver.routes:
            if path == HEALTH or not path.startswith("/") or "{" in path:
                raise ConfigError(
                    "gateway.bad_path",
                    f"{entrance.connection}: the address {path} cannot be used; begin it with / and choose another.",
                    f"{entrance.connection}: адрес {path} использовать нельзя; начните его с / и выберите другой.",
                )
            if (other := by_path.get(path)) is not None:
                raise ConfigError(
                    "gateway.same_path",
                    f"{other.connection} and {entrance.connection} both listen at {path}: give one of them another address.",
                    f"{other.connection} и {entrance.connection} слушают один адрес {path}: задайте одному другой.",
                )
            by_path[path] = entrance
    return by_path


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_in(address: Address | None, nets: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in nets)
