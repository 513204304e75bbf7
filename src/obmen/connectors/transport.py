"""HTTP towards a vendor: one session per connection, guarded addresses, a masked log, and errors by consequence.

What leaves here is a status and bytes for the vendor's client, or an error of ours: `Transient` when the request was
certainly not sent, `UnknownOutcome` when it may have been. Addresses may carry a secret in their path, so nothing of
the HTTP library's own texts is passed on unmasked, and no exception is chained: a chained one would bring the whole
address into a traceback.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError
from yarl import URL

from obmen.connectors.contract import Exchange, Ports
from obmen.errors import ConfigError, Transient, UnknownOutcome, redact

READABLE = 4000
"""Characters of a body kept in the exchange log."""
LARGEST_ANSWER = 64 * 1024 * 1024
_METADATA = frozenset({"100.100.100.200", "fd00:ec2::254", "metadata.google.internal"})
_SOCKS = ("socks4", "socks5")
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
_PROXY_FAILED = (aiohttp.ClientHttpProxyError, ProxyError, ProxyConnectionError, ProxyTimeoutError)
_AUTO_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_KEEPALIVE_S = 4.0
"""Shorter than a web server's own: a write into a connection being closed there has an unknown outcome."""


class Answer(NamedTuple):
    """What came back: for the vendor's client, and for nobody above it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: Mapping[str, str]


class Spoken(NamedTuple):
    """What the operator calls the settings a sentence may have to name."""

    base: str = "url"
    ca_file: str = "ca_file"


_PLAINLY = Spoken()


class Transport:
    """The way out of one connection. Certificates are always verified; redirects are never followed."""

    def __init__(
        self,
        *,
        ports: Ports,
        connection: str,
        base: str,
        secrets: Sequence[str] = (),
        proxy: str = "",
        ca_file: str = "",
        connect_s: float = 10.0,
        timeout_s: float = 60.0,
        pool: int = 8,
        spoken: Spoken = _PLAINLY,
    ) -> None:
        """`pool`: connections open at once."""
        self._ports = ports
        self._connection = connection
        self._spoken = spoken
        self._pool = pool
        self._base = _guarded_base(base, spoken.base, proxied=bool(proxy))
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._proxy = proxy
        self._ca_file = ca_file
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=connect_s)
        self._session: aiohttp.ClientSession | None = None

    @property
    def host(self) -> str:
        """The host of the address, as people know it."""
        return urlsplit(self._base).hostname or ""

    async def send(
        self,
        method: str,
        path: str,
        *,
        what: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Send one request within the budget and return the answer, whatever its status.

        Raises `Transient` when it was not sent and `UnknownOutcome` when nobody knows.
        """
        await self._ports.budget.take()
        started = self._ports.now()
        status, shown, error = 0, b"", ""
        try:
            answer = await self._exchange(method, path, body, headers or {}, timeout_s)
            status, shown = answer.status, answer.body
            self._refuse_redirect(answer)
        except (Transient, UnknownOutcome, ConfigError) as exc:
            error = exc.code
            raise
        else:
            return answer
        finally:
            self._ports.log(
                Exchange(
                    connection=self._connection,
                    direction="out",
                    what=what,
                    request=self.mask(_readable(body)),
                    answer=self.mask(_readable(shown)),
                    status=status,
                    took_s=max(0.0, self._ports.now() - started),
                    error=error,
                )
            )

    async def relay(
        self,
        method: str,
        path: str,
        *,
        headers: Sequence[tuple[str, str]],
        body: AsyncIterable[bytes] | None,
        silence_s: float,
    ) -> aiohttp.ClientResponse:
        """Pass somebody else's request on, once and with nothing added; the caller reads the answer and closes it.

        `path` is encoded already and stays as it is, and so does the answer. `silence_s` bounds the waiting for a
        connection and for each piece of the answer. Neither budget nor log: these are not the hub's own calls.
        """
        timeout = aiohttp.ClientTimeout(
            connect=silence_s, sock_connect=self._timeout.sock_connect, sock_read=silence_s
        )
        with self._by_consequence(method):
            return await self._open().request(
                method,
                URL(self._base + path, encoded=True),
                data=body,
                headers=headers,
                skip_auto_headers=_AUTO_HEADERS,
                auto_decompress=False,
                timeout=timeout,
                allow_redirects=False,
                proxy=self._http_proxy(),
                trace_request_ctx=count(),
            )

    async def close(self) -> None:
        """Let go of the sockets."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def mask(self, text: str) -> str:
        """Return the text without this connection's secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return redact(text)

    async def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout_s: float | None
    ) -> Answer:
        timeout = self._timeout
        if timeout_s is not None:
            timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=self._timeout.sock_connect)
        with self._by_consequence(method):
            async with self._open().request(
                method,
                self._base + path,
                data=body or None,
                headers=dict(headers),
                timeout=timeout,
                allow_redirects=False,
                proxy=self._http_proxy(),
            ) as response:
                content = await response.content.read(LARGEST_ANSWER + 1)
                while not response.content.at_eof() and len(content) <= LARGEST_ANSWER:
                    content += await response.content.read(LARGEST_ANSWER + 1 - len(content))
                cookies = {name: morsel.value for name, morsel in response.cookies.items()}
                return Answer(response.status, response.headers, content, cookies)

    def _http_proxy(self) -> str | None:
        return self._proxy if self._proxy and not self._proxy.startswith(_SOCKS) else None

    @contextmanager
    def _by_consequence(self, method: str) -> Iterator[None]:
        """Turn what the HTTP library raises into what must happen next."""
        try:
            yield
        except aiohttp.ClientSSLError as exc:
            raise self._not_trusted(exc) from None
        except (*_NOT_SENT, *_PROXY_FAILED) as exc:
            raise self._not_sent(exc) from None
        except (aiohttp.ClientError, TimeoutError, OSError, _SentTwice) as exc:
            raise UnknownOutcome(
                "network.no_answer",
                f"{self.host} did not answer {method} in time or broke the connection.",
                f"{self.host} не ответил вовремя или оборвал соединение.",
                detail=self.mask(f"{type(exc).__name__}: {exc}"),
            ) from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            context = ssl.create_default_context()
            if self._ca_file:
                _trust(context, self._ca_file, self._spoken.ca_file)
            if self._proxy.startswith(_SOCKS):
                connector: aiohttp.BaseConnector = ProxyConnector.from_url(self._proxy, ssl=context)
            else:
                plain = urlsplit(self._base).scheme == "http"
                resolver = None if self._proxy else _GuardedResolver(private_only=plain)
                connector = aiohttp.TCPConnector(
                    ssl=context, resolver=resolver, limit=self._pool, keepalive_timeout=_KEEPALIVE_S
                )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                trace_configs=[_only_once()],
            )
        return self._session

    def _not_sent(self, exc: Exception) -> Transient:
        return Transient(
            "network.unreachable",
            f"{self.host} cannot be reached: check the address, the network and the proxy.",
            f"До {self.host} не достучаться: проверьте адрес, сеть и прокси.",
            detail=self.mask(f"{type(exc).__name__}: {exc}"),
        )

    def _not_trusted(self, exc: Exception) -> ConfigError:
        return ConfigError(
            "network.certificate",
            f"The certificate of {self.host} is not trusted: name its authority in the setting `{self._spoken.ca_file}`.",
            f"Сертификату {self.host} нет доверия: укажите его центр сертификации в настройке `{self._spoken.ca_file}`.",
            detail=self.mask(f"{type(exc).__name__}: {exc}"),
        )

    def _refuse_redirect(self, answer: Answer) -> None:
        if 300 <= answer.status < 400 and answer.status != 304:
            target = urlsplit(answer.headers.get("Location", ""))
            there = f"{target.scheme}://{target.hostname}" if target.hostname else "another path"
            raise ConfigError(
                "network.redirect",
                f"{self.host} redirects to {there}: write the final address into the setting `url`.",
                f"{self.host} перенаправляет на {there}: впишите конечный адрес в настройку `url`.",
            )


