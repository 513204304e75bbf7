"""One HTTP request as the 1C platform makes it: a connection of its own, exact headers, a raw body.

A socket and not an HTTP library, because here the ways a line can break are chosen by hand.
"""

import asyncio
import ssl as tls
from typing import Literal
from urllib.parse import urlsplit

import msgspec

# Where the line breaks: half of the body sent; all sent but nothing heard; answered, but the answer is lost.
Break = Literal["midway", "unheard", "answered"]

MAX_ANSWER = 64 * 1024 * 1024  # bytes


class LineBroken(OSError):
    """The connection ended before 1C held the whole answer."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    def text(self) -> str:
        """Decode by the charset of the header; without one try UTF-8, then windows-1251."""
        kind = self.headers.get("content-type", "")
        named = kind.lower().partition("charset=")[2].split(";")[0].strip(" \"'")
        for charset in (named, "utf-8"):
            try:
                return self.body.decode(charset or "utf-8")
            except (LookupError, UnicodeDecodeError):
                continue
        return self.body.decode("cp1251", "replace")


async def send(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes = b"",
    *,
    timeout_s: float,
    breaks: Break | None = None,
    ssl: tls.SSLContext | None = None,
) -> Answer:
    """Make one request; raise `LineBroken` where the answer did not come whole, or not in time."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if method == "POST" or body:
        lines.append(f"Content-Length: {len(body)}")
    lines.append("Connection: close")
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    context = (ssl or tls.create_default_context()) if secure else None
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
            try:
                return await _talk(reader, writer, head, body, breaks)
            finally:
                await _hang_up(writer)
    except TimeoutError as exc:
        raise LineBroken(f"no answer in {timeout_s:g} s") from exc
    except LineBroken:
        raise
    except (OSError, EOFError, ValueError) as exc:
        raise LineBroken(str(exc) or type(exc).__name__) from exc


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, body: bytes, breaks: Break | None
) -> Answer:
    if breaks == "midway":
        # Without a body even the head is cut, so that nothing can have happened on the other side.
        writer.write(head + body[: len(body) // 2] if body else head[:-2])
        await writer.drain()
        raise LineBroken("the connection was closed while sending")
    writer.write(head + body)
    await writer.drain()
    if breaks == "unheard":
        raise LineBroken("the connection was closed before the answer")
    answer = await _read(reader)
    if breaks == "answered":
        raise LineBroken("the answer was lost on the way")
    return answer


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """Close after what is written has gone out; a peer that reads nothing is not waited for long."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), 1.0)
    except TimeoutError:
        writer.transport.abort()
    except OSError:  # the peer was quicker
        pass


async def _read(reader: asyncio.StreamReader) -> Answer:
    status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(status_line.partition(" ")[2][:3])
    headers = {
        name.strip().lower(): value.strip()
        for name, colon, value in (line.partition(":") for line in lines)
        if colon
    }
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    elif "content-length" in headers:
        body = await reader.readexactly(_allowed(int(headers["content-length"])))
    else:
        body = await reader.read(MAX_ANSWER)
    return Answer(status=status, headers=headers, body=body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(_allowed(len(body) + size) - len(body))
        await reader.readline()
    return bytes(body)


def _allowed(size: int) -> int:
    if size > MAX_ANSWER:
        raise LineBroken(f"an answer of {size} bytes is too long")
    return size
