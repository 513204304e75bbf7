"""Who somebody is there: the customer known by the shop's id, by phone or by e-mail. Nobody is doubled, nobody is merged.

A phone is often a family's: a phone alone makes nobody the same person, the name has to agree, or the e-mail as well.
Whom the contacts do not settle gets a card of his own and the doubt is told: two cards can be combined by hand, orders
in a stranger's card cannot be told apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from obmen.connectors.contract import Doubt
from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import NOT_FOUND, Api, path_part
from obmen.connectors.retailcrm.customers.cards import Cards, Person, Row, person_in, person_of
from obmen.connectors.retailcrm.customers.contacts import NAMES, is_email, is_phone, joined
from obmen.errors import Rejected
from obmen.model.people import may_be_one_name

SHARED = "retailcrm.shared_contact"


class Buyer(NamedTuple):
    """The customer of an order, and what a person should know about the choice."""

    id: int | None
    """None where the order says nothing to know anybody by."""
    doubt: Doubt | None = None
    made: bool = False
    """Whether the card is a new one."""


class Met(NamedTuple):
    """Whom the account knows already."""

    own: Row | None = None
    """The card of the id in the shop."""
    fit: Sequence[Row] = ()
    """Cards that may be this person's."""
    found: Sequence[Row] = ()
    """Those and others with the same phone or e-mail."""

    @property
    def cards(self) -> list[Row]:
        """Return the cards that may be this person's, the oldest first; the own one settles it."""
        fit = [self.own] if self.own is not None else self.fit
        return sorted(fit, key=lambda row: int(row["id"]))


class Buyers:
    """Customers of one account. Whoever may be the same person is settled one after the other, in whatever pack."""

    def __init__(self, api: Api, now: Callable[[], float]) -> None:
        self._api = api
        self._now = now
        self._cards: dict[str, Cards] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def expect(self, people: Collection[Person], *, site: str) -> None:
        """Ask at once for what settling these people needs."""
        if people:
            await self._of(site).expect(set(people))

    async def of(self, contact: Row, *, site: str, known_as: str = "") -> Buyer:
        """Find the customer of an order, or make one. `known_as` is the buyer's id in the shop.

        Raises what calls raise; nothing of the order has been written then, and a customer made meanwhile is found again.
        """
        person = person_of(contact, known_as)
        if not person.marks:
            return Buyer(None)
        async with self._turn(person, site):
            return await self._chosen(self._of(site), person, contact)

    async def known(self, customer: Row, *, site: str) -> list[Row]:
        """Return the cards a customer may have in a shop already; nothing is made or changed."""
        person = person_in(customer)
        return (await self._met(self._of(site), person, customer)).cards

    async def make(self, customer: dict[str, Any], *, site: str) -> Buyer:
        """Make the card of a customer, unless one that may be theirs has come meanwhile: that one is left as it is."""
        person = person_in(customer)
        async with self._turn(person, site):
            cards = self._of(site)
            met = await self._met(cards, person, customer)
            if met.cards:
                return Buyer(int(met.cards[0]["id"]))
            made = await cards.make(customer)
            return Buyer(made, _apart(met.found, customer) if met.found else None, made=True)

    def learn(self, row: Row) -> None:
        """Take in a card as it stands now."""
        self._of(str(row.get("site") or "")).learn(row)

    def forget(self, site: str) -> None:
        """Believe nothing any more of what the cards of a shop were."""
        self._of(site).forget()

    def _of(self, site: str) -> Cards:
        return self._cards.setdefault(site, Cards(self._api, site, self._now))

    @asynccontextmanager
    async def _turn(self, person: Person, site: str) -> AsyncIterator[None]:
        """Wait until nobody else who may be this person is being settled."""
        async with AsyncExitStack() as turn:
            # Everybody takes them in the same order, so that no two wait for each other.
            for mark in sorted(person.marks):
                await turn.enter_async_context(self._turns.setdefault(f"{site} {mark}", asyncio.Lock()))
            yield

    async def _met(self, cards: Cards, person: Person, names: Row) -> Met:
        """Look whom the account knows."""
        if person.known_as:
            own = await cards.own(person.known_as)
            if own is not None:
                return Met(own)
        found = await cards.like(person)
        if person.known_as and wire.mark(person.known_as) is None and found:
            # The card of this id may have been combined with one of those alike: only then is the history worth a call.
            own = await self._survivor(person.known_as, cards.site)
            if own is not None:
                return Met(own)
            found = [
                row for row in found if not row.get("externalId") or wire.mark(row["externalId"]) is not None
            ]
        by_both = [row for row in found if person.by_phone_and_email(row)]
        named = [row for row in found if is_same_name(row, names)]
        return Met(fit=[row for row in named if row in by_both] or named or by_both, found=found)

    async def _chosen(self, cards: Cards, person: Person, contact: Row) -> Buyer:
        met = await self._met(cards, person, contact)
        if met.own is not None:
            return Buyer(int(met.own["id"]))
        if not met.fit:
            made = await cards.make(_card(contact, person.known_as))
            return Buyer(made, _apart(met.found, contact) if met.found else None, made=True)
        first = met.cards[0]
        if person.known_as:
            await self._api.post(
                f"customers/{first['id']}/edit",
                by="id",
                site=cards.site,
                customer={"externalId": person.known_as},
            )
            cards.learn({**first, "externalId": person.known_as})
        return Buyer(int(first["id"]), _twice(met.cards) if len(met.fit) > 1 else None)

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
    customer: dict[str, Any] = {name: contact[name] for name in NAMES if contact.get(name)}
    if is_phone(str(contact.get("phone") or "")):
        customer["phones"] = [{"number": contact["phone"]}]
    if is_email(str(contact.get("email") or "")):
        customer["email"] = contact["email"]
    if known_as:
        customer["externalId"] = known_as
    return customer


def is_same_name(one: Row, other: Row) -> bool:
    """Tell whether two names may be one person's: one of them says no more than the other."""
    return may_be_one_name(joined(one), joined(other))


def _named(row: Row) -> str:
    return joined(row) or "?"


def _apart(found: Sequence[Row], contact: Row) -> Doubt:
    others = ", ".join(f"{_named(row)} ({row['id']})" for row in found)
    return Doubt(
        code=SHARED,
        en=f"{_named(contact)} has the phone or e-mail of {others}, under another name; a card of their own was made. "
        "If it is one person, combine the cards in RetailCRM.",
        ru=f"{_named(contact)}: тот же телефон или почта, что у {others}, но имя другое; заведена отдельная карточка. "
        "Если это один человек, объедините карточки в RetailCRM.",
    )


def _twice(fit: Sequence[Row]) -> Doubt:
    ids = ", ".join(sorted(str(row["id"]) for row in fit))
    return Doubt(
        code="retailcrm.twofold_customer",
        en=f"{_named(fit[0])} is there more than once (customers {ids}); the order went to the oldest card. "
        "Combine them in RetailCRM, or move the order.",
        ru=f"{_named(fit[0])} заведён не один раз (клиенты {ids}); заказ записан на самую старую карточку. "
        "Объедините их в RetailCRM или перенесите заказ.",
    )
