"""How list methods choose rows: filter, order, select and pages of fifty, as the vendor's controllers do it.

A field the entity does not have is dropped from filter, order and select without a word.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import msgspec

from obmen.connectors.bitrix.sandbox.errors import RestError
from obmen.connectors.bitrix.sandbox.tables import Row, Table

PAGE = 50
R = TypeVar("R", bound=Row)
Getter = Callable[[R], Any]

# Two characters first: ">=" must not be read as ">" and "=…".
_PREFIXES = (">=", "<=", "!=", "=%", "%=", "!%", "!@", ">", "<", "=", "!", "%", "@")


class Ask(NamedTuple):
    """The arguments of a list method."""

    filter: Mapping[str, Any]
    order: Mapping[str, str]
    select: tuple[str, ...]
    start: int  # negative: no counting

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "Ask":
        """Read the arguments; an empty PHP array comes as a list."""
        start = str(params.get("start") or 0)
        return cls(
            filter=_map(params, "filter"),
            order={field: str(way).lower() for field, way in _map(params, "order").items()},
            select=tuple(str(field) for field in _values(params.get("select"))),
            start=int(start) if start.lstrip("-").isdecimal() else 0,
        )


class Page(NamedTuple):
    """Chosen rows with the counters of the answer."""

    rows: list[Any]
    total: int | None
    next: int | None


def choose(
    table: Table[R],
    ask: Ask,
    *,
    getters: Mapping[str, Getter[R]] | None = None,
    keep: Callable[[R], bool] | None = None,
) -> Page:
    """Choose one page of a table. `getters` add fields the struct does not have, `keep` hides rows from all."""
    fields = {**_getters(table.of), **(getters or {})}
    tests = [test for key, wanted in ask.filter.items() if (test := _test(key, wanted, fields)) is not None]
    if keep is not None:
        tests.append(keep)
    found = (row for row in _candidates(table, ask) if all(test(row) for test in tests))
    order = {field: way for field, way in ask.order.items() if field in fields} or {"id": "asc"}
    rows: Iterable[R] = found
    if order != {"id": "asc"}:
        rows = sorted(found, key=lambda row: row.id)
        for field, way in reversed(order.items()):
            rows = sorted(rows, key=lambda row: _sortable(fields[field](row)), reverse=way == "desc")
    if ask.start < 0:
        return Page(list(islice(rows, PAGE)), None, None)
    everything = list(rows)
    following = ask.start + PAGE
    return Page(
        everything[ask.start : following], len(everything), following if following < len(everything) else None
    )


def sift(rows: Iterable[Mapping[str, Any]], ask: Ask, *, paged: bool = True) -> Page:
    """Choose rows of a dictionary that are shown already; all of them where the method does not page."""
    known = list(rows)
    fields: dict[str, Getter[Any]] = {name: itemgetter(name) for row in known for name in row}
    tests = [test for key, wanted in ask.filter.items() if (test := _test(key, wanted, fields)) is not None]
    found = [dict(row) for row in known if all(test(row) for test in tests)]
    for field, way in reversed(list(ask.order.items())):
        if field in fields:
            found.sort(key=lambda row: _sortable(row[field]), reverse=way == "desc")
    found = [only(row, ask.select) for row in found]
    if not paged or ask.start < 0:
        return Page(found if not paged else found[:PAGE], None, None)
    following = ask.start + PAGE
    return Page(found[ask.start : following], len(found), following if following < len(found) else None)


def as_row(row: Row) -> dict[str, Any]:
    """Show a row under its REST names; moments and decimals stay what they are."""
    shown: dict[str, Any] = msgspec.to_builtins(row, builtin_types=(datetime, Decimal, bytes))
    return shown


def only(shown: dict[str, Any], select: tuple[str, ...]) -> dict[str, Any]:
    """Keep the selected fields; no selection keeps all."""
    if not select or "*" in select:
        return shown
    return {field: value for field, value in shown.items() if field in select}


def _candidates(table: Table[R], ask: Ask) -> Iterator[R]:
    """Narrow by `>id`, by ids or by the most telling index, so that a walk of a large table stays cheap."""
    after = ask.filter.get(">id")
    if str(after).isdecimal():
        return table.after(int(str(after)))
    lookups: list[tuple[int, str, set[Any]]] = []
    for key, wanted in ask.filter.items():
        field = _snake(table.of).get(key.removeprefix("=").removeprefix("@"), "")
        values = _values(wanted)
        if table.is_indexed(field) and values and None not in values and "" not in values:
            keys = {_index_key(field, each) for each in values}
            lookups.append((sum(table.count(field, each) for each in keys), field, keys))
    count, field, keys = min(lookups, key=lambda lookup: lookup[0], default=(len(table), "", set()))
    ids = _ids(ask)
    if ids is not None and len(ids) <= count:
        return (row for each in sorted(ids) if (row := table.get(each)) is not None)
    if not lookups:
        return iter(table)
    return iter(
        sorted((row for each in keys for row in table.where(**{field: each})), key=lambda row: row.id)
    )


def _ids(ask: Ask) -> set[int] | None:
    """Return the ids asked for by themselves, where all of them are plain numbers."""
    for key in ("id", "=id", "@id"):
        values = [str(value) for value in _values(ask.filter.get(key))]
        if values and all(value.isdecimal() for value in values):
            return {int(value) for value in values}
    return None


def _index_key(field: str, value: Any) -> Any:
    """Read a filter value as the index keeps it: ids are numbers, external codes are texts."""
    if field.endswith("_id") and field != "xml_id":
        return int(value) if str(value).isdecimal() else None
    return str(value)


def _test(key: str, wanted: Any, fields: Mapping[str, Getter[R]]) -> Callable[[R], bool] | None:
    prefix = next((sign for sign in _PREFIXES if key.startswith(sign)), "")
    getter = fields.get(key[len(prefix) :])
    if getter is None:
        return None

    def test(row: R) -> bool:
        held = getter(row)
        if isinstance(held, list):  # any value of a property, any section of an element
            return any(_holds(prefix, one, wanted) for one in held or [None])
        return _holds(prefix, held, wanted)

    return test


def _holds(prefix: str, held: Any, wanted: Any) -> bool:
    if prefix.startswith("!"):
        return not _holds(prefix[1:], held, wanted)
    if isinstance(wanted, (list, tuple, dict)):
        return any(_holds("=", held, one) for one in _values(wanted))
    if prefix in ("%", "=%", "%="):
        text = str(held or "").casefold()
        return _like(text, str(wanted).casefold()) if prefix != "%" else str(wanted).casefold() in text
    if prefix in (">", ">=", "<", "<="):
        return held is not None and _compare(prefix, held, _as(held, wanted))
    return bool(_as(held, wanted) == held) if held is not None else wanted in (None, "", False)


def _compare(sign: str, held: Any, wanted: Any) -> bool:
    if wanted is None:
        return False
    answer = {">": held > wanted, ">=": held >= wanted, "<": held < wanted, "<=": held <= wanted}[sign]
    return bool(answer)


def _like(text: str, pattern: str) -> bool:
    inner = pattern.strip("%")
    if pattern.startswith("%") and pattern.endswith("%"):
        return inner in text
    if pattern.startswith("%"):
        return text.endswith(inner)
    return text.startswith(inner) if pattern.endswith("%") else text == inner


def _as(held: Any, wanted: Any) -> Any:
    """Read a filter value as the kind of thing it is compared with; nonsense is like nothing."""
    try:
        match held:
            case bool() | None:
                return wanted
            case int() | Decimal():
                return Decimal(str(wanted))
            case datetime():
                moment = datetime.fromisoformat(str(wanted))
                return moment if moment.tzinfo else moment.replace(tzinfo=held.tzinfo)
            case _:
                return str(wanted)
    except (ValueError, InvalidOperation):
        return None


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


@cache
def _snake(of: type[Row]) -> dict[str, str]:
    return {field.encode_name: field.name for field in msgspec.structs.fields(of)}


def _getters(of: type[R]) -> dict[str, Getter[Any]]:
    return {shown: _attribute(name) for shown, name in _snake(of).items()}


def _attribute(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, name)


def _map(params: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = params.get(name) or {}
    if not isinstance(given, dict):
        raise RestError(
            100,
            f"Invalid value {{{given}}} to match with parameter {{{name}}}. Should be value of type array.",
        )
    return given


def _values(given: Any) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, dict):
        return list(given.values())
    return list(given) if isinstance(given, (list, tuple)) else [given]
