"""Reading what an account lists: everything once, then what its history says has moved.

The history only names things; each is read as it stands now. Records of our own key are not left out: what they touched
is read like the rest and settles as an echo, so that what the account's own rules made of our write is seen too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import PAGE, Api, listed, sliced
from obmen.connectors.retailcrm.records import Record, Subject, gone_in, in_shops, number_of, ref_in
from obmen.errors import BadInput

Row = dict[str, Any]


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far reading has got. `since` is the last record of the history that has been followed."""

    since: int = 0
    page: int = 0
    """Of the list, while everything is read for the first time; 0 follows the history."""
    total: int = 0
    """How many the list had at the page before."""

    def stored(self) -> str:
        """Return it as the hub keeps it."""
        return msgspec.json.encode(self).decode()


def opened(cursor: str) -> Cursor:
    """Return a stored cursor; `BadInput` for another connector's."""
    try:
        return msgspec.json.decode(cursor, type=Cursor)
    except msgspec.MsgspecError:
        raise BadInput(
            "retailcrm.cursor",
            f"The mark «{cursor[:60]}» is not one of this connector: clear it to read from the beginning.",
            f"Отметка «{cursor[:60]}» не от этого коннектора: сбросьте её, чтобы прочитать сначала.",
        ) from None


class Listed(NamedTuple):
    """One page of the list."""

    rows: dict[str, Row]
    after: Cursor
    nameless: int
    """Entries that do not say whose they are."""


class Followed(NamedTuple):
    """What the next records of the history are about."""

    records: list[Row]
    """Those of our shops."""
    rows: dict[str, Row]
    gone: dict[str | None, str | None]
    """What is deleted, each with what it was put into."""
    touched: list[str]
    """Whatever there is to show now, in the order of the history."""
    after: Cursor
    last: bool
    nameless: int


class Trail:
    """The list of one kind of thing, and the history that follows it, of the shops of one connection."""

    def __init__(self, *, api: Api, subject: Subject, shops: frozenset[str]) -> None:
        self._api = api
        self._subject = subject
        self._shops = shops

    async def begun(self, cursor: str) -> Cursor:
        """Return a stored cursor. The first run walks the list, from the point of the history at which it begins."""
        return opened(cursor) if cursor else Cursor(since=await self._last_record(), page=1)

    async def rows(self, refs: Sequence[str]) -> dict[str, Row]:
        """Read things whole, by ref; what is not there is absent."""
        return by_ref(await self._list("ids", [ref for ref in refs if ref.isdecimal()]))

    async def by_external_ids(self, ids: Sequence[str]) -> list[Row]:
        """Read what bears these external ids, in whichever of our shops."""
        return list(by_ref(await self._list("externalIds", ids)).values())

    async def listed(self, at: Cursor) -> Listed:
        """Read one page of the list, newest first. Where rows have been deleted meanwhile, others came nearer: step back."""
        asked = {"limit": PAGE, "page": at.page, "filter": {"sites": sorted(self._shops)}}
        body = await self._api.get(self._subject.many, asked)
        told = wire.table(body.get("pagination"))
        total, pages = int(told.get("totalCount") or 0), int(told.get("totalPageCount") or 0)
        following = at.page - 1 if total < at.total and at.page > 1 else at.page + 1
        found = listed(body, self._subject.many)
        rows = by_ref(found)
        after = Cursor(since=at.since, page=0 if following > pages else following, total=total)
        return Listed(rows, after, len(found) - len(rows))

    async def followed(self, at: Cursor, *, matters: Callable[[Record], bool]) -> Followed:
        """Read the next records and what they are about, but for what only records that do not matter name."""
        asked = {"filter": {"sinceId": at.since}, "limit": PAGE}
        records = listed(await self._api.get(f"{self._subject.many}/history", asked), "history")
        numbers = [number for each in records if (number := number_of(each)) is not None]
        named = [ref_in(each, self._subject) for each in records if matters(each)]
        touched = list(dict.fromkeys(ref for ref in named if ref is not None))
        found = await self._list("ids", touched)
        rows = by_ref(found)
        ours = in_shops(records, self._shops, self._subject)
        gone = gone_in(ours, self._subject)
        return Followed(
            records=ours,
            rows=rows,
            gone=gone,
            touched=[ref for ref in touched if ref in rows or ref in gone],  # else it is told of further on
            after=Cursor(since=max(numbers, default=at.since)),
            last=len(records) < PAGE or not numbers,  # nothing to go on behind is asked for again
            nameless=len(records) - len(numbers) + len(found) - len(rows),
        )

    async def survivor(self, ref: str) -> str | None:
        """Return what something that is gone was put into, if it was."""
        if not ref.isdecimal():
            return None
        params = {"filter": {f"{self._subject.one}Id": ref}}
        records = await self._api.pages(f"{self._subject.many}/history", "history", params)
        told = [
            wire.table(each.get("combinedTo")).get("id") for each in records if each.get("deleted") is True
        ]
        return wire.text(told[-1]) if told else None

    async def _list(self, by: str, keys: Sequence[str]) -> list[Row]:
        """Read what our shops have; an entry that does not say whose it is comes as well."""
        found: list[Row] = []
        for some in sliced(list(dict.fromkeys(keys)), PAGE):
            found += await self._api.pages(
                self._subject.many, self._subject.many, {"filter": {by: list(some)}}
            )
        return [row for row in found if wire.text(row.get("site")) in self._shops or number_of(row) is None]

    async def _last_record(self) -> int:
        """Return the id of the newest record of the history; 0 where there is none."""
        newest = await newest_records(self._api, self._subject)
        return max((number for each in newest if (number := number_of(each))), default=0)


async def newest_records(api: Api, subject: Subject) -> list[Row]:
    """Return the last page of a history."""
    last = 1
    for _ in range(2):  # the first page tells which is the last
        body = await api.get(f"{subject.many}/history", {"limit": PAGE, "page": last})
        last = int(wire.table(body.get("pagination")).get("totalPageCount") or 1)
    return listed(body, "history")


def by_ref(rows: Sequence[Row]) -> dict[str, Row]:
    """Return rows by their ids."""
    return {str(number): row for row in rows if (number := number_of(row)) is not None}
