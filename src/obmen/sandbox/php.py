"""PHP's arrays as simulated systems take and show them: bracketed names in forms, lists and maps in JSON."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

BRACKETS = re.compile(r"\[([^\]]*)\]")


def from_form(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Build what PHP builds of `filter[ids][]=1&limit=50`; arrays numbered from nought become lists."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        head, bracket, _ = key.partition("[")
        _put(tree, [head, *(BRACKETS.findall(key) if bracket else [])], value)
    return {key: _lists(value) for key, value in tree.items()}


def php_array(items: Mapping[str, Any]) -> dict[str, Any] | list[Any]:
    """Show a PHP array in JSON: empty or numbered from nought it is a list."""
    if all(key == str(number) for number, key in enumerate(items)):
        return list(items.values())
    return dict(items)


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
