"""Reading orders: everything once, then what the history says has moved.

The history only names orders; each is read as it stands now. Records of our own key are not left out: what they touched
is read like the rest and settles as an echo, so that what the account's own rules made of our write is seen too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import msgspec

from obmen.connectors.contract import Doubt, Page
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.account import Account, Acquaintance
from obmen.connectors.retailcrm.client import PAGE, Api, listed, sliced
from obmen.connectors.retailcrm.orders.acts import acts_in, in_shops, order_of, second_writer
from obmen.connectors.retailcrm.orders.rows import order_look
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.errors import BadInput
from obmen.sync.shadow import Look


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far reading has got. `since` is the last record of the history that has been followed."""

    since: int = 0
    page: int = 0
    """Of the list, while everything is read for the first time; 0 follows the history."""
    total: int = 0
    """How many orders the list had at the page before."""


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
    ) -> None:
        self._api = api
        self._acquaintance = acquaintance
        self._connection = connection
        self._settings = settings
        self._shops = shops
        self._offers_by = offers_by
        self._now = now

    async def page(self, cursor: str) -> Page:
        """Read the next orders. The first run walks the list, from the point of the history at which it began."""
        at = opened(cursor) if cursor else Cursor(since=await self._last_record(), page=1)
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
        found: list[Look] = []
        for ref in dict.fromkeys(refs):
            if ref in rows:
                found.append(self.look(rows[ref], account))
            else:
                found.append(Look(ref=ref, fields={}, gone=True, merged_into=await self._survivor(ref)))
        return found

    def look(self, row: Mapping[str, Any], account: Account) -> Look:
        """Show an order."""
        return order_look(
            row,
            connection=self._connection,
            settings=self._settings,
            offers_by=self._offers_by,
            account=account,
        )

    async def rows(self, refs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read orders whole, by ref; what is not there is absent."""
        return _by_ref(await self._list("ids", [ref for ref in refs if ref.isdecimal()]))

    async def by_external_ids(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Read the orders that bear these external ids, in whichever of our shops."""
        return list(_by_ref(await self._list("externalIds", ids)).values())

    async def _list(self, by: str, keys: Sequence[str]) -> list[dict[str, Any]]:
        """Read orders of our shops; one that does not say whose it is comes as well."""
        found: list[dict[str, Any]] = []
        for some in sliced(list(dict.fromkeys(keys)), PAGE):
            found += await self._api.pages("orders", "orders", {"filter": {by: list(some)}})
        return [row for row in found if wire.text(row.get("site")) in self._shops or _number_of(row) is None]

    async def _listed(self, at: Cursor) -> tuple[Page, Cursor]:
        """Read one page of the list, newest first. Where orders have been deleted meanwhile, rows came nearer: step back."""
        account = await self._acquaintance.account()
        shops = sorted(self._shops)
        asked = {"limit": PAGE, "page": at.page, "filter": {"sites": shops}}
        body = await self._api.get("orders", asked)
        told = wire.table(body.get("pagination"))
        total, pages = int(told.get("totalCount") or 0), int(told.get("totalPageCount") or 0)
        following = at.page - 1 if total < at.total and at.page > 1 else at.page + 1
        found = listed(body, "orders")
        rows = _by_ref(found)
        after = Cursor(since=at.since, page=0 if following > pages else following, total=total)
        page = Page(
            entity="order",
            looks=tuple(self.look(row, account) for row in rows.values()),
            cursor=_stored(after),
            last=False,
            doubts=tuple(_nameless(len(found) - len(rows))),
        )
        return page, after

    async def _followed(self, at: Cursor) -> Page:
        """Read the orders the next records of the history are about, and what others did to them."""
        account = await self._acquaintance.account()
        body = await self._api.get("orders/history", {"filter": {"sinceId": at.since}, "limit": PAGE})
        records = listed(body, "history")
        numbers = [number for each in records if (number := _number_of(each)) is not None]
        touched = list(dict.fromkeys(ref for each in records if (ref := order_of(each)) is not None))
        found = await self._list("ids", touched)
        rows = _by_ref(found)
        ours = in_shops(records, self._shops)
        gone = {
            order_of(each): wire.text(wire.table(each.get("combinedTo")).get("id"))
            for each in ours
            if each.get("deleted") is True
        }
        looks = [
            self.look(rows[ref], account)
            if ref in rows
            else Look(ref=ref, fields={}, gone=True, merged_into=gone[ref])
            for ref in touched
            if ref in rows or ref in gone  # one that is deleted further on in the history is told there
        ]
        doubts = _nameless(len(records) - len(numbers) + len(found) - len(rows))
        if not self._settings.others_write:
            doubts += second_writer(ours, rows, self._settings, zone=account.zone, now=self._now())
        return Page(
            entity="order",
            looks=tuple(looks),
            cursor=_stored(Cursor(since=max(numbers, default=at.since))),
            last=len(records) < PAGE or not numbers,  # nothing to go on behind is asked for again
            acts=tuple(acts_in(ours, self._settings, account.zone, account.people)),
            doubts=tuple(doubts),
        )

    async def _last_record(self) -> int:
        """Return the id of the newest record of the history; 0 where there is none."""
        newest = await newest_records(self._api)
        return max((number for each in newest if (number := _number_of(each))), default=0)

    async def _survivor(self, ref: str) -> str | None:
        """Return the order that one that is gone was put into, if it was."""
        if not ref.isdecimal():
            return None
        params = {"filter": {"orderId": ref}}
        records = await self._api.pages("orders/history", "history", params)
        told = [
            wire.table(each.get("combinedTo")).get("id") for each in records if each.get("deleted") is True
        ]
        return wire.text(told[-1]) if told else None


async def newest_records(api: Api) -> list[dict[str, Any]]:
    """Return the last page of the history of orders."""
    last = 1
    for _ in range(2):  # the first page tells which is the last
        body = await api.get("orders/history", {"limit": PAGE, "page": last})
        last = int(wire.table(body.get("pagination")).get("totalPageCount") or 1)
    return listed(body, "history")


def _by_ref(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(number): row for row in rows if (number := _number_of(row)) is not None}


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


def _stored(cursor: Cursor) -> str:
    return msgspec.json.encode(cursor).decode()


def _number_of(row: Mapping[str, Any]) -> int | None:
    text = wire.text(row.get("id"))
    return int(text) if text is not None and text.isdecimal() else None
