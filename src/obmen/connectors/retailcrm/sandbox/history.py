"""The histories: what was changed, by whom and from what to what; one numbering for each kind of thing.

Records are the difference between two snapshots of a thing. The status comes first, the others by name, as the vendor
shows them within one save. A line or payment that came or went is one record, whatever it holds.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

Kind = Literal["order", "customer", "corporate"]
Part = tuple[str, int] | None  # ("item", 17), or None for the thing itself


class Snapshot(NamedTuple):
    """A thing at one moment: values by history field and part, and how each part is described."""

    values: dict[tuple[str, Part], Any]
    about: dict[Part, dict[str, Any]]


class Change(NamedTuple):
    """One field that differs."""

    field: str
    old: Any
    new: Any
    about: dict[str, dict[str, Any]] = {}  # noqa: RUF012 (never written): the part it belongs to, by its name


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a history."""

    id: int
    at: str
    source: str
    key: str
    user: int
    field: str
    old: Any
    new: Any
    subject: dict[str, Any]  # the thing in short, or in full where it was created
    about: dict[str, dict[str, Any]]
    marks: dict[str, Any]  # created, deleted, combinedTo, ancestor
    thing_id: int
    external_id: str
    site: str

    def shown(self, asking_key: str, subject_name: str) -> dict[str, Any]:
        """Return the record as the asking key sees it."""
        author: dict[str, Any] = {}
        if self.source == "api":
            author = {"apiKey": {"current": self.key == asking_key}}
        elif self.source == "user":
            author = {"user": {"id": self.user}}
        return {
            "id": self.id,
            "createdAt": self.at,
            **{name: mark for name, mark in self.marks.items() if name != "combinedTo"},
            "source": self.source,
            **author,
            "field": self.field,
            "oldValue": self.old,
            "newValue": self.new,
            subject_name: self.subject,
            **self.about,
            **({"combinedTo": self.marks["combinedTo"]} if "combinedTo" in self.marks else {}),
        }


class Journal:
    """All histories of one account."""

    def __init__(self) -> None:
        self._records: dict[Kind, list[Record]] = {"order": [], "customer": [], "corporate": []}
        self._next: dict[Kind, int] = {"order": 7001, "customer": 2601, "corporate": 4201}

    def add(self, kind: Kind, **record: Any) -> Record:
        """Write one record with the next id of its kind."""
        made = Record(id=self._next[kind], **record)
        self._next[kind] += 1
        self._records[kind].append(made)
        return made

    def after(self, kind: Kind, since_id: int) -> list[Record]:
        """Return the records with a greater id."""
        records = self._records[kind]
        return records[bisect_right(records, since_id, key=lambda record: record.id) :]

    def last_id(self, kind: Kind) -> int:
        """Return the id of the newest record, 0 where there is none."""
        return self._next[kind] - 1 if self._records[kind] else 0

    def __len__(self) -> int:
        return sum(len(records) for records in self._records.values())


def differences(before: Snapshot, after: Snapshot) -> list[Change]:
    """Compare two snapshots."""
    came: set[Part] = {part for part in after.about if part is not None and part not in before.about}
    went: set[Part] = {part for part in before.about if part is not None and part not in after.about}
    fields = sorted(
        {*before.values, *after.values}, key=lambda key: (key[0] != "status", key[0], key[1] or ("", 0))
    )
    return [*_differing(before, after, fields, came, went)]


def _differing(
    before: Snapshot, after: Snapshot, fields: list[tuple[str, Part]], came: set[Part], went: set[Part]
) -> Iterator[Change]:
    for field, part in fields:
        old, new = before.values.get((field, part)), after.values.get((field, part))
        whole = "." not in field
        if old == new or (part in came | went and not whole):
            continue
        about: dict[str, Any] = {}
        if part is not None:
            described = (before if part in went else after).about[part]
            about = {part[0]: described if part in came | went else _brief(described)}
        yield Change(field, old, new, about)


_BRIEF = ("id", "offer", "externalId", "externalIds", "type", "isMain", "name", "customer")


def _brief(described: Mapping[str, Any]) -> dict[str, Any]:
    return {name: described[name] for name in _BRIEF if name in described}