class _SentTwice(Exception):
    """The HTTP library was about to send a request again by itself."""


def _only_once() -> aiohttp.TraceConfig:
    """Keep the HTTP library from repeating a request whose line broke: what it did there nobody knows."""

    async def sending(_session: aiohttp.ClientSession, trace: SimpleNamespace, _: object) -> None:
        attempts = trace.trace_request_ctx
        if isinstance(attempts, count) and next(attempts):
            raise _SentTwice

    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(sending)
    return config


class _GuardedResolver(AbstractResolver):
    """Resolve names, and refuse those that lead where no vendor lives."""

    def __init__(self, *, private_only: bool) -> None:
        self._inner = ThreadedResolver()
        self._private_only = private_only

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for one in found:
            _refuse_address(one["host"], host, private_only=self._private_only)
        return found

    async def close(self) -> None:
        await asyncio.shield(self._inner.close())


def _trust(context: ssl.SSLContext, ca_file: str, setting: str) -> None:
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as exc:
        raise ConfigError(
            "network.ca_file",
            f"The certificates in {ca_file} cannot be read: mend the setting `{setting}`.",
            f"Сертификаты из {ca_file} не читаются: исправьте настройку `{setting}`.",
            detail=str(exc),
        ) from exc


def _guarded_base(base: str, setting: str, *, proxied: bool) -> str:
    """Return the address without its tail slash, or refuse it before anything is sent."""
    parts = urlsplit(base)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or parts.fragment:
        raise ConfigError(
            "network.bad_address",
            f"The setting `{setting}` is not an address like https://shop.example, without login or query.",
            f"В настройке `{setting}` нужен адрес вида https://shop.example, без логина и параметров.",
        )
    plain = parts.scheme == "http"
    if host in _METADATA:
        _refuse_address("169.254.169.254", host, private_only=False)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if plain and proxied and host != "localhost":
            _refuse_plain(host)  # the proxy resolves the name: nobody here can tell that it is private
    else:
        _refuse_address(host, host, private_only=plain)
    return base.rstrip("/")


def _refuse_address(address: str, host: str, *, private_only: bool) -> None:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or str(ip) in _METADATA:
        raise ConfigError(
            "network.forbidden_address",
            f"{host} leads to a link-local or service address; the hub does not call those.",
            f"{host} ведёт на служебный адрес; туда хаб не обращается.",
        )
    if private_only and not (ip.is_private or ip.is_loopback):
        _refuse_plain(host)


def _refuse_plain(host: str) -> None:
    raise ConfigError(
        "network.plain_http",
        f"{host} is a public address without encryption: use https.",
        f"{host} — публичный адрес без шифрования: укажите https.",
    )


def _readable(body: bytes) -> str:
    text = body[:READABLE].decode("utf-8", "replace")
    return f"{text}… ({len(body)} bytes)" if len(body) > READABLE else text
