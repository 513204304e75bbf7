"""1C's exchange of orders by hand, one request at a time."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import quote

import aiohttp

from obmen.connectors.onec.sandbox.sale.papers import papers


class OrderCaller:
    """A session of 1C that exchanges orders with the hub of a stage."""

    def __init__(self, stage, *, password: str = "stage", version: str = "2.10") -> None:
        self.stage, self.password, self.version = stage, password, version
        self.cookie = ""

    async def ask(self, mode: str, body: bytes | None = None, *, kind: str = "sale", **query: str) -> str:
        """Make one request; return the answer as the person at 1C reads it."""
        pairs = {"type": kind, "mode": mode, **query}
        url = self.stage.account.url + "?" + "&".join(f"{key}={quote(value)}" for key, value in pairs.items())
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if mode == "checkauth":
            headers["Authorization"] = aiohttp.encode_basic_auth("1c", self.password)
        method = "POST" if body is not None else "GET"
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, url, data=body and BytesIO(body), headers=headers) as answer,
        ):
            assert answer.status == 200
            return (await answer.read()).decode("windows-1251")

    async def login(self) -> OrderCaller:
        """Begin a session."""
        lines = (await self.ask("checkauth")).split("\n")
        assert lines[0] == "success"
        self.cookie = f"{lines[1]}={lines[2]}"
        await self.ask("init", version=self.version)
        return self

    async def bring(self, name: str, body: bytes) -> str:
        """Upload a file and ask for its import until that is over."""
        answer = await self.ask("file", body, filename=name)
        if answer.startswith("failure"):
            return answer
        while (answer := await self.ask("import", filename=name)).startswith("progress"):
            pass
        return answer


def package(*orders, book, formed_at: str, schema: str = "2.10") -> bytes:
    """Write what 1C holds of these orders now, as a file formed at a moment."""
    return papers(
        orders, book.counterparties, version=schema, formed_at=formed_at, with_id=False, encoding="utf-8"
    )
