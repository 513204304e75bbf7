"""Carries an export to a site the way 1C does: login, parameters, files in pieces, imports until they are done."""

import asyncio
import base64
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from obmen.connectors.onec.sandbox.export import ExportFile
from obmen.connectors.onec.sandbox.manners import Account, Manners, Mischief
from obmen.connectors.onec.sandbox.packing import Upload, pieces, uploads
from obmen.connectors.onec.sandbox.request import Answer, LineBroken, send

Verdict = Literal["success", "failure", "broken"]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the site as 1C understood it."""

    mode: str
    filename: str = ""
    verdict: str  # the first line; "broken" where the line broke
    text: str = ""  # the lines after it


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an exchange."""

    verdict: Verdict
    attempts: int
    breaks: int
    replies: tuple[Reply, ...]
    sentences: tuple[str, ...]  # what the person at 1C reads


class Refused(Exception):
    """The site answered with something else than 1C can go on with."""


class Session(msgspec.Struct):
    """What the site told at login and in `init`."""

    cookie: str = ""
    sessid: str = ""
    zip: bool = False
    limit: int = 0


class Exchange:
    """One exchange of goods with one site. Use it once."""

    kind: ClassVar[str] = "catalog"

    def __init__(
        self, account: Account, *, manners: Manners | None = None, mischief: Mischief | None = None
    ) -> None:
        self._account = account
        self._manners = manners or Manners()
        self._mischief = mischief or Mischief()
        self._requests = 0
        self._breaks = 0
        self._timestamp = ""
        self._replies: list[Reply] = []
        self._sentences: list[str] = []

    async def send(self, files: Sequence[ExportFile], *, deactivate: bool = False, archive: str) -> Outcome:
        """Send the files; `archive` names the one made of them where the site takes archives.

        `deactivate` asks the site, after everything is imported, to switch off what this exchange did not mention.
        """
        wanted = self._manners.deactivate
        verdict: Verdict = "broken"
        attempt = 0
        while verdict == "broken" and attempt < self._manners.attempts:
            attempt += 1
            self._say(f"Начата выгрузка товаров на сайт {self._account.url}, попытка {attempt}.")
            try:
                refused = await self._run(
                    files, deactivate=deactivate if wanted is None else wanted, archive=archive
                )
            except LineBroken as exc:
                self._say(f"Обмен прерван: нет связи с сайтом ({exc}). Начните обмен заново.")
            except Refused as exc:
                verdict = "failure"
                self._say(f"Обмен остановлен. {exc}")
            else:
                verdict = "failure" if refused else "success"
                self._say("Выгрузка завершена с ошибками." if refused else "Выгрузка товаров завершена.")
        return Outcome(
            verdict=verdict,
            attempts=attempt,
            breaks=self._breaks,
            replies=tuple(self._replies),
            sentences=tuple(self._sentences),
        )

    async def _run(self, files: Sequence[ExportFile], *, deactivate: bool, archive: str) -> bool:
        """Go through the exchange once; tell whether the site refused some of the files."""
        self._timestamp = ""
        refused = False
        session = Session()
        for number, batch in enumerate(_batches(files) if self._manners.session_per_file else [files]):
            session = await self._login()
            await self._init(session)
            name = f"{number}_{archive}" if number else archive
            for upload in uploads(
                batch,
                archive=name if session.zip else None,
                backslashes=self._manners.backslashes,
                corrupt=self._mischief.corrupt_archive,
            ):
                await self._upload(session, upload)
            for file in batch:
                if file.name.endswith(".xml") and file.kind != "picture":
                    refused |= not await self._import(session, file.name)
        if deactivate and not refused:
            await self._ask(session, "deactivate", timestamp=self._timestamp)
        if self._manners.complete:
            await self._ask(session, "complete")
        return refused

    # Steps.

    async def _login(self) -> Session:
        session = Session()
        lines = (await self._ask(session, "checkauth")).text.split("\n")
        if len(lines) < 2:
            raise Refused("Сайт не сообщил имя и значение cookie при авторизации.")
        if not self._mischief.without_cookie:
            value = lines[1].strip()
            session.cookie = f"{lines[0].strip()}={value[::-1] if self._mischief.wrong_cookie else value}"
        told = _pairs(lines[2:])
        if self._manners.echo_sessid:
            session.sessid = told.get("sessid", "")
        self._timestamp = self._timestamp or told.get("timestamp", "")
        return session

    async def _init(self, session: Session) -> None:
        version = {"version": self._manners.version} if self._manners.version else {}
        answer = await self._call(session, "init", version)
        lines = answer.text().split("\n")
        told = _pairs(lines)
        verdict, _, text = answer.text().partition("\n")
        self._replies.append(Reply(mode="init", verdict=verdict.strip()))
        if answer.status != 200 or verdict.strip() == "failure":
            raise Refused(self._complaint("init", "", answer.status, verdict, text))
        limit = told.get("file_limit", "")
        if not limit.isdecimal() or int(limit) == 0:
            raise Refused(f"Сайт не сообщил предельный размер файла (file_limit): {limit or 'нет строки'}.")
        session.zip = told.get("zip") == "yes"
        session.limit = int(limit)
        if self._manners.echo_sessid and told.get("sessid"):
            session.sessid = told["sessid"]

    async def _upload(self, session: Session, upload: Upload) -> None:
        count = 0
        for piece in pieces(upload.body, session.limit):
            await self._ask(session, "file", filename=upload.name, body=piece)
            count += 1
        self._say(f"Передан файл {upload.name}: {len(upload.body)} байт, частей: {count}.")

    async def _import(self, session: Session, name: str) -> bool:
        """Ask until the file is processed; `progress` may come any number of times, also never."""
        mode = "importer" if self._mischief.wrong_mode else "import"
        while True:
            try:
                reply = await self._ask(session, mode, filename=name, also="progress")
            except Refused as exc:
                if self._manners.stop_at_failure:
                    raise
                self._say(str(exc))
                return False
            if reply.verdict == "success":
                self._say(f"Файл {name} загружен на сайт. {reply.text}".strip())
                return True
            await asyncio.sleep(self._manners.pause_s)

    # The line.

    async def _ask(
        self,
        session: Session,
        mode: str,
        *,
        filename: str = "",
        timestamp: str = "",
        body: bytes | None = None,
        also: str = "",
    ) -> Reply:
        """Make a request whose answer begins with a verdict: `success`, or the word given in `also`."""
        answer = await self._call(session, mode, {"filename": filename, "timestamp": timestamp}, body)
        first, _, text = answer.text().replace("\r\n", "\n").partition("\n")
        reply = Reply(mode=mode, filename=filename, verdict=first.rstrip(), text=text.strip())
        # The answer to a login is the key to the session: it is used, not kept.
        self._replies.append(
            replace(reply, text="") if (mode, reply.verdict) == ("checkauth", "success") else reply
        )
        if answer.status != 200 or not reply.verdict or reply.verdict not in {"success", also}:
            raise Refused(self._complaint(mode, filename, answer.status, first, text))
        return reply

    async def _call(
        self, session: Session, mode: str, parameters: dict[str, str], body: bytes | None = None
    ) -> Answer:
        """Make a request, again where the habits say so."""
        url = self._account.url + "?" + "&".join(self._parameters(session, mode, parameters))
        again = self._manners.retry == "all" or (self._manners.retry == "file" and mode == "file")
        while True:
            try:
                return await self._send(session, mode, url, body)
            except LineBroken as exc:
                self._breaks += 1
                self._replies.append(
                    Reply(mode=mode, filename=parameters.get("filename", ""), verdict="broken", text=str(exc))
                )
                if not again:
                    raise
                if self._manners.retry == "file":
                    again = False  # once more, then the exchange is given up

    async def _send(self, session: Session, mode: str, url: str, body: bytes | None) -> Answer:
        self._requests += 1
        mischief = self._mischief
        due = mischief.break_every and self._requests % mischief.break_every == 0
        spared = mischief.break_times and self._breaks >= mischief.break_times
        posts = body is not None or self._manners.all_post
        return await send(
            "POST" if posts else "GET",
            url,
            self._headers(session, mode, posts=posts),
            body or b"",
            timeout_s=self._manners.timeout_s,
            breaks=mischief.break_how if due and not spared else None,
        )

    def _parameters(self, session: Session, mode: str, parameters: dict[str, str]) -> Iterator[str]:
        yield f"type={self.kind}"
        yield f"mode={mode}"
        for name, value in parameters.items():
            if value:
                yield f"{name}={quote(value)}"
        if session.sessid:
            yield f"sessid={session.sessid[::-1] if self._mischief.wrong_session else session.sessid}"

    def _headers(self, session: Session, mode: str, *, posts: bool) -> dict[str, str]:
        headers = {"User-Agent": self._manners.user_agent}
        if mode == "checkauth" or self._manners.basic_always:
            password = "неверный" if self._mischief.wrong_password else self._account.password
            pair = base64.b64encode(f"{self._account.login}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        if session.cookie:
            headers["Cookie"] = session.cookie
        if posts:
            headers["Content-Type"] = self._manners.content_type
        return headers

    def _complaint(self, mode: str, filename: str, status: int, first: str, text: str) -> str:
        step = f"{mode} {filename}".strip()
        if status != 200:
            return f"Ошибка HTTP {status} на шаге {step}."
        if first.strip() == "failure":
            return f"Сайт отказал на шаге {step}: {text.strip() or 'без объяснения'}"
        return f"Не удалось разобрать ответ сайта на шаге {step}: {first[:100]!r}."

    def _say(self, sentence: str) -> None:
        self._sentences.append(sentence)


def _pairs(lines: Sequence[str]) -> dict[str, str]:
    """Read `name=value` lines."""
    split = (line.strip().partition("=") for line in lines)
    return {name: value for name, equals, value in split if equals}


def _batches(files: Sequence[ExportFile]) -> Iterator[list[ExportFile]]:
    """Part the files so that each batch holds one XML file and the pictures that follow it."""
    batch: list[ExportFile] = []
    for file in files:
        if batch and file.kind != "picture":
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch
