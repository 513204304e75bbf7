"""The account's database: tables of structs with ids that only grow, and every change noted."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import msgspec


class Row(msgspec.Struct, kw_only=True):
    """One row."""

    id: int = 0


Note = Callable[[str, int, str, Mapping[str, Any], Mapping[str, Any]], None]
"""Entity, id, action, fields before, fields after."""

R = TypeVar("R", bound=Row)

_SUMMARY = ("external_id", "number", "order_id", "status", "type", "amount")


class Table(Generic[R]):
    """Rows by id in order of creation, with lookups by the indexed fields."""

    def __init__(self, entity: str, note: Note, *, indexed: tuple[str, ...] = (), first_id: int = 1) -> None:
        self._entity = entity
        self._note = note
        self._rows: dict[int, R] = {}
        self._next_id = first_id
        self._indexes: dict[str, dict[object, dict[int, R]]] = {field: {} for field in indexed}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows.values())

    def newest_first(self) -> Iterator[R]:
        """Walk the rows from the last one made."""
        return reversed(self._rows.values())

    @property
    def next_id(self) -> int:
        """The id the next row will get."""
        return self._next_id

    def get(self, row_id: int | None) -> R | None:
        """Return the row, or None."""
        return None if row_id is None else self._rows.get(row_id)

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

    def insert(self, row: R) -> R:
        """Give the row the next id and keep it."""
        row.id = self._next_id
        self._next_id += 1
        self._rows[row.id] = row
        for field, index in self._indexes.items():
            index.setdefault(getattr(row, field), {})[row.id] = row
        shown = {name: getattr(row, name) for name in _SUMMARY if getattr(row, name, "")}
        self._note(self._entity, row.id, "add", {}, shown)
        return row

    def change(self, row: R, /, **changes: Any) -> R:
        """Set fields and note what differs; where nothing does, nothing is noted."""
        before = {name: getattr(row, name) for name, value in changes.items() if getattr(row, name) != value}
        after = {name: changes[name] for name in before}
        for field, value in after.items():
            if field in self._indexes:
                del self._indexes[field][before[field]][row.id]
                self._indexes[field].setdefault(value, {})[row.id] = row
            setattr(row, field, value)
        if after:
            self._note(self._entity, row.id, "update", before, after)
        return row

    def remove(self, row: R) -> None:
        """Forget the row for good."""
        del self._rows[row.id]
        for field, index in self._indexes.items():
            del index[getattr(row, field)][row.id]
        self._note(self._entity, row.id, "delete", {}, {})
