"""The exchange door of the shop, `/bitrix/admin/1c_exchange.php`: sessions, uploads, and the one import at a time.

Every answer is HTTP 200 in windows-1251, failures included. The upload directory and the temporary tables are one
for the whole site: two sessions spoil each other's work.
"""

import base64
import binascii
import hmac
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from aiohttp import web

from obmen.connectors.bitrix.sandbox.elements import save_element
from obmen.connectors.bitrix.sandbox.exchange_import import clean_name, import_file, unpack
from obmen.connectors.bitrix.sandbox.exchange_metadata import Refused
from obmen.connectors.bitrix.sandbox.sale.door import OrderDoor, Xml
from obmen.connectors.bitrix.sandbox.state import ShopState

DOOR = "exchange"
TYPES = ("catalog", "sale", "crm")
COOKIE = "PHPSESSID"
CHARSET = "windows-1251"
UPLOADS_LIMIT = 512 * 1024 * 1024  # bytes of one exchange
SKEW_LIMIT_S = 600


class Session:
    """One client between `checkauth` and the end."""

    def __init__(self, cookie: str, sessid: str) -> None:
        self.cookie = cookie
        self.sessid = sessid
        self.archive = ""  # an upload to be unpacked before the next import
        self.running: tuple[str, Iterator[str]] | None = None


