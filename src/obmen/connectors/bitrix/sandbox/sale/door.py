"""The exchange door for orders, `type=sale`: one cursor for the whole site, warnings after `success`.

Whoever asks moves the same cursor: a hub and a 1C at one shop take orders from each other.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from datetime import datetime
from typing import NamedTuple
from xml.etree import ElementTree as ET

from obmen.connectors.bitrix.sandbox.commerceml import Unreadable, read_document
from obmen.connectors.bitrix.sandbox.exchange_import import clean_name, unpack
from obmen.connectors.bitrix.sandbox.exchange_metadata import Refused
from obmen.connectors.bitrix.sandbox.sale.documents import Shape, documents, order_document, root_of
from obmen.connectors.bitrix.sandbox.sale.loading import load_order
from obmen.connectors.bitrix.sandbox.sale.loading_parts import load_documents, refusal
from obmen.connectors.bitrix.sandbox.sale.markup import Node, leaf, node
from obmen.connectors.bitrix.sandbox.sale.rows import Order
from obmen.connectors.bitrix.sandbox.state import ShopState

CHARSET = "windows-1251"
CONSTANT_VERSION = "2.09"  # answered whatever version is asked


class Xml(NamedTuple):
    """An answer that is a document."""

    body: bytes


class OrderSession:
    """What the site remembers of one client between its requests."""

    def __init__(self) -> None:
        self.version = ""
        self.cml_version = ""
        self.archive = ""
        self.place: tuple[datetime, int] | None = None  # the last order this session was shown
        self.asked: datetime | None = None  # what `success` will commit


class OrderDoor:
    """Answer the modes of `type=sale` and `type=crm`, once the client is let in."""

    def __init__(self, state: ShopState) -> None:
        self._state = state
        self._sessions: dict[str, OrderSession] = {}
        self._uploads: dict[str, bytearray] = {}
        self._last_cookie = ""
        self.committed: datetime | None = None  # the option `last_export_time_committed_…`
        self.sessid_demanded = False  # the option `secure_1c_exchange`

    def enter(self, cookie: str, *, may_commit: bool) -> None:
        """Begin a session; of those that take orders only the last one may commit."""
        self._check_right()
        self._sessions[cookie] = OrderSession()
        if may_commit:
            self._last_cookie = cookie

    def forget_sessions(self) -> None:
        """Forget all sessions; the cursor is an option of the site and stays."""
        self._sessions.clear()

    def answer(
        self, cookie: str, sessid: str, mode: str, ask: Callable[[str], str], body: bytes
    ) -> str | Xml:
        """Answer one request of a known session; `ask` reads the query."""
        self._check_right()
        session = self._sessions.setdefault(cookie, OrderSession())
        match mode:
            case "init":
                return self._init(session, sessid, ask("version"), ask("cmlVersion"))
            case "query":
                return self._query(session)
            case "success":
                return self._success(cookie, session)
            case "file":
                return self._file(session, clean_name(ask("filename")), body)
            case "import":
                return self._import(session, clean_name(ask("filename")))
            case "info":
                return _printed(self._info())
        return "failure\nНеизвестная команда."

    def dump(self, ask: Callable[[str], str]) -> Xml:
        """Answer `type=crm`: read orders without moving the cursor. The header lies about the encoding."""
        self._check_right()
        since, wanted = ask("MODIFICATION_LABEL"), ask("ORDER_ID")
        orders = [
            order
            for order in self._changed(None)
            if (not wanted or str(order.id) == wanted)
            and (not since.isdecimal() or _moved(order).timestamp() >= int(since))
        ]
        return _printed(root_of(self._state, Shape.SINGLE), self._dated(orders), charset="utf-8")

    def _dated(self, orders: Iterable[Order]) -> Iterator[Node]:
        for order in orders:
            document = order_document(self._state, order, modern=True)
            document.append(leaf("DateUpdate", f"{_moved(order):%Y-%m-%d %H:%M:%S}"))
            yield document

    def _init(self, session: OrderSession, sessid: str, version: str, cml_version: str) -> str:
        self._uploads.clear()
        session.version, session.cml_version, session.archive = version, cml_version, ""
        setup = self._state.setup
        told = f"zip={'yes' if setup.zip else 'no'}\nfile_limit={setup.file_limit}\n"
        return told + (f"sessid={sessid}\nversion={CONSTANT_VERSION}" if version else "")

    def _check_right(self) -> None:
        if not self._state.setup.sale_exchange_right:
            raise Refused("Недостаточно прав для обмена заказами.")

    # Orders out.

    def _query(self, session: OrderSession) -> Xml:
        """Show the next slice of orders; without a version there are no slices."""
        orders = self._changed(self.committed)
        if session.place is not None:
            orders = [order for order in orders if (_moved(order), order.id) > session.place]
        if session.version:
            orders = orders[: self._state.setup.orders_per_query]
        if orders:
            session.place = (_moved(orders[-1]), orders[-1].id)
        session.asked = session.place[0] if session.place else self._state.now()
        shape = Shape.asked(session.version, session.cml_version)
        return _printed(root_of(self._state, shape), documents(self._state, orders, shape))

    def _success(self, cookie: str, session: OrderSession) -> str:
        if cookie != self._last_cookie:
            return "error\n"
        if session.asked is not None:
            self.committed = session.asked
        return "success\n"

    def _changed(self, since: datetime | None) -> list[Order]:
        """Choose orders in the order of their change: not external, not come from 1C, and as options say."""
        state, setup = self._state, self._state.setup
        floor = state.sale.statuses.get(setup.one_c_from_status)
        chosen = [
            order
            for order in state.sale.orders
            if order.updated_1c == "N"
            and order.external_order != "Y"
            and (since is None or _moved(order) >= since)
            and (not setup.one_c_paid_only or order.payed == "Y")
            and (not setup.one_c_allowed_only or self._is_allowed(order))
            and (floor is None or self._rank(order) >= floor.sort)
        ]
        return sorted(chosen, key=lambda order: (_moved(order), order.id))

    def _is_allowed(self, order: Order) -> bool:
        return any(shipment.allow_delivery == "Y" for shipment in self._state.sale.shipments_of(order))

    def _rank(self, order: Order) -> int:
        status = self._state.sale.statuses.get(order.status_id)
        return status.sort if status else 0

    # Changes in.

    def _file(self, session: OrderSession, name: str, body: bytes) -> str:
        """Append a portion; a client that told no version has it imported at once."""
        if not body:
            raise Refused("Ошибка чтения данных запроса: тело пусто или больше post_max_size.")
        self._uploads.setdefault(name, bytearray()).extend(body)
        if self._state.setup.zip:
            session.archive = name
        if session.version:
            return "success\n"
        try:
            return self._import(session, name)
        finally:
            self._uploads.clear()

    def _import(self, session: OrderSession, name: str) -> str:
        if session.archive:
            archive, session.archive = session.archive, ""
            packed: MutableMapping[str, bytearray] = {}
            unpack(self._uploads.pop(archive, bytearray()), packed)
            self._uploads.update(packed)
            if session.version:
                return "progress\nРаспаковка архива завершена."
            name = next(iter(packed), name)
        content = bytes(self._uploads.get(name, b""))
        if not content.strip():
            raise Refused("Файл для импорта пуст.")
        try:
            root = read_document(content)
        except Unreadable as exc:
            raise Refused(str(exc)) from exc
        return "success\n" + "\n".join(self._load(session, root))

    def _load(self, session: OrderSession, root: Node) -> list[str]:
        """Choose the logic by the file, not by the version the client told."""
        containers = root.findall("Контейнер")
        single = root.findall("Документ")
        if Shape.asked("", session.cml_version) is Shape.NESTED:
            groups = [[document] for document in single]
        elif containers:
            groups = [container.findall("Документ") for container in containers]
        elif Shape.asked(root.get("ВерсияСхемы", ""), "") in (Shape.SEPARATE, Shape.CONTAINER):
            groups = [single]
        else:
            return [warning for document in single for warning in load_order(self._state, document)]
        if refused := refusal(self._state):
            raise Refused(refused)
        return [warning for group in groups for warning in load_documents(self._state, group)]

    # The dictionary for the settings screen of 1C.

    def _info(self) -> Node:
        sale = self._state.sale
        return node(
            "Справочник",
            # The first letter of this tag is a Latin C in the vendor's language file.
            node(
                "Cтатусы",
                *(_choice(each.id, each.name) for each in sale.statuses.values() if each.type == "O"),
            ),
            node("ПлатежныеСистемы", *(_choice(each.id, each.name) for each in sale.pay_systems)),
            node("СлужбыДоставки", *(_choice(each.id, each.name) for each in sale.deliveries)),
        )


def _choice(key: object, name: str) -> Node:
    return node("Элемент", leaf("Ид", key), leaf("Название", name))


def _printed(root: Node, children: Iterable[Node] = (), *, charset: str = CHARSET) -> Xml:
    """Print piece by piece, so that thousands of orders are never one tree; letters the charset lacks by number."""
    pieces = [
        ET.tostring(child, encoding="unicode").encode(charset, "xmlcharrefreplace") for child in children
    ]
    head = ET.tostring(root, encoding=charset, xml_declaration=True, short_empty_elements=not pieces)
    if not pieces:
        return Xml(head)
    opened, closing = head.rsplit(b"</", 1)
    return Xml(b"".join((opened, *pieces, b"</", closing)))


def _moved(order: Order) -> datetime:
    if order.date_update is None:
        raise ValueError(f"Order {order.id} was never saved.")
    return order.date_update
