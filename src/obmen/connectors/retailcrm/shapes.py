"""Which shape each piece of an answer has, and what is odd in one that came: named by its path. Pure.

PHP shows an empty map as `[]` and rows with holes in their numbers as a map: both are read for what they are. A map that
is no rows, rows where a map was, a word where a number was are not guessed at: they are named and left unread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from obmen.connectors.retailcrm import wire
from obmen.sync.shadow import Wire

MAP_WHERE_LIST = "map_where_list"
LIST_WHERE_MAP = "list_where_map"
WRONG_TYPE = "wrong_type"
UNKNOWN_FIELD = "unknown_field"

WORDS: Mapping[str, tuple[str, str]] = {
    MAP_WHERE_LIST: ("a map where a list was", "объект там, где был список"),
    LIST_WHERE_MAP: ("a list where a map was", "список там, где был объект"),
    WRONG_TYPE: ("a value of another type", "значение другого типа"),
    UNKNOWN_FIELD: ("a field nobody has described", "неописанное поле"),
}


class Odd(NamedTuple):
    """Something about an answer that is not as it should be."""

    path: str
    """`orders[3].delivery.cost`; rows keyed by id are `payments{}`."""
    code: str
    shown: str
    """What kind of thing stood there."""
    readable: bool = False
    """Whether it says what it means all the same."""


UNREADABLE = "unreadable"
"""Name of the one entry of what cannot be read."""


def unreadable(wrong: Odd) -> Wire:
    """Return the wire form of what cannot be read: where it stood and what kind of thing it was."""
    return {UNREADABLE: f"{wrong.path} = {wrong.shown}"}


class Scalar(NamedTuple):
    """A single value: `text`, `number`, `flag`, `code` (bare, or a map that has it) or `any`."""

    kind: str


class Table(NamedTuple):
    """A map with known names; `open` has whatever names people gave."""

    fields: Mapping[str, Shape]
    open: bool = False


class Rows(NamedTuple):
    """Rows of one shape; `keyed` ones come as a map by id as well."""

    of: Shape
    keyed: bool = False


Shape: TypeAlias = "Scalar | Table | Rows"

TEXT, NUMBER, FLAG = Scalar("text"), Scalar("number"), Scalar("flag")
CODE, ANY = Scalar("code"), Scalar("any")


def named(text: str = "", number: str = "", flag: str = "", **more: Shape) -> Table:
    """Return a map of fields by their types, each list of names in one text."""
    kinds = ((text, TEXT), (number, NUMBER), (flag, FLAG))
    return Table({name: shape for names, shape in kinds for name in names.split()} | more)


def odd(value: Any, shape: Shape, path: str = "") -> Iterator[Odd]:
    """Yield whatever about a value is not as its shape says, with its path."""
    if value is None:
        return
    if isinstance(shape, Table):
        yield from _odd_table(value, shape, path)
    elif isinstance(shape, Rows):
        yield from _odd_rows(value, shape, path)
    elif not _is_of(value, shape.kind):
        yield Odd(path, WRONG_TYPE, _told(value))


def unread(value: Any, shape: Shape, path: str = "") -> Odd | None:
    """Return the first thing about a value that makes it unreadable."""
    return next((one for one in odd(value, shape, path) if not one.readable), None)


def _odd_table(value: Any, shape: Table, path: str) -> Iterator[Odd]:
    if not isinstance(value, dict):
        if value not in ([], ""):  # as PHP shows an empty one
            yield Odd(path, LIST_WHERE_MAP if isinstance(value, list) else WRONG_TYPE, _told(value))
        return
    for name, known in shape.fields.items():
        if name in value:
            yield from odd(value[name], known, _below(path, name))
    if not shape.open:
        for name in sorted(value.keys() - shape.fields.keys()):
            yield Odd(_below(path, name), UNKNOWN_FIELD, _told(value[name]), readable=True)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _odd_rows(value: Any, shape: Rows, path: str) -> Iterator[Odd]:
    if isinstance(value, list):
        for place, row in enumerate(value):
            yield from _odd_row(row, shape, f"{path}[{place}]")
    elif isinstance(value, dict):
        are_rows = all(isinstance(row, dict) for row in value.values())
        if value and not (are_rows and shape.keyed):
            yield Odd(path, MAP_WHERE_LIST, _told(value), readable=are_rows)
        if are_rows:
            for row in value.values():
                yield from odd(row, shape.of, f"{path}{{}}")
    elif value != "":
        yield Odd(path, WRONG_TYPE, _told(value))


def _odd_row(row: Any, shape: Rows, path: str) -> Iterator[Odd]:
    if isinstance(shape.of, Table) and not isinstance(row, dict):
        yield Odd(path, LIST_WHERE_MAP if isinstance(row, list) else WRONG_TYPE, _told(row))
    else:
        yield from odd(row, shape.of, path)


def _is_of(value: Any, kind: str) -> bool:
    match kind:
        case "text":
            return not isinstance(value, dict | list | bool)
        case "number":
            return value == "" or wire.number(value) is not None
        case "flag":
            return isinstance(value, bool) or str(value) in {"", "0", "1"}
        case "code":
            return wire.code(value) is not None or value in ([], "")
        case _:
            return True


def _told(value: Any) -> str:
    """Say what kind of thing stood there; a text is never repeated, it may be somebody's name."""
    match value:
        case dict():
            return "{…}"
        case list():
            return "[…]"
        case str():
            return "«…»"
        case _:
            return str(value).lower()
