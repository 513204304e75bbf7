"""The simulated shop's database: tables of structs with ids that only grow, and every change noted."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

import msgspec


class Row(msgspec.Struct, kw_only=True, rename="camel"):
    """One row; REST shows its fields under camelCase names."""

    id: int = 0


class Note(Protocol):
    """What a table tells of its changes."""

    def __call__(
        self, entity: str, row_id: int, action: str, *, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        """Write one change into the ledger."""


R = TypeVar("R", bound=Row)

# Moves with every save and says nothing in a difference.
_MOVING = frozenset({"timestamp_x", "modified_by", "date_modify"})


class Table(Generic[R]):
    """Rows by id in order of creation, with lookups by the indexed fields."""

    def __init__(
        self,
        of: type[R],
        entity: str | Callable[[R], str],
        note: Note,
        *,
        indexed: tuple[str, ...] = (),
        first_id: int = 1,
    ) -> None:
        self.of = of
        self._entity = entity
        self._note = note
        self._rows: dict[int, R] = {}
        self._ids: list[int] = []
        self._next_id = first_id
        self._indexes: dict[str, dict[object, dict[int, R]]] = {field: {} for field in indexed}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows.values())

    @property
    def next_id(self) -> int:
        """The id the next row will get."""
        return self._next_id

    def get(self, row_id: int | None) -> R | None:
        """Return the row, or None."""
        return None if row_id is None else self._rows.get(row_id)

    def after(self, row_id: int) -> Iterator[R]:
        """Walk the rows whose id is greater, in order."""
        return (self._rows[found] for found in self._ids[bisect_right(self._ids, row_id) :])

    def where(self, **equal: object) -> list[R]:
        """Return the rows with these values, by id; indexed fields are looked up, others compared."""
        narrowed = next((field for field in equal if field in self._indexes), None)
        if narrowed is None:
            found = list(self._rows.values())
        else:
            found = list(self._indexes[narrowed].get(equal[narrowed], {}).values())
            found.sort(key=lambda row: row.id)
        return [row for row in found if all(getattr(row, field) == value for field, value in equal.items())]

    def first(self, **equal: object) -> R | None:
        """Return the oldest row with these values, or None."""
        return next(iter(self.where(**equal)), None)

    def count(self, field: str, value: object) -> int:
        """Count the rows with this value of an indexed field."""
        return len(self._indexes[field].get(value, ()))

    def is_indexed(self, field: str) -> bool:
        """Whether `where` on this field is a lookup."""
        return field in self._indexes

    def insert(self, row: R, *, noted: bool = True) -> R:
        """Give the row the next id, unless it has one, and keep it; what is older than the shop is not noted."""
        row.id = row.id or self._next_id
        self._next_id = max(self._next_id, row.id) + 1
        self._rows[row.id] = row
        self._ids.append(row.id)
        for field, index in self._indexes.items():
            index.setdefault(getattr(row, field), {})[row.id] = row
        if noted:
            self._note(self._entity_of(row), row.id, "add", before={}, after=_summary(row))
        return row

    def change(self, row: R, /, **changes: Any) -> R:
        """Set fields and note the difference; a save that changes nothing is noted as well."""
        before = {field: getattr(row, field) for field in changes}
        for field, value in changes.items():
            if field in self._indexes and before[field] != value:
                del self._indexes[field][before[field]][row.id]
                self._indexes[field].setdefault(value, {})[row.id] = row
            setattr(row, field, value)
        differ = [field for field in changes if before[field] != changes[field] and field not in _MOVING]
        self._note(
            self._entity_of(row),
            row.id,
            "update",
            before={field: _shown(before[field]) for field in differ},
            after={field: _shown(changes[field]) for field in differ},
        )
        return row

    def remove(self, row: R) -> None:
        """Forget the row for good."""
        del self._rows[row.id]
        del self._ids[bisect_left(self._ids, row.id)]
        for field, index in self._indexes.items():
            del index[getattr(row, field)][row.id]
        self._note(self._entity_of(row), row.id, "delete", before=_summary(row), after={})

    def _entity_of(self, row: R) -> str:
        return self._entity if isinstance(self._entity, str) else self._entity(row)


_SUMMARY = (
    "name",
    "xml_id",
    "iblock_id",
    "product_id",
    "catalog_group_id",
    "store_id",
    "price",
    "amount",
    "value",
)
_LONGEST = 200  # characters of a text in the ledger


def _summary(row: Row) -> dict[str, Any]:
    return {field: _shown(getattr(row, field)) for field in _SUMMARY if hasattr(row, field)}


def _shown(value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[:_LONGEST] + "…"
    if isinstance(value, dict):
        return {str(key): _shown(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shown(inner) for inner in value]
    return value
