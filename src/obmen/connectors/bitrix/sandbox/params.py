"""How arguments arrive in a batch: its command lines, and what refers to earlier results."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from obmen.sandbox.php import BRACKETS, from_form

_REFERENCE = re.compile(r"\$result((?:\[[^\]]+\])+)", re.IGNORECASE)


def from_query(query: str) -> dict[str, Any]:
    """Read a query string, as in a batch command."""
    return from_form(parse_qsl(query, keep_blank_values=True))


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
        return _follow(results, BRACKETS.findall(whole[1]))
    return _REFERENCE.sub(lambda found: _text(_follow(results, BRACKETS.findall(found[1]))), value)


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
