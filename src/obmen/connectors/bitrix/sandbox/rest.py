"""The REST door: webhook, scopes, rights, dispatch, batch, and the frame of every answer."""

import hmac
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from obmen.connectors.bitrix.sandbox import (
    dictionaries,
    pictures,
    prices,
    products,
    properties,
    sections,
    stock,
)
from obmen.connectors.bitrix.sandbox.calls import Answer, Download, Method
from obmen.connectors.bitrix.sandbox.errors import RestError, access_denied, missing_parameter
from obmen.connectors.bitrix.sandbox.limits import Brakes, too_many
from obmen.connectors.bitrix.sandbox.params import from_query, with_references
from obmen.connectors.bitrix.sandbox.sale import (
    rest_basket,
    rest_dictionaries,
    rest_fulfilment,
    rest_orders,
)
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.sandbox.php import from_form, php_array

DOOR = "rest"
BATCH_LIMIT = 50
FAMILIES = (
    products,
    sections,
    properties,
    prices,
    pictures,
    stock,
    dictionaries,
    rest_orders,
    rest_basket,
    rest_fulfilment,
    rest_dictionaries,
)

# Methods of sales that ask for a scope of their own.
_SCOPES = rest_dictionaries.SCOPES
_READING = ("get", "list", "getlist", "getfields", "getfieldsbyfilter", "download", "status")
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class RestDoor:
    """Answer `/rest/{user}/{secret}/{method}[.json]`."""

    def __init__(self, state: ShopState) -> None:
        self._state = state
        self._brakes = Brakes(state)
        known: dict[str, Method] = {
            name: method for family in FAMILIES for name, method in family.METHODS.items()
        }
        self._names = tuple(known)
        self._methods = {name.lower(): method for name, method in known.items()}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        started = self._state.unix_now()
        method = request.path.rsplit("/", 1)[-1].removesuffix(".json")
        refused: RestError | None = None
        try:
            self._admit(request)
            self._brakes.check_rate()
            params = await _read_params(request)
            with self._state.acting(DOOR):  # one request, one hit, a batch included
                batch = method.lower() == "batch"
                answer = self._batch(params) if batch else self._call(method, params)
            response = self._reply(answer, method, started)
        except RestError as exc:
            refused = exc
            response = refusal(exc)
        code = str(refused.code) if refused else ""
        self._state.ledger.record_asked(door=DOOR, what=method, ok=refused is None, code=code)
        return response

    def limited(self) -> web.Response:
        """Refuse as a too quick client is refused."""
        return refusal(too_many())

    def _admit(self, request: web.Request) -> None:
        """Check the transport and the webhook, in the vendor's order."""
        parts = request.path.removeprefix("/rest/").split("/")
        if len(parts) != 3 or not all(parts):
            raise RestError("NO_AUTH_FOUND", "Wrong authorization data", status=401)
        if self._state.setup.https_required and not request.secure:
            raise RestError("INVALID_REQUEST", "Https required.", status=400)
        user, secret, _ = parts
        right_user = hmac.compare_digest(user.encode(), str(self._state.setup.webhook_user).encode())
        right_secret = hmac.compare_digest(secret.encode(), self._state.setup.webhook_secret.encode())
        if not (right_user and right_secret):
            raise RestError("INVALID_CREDENTIALS", "Invalid request credentials", status=401)

    def _call(self, name: str, params: Mapping[str, Any]) -> Answer | Download:
        lowered = name.lower()
        match lowered:
            case "methods":
                return Answer(["batch", "methods", "scope", "server.time", *self._names])
            case "scope":
                return Answer(list(self._state.setup.scopes))
            case "server.time":
                return Answer(self._state.now())
        method = self._methods.get(lowered)
        if method is None:
            raise RestError("ERROR_METHOD_NOT_FOUND", "Method not found!", status=404)
        self._check_rights(lowered)
        self._brakes.book(lowered)
        return method(self._state, params)

    def _check_rights(self, name: str) -> None:
        """Check the webhook's scope and then its owner's right to the module."""
        scope = next(
            (scope for start, scope in _SCOPES.items() if name.startswith(start)), name.split(".", 1)[0]
        )
        if scope not in self._state.setup.scopes:
            text = "The request requires higher privileges than provided by the webhook token"
            raise RestError("insufficient_scope", text, status=403)
        of_sale = name.startswith("sale.")
        right = self._state.setup.sale_right if of_sale else self._state.setup.catalog_right
        if right == "D":
            raise access_denied()
        if right != "W" and name.rsplit(".", 1)[-1] not in _READING:
            raise access_denied(200040300040 if name.startswith("catalog.product.") else 200040300020)

    def _batch(self, params: Mapping[str, Any]) -> Answer:
        """Run up to fifty commands one after another; each fails for itself unless `halt` is set."""
        commands = params.get("cmd")
        if isinstance(commands, list):
            commands = {str(number): command for number, command in enumerate(commands)}
        if not isinstance(commands, dict):
            raise missing_parameter("cmd")
        halt = str(params.get("halt", "0")).lower() in ("1", "true", "y")
        done: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        totals: dict[str, Any] = {}
        following: dict[str, Any] = {}
        times: dict[str, Any] = {}
        for number, (key, command) in enumerate(commands.items()):
            started = self._state.unix_now()
            try:
                answer = self._command(number, str(command), done)
            except RestError as exc:
                errors[key] = {"error": exc.code, "error_description": exc.text}
                if halt:
                    break
                continue
            done[key] = answer.result
            times[key] = self._time(started)
            if answer.total is not None:
                totals[key] = answer.total
            if answer.next is not None:
                following[key] = answer.next
        return Answer(
            {
                "result": php_array(done),
                "result_error": php_array(errors),
                "result_total": php_array(totals),
                "result_next": php_array(following),
                "result_time": php_array(times),
            }
        )

    def _command(self, number: int, command: str, done: Mapping[str, Any]) -> Answer:
        if number >= BATCH_LIMIT:
            raise RestError("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
        name, _, query = command.partition("?")
        if name.lower() == "batch":
            raise RestError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
        answer = self._call(name, with_references(from_query(query), done))
        if isinstance(answer, Download):
            raise RestError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
        return answer

    def _reply(self, answer: Answer | Download, method: str, started: float) -> web.Response:
        if isinstance(answer, Download):
            disposition = {"Content-Disposition": f'attachment; filename="file-{len(answer.content)}"'}
            return web.Response(
                body=answer.content, headers=disposition, content_type="application/octet-stream"
            )
        body: dict[str, Any] = {"result": answer.result}
        if answer.next is not None:
            body["next"] = answer.next
        if answer.total is not None:
            body["total"] = answer.total
        body["time"] = self._time(started, method)
        return _json(body)

    def _time(self, started: float, method: str = "") -> dict[str, Any]:
        finish = self._state.unix_now()
        spent = self._brakes.spent(method.lower())
        moment = self._state.now()
        return {
            "start": started,
            "finish": finish,
            "duration": finish - started,
            "processing": finish - started,
            "date_start": moment,
            "date_finish": moment,
            "operating_reset_at": int(finish) + 600,
            "operating": spent,
        }


def refusal(error: RestError) -> web.Response:
    """Show an error as the vendor does."""
    return _json({"error": error.code, "error_description": error.text}, status=error.status)


def _json(body: Mapping[str, Any], *, status: int = 200) -> web.Response:
    return web.Response(
        body=_ENCODER.encode(body), status=status, content_type="application/json", charset="utf-8"
    )


async def _read_params(request: web.Request) -> dict[str, Any]:
    """Merge the query with the body: JSON where it says so, a PHP form otherwise."""
    params = from_form(request.query.items())
    if not request.can_read_body:
        return params
    if request.content_type == "application/json":
        try:
            body = msgspec.json.decode(await request.read() or b"{}")
        except msgspec.MsgspecError:
            body = {}  # PHP reads a broken body as an empty one
        return params | body if isinstance(body, dict) else params
    form = await request.post()
    return params | from_form((key, value) for key, value in form.items() if isinstance(value, str))
