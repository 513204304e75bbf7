"""Orders as they are read: everything once, then what the history says has moved, with what others did to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import msgspec

from obmen.connectors.contract import Doubt, Page
from obmen.connectors.retailcrm.account import Account, Acquaintance
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.history import Cursor, Trail
from obmen.connectors.retailcrm.orders.acts import acts_in, second_writer
from obmen.connectors.retailcrm.orders.rows import order_look
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.records import ORDERS
from obmen.sync.shadow import Look


class OrderReader:
    """Orders of the shops of one connection."""

    def __init__(
        self,
        *,
        api: Api,
        acquaintance: Acquaintance,
        connection: str,
        settings: OrderSettings,
        shops: frozenset[str],
        offers_by: str,
        now: Callable[[], float],
        with_buyer: bool = False,
    ) -> None:
        """`with_buyer`: customers are cards of their own, and an order says whose it is."""
        self._trail = Trail(api=api, subject=ORDERS, shops=shops)
        self._acquaintance = acquaintance
        self._connection = connection
        self._settings = settings
        self._offers_by = offers_by
        self._now = now
        self._with_buyer = with_buyer

    async def page(self, cursor: str) -> Page:
        """Read the next orders. The first run walks the list, from the point of the history at which it began."""
        at = await self._trail.begun(cursor)
        if at.page:
            page, _ = await self._listed(at)
            return page
        return await self._followed(at)

    async def walk(self) -> AsyncIterator[Page]:
        """Read every order."""
        at = Cursor(page=1)
        while at.page:
            page, at = await self._listed(at)
            yield msgspec.structs.replace(page, last=not at.page)

    async def looks(self, refs: Sequence[str]) -> list[Look]:
        """Read these orders now; one that is not there comes back with `gone`, and with what it was merged into."""
        account = await self._acquaintance.account()
        rows = await self.rows(refs)
        return [
            self.look(rows[ref], account) if ref in rows else _gone(ref, await self._trail.survivor(ref))
            for ref in dict.fromkeys(refs)
        ]

    def look(self, row: Mapping[str, Any], account: Account) -> Look:
        """Show an order."""
        return order_look(
            row,
            connection=self._connection,
            settings=self._settings,
            offers_by=self._offers_by,
            account=account,
            with_buyer=self._with_buyer,
        )

    async def rows(self, refs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read orders whole, by ref; what is not there is absent."""
        return await self._trail.rows(refs)

    async def by_external_ids(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Read the orders that bear these external ids, in whichever of our shops."""
        return await self._trail.by_external_ids(ids)

    async def _listed(self, at: Cursor) -> tuple[Page, Cursor]:
        """Read one page of the list."""
        account = await self._acquaintance.account()
        read = await self._trail.listed(at)
        page = Page(
            entity="order",
            looks=tuple(self.look(row, account) for row in read.rows.values()),
            cursor=read.after.stored(),
            last=False,
            doubts=tuple(_nameless(read.nameless)),
        )
        return page, read.after

    async def _followed(self, at: Cursor) -> Page:
        """Read the orders the next records of the history are about, and what others did to them."""
        account = await self._acquaintance.account()
        read = await self._trail.followed(at)
        doubts = _nameless(read.nameless)
        if not self._settings.others_write:
            doubts += second_writer(
                read.records, read.rows, self._settings, zone=account.zone, now=self._now()
            )
        return Page(
            entity="order",
            looks=tuple(
                self.look(read.rows[ref], account) if ref in read.rows else _gone(ref, read.gone[ref])
                for ref in read.touched
            ),
            cursor=read.after.stored(),
            last=read.last,
            acts=tuple(acts_in(read.records, self._settings, account.zone, account.people)),
            doubts=tuple(doubts),
        )


def _gone(ref: str, merged_into: str | None) -> Look:
    return Look(ref=ref, fields={}, gone=True, merged_into=merged_into)


def _nameless(count: int) -> list[Doubt]:
    """Tell of entries that do not say whose they are, if there were any."""
    if not count:
        return []
    return [
        Doubt(
            code="retailcrm.nameless",
            en=f"entries without an id in orders or their history: {count}. They cannot be read and were passed over; "
            "obmen reconcile reads every order anew. Show the recorded answer to RetailCRM.",
            ru=f"в заказах или их истории записи без ID: {count}. Прочитать их нельзя, они пропущены; obmen reconcile "
            "перечитает все заказы. Записанный ответ покажите RetailCRM.",
        )
    ]
