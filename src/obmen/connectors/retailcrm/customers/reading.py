"""Customers as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from obmen.connectors.contract import Act, Doubt
from obmen.connectors.retailcrm.account import Account, Acquaintance
from obmen.connectors.retailcrm.client import Api
from obmen.connectors.retailcrm.customers.rows import acts_in, customer_look, matters, unfit_contacts
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.history import Row
from obmen.connectors.retailcrm.reading import Reader
from obmen.connectors.retailcrm.records import CUSTOMERS, Record
from obmen.sync.shadow import Look


class CustomerReader(Reader):
    """Customers of the shops of one connection."""

    subject = CUSTOMERS

    def __init__(
        self,
        *,
        api: Api,
        acquaintance: Acquaintance,
        settings: CustomerSettings,
        managers: Mapping[str, str],
        shops: frozenset[str],
    ) -> None:
        super().__init__(api=api, acquaintance=acquaintance, shops=shops)
        self._settings = settings
        self._managers = managers

    def look(self, row: Mapping[str, Any], account: Account) -> Look:
        """Show a card."""
        return customer_look(row, settings=self._settings, managers=self._managers, account=account)

    def _matters(self, record: Record) -> bool:
        return matters(record, self._settings, self._managers)

    def _acts(self, records: Sequence[Record], account: Account) -> Iterable[Act]:
        return acts_in(records, self._settings, self._managers, account.zone, account.people)

    def _nameless(self, count: int) -> Doubt:
        return Doubt(
            code="retailcrm.nameless_customers",
            en=f"entries without an id among customers or in their history: {count}. They cannot be read and were passed "
            "over; obmen reconcile reads every customer anew. Show the recorded answer to RetailCRM.",
            ru=f"среди клиентов или в их истории записи без ID: {count}. Прочитать их нельзя, они пропущены; obmen reconcile "
            "перечитает всех клиентов. Записанный ответ покажите RetailCRM.",
        )

    def _doubts(
        self, _records: Sequence[Record], rows: Mapping[str, Row], _account: Account
    ) -> Iterable[Doubt]:
        return unfit_contacts(rows.values())
