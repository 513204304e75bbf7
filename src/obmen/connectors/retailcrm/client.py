"""The account's API v5: forms with JSON in their fields, PHP's brackets, and the one table from its errors to ours.

Knows nothing of records. Sources: developer pages "Rules for working with API" and "History methods" (v5), error types
and the rate limiter of the vendor's Go client.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from obmen.connectors.contract import Ports
from obmen.connectors.retailcrm import wire
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

PAGE = 100
"""Rows a list gives at most."""
IN_PART = 460
"""Status of a pack of which some failed: neither a success nor a failure."""
NOT_FOUND = "retailcrm.not_found"
_PAUSE_S = 1.0
"""The vendor names no pause; its limit is counted by the second."""
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Reply(NamedTuple):
    """A body, and whether a pack failed in part."""

    body: dict[str, Any]
    in_part: bool = False


class Api:
    """The API of one account by one key."""

    def __init__(self, *, transport: Transport, ports: Ports, key: str) -> None:
        self._transport = transport
        self._ports = ports
        self._headers = {"X-API-KEY": key}

    async def get(
        self, method: str, params: Mapping[str, Any] | None = None, *, root: str = "/api/v5/"
    ) -> dict[str, Any]:
        """Ask one method. A question that got no answer is `Transient`: asking again harms nobody."""
        query = urlencode(list(_brackets(params or {})))
        try:
            reply = await self._send("GET", method, f"{root}{method}{'?' if query else ''}{query}")
        except UnknownOutcome as exc:
            raise Transient(exc.code, exc.en, exc.ru, detail=exc.detail) from None
        return reply.body

    async def post(self, method: str, **fields: Any) -> Reply:
        """Send one write: texts as they are, whatever else as JSON; what is None is left out."""
        form = {
            name: value if isinstance(value, str) else _ENCODER.encode(value).decode()
            for name, value in fields.items()
            if value is not None
        }
        return await self._send("POST", method, f"/api/v5/{method}", urlencode(form).encode())

    async def pages(self, method: str, name: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Ask for a whole list of modest length."""
        found: list[dict[str, Any]] = []
        page = 1
        while True:
            body = await self.get(method, {**params, "limit": PAGE, "page": page})
            found += listed(body, name)
            if page >= int(wire.table(body.get("pagination")).get("totalPageCount") or 1):
                return found
            page += 1

    async def _send(self, http: str, method: str, path: str, body: bytes = b"") -> Reply:
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._transport.send(
            http, path, what=method, body=body, headers=headers if body else self._headers
        )
        try:
            return _read(method, answer)
        except RateLimited as exc:
            await self._ports.budget.freeze(exc.retry_after_s or _PAUSE_S)
            raise


def listed(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rows of an answer; what is no row comes as an empty one.

    Raises `Transient` for an answer without rows where they should be: it says nothing, which is not «there are none».
    """
    rows = body.get(name)
    if isinstance(rows, dict) and all(isinstance(row, dict) for row in rows.values()):
        rows = list(rows.values())
    if not isinstance(rows, list):
        raise Transient(
            "retailcrm.shape",
            f"RetailCRM's answer has no list under `{name}`: it is asked again. If that lasts, show the recorded answer to "
            "RetailCRM.",
            f"В ответе RetailCRM под `{name}` не список: спросим ещё раз. Если так и останется, покажите записанный ответ "
            "RetailCRM.",
        )
    return [row if isinstance(row, dict) else {} for row in rows]


def path_part(raw: str) -> str:
    """Write an id as one word of a path; ids of others may hold a slash."""
    return quote(raw, safe="")


def sliced(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _brackets(params: Mapping[str, Any], parent: str = "") -> Iterator[tuple[str, str]]:
    for key, value in params.items():
        name = f"{parent}[{key}]" if parent else key
        if isinstance(value, Mapping):
            yield from _brackets(value, name)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield f"{name}[]", str(inner)
        elif value is not None:
            yield name, str(int(value)) if isinstance(value, bool) else str(value)


def _read(method: str, answer: Answer) -> Reply:
    try:
        body = _DECODER.decode(answer.body)
    except msgspec.DecodeError:
        body = None
    if isinstance(body, dict):
        if answer.status == IN_PART:
            return Reply(body, in_part=True)
        if answer.status < 400 and body.get("success") is True:
            return Reply(body)
    raise error_of(method, answer, body if isinstance(body, dict) else None)


def error_of(method: str, answer: Answer, body: Mapping[str, Any] | None) -> ObmenError:
    """Return our error for one of the account's: judged by its status, never by its words, which are translated."""
    status = answer.status
    said = "; ".join(filter(None, [str((body or {}).get("errorMsg") or ""), *wire.errors(body or {})]))
    detail = f"{method}: HTTP {status} {said or 'not JSON'}"
    if status in {429, 503}:
        told = answer.headers.get("Retry-After", "")
        return RateLimited(
            "retailcrm.limit",
            "RetailCRM asks for a pause: too many calls, or it is being serviced.",
            "RetailCRM просит паузу: слишком много запросов или идут работы.",
            detail=detail,
            retry_after_s=float(told) if told.isdecimal() else _PAUSE_S,
        )
    if status in {401, 403}:
        return AuthFailed(
            "retailcrm.auth",
            f"RetailCRM does not let us in ({said or status}): check `api_key`, its rights and the shops it may see.",
            f"RetailCRM не пускает ({said or status}): проверьте `api_key`, его права и доступные ему магазины.",
            detail=detail,
        )
    if status == 405 and body is None:
        return ConfigError(
            "retailcrm.no_account",
            "There is no RetailCRM account at this address: mend `url`.",
            "По этому адресу нет аккаунта RetailCRM: исправьте `url`.",
            detail=detail,
        )
    if status == 404:
        return Rejected(NOT_FOUND, said or "not found", said or "не найдено", detail=detail)
    if status < 500 and body is not None and status >= 400:
        return Rejected(
            "retailcrm.refused", said or f"HTTP {status}", said or f"HTTP {status}", detail=detail
        )
    return UnknownOutcome(
        "retailcrm.failed",
        f"RetailCRM failed inside (HTTP {status}).",
        f"Сбой внутри RetailCRM (HTTP {status}).",
        detail=detail,
    )
