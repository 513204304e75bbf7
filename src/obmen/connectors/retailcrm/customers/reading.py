"""Customers as they are read: everything once, then what the history says has moved, with what others did to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from obmen.connectors.contract import Doubt, Page
from obmen.connectors.retailcrm.account import Account, Acquaintance
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.customers.rows import acts_in, customer_look, matters, unfit_contacts
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.history import Cursor, Trail
from obmen.connectors.retailcrm.records import CUSTOMERS
from obmen.sync.shadow import Look


class CustomerReader:
    """Customers of the shops of one connection."""

    def __init__(
        self,
        *,
        api: Api,
        acquaintance: Acquaintance,
        settings: CustomerSettings,
        managers: Mapping[str, str],
        shops: frozenset[str],
    ) -> None:
        self._trail = Trail(api=api, subject=CUSTOMERS, shops=shops)
        self._acquaintance = acquaintance
        self._settings = settings
        self._managers = managers

    async def page(self, cursor: str) -> Page:
        """Read the next cards. The first run walks the list, from the point of the history at which it began."""
        at = await self._trail.begun(cursor)
        if at.page:
            page, _ = await self._listed(at)
            return page
        return await self._followed(at)

    async def walk(self) -> AsyncIterator[Page]:
        """Read every card."""
        at = Cursor(page=1)
        while at.page:
            page, at = await self._listed(at)
            yield msgspec.structs.replace(page, last=not at.page)

    async def looks(self, refs: Sequence[str]) -> list[Look]:
        """Read these cards now; one that is not there comes back with `gone`, and with the one it was combined into."""
        account = await self._acquaintance.account()
        rows = await self.rows(refs)
        return [
            self.look(rows[ref], account) if ref in rows else _gone(ref, await self._trail.survivor(ref))
            for ref in dict.fromkeys(refs)
        ]

    def look(self, row: Mapping[str, Any], account: Account) -> Look:
        """Show a card."""
        return customer_look(row, settings=self._settings, managers=self._managers, account=account)

    async def rows(self, refs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read cards whole, by ref; what is not there is absent."""
        return await self._trail.rows(refs)

    async def by_external_ids(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Read the cards that bear these external ids, in whichever of our shops."""
        return await self._trail.by_external_ids(ids)

    async def _listed(self, at: Cursor) -> tuple[Page, Cursor]:
        """Read one page of the list."""
        account = await self._acquaintance.account()
        read = await self._trail.listed(at)
        page = Page(
            entity="customer",
            looks=tuple(self.look(row, account) for row in read.rows.values()),
            cursor=read.after.stored(),
            last=False,
            doubts=(*_nameless(read.nameless), *unfit_contacts(read.rows.values())),
        )
        return page, read.after

    async def _followed(self, at: Cursor) -> Page:
        """Read the cards the next records of the history are about, and what others did to them."""
        account = await self._acquaintance.account()
        worth = partial(matters, settings=self._settings, managers=self._managers)
        read = await self._trail.followed(at, matters=worth)
        return Page(
            entity="customer",
            looks=tuple(
                self.look(read.rows[ref], account) if ref in read.rows else _gone(ref, read.gone[ref])
                for ref in read.touched
            ),
            cursor=read.after.stored(),
            last=read.last,
            acts=tuple(acts_in(read.records, self._settings, self._managers, account.zone, account.people)),
            doubts=(*_nameless(read.nameless), *unfit_contacts(read.rows.values())),
        )


def _gone(ref: str, merged_into: str | None) -> Look:
    return Look(ref=ref, fields={}, gone=True, merged_into=merged_into)


def _nameless(count: int) -> list[Doubt]:
    """Tell of entries that do not say whose they are, if there were any."""
    if not count:
        return []
    return [
        Doubt(
            code="retailcrm.nameless_customers",
            en=f"entries without an id among customers or in their history: {count}. They cannot be read and were passed "
            "over; obmen reconcile reads every customer anew. Show the recorded answer to RetailCRM.",
            ru=f"среди клиентов или в их истории записи без ID: {count}. Прочитать их нельзя, они пропущены; obmen reconcile "
            "перечитает всех клиентов. Записанный ответ покажите RetailCRM.",
        )
    ]
