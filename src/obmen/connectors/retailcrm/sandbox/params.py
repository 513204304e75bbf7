"""How arguments arrive: PHP's bracketed names in a query or a form, and JSON inside single fields of a form."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from obmen.connectors.retailcrm.sandbox.errors import ApiError

_BRACKETS = re.compile(r"\[([^\]]*)\]")


async def read_params(request: web.Request) -> dict[str, Any]:
    """Read the query and, of a POST, the form, encoded either way; a JSON body is not the contract and says nothing."""
    pairs = list(request.query.items())
    if request.method == "POST" and request.content_type != "application/json":
        form = await request.post()
        pairs += [(name, value) for name, value in form.items() if isinstance(value, str)]
    return nested(pairs)


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Build what PHP builds of `filter[ids][]=1&limit=50`; arrays numbered from nought become lists."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, bracket, _ = name.partition("[")
        _put(tree, [head, *(_BRACKETS.findall(name) if bracket else [])], value)
    return {name: _lists(value) for name, value in tree.items()}


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


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    *branches, leaf = path
    for branch in branches:
        inner = tree.setdefault(branch or str(len(tree)), {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree[leaf or str(len(tree))] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(each) for key, each in value.items()}
    return list(inner.values()) if inner and [*inner] == [str(n) for n in range(len(inner))] else inner
