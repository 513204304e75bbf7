"""The pass-through door: 1C talks to the shop's own exchange script, the hub stands between them and takes notes.

A request goes on as it came (method, query, headers, body) and the shop's answer comes back as it is. Only the
headers that belong to one hop are left out, as HTTP has it (RFC 9110, 7.6.1).
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncIterator, Callable, Iterable

from aiohttp import ClientError, ClientResponse, StreamReader, web

from obmen.connectors.contract import Exchange, Finding, Intake, Ports
from obmen.connectors.onec.copies import Asked, Copies, Heard, Part
from obmen.connectors.onec.inbox import Inbox
from obmen.connectors.onec.login import parameters
from obmen.connectors.onec.sentences import Refusal
from obmen.connectors.onec.settings import Settings
from obmen.connectors.transport import Spoken, Transport
from obmen.errors import ConfigError, ObmenError, UnknownOutcome, redact

_BLOCK = 1024 * 1024
_HEAD = 64 * 1024
_SHOWN = 300
_POOL = 32
_CHECK_S = 10.0
_WORDS = frozenset({"success", "failure", "progress", "error"})
_ONE_HOP = frozenset(
    {
        "connection",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-real-ip",
    }
)
_BROKEN = (ConnectionError, ClientError, web.RequestPayloadError, TimeoutError)
_SURROGATE = re.compile("[\udc80-\udcff]")
"""A byte that was no UTF-8; a header with one cannot be written again."""
_RAW = re.compile(rb"[^\x21-\x7e]")


class Passing:
    """The pass-through door of one connection; the shop checks the login."""

    def __init__(
        self, name: str, settings: Settings, ports: Ports, inbox: Inbox, *, ids: Callable[[], str]
    ) -> None:
        self._name = name
        self._settings = settings
        self._ports = ports
        self._copies = Copies(name, settings, ports, inbox, ids=ids)
        self._transport = Transport(
            ports=ports,
            connection=name,
            base=settings.pass_to,
            proxy=settings.pass_proxy,
            ca_file=settings.pass_ca_file,
            pool=_POOL,
            spoken=Spoken(base="pass_to", ca_file="pass_ca_file"),
        )

    async def close(self) -> None:
        """Let work under way end, and let go of the sockets."""
        await self._copies.close()
        await self._transport.close()

    async def tidy(self) -> None:
        """Clear expired sessions away."""
        await self._copies.tidy()

    async def check(self) -> Finding:
        """Ask the shop's script for nothing in particular: any answer shows that the way is open."""
        host = self._transport.host
        try:
            async with await self._transport.relay(
                "GET", "", headers=(), body=None, silence_s=_CHECK_S
            ) as told:
                status = told.status
        except ObmenError as exc:
            return Finding(ok=False, code=exc.code, en=exc.en, ru=exc.ru)
        return Finding(
            ok=status == 200,
            code="onec.passing",
            en=f"All that 1C sends goes on to {host}, which answers {status}; the hub only records.",
            ru=f"Всё, что присылает 1С, уходит в {host} (ответ {status}); хаб только записывает.",
        )

    async def receive(self, request: web.Request, intake: Intake) -> web.StreamResponse:
        """Pass one request on and its answer back."""
        clock = asyncio.get_running_loop().time
        began = clock()
        asked = _asked(request)
        part = self._copies.part(asked)
        body = _Body(request.content, part, self._settings.pass_timeout_s) if request.body_exists else None
        heard, size, error = Heard(0, ()), 0, ""
        response: web.StreamResponse
        try:
            answer = await self._transport.relay(
                request.method,
                _target(request.raw_path),
                headers=list(_end_to_end(request.headers.items())),
                body=body,
                silence_s=self._settings.pass_timeout_s,
            )
            async with answer:
                head = await self._head(answer)
                heard = Heard(answer.status, _lines(answer, head))
                if body is not None and not body.whole and part is not None:
                    part.drop(Refusal("copy_cut", name=asked.filename))
                await self._copies.hear(asked, heard, part, intake)
                response, size, error = await _send_back(request, answer, head)
        except ObmenError as exc:
            if part is not None:
                part.drop()
            refusal = self._refusal(exc, body)
            error = f"{refusal.text('en')} {exc.detail}".strip()
            response = web.Response(
                body=f"failure\n{refusal.text(self._settings.answers_in)}".encode(
                    self._settings.charset, "replace"
                ),
                content_type="text/html",
                charset=self._settings.charset,
            )
        self._note(request, asked, heard, size=size, took_s=clock() - began, error=error)
        return response

    async def _head(self, answer: ClientResponse) -> bytes:
        """Read the beginning of an answer: for a verdict the whole of it."""
        head = bytearray()
        try:
            while len(head) < _HEAD and (block := await answer.content.read(_HEAD)):
                head += block
        except (ClientError, TimeoutError, OSError) as exc:
            raise UnknownOutcome("network.no_answer", "", "", detail=type(exc).__name__) from None
        return bytes(head)

    def _refusal(self, exc: ObmenError, body: _Body | None) -> Refusal:
        if body is not None and body.broken:
            return Refusal("line_broken")
        if isinstance(exc, ConfigError):
            return Refusal("shop_setting", reason=exc)
        silent = isinstance(exc, UnknownOutcome)
        return Refusal("shop_silent" if silent else "shop_unreachable", host=self._transport.host)

    def _note(
        self, request: web.Request, asked: Asked, heard: Heard, *, size: int, took_s: float, error: str
    ) -> None:
        """Tell the exchange log; of anything but goods only the mode and the verdict, for it is about people."""
        step = f"{asked.kind}.{asked.mode}"
        verdict = heard.word if heard.word in _WORDS else f"({size} bytes)"
        if asked.kind == "catalog":
            step = f"{step} {asked.filename}".strip()
            if asked.mode != "checkauth" or heard.word == "failure":
                verdict = redact("\n".join(heard.lines)[:_SHOWN]) or verdict
        self._ports.log(
            Exchange(
                connection=self._name,
                direction="in",
                what=step,
                request=redact(request.path_qs) if asked.kind == "catalog" else f"{request.method} {step}",
                answer=verdict if heard.status else "",
                status=heard.status,
                took_s=took_s,
                error=error,
            )
        )


