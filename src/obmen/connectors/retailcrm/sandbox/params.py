"""How arguments arrive: PHP's bracketed names in a query or a form, and JSON inside single fields of a form."""

from typing import Any

import msgspec
from aiohttp import web

from obmen.connectors.retailcrm.sandbox.errors import ApiError
from obmen.sandbox.php import from_form


async def read_params(request: web.Request) -> dict[str, Any]:
    """Read the query and, of a POST, the form, encoded either way; a JSON body is not the contract and says nothing."""
    pairs = list(request.query.items())
    if request.method == "POST" and request.content_type != "application/json":
        form = await request.post()
        pairs += [(name, value) for name, value in form.items() if isinstance(value, str)]
    return from_form(pairs)


def decoded(params: dict[str, Any], name: str, kind: type[dict[str, Any]] | type[list[Any]] = dict) -> Any:
    """Read the JSON of one field, or refuse and name it."""
    raw = params.get(name)
    if raw is None or raw == "":
        raise ApiError(400, f"Parameter '{name}' is missing")
    value = raw
    if isinstance(raw, str):
        try:
            value = msgspec.json.decode(raw)
        except msgspec.DecodeError as exc:
            raise ApiError(400, f"Parameter '{name}' is not valid JSON") from exc
    if kind is dict and value == []:
        value = {}  # an empty map of PHP
    if not isinstance(value, kind):
        php = "NULL" if value is None else type(value).__name__
        raise ApiError(400, f"Expected array, but got {php}: {raw}")
    return value
