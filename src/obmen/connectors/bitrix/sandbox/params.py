"""How arguments arrive: JSON, PHP's bracketed forms, and the command lines of a batch."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

_BRACKETS = re.compile(r"\[([^\]]*)\]")
_REFERENCE = re.compile(r"\$result((?:\[[^\]]+\])+)", re.IGNORECASE)


def from_form(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Build what PHP builds of `fields[name]=x&ids[]=1`."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        head, bracket, _ = key.partition("[")
        path = [head, *(_BRACKETS.findall(key) if bracket else [])]
        _put(tree, path, value)
    return {key: _lists(value) for key, value in tree.items()}


def from_query(query: str) -> dict[str, Any]:
    """Read a query string, as in a batch command."""
    return from_form(parse_qsl(query, keep_blank_values=True))


def php_array(items: Mapping[str, Any]) -> dict[str, Any] | list[Any]:
    """Show a PHP array in JSON: empty or numbered from nought it is a list."""
    if all(key == str(number) for number, key in enumerate(items)):
        return list(items.values())
    return dict(items)


def with_references(value: Any, results: Mapping[str, Any]) -> Any:
    """Put earlier results of the batch where `$result[a][b]` names them; an unknown name is empty."""
    if isinstance(value, dict):
        return {key: with_references(inner, results) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_references(inner, results) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _follow(results, _BRACKETS.findall(whole[1]))
    return _REFERENCE.sub(lambda found: _text(_follow(results, _BRACKETS.findall(found[1]))), value)


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
    inner = {key: _lists(item) for key, item in value.items()}
    return php_array(inner) if inner else inner


def _follow(results: Any, path: list[str]) -> Any:
    for step in path:
        if isinstance(results, list) and step.isdecimal() and int(step) < len(results):
            results = results[int(step)]
        elif isinstance(results, Mapping):
            results = results.get(step)
        else:
            return None
    return results


def _text(value: Any) -> str:
    return "" if value is None else str(value)