class _Body:
    """A body on its way to the shop and into the copy, block by block."""

    def __init__(self, content: StreamReader, part: Part | None, silence_s: float) -> None:
        self.whole = False
        self.broken = False
        self._content = content
        self._part = part
        self._silence_s = silence_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(self._silence_s):
                    block = await self._content.read(_BLOCK)
            except _BROKEN:
                self.broken = True
                raise
            if not block:
                break
            if self._part is not None:
                await self._part.write(block)
            yield block
        if self._part is not None:
            self._part.end()
        self.whole = True


async def _send_back(
    request: web.Request, answer: ClientResponse, head: bytes
) -> tuple[web.StreamResponse, int, str]:
    """Send the answer as it comes; return its size, and what broke."""
    response = web.StreamResponse(
        status=answer.status, reason=answer.reason, headers=list(_end_to_end(answer.headers.items()))
    )
    size = 0
    try:
        await response.prepare(request)
        block = head
        while block:
            size += len(block)
            await response.write(block)
            block = await answer.content.read(_BLOCK)
        await response.write_eof()
    except (ClientError, TimeoutError, OSError) as exc:
        if request.transport is not None:
            request.transport.abort()  # half an answer must not look like a whole one
        return response, size, f"The line broke while the answer was on its way: {type(exc).__name__}."
    return response, size, ""


def _asked(request: web.Request) -> Asked:
    query = parameters(request.raw_path)
    cookies = (each.strip() for line in request.headers.getall("Cookie", []) for each in line.split(";"))
    return Asked(
        kind=query.get("type", "").strip()[:40],
        mode=query.get("mode", "").strip()[:40],
        filename=query.get("filename", "")[:400],
        timestamp=query.get("timestamp", "").strip()[:40],
        cookies=tuple(each for each in cookies if "=" in each),
    )


def _target(raw_path: str) -> str:
    """Return the query string byte for byte; a byte that may not stand in an address is written as `%XX`."""
    _, mark, query = raw_path.partition("?")
    raw = query.encode("utf-8", "surrogateescape")
    return mark + _RAW.sub(lambda byte: b"%%%02X" % ord(byte[0]), raw).decode("ascii")


def _end_to_end(headers: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Leave out what speaks of one hop only."""
    listed = list(headers)
    named = {
        each.strip().lower()
        for name, value in listed
        if name.lower() == "connection"
        for each in value.split(",")
    }
    for name, value in listed:
        low = name.lower()
        if low in _ONE_HOP or low in named or low.startswith("x-forwarded-") or _SURROGATE.search(value):
            continue
        yield name, value


def _lines(answer: ClientResponse, head: bytes) -> tuple[str, ...]:
    """Decode the beginning of an answer; one in an unknown packing tells nothing."""
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    plain = _unpacked(head, packing).removeprefix(b"\xef\xbb\xbf")
    try:
        text = plain.decode(answer.charset or "windows-1251", "replace")
    except LookupError:
        text = plain.decode("windows-1251", "replace")
    return tuple(text.strip().splitlines())


def _unpacked(head: bytes, packing: str) -> bytes:
    if packing in {"", "identity"}:
        return head
    if packing in {"gzip", "x-gzip", "deflate"}:
        for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # with a header, or bare as some servers deflate
            try:
                return zlib.decompressobj(bits).decompress(head, _HEAD)
            except zlib.error:
                continue
    return b""
