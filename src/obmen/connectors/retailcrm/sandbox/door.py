"""The API door: key, limit, scope, dispatch, and the frame of every answer."""

import hmac
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import msgspec
from aiohttp import web

from obmen.connectors.retailcrm.sandbox import field_calls, history_calls, reference_calls, system_calls
from obmen.connectors.retailcrm.sandbox.calls import Answer, Ask, Method
from obmen.connectors.retailcrm.sandbox.customers import calls as customer_calls
from obmen.connectors.retailcrm.sandbox.customers import corporate_calls
from obmen.connectors.retailcrm.sandbox.errors import ApiError
from obmen.connectors.retailcrm.sandbox.limits import Brake, too_many
from obmen.connectors.retailcrm.sandbox.orders import calls as order_calls
from obmen.connectors.retailcrm.sandbox.orders import payment_calls
from obmen.connectors.retailcrm.sandbox.params import read_params
from obmen.connectors.retailcrm.sandbox.rows import Key
from obmen.connectors.retailcrm.sandbox.state import Actor, CrmState
from obmen.connectors.retailcrm.sandbox.store import product_calls, stock_calls

DOOR = "api"
VERSION = "/api/v5/"
# Methods with words of their own stand before those whose words are arguments.
METHODS: tuple[Method, ...] = (
    *history_calls.METHODS,
    *payment_calls.METHODS,
    *order_calls.METHODS,
    *customer_calls.METHODS,
    *corporate_calls.METHODS,
    *reference_calls.METHODS,
    *stock_calls.METHODS,
    *product_calls.METHODS,
    *field_calls.METHODS,
    *system_calls.METHODS,
)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class ApiDoor:
    """Answer `/api/v5/{method}` and the few methods without a version."""

    def __init__(self, state: CrmState) -> None:
        self._state = state
        self._brake = Brake(state)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        if not self._state.setup.exists:
            return _nobodys_domain()
        refused: ApiError | None = None
        try:
            response = await self._answer(request)
        except ApiError as exc:
            refused, response = exc, refusal(exc)
        code = str(refused.status) if refused else ""
        if refused is None and response.status == 460:
            code = "460"
        self._state.ledger.record_asked(door=DOOR, what=name_of(request), ok=response.status < 400, code=code)
        return response

    def limited(self) -> web.Response:
        """Refuse as a too quick client is refused."""
        self._state.over_limit += 1
        return refusal(too_many())

    async def _answer(self, request: web.Request) -> web.Response:
        params = await read_params(request)
        key = self._key(request, params)
        self._brake.check(key.key)
        method, path = _find(request)
        if method.scope and method.scope not in key.scopes:
            raise ApiError(403, "Access denied.")
        ask = Ask(self._state, key, params, path)
        with self._state.acting(Actor(DOOR, "api", key=key.key)):
            answer = method.call(ask)
        return _reply(answer)

    def _key(self, request: web.Request, params: dict[str, Any]) -> Key:
        """Find the key of the header, or of the parameter."""
        given = request.headers.get("X-API-KEY") or params.pop("apiKey", None)
        if not given:
            raise ApiError(400, '"apiKey" is missing.')
        found = None
        for key in self._state.setup.keys:  # all are compared, so that time tells nothing
            if hmac.compare_digest(key.key.encode(), str(given).encode()):
                found = key
        if found is None:
            raise ApiError(403, 'Wrong "apiKey" value.')
        return found


def name_of(request: web.Request) -> str:
    """Name a method for the ledger, with its arguments in braces."""
    try:
        return _find(request)[0].path
    except ApiError:
        return "unknown"


def refusal(error: ApiError) -> web.Response:
    """Show an error as the vendor does."""
    return _json(error.body(), error.status)


def _find(request: web.Request) -> tuple[Method, dict[str, str]]:
    """Find the method of a request; words of the path are unquoted one by one, they may hold a slash."""
    path = request.rel_url.raw_path
    short = path.removeprefix(VERSION) if path.startswith(VERSION) else path.removeprefix("/api/")
    words = [unquote(word) for word in short.strip("/").split("/")]
    other_way = False
    for method in METHODS:
        arguments = _match(method.path.split("/"), words)
        if arguments is None or (not path.startswith(VERSION)) != (method.path in system_calls.UNVERSIONED):
            continue
        if method.http == request.method:
            return method, arguments
        other_way = True
    raise ApiError(405, "Method Not Allowed") if other_way else ApiError(404, "API method not found")


def _match(pattern: Sequence[str], words: Sequence[str]) -> dict[str, str] | None:
    if len(pattern) != len(words):
        return None
    arguments = {}
    for wanted, word in zip(pattern, words, strict=True):
        if wanted.startswith("{"):
            arguments[wanted.strip("{}")] = word
        elif wanted != word:
            return None
    return arguments


def _reply(answer: Answer) -> web.Response:
    return _json({"success": answer.status < 400, **answer.body}, answer.status)


def _json(body: dict[str, Any], status: int) -> web.Response:
    return web.Response(body=_ENCODER.encode(body), status=status, content_type="application/json")


def _nobodys_domain() -> web.Response:
    text = "<html><head><title>405 Not Allowed</title></head><body><h1>405 Not Allowed</h1><hr>nginx</body></html>"
    return web.Response(status=405, text=text, content_type="text/html")
