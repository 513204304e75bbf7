"""A site's exchange door, as small as it can be: keeps pieces, answers words. Enough to judge the visitor."""

import base64
import io
import zipfile
from collections import Counter
from typing import Self

import msgspec
from aiohttp import web


class Visit(msgspec.Struct, frozen=True):
    method: str
    query: dict[str, str]
    headers: list[tuple[str, str]]
    body: bytes


class StubDoor:
    def __init__(
        self,
        *,
        limit: int = 204_800,
        zipped: bool = False,
        progress: int = 0,
        charset: str = "windows-1251",
        refuse: str = "",
        answers: dict[str, str] | None = None,
    ) -> None:
        self.limit, self.zipped, self.progress = limit, zipped, progress
        self.charset, self.refuse, self.answers = charset, refuse, answers or {}
        self.visits: list[Visit] = []
        self.sessions: dict[str, dict[str, bytes]] = {}
        self.asked: Counter[tuple[str, str]] = Counter()
        self.imported: list[str] = []
        self.deactivated: list[str] = []
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 28)
        app.add_routes([web.route("*", "/bitrix/admin/1c_exchange.php", self._visit)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/bitrix/admin/1c_exchange.php"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def files(self) -> dict[str, bytes]:
        """What the last session brought, archives opened."""
        return self._opened(self.sessions[list(self.sessions)[-1]])

    def modes(self) -> list[str]:
        return [visit.query["mode"] for visit in self.visits]

    def _opened(self, files: dict[str, bytes]) -> dict[str, bytes]:
        found = dict(files)
        for name, body in files.items():
            if name.endswith(".zip"):
                with zipfile.ZipFile(io.BytesIO(body)) as archive:
                    found |= {entry: archive.read(entry) for entry in archive.namelist()}
        return found

    def _answer(self, text: str) -> web.Response:
        return web.Response(
            body=text.encode(self.charset), headers={"Content-Type": f"text/html; charset={self.charset}"}
        )

    async def _visit(self, request: web.Request) -> web.Response:
        body = await request.read()
        query = dict(request.query)
        self.visits.append(Visit(request.method, query, list(request.headers.items()), body))
        mode = query["mode"]
        if mode in self.answers:
            return self._answer(self.answers[mode])
        if mode == "checkauth":
            return self._checkauth(request)
        cookie = request.headers.get("Cookie", "").removeprefix("PHPSESSID=")
        if cookie not in self.sessions:
            return self._answer("failure\nОшибка авторизации")
        files = self.sessions[cookie]
        match mode:
            case "init":
                files.clear()
                return self._answer(f"zip={'yes' if self.zipped else 'no'}\nfile_limit={self.limit}")
            case "file":
                name = query["filename"]
                files[name] = files.get(name, b"") + body
                return self._answer("success\n")
            case "import":
                return self._import(query["filename"], self._opened(files), cookie)
            case "deactivate":
                self.deactivated.append(query["timestamp"])
                return self._answer("success\nЛишнее отключено")
            case "complete":
                return self._answer("success")
        return self._answer("failure\nНеизвестная команда.")

    def _checkauth(self, request: web.Request) -> web.Response:
        pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        if pair != "обмен:секрет":
            return self._answer("failure\nНеверный логин или пароль")
        number = len(self.sessions) + 1
        self.sessions[f"s{number}"] = {}
        return self._answer(
            f"success\nPHPSESSID\ns{number}\nsessid={number:032x}\ntimestamp={1_700_000_000 + number}\n"
        )

    def _import(self, name: str, files: dict[str, bytes], cookie: str) -> web.Response:
        self.asked[cookie, name] += 1
        if self.asked[cookie, name] <= self.progress:
            return self._answer(f"progress\nОбработано {self.asked[cookie, name]}")
        if name == self.refuse or name not in files:
            return self._answer(f"failure\nФайл {name} не найден")
        self.imported.append(name)
        return self._answer("success\nИмпорт успешно завершён")