class ExchangeDoor:
    """Let clients in and answer `type=catalog`; orders have a door of their own behind the same sessions."""

    def __init__(self, state: ShopState, *, seed: int = 0) -> None:
        self._state = state
        self._random = random.Random(seed)
        self._sessions: dict[str, Session] = {}
        self._uploads: dict[str, bytearray] = {}
        self._importing: Session | None = None  # whose rows are in the temporary tables
        self._touched: dict[int, float] = {}  # when each infoblock was last written to, in seconds since 1970
        self.orders = OrderDoor(state)
        self.sessid_demanded = False  # a site option: once a client has sent it, everybody must

    def forget_sessions(self) -> None:
        """Forget all logins, as PHP does when sessions expire."""
        self._sessions.clear()
        self.orders.forget_sessions()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        kind, mode = request.query.get("type", ""), request.query.get("mode", "")
        too_large = (request.content_length or 0) > self._state.setup.post_max_size
        body = b"" if too_large else await request.read()
        try:
            with self._state.acting(DOOR):
                told = self._answer(request, kind, mode, body)
        except Refused as exc:
            told = f"failure\n{exc}"
        if isinstance(told, Xml):
            self._state.ledger.record_asked(door=DOOR, what=f"{kind}:{mode}", ok=True)
            return web.Response(
                body=told.body, headers={"Content-Type": f"application/xml; charset={CHARSET}"}
            )
        first = told.split("\n", 1)[0]
        ok = first not in ("failure", "error")
        self._state.ledger.record_asked(door=DOOR, what=f"{kind}:{mode}", ok=ok, code="" if ok else first)
        return web.Response(
            body=told.encode(CHARSET, "replace"), headers={"Content-Type": f"text/html; charset={CHARSET}"}
        )

    def _answer(self, request: web.Request, kind: str, mode: str, body: bytes) -> str | Xml:
        if kind not in TYPES:
            return "failure\nUnknown command type."
        if mode == "checkauth":
            return self._checkauth(request, kind)
        session = self._session(request, kind)
        if kind == "sale":
            return self.orders.answer(session.cookie, session.sessid, mode, _query_of(request), body)
        if kind == "crm":
            return (
                self.orders.dump(_query_of(request)) if mode == "query" else "failure\nНеизвестная команда."
            )
        match mode:
            case "init":
                return self._init(session)
            case "file":
                return self._file(session, request.query.get("filename", ""), body)
            case "import":
                return self._import(session, request.query.get("filename", ""))
            case "deactivate":
                return self._deactivate(request.query.get("timestamp", ""))
            case "complete":
                return "success\n"
        return "failure\nНеизвестная команда."

    def _checkauth(self, request: web.Request, kind: str) -> str:
        """Let a client in; the clocks are compared, and the time told, for the catalogue only."""
        setup = self._state.setup
        if setup.rotates_sessions:
            raise Refused(
                "Обмен невозможен: включена смена идентификатора сессий. Отключите её для этого адреса."
            )
        if kind == "catalog" and abs(setup.database_clock_skew_s) > SKEW_LIMIT_S:
            raise Refused(
                "Обмен невозможен: время базы данных и веб-сервера расходится больше чем на 10 минут."
            )
        if not self._knows(request.headers.get("Authorization", "")):
            raise Refused("Ошибка авторизации. Неверное имя пользователя или пароль.")
        session = Session(f"{self._random.getrandbits(128):032x}", f"{self._random.getrandbits(128):032x}")
        if kind != "catalog":
            self.orders.enter(session.cookie, may_commit=kind == "sale")
        self._sessions[session.cookie] = session
        if kind != "catalog":
            return f"success\n{COOKIE}\n{session.cookie}\nsessid={session.sessid}\n"
        timestamp = int(self._state.unix_now())
        return f"success\n{COOKIE}\n{session.cookie}\nsessid={session.sessid}\ntimestamp={timestamp}\n"

    def _knows(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            return False
        expected = f"{self._state.setup.login}:{self._state.setup.password}".encode()
        return scheme.lower() == "basic" and hmac.compare_digest(given, expected)

    def _session(self, request: web.Request, kind: str) -> Session:
        """Find the session by its cookie, and let its sessid switch the check on for everybody."""
        session = self._sessions.get(request.cookies.get(COOKIE, ""))
        if session is None:
            raise Refused("Ошибка авторизации. Сессия не найдена, начните обмен с checkauth.")
        latch = self if kind == "catalog" else self.orders
        if hmac.compare_digest(request.query.get("sessid", "").encode(), session.sessid.encode()):
            latch.sessid_demanded = True
        elif latch.sessid_demanded:
            raise Refused("Ошибка проверки источника запроса. Обновите модуль обмена.")
        return session

    def _init(self, session: Session) -> str:
        """Say the rules of upload, and wipe the directory whoever filled it."""
        self._uploads.clear()
        session.archive, session.running = "", None
        return f"zip={'yes' if self._state.setup.zip else 'no'}\nfile_limit={self._state.setup.file_limit}\n"

    def _file(self, session: Session, filename: str, body: bytes) -> str:
        """Append a portion: there is no offset, so a repeated portion is in the file twice."""
        name = clean_name(filename)
        if not body:
            raise Refused("Ошибка чтения данных запроса: тело пусто или больше post_max_size.")
        if sum(map(len, self._uploads.values())) + len(body) > UPLOADS_LIMIT:
            raise Refused("Недостаточно места на диске.")
        self._uploads.setdefault(name, bytearray()).extend(body)
        if self._state.setup.zip:
            session.archive = name
        return "success\n"

    def _import(self, session: Session, filename: str) -> str:
        """Do one step of an import."""
        name = clean_name(filename)
        if session.archive:
            archive, session.archive = self._uploads.pop(session.archive, bytearray()), ""
            unpack(archive, self._uploads)
            return "progress\nРаспаковка архива завершена."
        if session.running is None or session.running[0] != name:
            if name not in self._uploads:
                raise Refused("Ошибка открытия файла для импорта.")
            steps = import_file(self._state, bytes(self._uploads[name]), self._uploads, self._touched)
            session.running, self._importing = (name, steps), session
        elif self._importing is not session:
            session.running = None
            raise Refused("Временные таблицы заняты другим обменом. Начните обмен заново.")
        try:
            return f"progress\n{next(session.running[1])}"
        except StopIteration:
            session.running = None
            return "success\nИмпорт успешно завершен."
        except Refused:
            session.running = None
            raise

    def _deactivate(self, timestamp: str) -> str:
        """Switch off what the exchange since this moment has not touched, in the infoblocks it wrote to."""
        if not timestamp.isdecimal():
            raise Refused("Не указано время начала обмена.")
        since = datetime.fromtimestamp(int(timestamp), UTC)
        touched = [iblock_id for iblock_id, at in self._touched.items() if at >= int(timestamp)]
        for iblock_id in touched:
            for element in self._state.elements.where(iblock_id=iblock_id):
                if element.active == "Y" and element.timestamp_x is not None and element.timestamp_x < since:
                    save_element(self._state, element, active="N")
        return "success\nДеактивация завершена."


def _query_of(request: web.Request) -> Callable[[str], str]:
    return lambda name: request.query.get(name, "")
