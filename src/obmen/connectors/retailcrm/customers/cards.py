"""Cards of customers, asked for and made many at a time: a burst of orders must not cost three calls for each buyer.

The account searches by one phone or one e-mail a call. Where many people are to be recognised at once and the account
is not too big, all its cards are read instead. What has been read or made is believed for half a minute, the length of
a burst: a card made there meanwhile by somebody else may be missed, as between any search and what follows from it.
"""

from __future__ import annotations

import asyncio
import re
from asyncio import gather
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from obmen.connectors.retailcrm import wire
from obmen.connectors.retailcrm.client import PAGE, Api, listed, sliced
from obmen.connectors.retailcrm.customers.contacts import is_phone
from obmen.errors import Rejected

BELIEVED_S = 30.0
MANY = 10
"""People from which on reading or making them together is worth a call more."""
PACK = 50
"""Customers in one upload."""
_DIGITS = 10
"""Of a phone, by which the account itself compares them."""

Row = Mapping[str, Any]

_NOBODY: tuple[float, Row | None] = (0.0, None)


class Person(NamedTuple):
    """What somebody can be known by."""

    phones: tuple[str, ...]
    """The last ten digits of each."""
    email: str
    known_as: str
    """The external id their card bears: the one in the shop, else our mark."""

    @property
    def contacts(self) -> set[str]:
        """What cards are searched by."""
        return {*self.phones, self.email} - {""}

    @property
    def marks(self) -> set[str]:
        """What no two people under way at once may have in common."""
        return self.contacts | ({f"id {self.known_as}"} if self.known_as else set())

    def by_phone_and_email(self, row: Row) -> bool:
        """Tell whether a card has one of the phones and the e-mail as well."""
        held = marks(row)
        return self.email in held and not held.isdisjoint(self.phones)


class _Page(NamedTuple):
    """A page of a list, and how many rows it has on all its pages."""

    rows: list[dict[str, Any]]
    total: int


