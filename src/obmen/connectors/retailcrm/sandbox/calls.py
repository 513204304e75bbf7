"""What methods of the API are made of: the call, its answer, the shop it is about, and paging."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from obmen.connectors.retailcrm.sandbox.errors import ENTITY, ApiError, bad_input, not_found
from obmen.connectors.retailcrm.sandbox.forms import check_form
from obmen.connectors.retailcrm.sandbox.params import decoded
from obmen.connectors.retailcrm.sandbox.rows import Key
from obmen.connectors.retailcrm.sandbox.state import CrmState

T = TypeVar("T")

LIMITS = (20, 50, 100)
STORE_LIMITS = (20, 50, 100, 250)


class Ask(NamedTuple):
    """One call: its parameters, the words of its path, and whose key it bears."""

    state: CrmState
    key: Key
    params: dict[str, Any]
    path: Mapping[str, str]

    def part(self, name: str) -> dict[str, Any]:
        """Read an entity sent as JSON in a field."""
        read: dict[str, Any] = decoded(self.params, name, dict)
        check_form(read)
        return read

    def rows(self, name: str, most: int) -> list[dict[str, Any]]:
        """Read a list of entities sent as JSON in a field, not more than so many."""
        read: list[Any] = decoded(self.params, name, list)
        if len(read) > most:
            raise bad_input(**{name: f"This collection should contain {most} elements or less."})
        if not all(isinstance(row, dict) for row in read):
            raise ApiError(400, ENTITY, {name: "Expected array"})
        for row in read:
            check_form(row)
        return read

    def site(self, given: str | None = None) -> str:
        """Return the shop a new thing belongs to; a key that sees one shop need not name it."""
        known = self.state.site_codes(self.key)
        site = given or self.params.get("site")
        if site is None or site == "":
            if len(known) == 1:
                return known[0]
            raise bad_input(site="This value should not be blank.")
        if site not in self.state.books["sites"]:
            raise bad_input(site=f'"Site" with "code"="{site}" does not exist.')
        if site not in known:
            raise ApiError(403, "Access denied.")
        return str(site)

    def sites(self) -> tuple[str, ...]:
        """Return the shops a thing is looked for in."""
        return (self.site(),) if self.params.get("site") else self.state.site_codes(self.key)

    def by(self, default: str = "externalId") -> str:
        """Read which identifier the path holds."""
        by = self.params.get("by") or default
        if by not in ("id", "externalId", "code"):
            raise bad_input(by="The value you selected is not a valid choice.")
        return str(by)

    def filter(self) -> dict[str, Any]:
        """Read the filter; what is not a map says nothing, as an empty one."""
        given = self.params.get("filter")
        return given if isinstance(given, dict) else {}

    def number(self, name: str, default: int) -> int:
        """Read a positive number of the query."""
        raw = self.params.get(name)
        if raw is None or raw == "":
            return default
        if not str(raw).isdecimal() or int(raw) < 1:
            raise bad_input(**{name: "This value is not valid."})
        return int(raw)

    def limit(self, default: int = 20, known: Sequence[int] = LIMITS) -> int:
        """Read how many rows a page has."""
        limit = self.number("limit", default)
        if limit not in known:
            raise bad_input(limit="The value you selected is not a valid choice.")
        return limit


class Answer(NamedTuple):
    """The body of an answer without its `success`, and the HTTP status."""

    body: dict[str, Any] = {}  # noqa: RUF012 (never written)
    status: int = 200


Call = Callable[[Ask], Answer]


class Method(NamedTuple):
    """One method: how it is asked, which scope it needs, what answers."""

    http: str
    path: str  # words in braces are arguments
    scope: str  # "" needs none
    call: Call


def paged(
    ask: Ask, name: str, found: Iterable[T], show: Callable[[T], Any], *, limits: Sequence[int] = LIMITS
) -> Answer:
    """Answer with one page of what was found."""
    limit, page = ask.limit(known=limits), ask.number("page", 1)
    rows = list(found)
    shown = [show(row) for row in islice(rows, (page - 1) * limit, page * limit)]
    return Answer({"pagination": pagination(limit, len(rows), page), name: shown})


def pagination(limit: int, total: int, page: int = 1) -> dict[str, int]:
    """Describe a page."""
    return {
        "limit": limit,
        "totalCount": total,
        "currentPage": page,
        "totalPageCount": -(-total // limit),
    }


def numeric_id(raw: str) -> int:
    """Read an internal id of a path, or refuse as unknown."""
    if not raw.isdecimal():
        raise not_found()
    return int(raw)


def php(items: Mapping[Any, Any]) -> dict[str, Any] | list[Any]:
    """Show a map as PHP does: an empty one is a list."""
    return {str(key): value for key, value in items.items()} or []


def strings(raw: Any) -> list[str]:
    """Read a list of a query; a single value is a list of one."""
    if raw is None or raw == "":
        return []
    return [str(each) for each in (raw if isinstance(raw, list) else [raw])]
