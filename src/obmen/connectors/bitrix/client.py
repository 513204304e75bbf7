"""The shop's REST: calls, batches of fifty, pages, and the one table from its errors to ours.

Knows nothing of records. Facts: REST reference of the `catalog` scope and the source of the `rest` module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

import msgspec

from obmen.connectors.contract import Ports
from obmen.connectors.transport import Answer, Transport
from obmen.errors import (
    AuthFailed,
    ConfigError,
    ObmenError,
    RateLimited,
    Rejected,
    Transient,
    UnknownOutcome,
)

BATCH = 50
"""Commands the shop takes in one batch, and rows in one page."""
LARGEST_BATCH = 2_000_000
"""Characters of commands in one request; PHP's `post_max_size` is 8 MB in a fresh site."""
T = TypeVar("T")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)  # prices come as JSON numbers


class Command(NamedTuple):
    """One call of a method."""

    method: str
    params: Mapping[str, Any]


class Reply(NamedTuple):
    """The result of one call; `at` is the shop's clock."""

    result: Any
    next: int | None = None
    at: str = ""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a list: whatever single key they came under."""
        inner = self.result
        if isinstance(inner, dict):
            inner = next(iter(inner.values()), [])
        if isinstance(inner, dict):  # a PHP array whose keys do not count from nought
            inner = list(inner.values())
        return [row for row in inner if isinstance(row, dict)] if isinstance(inner, list) else []

    @property
    def row(self) -> dict[str, Any]:
        """The one object of a get, add or update: whatever single key it came under."""
        inner = self.result
        if isinstance(inner, dict) and len(inner) == 1:
            inner = next(iter(inner.values()))
        return inner if isinstance(inner, dict) else {}


class Rest:
    """The inbound webhook of one shop."""

    def __init__(self, *, transport: Transport, ports: Ports, user: int, secret: str) -> None:
        self._transport = transport
        self._ports = ports
        self._root = f"/rest/{user}/{quote(secret, safe='')}/"

    async def call(
        self, method: str, params: Mapping[str, Any] | None = None, *, writes: bool = False
    ) -> Reply:
        """Call one method. A read that got no answer is `Transient`: asking again harms nobody."""
        body = msgspec.json.encode(dict(params or {}))
        try:
            answer = await self._transport.send(
                "POST",
                self._root + method,
                what=method,
                body=body,
                headers={"Content-Type": "application/json"},
            )
            return self._read(method, answer)
        except UnknownOutcome as exc:
            if writes:
                raise
            raise Transient(exc.code, exc.en, exc.ru, detail=exc.detail) from None
        except RateLimited as exc:
            await self._ports.budget.freeze(exc.retry_after_s or 1.0)
            raise

    async def batch(self, commands: Sequence[Command], *, writes: bool = False) -> list[Reply | ObmenError]:
        """Run up to fifty commands in one request; each gets its own reply or error, in the order given.

        Raises what befell the request as a whole: then nobody knows of any command, or none was run.
        """
        if len(commands) > BATCH:
            raise ValueError(f"a batch takes {BATCH} commands, got {len(commands)}")
        lines = {f"c{number}": command_line(command) for number, command in enumerate(commands)}
        reply = await self.call("batch", {"halt": 0, "cmd": lines}, writes=writes)
        outer = _mapping(reply.result)
        results, errors, following, times = (
            _mapping(outer.get(key)) for key in ("result", "result_error", "result_next", "result_time")
        )
        found: list[Reply | ObmenError] = []
        for name, command in zip(lines, commands, strict=True):
            if name in errors:
                found.append(error_of(command.method, _mapping(errors[name]), 400))
            elif name in results:
                at = str(_mapping(times.get(name)).get("date_start") or reply.at)
                found.append(Reply(results[name], _whole(following.get(name)), at))
            else:
                found.append(_silent(command.method))
        limited = [error for error in found if isinstance(error, RateLimited)]
        if limited:
            await self._ports.budget.freeze(limited[0].retry_after_s or 1.0)
        return found

    async def read(self, commands: Sequence[Command]) -> list[Reply]:
        """Run any number of reading commands; the first error is raised. Lists longer than a page are completed."""
        replies: list[Reply] = []
        for slice_ in sliced(commands, BATCH):
            for command, reply in zip(slice_, await self.batch(slice_), strict=True):
                if isinstance(reply, ObmenError):
                    raise reply
                replies.append(await self._complete(command, reply))
        return replies

    async def _complete(self, command: Command, reply: Reply) -> Reply:
        rows = reply.rows
        start = reply.next
        while start:
            more = await self.call(command.method, {**command.params, "start": start})
            rows, start = [*rows, *more.rows], more.next
        return reply if reply.next is None else Reply({"rows": rows}, None, reply.at)

    def _read(self, method: str, answer: Answer) -> Reply:
        try:
            body = _mapping(_DECODER.decode(answer.body))
        except msgspec.DecodeError:
            raise _page_error(method, answer) from None
        if "error" in body and "result" not in body:
            raise error_of(method, body, answer.status, retry_after=answer.headers.get("Retry-After", ""))
        if "result" not in body:
            raise _page_error(method, answer)
        at = str(_mapping(body.get("time")).get("date_start") or "")
        return Reply(body["result"], _whole(body.get("next")), at)


def sliced(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def portions(items: Sequence[T], command_of: Callable[[T], Command], *, count: int) -> Iterator[list[T]]:
    """Cut writes into batches of at most `count` commands that stay well below what PHP takes in one request."""
    portion: list[T] = []
    size = 0
    for item in items:
        length = len(command_line(command_of(item)))
        if portion and (len(portion) >= count or size + length > LARGEST_BATCH):
            yield portion
            portion, size = [], 0
        portion.append(item)
        size += length
    if portion:
        yield portion


def command_line(command: Command) -> str:
    """Write a command as a line of a batch: a query string with PHP's brackets, everything percent-encoded."""
    pairs = "&".join(
        f"{quote(name, safe='[]')}={quote(value, safe='')}"
        for key, given in command.params.items()
        for name, value in _brackets(key, given)
    )
    return f"{command.method}?{pairs}"


