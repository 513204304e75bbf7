"""Records of a history: whom they are about, who did it, and what of it goes into the journal. Pure.

Orders and customers each have a history of their own, with numbers of its own. Both name fields in words of theirs
(source: history page of the developer docs, map of the vendor's module).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from obmen.connectors.contract import Act
from obmen.connectors.retailcrm import wire
from obmen.model import Value, plain

Record = Mapping[str, Any]
_R = TypeVar("_R", bound=Record)


class Subject(NamedTuple):
    """What is listed and has a history, as the account calls it."""

    one: str
    """`order` in records, `orderId` in filters; our entities are called the same."""
    many: str
    """The method that lists them, and the list in its answer; `orders/history` follows."""


ORDERS = Subject("order", "orders")
CUSTOMERS = Subject("customer", "customers")


def number_of(row: Record) -> int | None:
    """Return the id of an entry; None for one that does not say."""
    text = wire.text(row.get("id"))
    return int(text) if text is not None and text.isdecimal() else None


def ref_in(record: Record, subject: Subject) -> str | None:
    """Return the ref of what a record is about."""
    number = number_of(wire.table(record.get(subject.one)))
    return None if number is None else str(number)


def in_shops(records: Iterable[_R], shops: Collection[str], subject: Subject) -> list[_R]:
    """Return the records about what is in these shops; one that names no shop may be."""
    return [
        each
        for each in records
        if (wire.text(wire.table(each.get(subject.one)).get("site")) or "") in {"", *shops}
    ]


def gone_in(records: Iterable[Record], subject: Subject) -> dict[str | None, str | None]:
    """Return what is deleted in these records, each with what it was put into."""
    return {
        ref_in(each, subject): wire.text(wire.table(each.get("combinedTo")).get("id"))
        for each in records
        if each.get("deleted") is True
    }


def is_own(record: Record) -> bool:
    """Tell whether our own key did it."""
    return wire.table(record.get("apiKey")).get("current") is True


def is_of_another_program(record: Record) -> bool:
    """Tell whether somebody else's key did it."""
    return record.get("source") == "api" and not is_own(record)


def acts_of(
    records: Sequence[Record],
    atom_of: Callable[[Record], str | None],
    subject: Subject,
    zone: tzinfo,
    people: Mapping[str, str],
) -> Iterator[Act]:
    """Yield what people, rules and other programs did to what is exchanged; what is new tells of itself.

    `people` are the names of the staff by id, as far as they are known.
    """
    for record in records:
        atom, ref = atom_of(record), ref_in(record, subject)
        at, name = wire.utc(record.get("createdAt"), zone), wire.text(record.get("id"))
        if atom is None or ref is None or at is None or name is None:
            continue
        if is_own(record) or record.get("created") is True or record.get("deleted") is True:
            continue
        yield Act(
            ref=ref,
            name=name,
            atom=atom,
            before=_value(record.get("oldValue")),
            after=_value(record.get("newValue")),
            by=_author(record, people),
            at=at,
        )


def _author(record: Record, people: Mapping[str, str]) -> str:
    source = str(record.get("source") or "?")
    user = wire.text(wire.table(record.get("user")).get("id"))
    return f"{source} {people.get(user, user)}" if user else source


def _value(raw: Any) -> Value:
    """Return a value of the history as the journal keeps it: a code, a text, a flag; what is none of them by its id."""
    match raw:
        case bool() | None:
            return raw
        case dict():
            return wire.code(raw) or wire.text(raw.get("id")) or "…"
        case list():
            return "…" if raw else None
        case Decimal():
            return plain(raw)
        case _:
            return str(raw)
