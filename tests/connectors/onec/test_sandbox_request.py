"""One request of the simulated 1C against a socket that answers exactly what it is told."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from obmen.connectors.onec.sandbox.request import Answer, LineBroken, send


@asynccontextmanager
async def socket_that_says(*pieces):
    """Answer the pieces; without any, say nothing until the visitor leaves."""
    heard, done = bytearray(), asyncio.Event()

    async def serve(reader, writer):
        while b"\r\n\r\n" not in heard:
            heard.extend(await reader.read(65536))
        writer.write(b"".join(pieces))
        if not pieces:
            await reader.read()
        writer.close()
        await writer.wait_closed()
        done.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x.php?type=catalog", heard
        await done.wait()


async def ask(url, **rest):
    return await send("GET", url, {"User-Agent": "1C+Enterprise/8.3"}, timeout_s=2.0, **rest)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n", b"success\n"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"4;x=1\r\nsucc\r\n4\r\ness\n\r\n0\r\n\r\n",
        ),
        (b"HTTP/1.0 200 OK\r\n\r\n", b"success\n"),
    ],
)
async def test_an_answer_is_read_however_its_end_is_told(pieces):
    async with socket_that_says(*pieces) as (url, _):
        answer = await ask(url)

    assert (answer.status, answer.body) == (200, b"success\n")


async def test_the_request_line_and_headers_are_exactly_those_given():
    async with socket_that_says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (url, heard):
        await ask(url)

    host = url.split("/")[2]
    assert heard.decode() == (
        f"GET /x.php?type=catalog HTTP/1.1\r\nHost: {host}\r\n"
        "User-Agent: 1C+Enterprise/8.3\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    "pieces",
    [
        (b"",),
        (b"HTTP/1.1 200",),
        (b"rubbish\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n", b"success\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"success\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"8\r\nsucc"),
    ],
)
async def test_half_an_answer_is_a_broken_line(pieces):
    async with socket_that_says(*pieces) as (url, _):
        with pytest.raises(LineBroken):
            await ask(url)


async def test_an_answer_that_does_not_come_in_time_is_a_broken_line():
    async with socket_that_says() as (url, _):
        with pytest.raises(LineBroken, match=r"0\.05 s"):
            await send("GET", url, {}, timeout_s=0.05)


@pytest.mark.parametrize(
    ("kind", "charset"),
    [
        ("text/html; charset=windows-1251", "cp1251"),
        ('text/html; charset="UTF-8"', "utf-8"),
        ("text/plain", "utf-8"),
        ("text/plain", "cp1251"),
        ("text/html; charset=martian", "utf-8"),
        ("text/html; charset=utf-8", "cp1251"),
    ],
)
def test_an_answer_is_decoded_by_its_header_or_by_what_fits(kind, charset):
    body = "failure\nНет прав".encode(charset)

    assert Answer(status=200, headers={"content-type": kind}, body=body).text() == "failure\nНет прав"
