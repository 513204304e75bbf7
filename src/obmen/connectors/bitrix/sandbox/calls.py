"""What REST methods are made of: the call, its answer, and reading the arguments every family shares."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, TypeVar

from obmen.connectors.bitrix.sandbox.errors import RestError, missing_parameter, required_fields
from obmen.connectors.bitrix.sandbox.listing import Ask, as_row, choose, only
from obmen.connectors.bitrix.sandbox.state import ShopState
from obmen.connectors.bitrix.sandbox.tables import Row, Table

R = TypeVar("R", bound=Row)


class Answer(NamedTuple):
    """The result of one call, with the counters of a list."""

    result: Any
    total: int | None = None
    next: int | None = None


class Download(NamedTuple):
    """A file instead of JSON."""

    name: str
    content: bytes


Method = Callable[[ShopState, Mapping[str, Any]], Answer | Download]


def lists(table: Callable[[ShopState], Table[Any]], key: str) -> Method:
    """Make the list method of a plain table."""

    def list_rows(state: ShopState, params: Mapping[str, Any]) -> Answer:
        ask = Ask.of(params)
        page = choose(table(state), ask)
        return Answer({key: [only(as_row(row), ask.select) for row in page.rows]}, page.total, page.next)

    return list_rows


def gets(table: Callable[[ShopState], Table[Any]], key: str, what: str) -> Method:
    """Make the get method of a plain table."""
    return lambda state, params: Answer({key: as_row(one(table(state), params, what))})


def describes(of: type[Row], key: str) -> Method:
    """Make the getFields method of a plain table."""
    return lambda _state, _params: Answer({key: {name: {} for name in as_row_names(of)}})


def as_row_names(of: type[Row]) -> tuple[str, ...]:
    """Return the REST names of an entity's fields."""
    return of.__struct_encode_fields__


def one(table: Table[R], params: Mapping[str, Any], what: str) -> R:
    """Find the row an `id` argument names, or refuse."""
    found = table.get(id_of(params))
    if found is None:
        raise RestError(0, f"{what} does not exist.")
    return found


def id_of(params: Mapping[str, Any], name: str = "id") -> int:
    """Read an obligatory id."""
    raw = params.get(name)
    if raw is None or raw == "":
        raise missing_parameter(name)
    if isinstance(raw, bool) or not str(raw).isdecimal():
        raise RestError(
            100, f"Invalid value {{{raw}}} to match with parameter {{{name}}}. Should be value of type int."
        )
    return int(raw)


def fields_of(params: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """Read the obligatory `fields`, and refuse where one of the required is absent."""
    fields = params.get("fields")
    if not isinstance(fields, dict) or not fields:
        raise missing_parameter("fields")
    absent = [name for name in required if fields.get(name) in (None, "")]
    if absent:
        raise required_fields(absent)
    return fields


# Scalars, tolerant as PHP is.


def text(raw: Any) -> str | None:
    """Read a text; null stays null."""
    return None if raw is None else str(raw)


def flag(raw: Any) -> str:
    """Read Y or N; a boolean of JSON is understood too."""
    return "Y" if raw in ("Y", "y", True, 1, "1") else "N"


def three_way(raw: Any) -> str:
    """Read Y, N or D, which leaves it to the shop's option."""
    return raw if raw in ("Y", "N") else "D"


def text_type(raw: Any) -> str:
    """Read the kind of a text."""
    return "html" if raw == "html" else "text"


def number(raw: Any) -> Decimal | None:
    """Read a number; an empty one is null."""
    if raw is None or raw == "":
        return None
    try:
        value = Decimal(str(raw))
    except InvalidOperation as exc:
        raise RestError(0, f"Invalid number {raw!r}") from exc
    return value.to_integral_value() if value == value.to_integral_value() else value.normalize()


def integer(raw: Any) -> int | None:
    """Read a whole number; an empty one is null."""
    value = number(raw)
    return None if value is None else int(value)


def moment(state: ShopState, raw: Any) -> datetime | None:
    """Read a date; one without a zone is the site's own."""
    if raw in (None, ""):
        return None
    try:
        value = datetime.fromisoformat(str(raw))
    except ValueError as exc:
        raise RestError(0, f"Invalid date {raw!r}") from exc
    return value if value.tzinfo else value.replace(tzinfo=state.now().tzinfo)
