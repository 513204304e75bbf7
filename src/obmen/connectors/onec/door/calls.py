"""One request of 1C and what goes back, whatever the exchange is about."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import NamedTuple, Protocol, TypeAlias

from aiohttp import web

from obmen.connectors.contract import Intake
from obmen.connectors.onec.sentences import Refusal
from obmen.errors import ObmenError
from obmen.formats.commerceml import RefusedFile, clean_filename


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
    def version(self) -> str:
        """The schema 1C says it speaks; empty for an old one that says nothing."""
        return self.asked.get("version", "").strip()[:10]

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


class Document(NamedTuple):
    """An XML document that goes back piece by piece."""

    pieces: AsyncGenerator[bytes, None]
    told: Callable[[], str]
    """What the log says of it, once it is written: nothing about buyers."""
    size: int | None = None
    """Bytes; None where they are not counted beforehand, and the answer goes out in chunks."""


class Answer(NamedTuple):
    """What goes back: words or a document, and what to do behind them."""

    text: str = ""
    shown: str = ""
    """The same for the log, without secrets."""
    sent: Callable[[bool], Awaitable[None]] | None = None
    """Called behind it with whether it has left whole, as far as can be known."""
    document: Document | None = None
    failed: str = ""
    """Why the log calls it a failure."""


Mode: TypeAlias = Callable[[Call], Awaitable[Answer]]


class Kind(Protocol):
    """One `type` of exchange."""

    @property
    def modes(self) -> Mapping[str, Mode]:
        """What each `mode` does."""


class Sent(NamedTuple):
    """What became of an answer: what went out, and what broke (empty: it has left whole, as far as can be known)."""

    response: web.StreamResponse
    error: str = ""


async def send(request: web.Request, answer: Answer, charset: str) -> Sent:
    """Send an answer now.

    A document that breaks off in the middle breaks the line: half of it must not look like all of it.
    """
    document = answer.document
    response: web.StreamResponse
    if document is None:
        body = answer.text.encode(charset, "replace")
        response = web.Response(body=body, content_type="text/html", charset=charset)
    else:
        response = web.StreamResponse()
        response.content_type, response.charset = "application/xml", charset
        response.content_length = document.size
    try:
        if document is not None:
            await _stream(request, response, document)
        else:
            await response.prepare(request)
            await response.write_eof()
    except ObmenError as exc:
        return Sent(response, f"{exc.en} {exc.detail}".strip())
    except OSError as exc:
        return Sent(response, f"The line broke while the answer was on its way: {type(exc).__name__}.")
    closing = request.transport is None or request.transport.is_closing()
    return Sent(response, "The line was closed before the answer had left." if closing else "")


async def _stream(request: web.Request, response: web.StreamResponse, document: Document) -> None:
    async with aclosing(document.pieces) as pieces:
        try:
            await response.prepare(request)
            async for piece in pieces:
                await response.write(piece)
            await response.write_eof()
        except BaseException:
            if request.transport is not None:
                request.transport.abort()
            raise
