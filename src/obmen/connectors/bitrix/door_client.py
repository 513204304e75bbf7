"""The CommerceML door of the shop, spoken as 1C speaks it: checkauth, init, file, import until done.

Every answer is HTTP 200 in windows-1251; its first line tells. A portion has neither number nor checksum, so after
any doubt the exchange starts again from `init`, which wipes what was uploaded.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, urlencode

from obmen.connectors.transport import Transport
from obmen.errors import AuthFailed, ConfigError, Transient, UnknownOutcome

_PATH = "/bitrix/admin/1c_exchange.php"
_SMALLEST_PORTION = 1024
_AFTER_FAILURE_S = 60.0


class Session(NamedTuple):
    """What `checkauth` handed out."""

    cookie: str
    sessid: str


class DoorClient:
    """One shop's exchange door, for files of the catalogue."""

    def __init__(
        self,
        *,
        transport: Transport,
        login: str,
        password: str,
        timeout_s: float,
        patience_s: float,
        now: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._basic = "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self._now = now

    async def checkauth(self) -> Session:
        """Log in; `AuthFailed` with the door's own words when it does not let us."""
        lines = await self._ask("checkauth", "")
        if lines[0] != "success" or len(lines) < 3:
            raise AuthFailed(
                "bitrix.door_auth",
                f"The exchange door does not let us in: {_tail(lines)}. Check the login, its group in the settings "
                "of the exchange, and that the web server passes the Authorization header on.",
                f"Обмен не пускает: {_tail(lines)}. Проверьте логин, его группу в настройках обмена и передаёт ли "
                "веб-сервер заголовок Authorization.",
            )
        sessid = next((line.partition("=")[2] for line in lines[3:] if line.startswith("sessid=")), "")
        return Session(f"{lines[1]}={lines[2]}", sessid)

    async def import_catalog(self, name: str, content: bytes) -> None:
        """Upload one file and have it imported.

        Raises `Transient` when it was not done, `UnknownOutcome` when it may have been.
        """
        session = await self.checkauth()
        lines = await self._ask("init", "", session)
        said = dict(line.partition("=")[::2] for line in lines)
        if "zip" not in said:
            raise _refusal("init", lines)
        upload, data = name, content
        if said["zip"] == "yes":  # a plain file would be taken for a broken archive
            upload, data = name.rpartition(".")[0] + ".zip", _zipped(name, content)
        limit = said.get("file_limit", "")
        portion = max(_SMALLEST_PORTION, int(limit)) if limit.isdecimal() else len(data)
        for start in range(0, len(data), portion):
            lines = await self._ask("file", upload, session, data[start : start + portion])
            if lines[0] != "success":
                raise _refusal("file", lines)
        await self._import(name, session)

    async def _import(self, name: str, session: Session) -> None:
        last, moved_at = "", self._now()
        while True:
            lines = await self._ask("import", name, session)
            if lines[0] == "success":
                return
            if lines[0] != "progress":
                raise _refusal("import", lines)
            if _tail(lines) != last:
                last, moved_at = _tail(lines), self._now()
            elif self._now() - moved_at > self._patience_s:
                raise UnknownOutcome(
                    "bitrix.door_stuck",
                    f"The import stands still at: {last}.",
                    f"Загрузка стоит на месте: {last}.",
                )

    async def _ask(
        self, mode: str, filename: str, session: Session | None = None, body: bytes = b""
    ) -> list[str]:
        query = {"type": "catalog", "mode": mode}
        if filename:
            query["filename"] = filename
        headers = {"Authorization": self._basic}
        if session is not None:
            headers["Cookie"] = session.cookie
            if session.sessid:
                query["sessid"] = session.sessid
        try:
            answer = await self._transport.send(
                "POST" if body else "GET",
                f"{_PATH}?{urlencode(query, quote_via=quote)}",
                what=f"1c_exchange {mode}",
                body=body,
                headers=headers,
                timeout_s=self._timeout_s,
            )
        except UnknownOutcome as exc:
            if mode == "import":
                raise
            raise Transient(exc.code, exc.en, exc.ru, detail=exc.detail) from None
        if answer.status == 401:
            return ["failure", "401"]
        if answer.status == 404:
            raise ConfigError(
                "bitrix.no_door",
                f"The shop has no {_PATH}: the exchange with 1C is not installed.",
                f"В магазине нет {_PATH}: обмен с 1С не установлен.",
            )
        if answer.status != 200:
            if mode == "import":
                raise UnknownOutcome(
                    "bitrix.door_failed",
                    "The exchange door failed during the import.",
                    "Сбой обмена во время загрузки.",
                    detail=f"HTTP {answer.status}",
                )
            raise Transient(
                "bitrix.door_failed",
                "The exchange door is out of order.",
                "Обмен сейчас не работает.",
                detail=f"HTTP {answer.status}",
            )
        text = answer.body.decode("cp1251", "replace").lstrip("\ufeffп»ї").strip()
        return [line.strip() for line in text.splitlines()] or [""]


def _zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _tail(lines: list[str]) -> str:
    return " ".join(line for line in lines[1:] if line)[:300]


def _refusal(mode: str, lines: list[str]) -> Transient:
    """Return what a failure means: never that a record is wrong, mostly that 1C was exchanging at the same time."""
    said = _tail(lines) or lines[0][:300] or "—"
    return Transient(
        "bitrix.door_refused",
        f"The exchange door failed at {mode}: {said}",
        f"Обмен не прошёл на шаге {mode}: {said}",
        retry_after_s=_AFTER_FAILURE_S,
    )
