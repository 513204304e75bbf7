"""Whose order it is where a company buys: the corporate customer, its legal entity, and the person who speaks for it.

A company is known by its INN, a legal entity of it by INN and KPP; names are never compared. Corporate customers and people
share external ids, so that ours begin with `corp-`. Sources: pages "Corporate customers" (v5), filter `contragentInn`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from obmen.connectors.contract import Doubt
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import PAGE, Api, listed
from obmen.connectors.retailcrm.customers.contacts import COMPANY, CORPORATE

Row = Mapping[str, Any]


class Firm(NamedTuple):
    """What an order of a company names."""

    id: int
    company: int
    doubt: Doubt | None = None

    def parties(self, person: int | None) -> dict[str, Any]:
        """Return it as an order takes it, with the person who ordered."""
        named: dict[str, Any] = {
            "customer": {"id": self.id, "type": CORPORATE},
            "company": {"id": self.company},
        }
        return named if person is None else {**named, "contact": {"id": person}}


class Firms:
    """Corporate customers of one account. Orders of one company are settled one after the other, in whatever pack."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def of(self, contact: Row, person: int | None, *, site: str) -> Firm | None:
        """Find the company of an order, or make it; None where the order names no INN.

        Raises what calls raise; nothing of the order has been written then, and what was made meanwhile is found again.
        """
        inn = wire.text(contact.get("INN"))
        if inn is None:
            return None
        async with self._turns.setdefault(f"{site} {inn}", asyncio.Lock()):
            return await self._settled(contact, inn, person, site)

    async def _settled(self, contact: Row, inn: str, person: int | None, site: str) -> Firm:
        asked = {"filter": {"contragentInn": inn, "sites": [site]}, "limit": PAGE}
        found = [
            int(row["id"])
            for row in listed(await self._api.get("customers-corporate", asked), "customersCorporate")
            if wire.text(row.get("id")) is not None
        ]
        if not found:
            reply = await self._api.post(
                "customers-corporate/create", site=site, customerCorporate=_new(contact, inn, person)
            )
            found = [int(reply.body["id"])]
        first = min(found)
        company = await self._company(first, contact, inn, site)
        await self._contact(first, person, company, site)
        return Firm(first, company, _twice(contact, found) if len(found) > 1 else None)

    async def _company(self, firm: int, contact: Row, inn: str, site: str) -> int:
        """Return the legal entity of this INN and KPP; an order without a KPP is of the first of its INN."""
        kpp = wire.text(contact.get("KPP"))
        for row in await self._parts(firm, "companies", site):
            legal = wire.table(row.get("contragent"))
            if wire.text(legal.get("INN")) == inn and kpp in {None, wire.text(legal.get("KPP"))}:
                return int(row["id"])
        reply = await self._api.post(
            f"customers-corporate/{firm}/companies/create", by="id", site=site, company=_legal(contact)
        )
        return int(reply.body["id"])

    async def _contact(self, firm: int, person: int | None, company: int, site: str) -> None:
        """Let a person speak for the company."""
        if person is None:
            return
        known = {
            wire.table(row.get("customer")).get("id") for row in await self._parts(firm, "contacts", site)
        }
        if person not in known:
            await self._api.post(
                f"customers-corporate/{firm}/contacts/create",
                by="id",
                site=site,
                contact={
                    "customer": {"id": person, "site": site},
                    "companies": [{"company": {"id": company}}],
                },
            )

    async def _parts(self, firm: int, name: str, site: str) -> list[dict[str, Any]]:
        rows = await self._api.pages(f"customers-corporate/{firm}/{name}", name, {"by": "id", "site": site})
        return [row for row in rows if wire.text(row.get("id")) is not None]


def _new(contact: Row, inn: str, person: int | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "externalId": f"corp-{inn}",
        "nickName": wire.text(contact.get("legalName")) or inn,
        "companies": [{**_legal(contact), "isMain": True}],
    }
    if person is not None:
        made["customerContacts"] = [{"isMain": True, "customer": {"id": person}}]
    return made


def _legal(contact: Row) -> dict[str, Any]:
    legal = {name: contact[name] for name in COMPANY if contact.get(name)}
    return {"name": wire.text(contact.get("legalName")) or str(contact.get("INN")), "contragent": legal}


def _twice(contact: Row, found: list[int]) -> Doubt:
    ids = ", ".join(map(str, sorted(found)))
    name = wire.text(contact.get("legalName")) or wire.text(contact.get("INN"))
    return Doubt(
        code="retailcrm.twofold_company",
        en=f"{name} is there more than once (corporate customers {ids}); the order went to the oldest. Combine them in "
        "RetailCRM, or move the order.",
        ru=f"{name} заведена не один раз (корпоративные клиенты {ids}); заказ записан на самого старого. Объедините их в "
        "RetailCRM или перенесите заказ.",
    )
