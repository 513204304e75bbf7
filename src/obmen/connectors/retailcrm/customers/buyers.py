"""Whose order it is: the customer known by the shop's id, by phone or by e-mail. Nobody is doubled, nobody is merged.

A phone is often a family's: a phone alone makes nobody the same person, the name has to agree, or the e-mail as well.
Whom the contacts do not settle gets a card of his own and the doubt is told: two cards can be combined by hand, orders
in a stranger's card cannot be told apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from obmen.connectors.contract import Doubt
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import NOT_FOUND, Api, path_part
from obmen.connectors.retailcrm.customers.cards import Cards, Person, Row, marks, person_of
from obmen.connectors.retailcrm.customers.contacts import is_email, is_phone
from obmen.errors import Rejected

SHARED = "retailcrm.shared_contact"


class Buyer(NamedTuple):
    """The customer of an order, and what a person should know about the choice."""

    id: int | None
    """None where the order says nothing to know anybody by."""
    doubt: Doubt | None = None


class Buyers:
    """Customers of one account. Whoever may be the same person is settled one after the other, in whatever pack."""

    def __init__(self, api: Api, now: Callable[[], float]) -> None:
        self._api = api
        self._now = now
        self._cards: dict[str, Cards] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def expect(self, contacts: Sequence[tuple[Row, str]], *, site: str) -> None:
        """Ask at once for what settling these buyers needs, each with an id in the shop or without."""
        await self._of(site).expect({person_of(contact, known_as) for contact, known_as in contacts})

    async def of(self, contact: Row, *, site: str, known_as: str = "") -> Buyer:
        """Find the customer of an order, or make one. `known_as` is the buyer's id in the shop.

        Raises what calls raise; nothing of the order has been written then, and a customer made meanwhile is found again.
        """
        person = person_of(contact, known_as)
        if not person.marks:
            return Buyer(None)
        async with AsyncExitStack() as turn:
            # Everybody takes them in the same order, so that no two wait for each other.
            for mark in sorted(person.marks):
                await turn.enter_async_context(self._turns.setdefault(f"{site} {mark}", asyncio.Lock()))
            return await self._sought(self._of(site), person, contact)

    def forget(self, site: str) -> None:
        """Believe nothing any more of what the cards of a shop were."""
        self._of(site).forget()

    def _of(self, site: str) -> Cards:
        return self._cards.setdefault(site, Cards(self._api, site, self._now))

    async def _sought(self, cards: Cards, person: Person, contact: Row) -> Buyer:
        if person.known_as:
            own = await cards.own(person.known_as)
            if own is not None:
                return Buyer(int(own["id"]))
        found = await cards.like(person)
        if person.known_as and found:
            # The card of this id may have been combined with one of those alike: only then is the history worth a call.
            own = await self._survivor(person.known_as, cards.site)
            if own is not None:
                return Buyer(int(own["id"]))
            found = [row for row in found if not row.get("externalId")]
        return await self._chosen(cards, found, person, contact)

    async def _chosen(self, cards: Cards, found: list[Row], person: Person, contact: Row) -> Buyer:
        both = {person.phone, person.email}
        by_both = [row for row in found if person.phone and person.email and both <= marks(row)]
        named = [row for row in found if is_same_name(row, contact)]
        fit = [row for row in named if row in by_both] or named or by_both
        if not fit:
            made = await cards.make(_card(contact, person.known_as))
            return Buyer(made, _apart(found, contact) if found else None)
        first = min(fit, key=lambda row: int(row["id"]))
        if person.known_as:
            await self._api.post(
                f"customers/{first['id']}/edit",
                by="id",
                site=cards.site,
                customer={"externalId": person.known_as},
            )
            cards.learn({**first, "externalId": person.known_as})
        return Buyer(int(first["id"]), _twice(fit) if len(fit) > 1 else None)

    async def _survivor(self, known_as: str, site: str) -> Row | None:
        """Return the card into which the one of this id was combined: its id went with it, only the history knows."""
        asked: dict[str, Any] = {"customerExternalId": known_as}
        seen: set[str] = set()
        while True:
            records = await self._api.pages("customers/history", "history", {"filter": asked})
            told = [
                wire.table(each.get("combinedTo"))
                for each in records
                if each.get("deleted") is True and wire.table(each.get("customer")).get("site", site) == site
            ]
            ref = wire.text(told[-1].get("id")) if told else None
            if ref is None or ref in seen:
                return None
            try:
                body = await self._api.get(f"customers/{path_part(ref)}", {"by": "id", "site": site})
            except Rejected as error:
                if error.code != NOT_FOUND:
                    raise
                seen.add(ref)
                asked = {"customerId": ref}  # combined once more
            else:
                return wire.table(body.get("customer")) or None


def _card(contact: Row, known_as: str) -> dict[str, Any]:
    customer: dict[str, Any] = {
        name: contact[name] for name in ("lastName", "firstName", "patronymic") if contact.get(name)
    }
    if is_phone(str(contact.get("phone") or "")):
        customer["phones"] = [{"number": contact["phone"]}]
    if is_email(str(contact.get("email") or "")):
        customer["email"] = contact["email"]
    if known_as:
        customer["externalId"] = known_as
    return customer


def is_same_name(one: Row, other: Row) -> bool:
    """Tell whether two names may be one person's: one of them says no more than the other."""
    first, second = _words(one), _words(other)
    return first <= second or second <= first


def _words(row: Row) -> set[str]:
    text = " ".join(str(row.get(name) or "") for name in ("lastName", "firstName", "patronymic"))
    return set(text.lower().replace("ё", "е").split())


def _named(row: Row) -> str:
    words = (str(row.get(name) or "") for name in ("lastName", "firstName", "patronymic"))
    return " ".join(filter(None, words)) or "?"


def _apart(found: list[Row], contact: Row) -> Doubt:
    others = ", ".join(f"{_named(row)} ({row['id']})" for row in found)
    return Doubt(
        code=SHARED,
        en=f"{_named(contact)} has the phone or e-mail of {others}, under another name; a card of their own was made. "
        "If it is one person, combine the cards in RetailCRM.",
        ru=f"{_named(contact)}: тот же телефон или почта, что у {others}, но имя другое; заведена отдельная карточка. "
        "Если это один человек, объедините карточки в RetailCRM.",
    )


def _twice(fit: list[Row]) -> Doubt:
    ids = ", ".join(sorted(str(row["id"]) for row in fit))
    return Doubt(
        code="retailcrm.twofold_customer",
        en=f"{_named(fit[0])} is there more than once (customers {ids}); the order went to the oldest card. "
        "Combine them in RetailCRM, or move the order.",
        ru=f"{_named(fit[0])} заведён не один раз (клиенты {ids}); заказ записан на самую старую карточку. "
        "Объедините их в RetailCRM или перенесите заказ.",
    )