class Cards:
    """The cards of one shop of an account."""

    def __init__(self, api: Api, site: str, now: Callable[[], float]) -> None:
        self._api = api
        self.site = site
        self._now = now
        self._own: dict[str, tuple[float, Row | None]] = {}
        self._made: dict[int, tuple[float, Row, set[str]]] = {}
        """Cards made or changed of late, as they stand."""
        self._searched: dict[str, tuple[float, list[dict[str, Any]]]] = {}
        """What searches by a phone or an e-mail have found."""
        self._all: Mapping[str, list[Row]] = {}
        self._by_id: Mapping[str, Row] = {}
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self._count = -1
        """Of all cards, when they were last counted, and those made since; below 0: not counted yet."""
        self._expected = 0
        """People of all packs that are asking now."""
        self._to_make: list[tuple[dict[str, Any], asyncio.Future[int]]] = []

    # --- looking --------------------------------------------------------------------------------------------------

    async def expect(self, people: Collection[Person]) -> None:
        """Ask at once for what `own` and `like` will be asked about these people, as far as that saves calls."""
        self._expected += len(people)
        try:
            await self._ask(people)
        finally:
            self._expected -= len(people)

    async def _ask(self, people: Collection[Person]) -> None:
        ids = {one.known_as for one in people}
        self._own = {one: told for one, told in self._own.items() if self._is_fresh(told[0])}
        if self._count < 0:
            await gather(self._ask_own(ids), self._count_all())
        if len(people) >= MANY:
            # A small account is read before it is known who is a stranger.
            await self._read_all(len(people) // 2)
        await self._ask_own(ids)
        strangers = sum(self._known(one.known_as) is None for one in people)
        # The packs under way are of one crowd: there will be as many strangers in each, and each costs two searches.
        sought = self._expected * strangers // max(1, len(people))
        if sought >= MANY:
            await self._read_all(2 * sought)

    async def own(self, known_as: str) -> Row | None:
        """Return the card that bears an id of the shop."""
        await self._ask_own({known_as})
        return self._known(known_as)

    async def like(self, person: Person) -> list[Row]:
        """Return the cards with one of these phones or this e-mail."""
        sought = person.contacts
        self._made = {ref: made for ref, made in self._made.items() if self._is_fresh(made[0])}
        if self._is_fresh(self._read_at):
            rows = [row for mark in (*person.phones, person.email) for row in self._all.get(mark, ())]
        else:
            rows = await self._search(person)
        alike = {int(row["id"]): row for row in rows if marks(row) & sought}
        for ref, (_, row, borne) in self._made.items():  # newer than what was read
            if borne & sought:
                alike[ref] = row
            else:
                alike.pop(ref, None)
        return list(alike.values())

    def _known(self, known_as: str) -> Row | None:
        at, row = self._own.get(known_as, _NOBODY)
        return row if self._is_fresh(at) else None

    async def _ask_own(self, ids: Collection[str]) -> None:
        wanted = sorted(one for one in ids if one and not self._is_fresh(self._own.get(one, _NOBODY)[0]))
        if self._is_fresh(self._read_at):
            found, at = {one: self._by_id[one] for one in wanted if one in self._by_id}, self._read_at
        else:
            at = self._now()
            answers = await gather(*(self._listed({"externalIds": some}) for some in sliced(wanted, PAGE)))
            found = _by_id(row for page in answers for row in page.rows)
        for one in wanted:
            # A card made while this was asked is not among the answers, and is there.
            if one in found or not self._is_fresh(self._own.get(one, _NOBODY)[0]):
                self._own[one] = at, found.get(one)

    async def _search(self, person: Person) -> list[Row]:
        """Search by phone and by e-mail; the filters look for parts, which the caller compares."""
        wanted = [("name", phone) for phone in person.phones]
        wanted += [("email", person.email)] if person.email else []
        self._searched = {mark: told for mark, told in self._searched.items() if self._is_fresh(told[0])}
        at = self._now()
        new = [(name, value) for name, value in wanted if value not in self._searched]
        answers = await gather(*(self._listed({name: value}) for name, value in new))
        self._searched |= {value: (at, page.rows) for (_, value), page in zip(new, answers, strict=True)}
        return [row for _, value in wanted for row in self._searched[value][1]]

    @property
    def _pages(self) -> int:
        return max(1, -(-self._count // PAGE))

    async def _count_all(self) -> None:
        """Learn once how many cards there are."""
        async with self._reading:
            if self._count < 0:
                self._count = (await self._listed({})).total

    async def _read_all(self, at_most: int) -> None:
        """Read all cards, where that takes no more than so many calls."""
        async with self._reading:
            if not self._is_fresh(self._read_at):
                await self._read_pages(at_most)

    async def _read_pages(self, at_most: int) -> None:
        at = self._now()
        read: list[_Page] = []
        while len(read) < self._pages <= at_most:
            numbers = range(len(read) + 1, self._pages + 1)
            try:
                read += await gather(*(self._listed({}, page=number) for number in numbers))
            except Rejected:  # there are fewer than there were
                self._count = -1
                return
            self._count = read[0].total
        # Where cards have been deleted meanwhile, rows have moved to pages read before.
        if read and len(read) >= self._pages and all(page.total >= self._count for page in read):
            rows = [row for page in read for row in page.rows]
            found: defaultdict[str, list[Row]] = defaultdict(list)
            for row in rows:
                for mark in marks(row):
                    found[mark].append(row)
            self._all, self._by_id, self._read_at = found, _by_id(rows), at

    async def _listed(self, wanted: Mapping[str, Any], *, page: int = 1) -> _Page:
        asked = {"filter": {**wanted, "sites": [self.site]}, "limit": PAGE, "page": page}
        body = await self._api.get("customers", asked)
        rows = [row for row in listed(body, "customers") if wire.text(row.get("id")) is not None]
        return _Page(rows, int(wire.table(body.get("pagination")).get("totalCount") or 0))

    def _is_fresh(self, at: float) -> bool:
        return at > 0 and self._now() - at <= BELIEVED_S

    # --- making ---------------------------------------------------------------------------------------------------

    async def make(self, customer: dict[str, Any]) -> int:
        """Make a card and return its id; cards asked for at the same moment are made together."""
        number: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._to_make.append((customer, number))
        if len(self._to_make) == 1:
            await asyncio.sleep(0)  # whoever is ready now comes along
            wanted, self._to_make = self._to_make, []
            await gather(*(self._make(some) for some in sliced(wanted, PACK)))
        made = await number
        self._count += 1
        self.learn({**customer, "id": made})
        return made

    def learn(self, row: Row) -> None:
        """Take in a card as it stands now."""
        at = self._now()
        self._made[int(row["id"])] = at, row, marks(row)
        if row.get("externalId"):
            self._own[str(row["externalId"])] = at, row

    async def _make(self, wanted: Sequence[tuple[dict[str, Any], asyncio.Future[int]]]) -> None:
        # Only what can be told from the others in the answer is made with them.
        tellable = {
            place: customer
            for place, (customer, _) in enumerate(wanted)
            if customer.get("externalId") or marks(customer)
        }
        named = all(customer.get("externalId") for customer in tellable.values())
        try:
            ids = await self._upload(tellable) if len(tellable) >= (2 if named else MANY) else {}
        except Exception as failure:  # noqa: BLE001 - whoever waits is told
            self.forget()
            for _, number in wanted:
                number.set_exception(failure)
            return
        await gather(*(self._make_alone(one, ids.get(place)) for place, one in enumerate(wanted)))

    async def _make_alone(self, one: tuple[dict[str, Any], asyncio.Future[int]], made: int | None) -> None:
        """Make a card that is not made yet, and tell its number."""
        customer, number = one
        try:
            if made is None:
                reply = await self._api.post("customers/create", site=self.site, customer=customer)
                made = int(reply.body["id"])
        except Exception as failure:  # noqa: BLE001 - whoever waits is told
            self.forget()
            number.set_exception(failure)
        else:
            number.set_result(made)

    async def _upload(self, customers: Mapping[int, dict[str, Any]]) -> dict[int, int]:
        """Make cards in one call; return the ids of those made, by place. What is missing has failed.

        The answer names nobody who has no id in the shop: such are read back.
        """
        try:
            reply = await self._api.post(
                "customers/upload", site=self.site, customers=list(customers.values())
            )
        except Rejected:
            return {}  # the pack as a whole was of a wrong form: whose, each shows alone
        rows = wire.rows(reply.body.get("uploadedCustomers"))
        by_key = {f"id {key}": int(row["id"]) for key, row in _by_id(rows).items()}
        nameless = [str(row["id"]) for row in rows if not row.get("externalId")]
        read = (await self._listed({"ids": nameless})).rows if nameless else []
        by_key |= {mark: int(row["id"]) for row in read for mark in marks(row)}
        made: dict[int, int] = {}
        for place, customer in customers.items():
            named = customer.get("externalId")
            for key in [f"id {named}"] if named else marks(customer):
                if key in by_key:
                    made[place] = by_key[key]
        return made

    def forget(self) -> None:
        """Believe nothing any more: a card may have been made, or combined, that nobody told us of."""
        self._own.clear()
        self._made.clear()
        self._searched.clear()
        self._read_at = 0.0


def digits(phone: str) -> str:
    """Return what phones are compared by: the last ten digits, without an extension."""
    return re.sub(r"\D", "", phone.partition("доб")[0])[-_DIGITS:]


def person_of(contact: Row, known_as: str = "") -> Person:
    """Return what the buyer of an order can be known by."""
    phone = str(contact.get("phone") or "")
    phones = (digits(phone),) if is_phone(phone) else ()
    return Person(phones, str(contact.get("email") or "").lower(), known_as)


def person_in(customer: Row) -> Person:
    """Return what a customer can be known by, written as a card is."""
    phones = (str(each.get("number") or "") for each in wire.rows(customer.get("phones")))
    return Person(
        tuple(sorted({digits(one) for one in phones if is_phone(one)})),
        str(customer.get("email") or "").lower(),
        str(customer.get("externalId") or ""),
    )


def marks(row: Row) -> set[str]:
    """Return the phones and the e-mail of a card, as they are compared."""
    phones = (digits(str(each.get("number"))) for each in wire.rows(row.get("phones")))
    return {*phones, str(row.get("email") or "").lower()} - {""}


def _by_id(rows: Iterable[Row]) -> dict[str, Row]:
    return {str(row["externalId"]): row for row in rows if row.get("externalId")}
