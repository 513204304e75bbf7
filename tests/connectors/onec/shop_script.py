"""An exchange script that notes every request to the byte and answers what it was told to."""

import asyncio
from typing import NamedTuple, Self

LIMIT = 1 << 20


class Seen(NamedTuple):
    line: str
    headers: list[tuple[str, str]]
    body: bytes


class Script:
    """A server on a bare socket: no HTTP library adds or removes anything."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answer = b"HTTP/1.1 200 OK\r\nDate: now\r\nServer: shop\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\nsuccess\n"
        self.silent = False
        self.hangs_up = False
        self.url = ""
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=LIMIT)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/bitrix/admin/1c_exchange.php"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.sleep(0)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                await self._answer(reader, writer)
                if self.hangs_up:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
        line, *lines = head.rstrip("\r\n").split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (each.partition(":") for each in lines)]
        named = {name.lower(): value for name, value in headers}
        body = await reader.readexactly(int(named.get("content-length", 0)))
        self.seen.append(Seen(line, headers, body))
        if self.silent or self.hangs_up:
            return
        writer.write(self.answer)
        await writer.drain()
