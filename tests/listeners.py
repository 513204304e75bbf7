"""Those who hear alerts, on loopback: a Telegram, a mail server, a receiver of webhooks, and a proxy before them."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from email import message_from_bytes, policy

import aiohttp
from aiohttp import web

TOKEN = "12345:AAtoken-of-the-bot"
CHAT = "-100500"


class _Site:
    """An aiohttp application on a port of its own, which may be taken down and put up again."""

    def __init__(self):
        self.port = 0
        self._runner = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def up(self):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def down(self):
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self):
        await self.up()
        return self

    async def __aexit__(self, *_):
        await self.down()


class Telegram(_Site):
    """A Bot API that knows one bot and one chat, and can ask for patience."""

    def __init__(self):
        super().__init__()
        self.texts = []
        self.calls = 0
        self.retry_after = 0
        self.moved_to = 0
        self.status = 200

    async def answer(self, request):
        self.calls += 1
        if request.path.rpartition("/")[0] != f"/bot{TOKEN}":
            return self._refusal(401, "Unauthorized")
        if self.status != 200:
            return self._refusal(self.status, "Bad Gateway")
        if self.retry_after:
            text = f"Too Many Requests: retry after {self.retry_after}"
            return self._refusal(429, text, retry_after=self.retry_after)
        body = await request.json()
        if self.moved_to:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            return self._refusal(400, text, migrate_to_chat_id=self.moved_to)
        if body["chat_id"] != CHAT:
            return self._refusal(400, "Bad Request: chat not found")
        if request.path.endswith("/sendMessage"):
            if len(body["text"]) > 4096:
                return self._refusal(400, "Bad Request: message is too long")
            self.texts.append(body["text"])
        return web.json_response({"ok": True, "result": {}})

    def _refusal(self, status, description, **parameters):
        body = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
        return web.json_response(body, status=status)


class Hook(_Site):
    """A receiver of webhooks: keeps what came as it came."""

    def __init__(self):
        super().__init__()
        self.calls = []
        self.status = 200
        self.headers = {}

    async def answer(self, request):
        self.calls.append((request.path_qs, dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers)

    @property
    def bodies(self):
        return [json.loads(body) for _, _, body in self.calls]


class Proxy(_Site):
    """An HTTP proxy that asks for a login and passes plain requests on."""

    def __init__(self, login="proxy:secret"):
        super().__init__()
        self.asked = []
        self._expected = "Basic " + base64.b64encode(login.encode()).decode()

    async def answer(self, request):
        self.asked.append(str(request.url))
        if request.headers.get("Proxy-Authorization") != self._expected:
            return web.Response(status=407)
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, request.url, data=await request.read()) as answer,
        ):
            return web.Response(status=answer.status, body=await answer.read())


class Mail:
    """A mail server that takes letters, after a login where one is set."""

    def __init__(self, *, login="", refuses=""):
        self.letters = []
        self.login = login
        self.refuses = refuses
        """What it answers to RCPT instead of taking the address."""
        self.port = 0
        self._server = None

    async def up(self):
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self):
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self):
        await self.up()
        return self

    async def __aexit__(self, *_):
        await self.down()

    @property
    def texts(self):
        return [letter.get_content() for letter in self.letters]

    async def _talk(self, reader, writer):
        async def say(line):
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 mail.test ESMTP")
        try:
            while line := (await reader.readline()).decode().strip():
                verb = line.partition(" ")[0].upper()
                if verb == "QUIT":
                    await say("221 bye")
                    break
                await say(await self._answer(verb, line, reader, say))
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _answer(self, verb, line, reader, say):
        if verb == "EHLO":
            await say("250-mail.test")
            return "250 AUTH PLAIN"
        if verb == "AUTH":
            given = base64.b64decode(line.split()[2]).decode().split("\0")[1:]
            return "235 welcome" if ":".join(given) == self.login else "535 5.7.8 who is that"
        if verb == "RCPT" and self.refuses:
            return self.refuses
        if verb == "DATA":
            await say("354 go on")
            body = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
            self.letters.append(message_from_bytes(body, policy=policy.default))
        return "250 ok"


@asynccontextmanager
async def listening(*listeners):
    """All of them up while the block lasts."""
    for one in listeners:
        await one.up()
    try:
        yield listeners
    finally:
        for one in listeners:
            await one.down()
