"""A hub as small as it can be around a real 1C connection: the gateway, an inbox in memory, a worker that unpacks."""

import asyncio
import hashlib
from itertools import count
from pathlib import Path
from typing import Self
from urllib.parse import quote

import aiohttp

from obmen.connectors.contract import Envelope, Exchange, Portion, Ports, Progress
from obmen.connectors.onec.connector import Onec
from obmen.connectors.onec.settings import Settings
from obmen.errors import BadInput
from obmen.gateway import Entrance, Gateway, networks
from obmen.sync.shadow import Look, with_whole

LOGIN, PASSWORD = "обмен", "секрет"


class Clock:
    def __init__(self, now: float = 1_800_000_000.5) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class NoBudget:
    async def take(self, calls: int = 1) -> None: ...

    async def freeze(self, seconds: float) -> None: ...


class FakeIntake:
    """Keeps envelopes over restarts of the hub; `work` plays the engine."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.states: list[Progress] = []
        self.paused = False

    async def accept(self, envelope: Envelope) -> int:
        for number, known in enumerate(self.envelopes, 1):
            if known.key == envelope.key:
                return number
        self.envelopes.append(envelope)
        number = len(self.envelopes)
        state = "done" if envelope.kind == "absence" else "waiting"
        self.states.append(Progress(id=number, state=state, done=0))
        return number

    async def progress(self, number: int, *, wait_s: float) -> Progress:
        deadline = asyncio.get_running_loop().time() + wait_s
        while self.states[number - 1].state in {"waiting", "working"}:
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(0.002)
        return self.states[number - 1]

    def of(self, kind: str) -> list[Envelope]:
        return [envelope for envelope in self.envelopes if envelope.kind == kind]


class Hub:
    def __init__(
        self, spool: Path, intake: FakeIntake | None = None, *, wait_s: float = 5, **settings
    ) -> None:
        self.spool = spool
        self.intake = intake or FakeIntake()
        self.clock = Clock()
        self.log: list[Exchange] = []
        self.portions: list[Portion] = []
        self.url = ""
        self._wait_s = wait_s
        self._settings = {"login": LOGIN, "password": PASSWORD, **settings}
        self._numbers = count(1)

    async def __aenter__(self) -> Self:
        settings = Settings(**self._settings)
        ports = Ports(budget=NoBudget(), log=self.log.append, now=self.clock, spool=self.spool / "onec")
        self.connection = Onec("onec", settings, ports, ids=self._next_id, wait_s=self._wait_s)
        entrance = Entrance(
            connection="onec", receiver=self.connection, allow_from=networks(settings.allow_from)
        )
        self._gateway = Gateway([entrance], self.intake)
        port = await self._gateway.start("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{port}{settings.routes[0]}"
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._worker.cancel()
        await self._gateway.stop()
        await self.connection.close()

    def _next_id(self) -> str:
        return hashlib.md5(f"{self.spool}{id(self)}{next(self._numbers)}".encode()).hexdigest()  # noqa: S324

    async def _work(self) -> None:
        """Unpack what waits, in order, as the engine does."""
        intake = self.intake
        while True:
            await asyncio.sleep(0.001)
            for index, state in enumerate(intake.states):
                if state.state == "waiting" and not intake.paused:
                    intake.states[index] = await asyncio.to_thread(self._settle, index)

    def _settle(self, index: int) -> Progress:
        done = 0
        try:
            for portion in self.connection.unpack(self.intake.envelopes[index], 0):
                self.portions.append(portion)
                done += len(portion.looks)
        except BadInput as exc:
            return Progress(id=index + 1, state="failed", done=done, en=exc.en, ru=exc.ru)
        return Progress(id=index + 1, state="done", done=done)

    # --- what came of it

    def held(self, entity: str) -> dict[str, dict]:
        """Return what is held of each object, in wire form, after all looks in order."""
        held: dict[str, dict] = {}
        for portion in self.portions:
            if portion.entity == entity:
                for look in portion.looks:
                    fields = held.setdefault(look.ref, {})
                    fields.update(with_whole(look, fields))
        return held

    def read(self, entity: str) -> dict[str, dict]:
        """Return the same, decoded with the tables of now; partners stay refs."""
        codec = self.connection.codec(entity)
        return {
            ref: {atom: codec.decode(atom, wire) for atom, wire in fields.items()}
            for ref, fields in self.held(entity).items()
        }

    def looks(self, entity: str) -> list[Look]:
        return [look for portion in self.portions if portion.entity == entity for look in portion.looks]

    def stored(self) -> dict[str, bytes]:
        """Return the bytes of every accepted file by name."""
        return {envelope.name: Path(envelope.path).read_bytes() for envelope in self.intake.of("file")}


class Caller:
    """1C by hand: one request at a time."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.cookie = ""
        self.token = ""
        self.timestamp = ""

    async def ask(
        self, mode: str, body: bytes | None = None, *, method: str = "", auth: bool = False, **query: str
    ) -> str:
        query = {"type": "catalog", "mode": mode, **query}
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        url = self.hub.url + "?" + "&".join(f"{key}={quote(value)}" for key, value in query.items())
        basic = aiohttp.encode_basic_auth(LOGIN, PASSWORD, encoding="utf-8") if auth else None
        if basic:
            headers["Authorization"] = basic
        method = method or ("POST" if body is not None else "GET")
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, url, data=body, headers=headers) as answer,
        ):
            assert answer.status == 200
            return (await answer.read()).decode("windows-1251")

    async def login(self) -> str:
        answer = await self.ask("checkauth", auth=True)
        _, name, value, token, timestamp = answer.split("\n")[:5]
        self.cookie = f"{name}={value}"
        self.token = token.partition("=")[2]
        self.timestamp = timestamp.partition("=")[2]
        return answer

    async def upload(self, name: str, body: bytes, size: int = 1 << 20) -> list[str]:
        return [
            await self.ask("file", body[start : start + size], filename=name)
            for start in range(0, len(body), size)
        ]

    async def bring(self, name: str, body: bytes) -> str:
        await self.upload(name, body)
        return await self.ask("import", filename=name)