def _brackets(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _brackets(f"{name}[{key}]", inner)
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _brackets(f"{name}[{number}]", inner)
    elif isinstance(value, bool):
        yield name, "Y" if value else "N"
    else:
        yield name, "" if value is None else str(value)


# The table: code → what must happen next. Codes come as numbers and as texts; texts of old views vary by version.

_AUTH = {
    "NO_AUTH_FOUND": ("the webhook is unknown to it", "вебхук ему неизвестен"),
    "INVALID_CREDENTIALS": (
        "the secret or the user of the webhook is wrong",
        "секрет или пользователь вебхука неверны",
    ),
    "ACCESS_DENIED": ("the webhook's owner has no rights", "у владельца вебхука нет прав"),
    "INSUFFICIENT_SCOPE": (
        "the webhook lacks a scope; `{}` is needed",
        "вебхуку не хватает права; нужно `{}`",
    ),
}
_NO_RIGHT = re.compile(
    r"2000403000[1-9]0"
)  # one code each for reading, changing, deleting, sections, elements
_WAITS = {"QUERY_LIMIT_EXCEEDED": 2.0, "OPERATION_TIME_LIMIT": 60.0, "OVERLOAD_LIMIT": 300.0}


def error_of(method: str, body: Mapping[str, Any], status: int, *, retry_after: str = "") -> ObmenError:
    """Return our error for one of the shop's."""
    code = str(body.get("error") if body.get("error") is not None else "")
    said = str(body.get("error_description") or code or "no reason given").replace("<br>", " ").strip()
    detail = f"{method}: HTTP {status} {code} {said}"
    name = code.upper()
    if name in _AUTH or _NO_RIGHT.fullmatch(name):
        en, ru = (text.format(_scope_of(method)) for text in _AUTH.get(name, _AUTH["ACCESS_DENIED"]))
        return AuthFailed(
            "bitrix.auth",
            f"The shop does not let us in: {en}.",
            f"Магазин не пускает: {ru}.",
            detail=detail,
        )
    if name in _WAITS or status in {429, 503}:
        wait = float(retry_after) if retry_after.isdecimal() else _WAITS.get(name, 5.0)
        return RateLimited(
            "bitrix.limit",
            "The shop asks for a pause.",
            "Магазин просит паузу.",
            detail=detail,
            retry_after_s=wait,
        )
    if name == "PORTAL_DELETED":
        return Transient(
            "bitrix.closed",
            "The public part of the site is closed for now.",
            "Публичная часть сайта временно закрыта.",
            detail=detail,
        )
    if name == "INVALID_REQUEST" and "https" in said.lower():
        return ConfigError(
            "bitrix.https",
            "The shop takes REST over https only: write https:// into `url`.",
            "Магазин принимает REST только по https: укажите https:// в `url`.",
            detail=detail,
        )
    if name == "ERROR_METHOD_NOT_FOUND":
        return ConfigError(
            "bitrix.no_method",
            f"The shop has no method {method}: the module `{method.partition('.')[0]}` is missing or too old.",
            f"В магазине нет метода {method}: модуля `{method.partition('.')[0]}` нет или он старый.",
            detail=detail,
        )
    if status >= 500:
        return UnknownOutcome(
            "bitrix.failed", f"The shop failed inside: {said}", f"Сбой внутри магазина: {said}", detail=detail
        )
    return Rejected("bitrix.refused", said, said, detail=detail)


def _scope_of(method: str) -> str:
    """Return the scope a method is under; deliveries and pay systems have scopes of their own."""
    scopes = {"sale.delivery.": "delivery", "sale.paysystem.": "pay_system"}
    return next(
        (scope for start, scope in scopes.items() if method.startswith(start)), method.partition(".")[0]
    )


def _page_error(method: str, answer: Answer) -> ObmenError:
    """Return our error for an answer that is not the shop's REST: a page of the web server or of PHP."""
    detail = f"{method}: HTTP {answer.status}, not JSON"
    if answer.status in {429, 503}:
        return error_of(method, {}, answer.status, retry_after=answer.headers.get("Retry-After", ""))
    if answer.status in {401, 403}:
        return AuthFailed(
            "bitrix.wall",
            "Something in front of the shop (web server, firewall) refuses our calls to /rest/.",
            "Что-то перед магазином (веб-сервер, защита) не пропускает обращения к /rest/.",
            detail=detail,
        )
    if answer.status in {404, 405}:
        return ConfigError(
            "bitrix.no_rest",
            "There is no /rest/ at this address: check `url` and whether the module `rest` is installed.",
            "По этому адресу нет /rest/: проверьте `url` и установлен ли модуль `rest`.",
            detail=detail,
        )
    if answer.status == 413:
        return Rejected(
            "bitrix.too_large",
            "The request is larger than the web server takes: raise post_max_size and client_max_body_size.",
            "Запрос больше, чем принимает веб-сервер: увеличьте post_max_size и client_max_body_size.",
            detail=detail,
        )
    return UnknownOutcome(
        "bitrix.no_json",
        "The shop answered with a page instead of data.",
        "Магазин ответил страницей вместо данных.",
        detail=detail,
    )


def _silent(method: str) -> UnknownOutcome:
    return UnknownOutcome(
        "bitrix.silent",
        f"The batch says nothing of {method}.",
        f"Пакетный ответ молчит о {method}.",
    )


def _mapping(raw: Any) -> dict[str, Any]:
    """Return a PHP array as a mapping: an empty or counted one arrives as a list."""
    if isinstance(raw, dict):
        return raw
    return {str(number): item for number, item in enumerate(raw)} if isinstance(raw, list) else {}


def _whole(raw: Any) -> int | None:
    return int(raw) if isinstance(raw, int) or (isinstance(raw, str) and raw.isdecimal()) else None
