"""Reading what has a list and a history: everything once, then what has moved, with what others did to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from obmen.connectors.contract import Act, Doubt, Page
from obmen.connectors.retailcrm.account import Account, Acquaintance
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.history import Cursor, Followed, Listed, Row, Trail
from obmen.connectors.retailcrm.records import Record, Subject
from obmen.sync.shadow import Look


class Reader(ABC):
    """One kind of thing in the shops of one connection. A kind says how it is shown, and what is told beside."""

    subject: ClassVar[Subject]

    def __init__(self, *, api: Api, acquaintance: Acquaintance, shops: frozenset[str]) -> None:
        self._trail = Trail(api=api, subject=self.subject, shops=shops)
        self._acquaintance = acquaintance

    @abstractmethod
    def look(self, row: Mapping[str, Any], account: Account) -> Look:
        """Show one of them."""

    @abstractmethod
    def _acts(self, records: Sequence[Record], account: Account) -> Iterable[Act]:
        """Return what others did."""

    @abstractmethod
    def _nameless(self, count: int) -> Doubt:
        """Tell of entries that do not say whose they are."""

    @abstractmethod
    def _doubts(
        self, records: Sequence[Record], rows: Mapping[str, Row], account: Account
    ) -> Iterable[Doubt]:
        """Return what else a person should know of what was read; of a page of the list there are no records."""

    def _matters(self, _record: Record) -> bool:
        """Tell whether what a record names is worth reading."""
        return True

    async def page(self, cursor: str) -> Page:
        """Read the next ones. The first run walks the list, from the point of the history at which it began."""
        at = await self._trail.begun(cursor)
        if at.page:
            page, _ = await self._listed(at)
            return page
        return await self._followed(at)

    async def walk(self) -> AsyncIterator[Page]:
        """Read every one."""
        at = Cursor(page=1)
        while at.page:
            page, at = await self._listed(at)
            yield msgspec.structs.replace(page, last=not at.page)

    async def looks(self, refs: Sequence[str]) -> list[Look]:
        """Read these now; one that is not there comes back with `gone`, and with what it was put into."""
        account = await self._acquaintance.account()
        rows = await self.rows(refs)
        return [
            self.look(rows[ref], account) if ref in rows else _gone(ref, await self._trail.survivor(ref))
            for ref in dict.fromkeys(refs)
        ]

    async def rows(self, refs: Sequence[str]) -> dict[str, Row]:
        """Read them whole, by ref; what is not there is absent."""
        return await self._trail.rows(refs)

    async def by_external_ids(self, ids: Sequence[str]) -> list[Row]:
        """Read those that bear these external ids, in whichever of our shops."""
        return await self._trail.by_external_ids(ids)

    async def _listed(self, at: Cursor) -> tuple[Page, Cursor]:
        """Read one page of the list."""
        account = await self._acquaintance.account()
        read = await self._trail.listed(at)
        page = Page(
            entity=self.subject.one,
            looks=tuple(self.look(row, account) for row in read.rows.values()),
            cursor=read.after.stored(),
            last=False,
            doubts=self._told((), read, account),
        )
        return page, read.after

    async def _followed(self, at: Cursor) -> Page:
        """Read what the next records of the history are about, and what others did to it."""
        account = await self._acquaintance.account()
        read = await self._trail.followed(at, matters=self._matters)
        return Page(
            entity=self.subject.one,
            looks=tuple(
                self.look(read.rows[ref], account) if ref in read.rows else _gone(ref, read.gone[ref])
                for ref in read.touched
            ),
            cursor=read.after.stored(),
            last=read.last,
            acts=tuple(self._acts(read.records, account)),
            doubts=self._told(read.records, read, account),
        )

    def _told(
        self, records: Sequence[Record], read: Listed | Followed, account: Account
    ) -> tuple[Doubt, ...]:
        nameless = [self._nameless(read.nameless)] if read.nameless else []
        return (*nameless, *self._doubts(records, read.rows, account))


def _gone(ref: str, merged_into: str | None) -> Look:
    return Look(ref=ref, fields={}, gone=True, merged_into=merged_into)
