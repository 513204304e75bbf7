"""Orders as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from obmen.connectors.contract import Act, Doubt
from obmen.connectors.retailcrm.account import Account, Acquaintance
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.history import Row
from obmen.connectors.retailcrm.orders.acts import acts_in, second_writer
from obmen.connectors.retailcrm.orders.rows import order_look
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.connectors.retailcrm.reading import Reader
from obmen.connectors.retailcrm.records import ORDERS, Record
from obmen.sync.shadow import Look


class OrderReader(Reader):
    """Orders of the shops of one connection."""

    subject = ORDERS

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
        super().__init__(api=api, acquaintance=acquaintance, shops=shops)
        self._connection = connection
        self._settings = settings
        self._offers_by = offers_by
        self._now = now
        self._with_buyer = with_buyer

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

    def _acts(self, records: Sequence[Record], account: Account) -> Iterable[Act]:
        return acts_in(records, self._settings, account.zone, account.people)

    def _nameless(self, count: int) -> Doubt:
        return Doubt(
            code="retailcrm.nameless",
            en=f"entries without an id in orders or their history: {count}. They cannot be read and were passed over; "
            "obmen reconcile reads every order anew. Show the recorded answer to RetailCRM.",
            ru=f"в заказах или их истории записи без ID: {count}. Прочитать их нельзя, они пропущены; obmen reconcile "
            "перечитает все заказы. Записанный ответ покажите RetailCRM.",
        )

    def _doubts(
        self, records: Sequence[Record], rows: Mapping[str, Row], account: Account
    ) -> Iterable[Doubt]:
        if self._settings.others_write:
            return ()
        return second_writer(records, rows, self._settings, zone=account.zone, now=self._now())
