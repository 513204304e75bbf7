"""What the simulated account holds, who is acting on it, and the moment by its own time zone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from obmen.connectors.retailcrm.sandbox import factory
from obmen.connectors.retailcrm.sandbox.history import Journal
from obmen.connectors.retailcrm.sandbox.rows import (
    Address,
    Company,
    Contact,
    Customer,
    Group,
    Item,
    Key,
    Offer,
    Order,
    Payment,
    Product,
    User,
)
from obmen.connectors.retailcrm.sandbox.setup import Setup
from obmen.connectors.retailcrm.sandbox.tables import Table
from obmen.connectors.retailcrm.sandbox.triggers import TriggerQueue
from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Faults
from obmen.sandbox.ledger import Ledger


class Actor(NamedTuple):
    """Who acts: `source` as the history calls it, with the key or the person where there is one."""

    door: str
    source: str
    key: str = ""
    user: int = 0


NOBODY = Actor("setup", "code")
RULES = Actor("code", "code")  # automation of the account itself


class CrmState:
    """All tables of one account. Whoever writes does so inside `acting`."""

    def __init__(self, *, setup: Setup, clock: Clock, ledger: Ledger, faults: Faults, seed: int) -> None:
        self.setup = setup
        self.ledger = ledger
        self.faults = faults
        self._clock = clock
        self.actor = NOBODY
        self.over_limit = 0  # requests refused for haste
        note = self._note
        self.orders = Table[Order](
            "order", note, indexed=("external_id", "number", "customer_id", "company_id"), first_id=1001
        )
        self.items = Table[Item]("item", note, indexed=("order_id",), first_id=3001)
        self.payments = Table[Payment]("payment", note, indexed=("order_id", "external_id"), first_id=501)
        self.customers = Table[Customer]("customer", note, indexed=("external_id",), first_id=201)
        self.addresses = Table[Address]("address", note, indexed=("customer_id",), first_id=701)
        self.companies = Table[Company]("company", note, indexed=("customer_id",), first_id=801)
        self.contacts = Table[Contact]("contact", note, indexed=("customer_id",), first_id=901)
        self.groups = Table[Group]("group", note, indexed=("external_id",), first_id=51)
        self.products = Table[Product]("product", note, indexed=("external_id",), first_id=10001)
        self.offers = Table[Offer](
            "offer", note, indexed=("external_id", "xml_id", "product_id"), first_id=20001
        )
        self.users = Table[User]("user", note, first_id=19)
        self.books = factory.books()
        self.custom_fields: dict[tuple[str, str], dict[str, Any]] = {}  # by entity and code
        self.custom_dictionaries: dict[str, dict[str, Any]] = {}
        self.modules: dict[str, dict[str, Any]] = {}
        self.feeds: list[dict[str, Any]] = []  # what came of every load of a catalogue
        self.journal = Journal()
        self.triggers = TriggerQueue(seed)

    @contextmanager
    def acting(self, actor: Actor) -> Iterator[None]:
        """Name who writes inside; the outermost block is one saved change set, and triggers go out after it."""
        outer, self.actor = self.actor, actor
        try:
            yield
        finally:
            self.actor = outer
            if outer == NOBODY:
                self.triggers.commit(self.setup, self.ledger)

    def now(self) -> str:
        """Return the moment as the account writes it: its own zone, whole seconds, no offset."""
        zone = ZoneInfo(self.setup.time_zone)
        return self._clock.now().astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    def unix_now(self) -> float:
        """Return the moment in seconds since 1970."""
        return self._clock.now().timestamp()

    def items_of(self, order: Order) -> list[Item]:
        """Return the lines of an order."""
        return self.items.where(order_id=order.id)

    def payments_of(self, order: Order) -> list[Payment]:
        """Return the payments of an order."""
        return self.payments.where(order_id=order.id)

    def group_of(self, status: str) -> str:
        """Return the group of a status."""
        return str(self.books["statuses"][status]["group"])

    def site_codes(self, key: Key) -> tuple[str, ...]:
        """Return the shops a key may see."""
        return key.sites or tuple(self.books["sites"])

    def catalog_of(self, site: str) -> str:
        """Return the catalogue a shop sells from; shops may share one."""
        return str(self.books["sites"][site]["catalogId"])

    def find_offer(self, site: str, **wanted: Any) -> Offer | None:
        """Find an offer of a shop's catalogue by `id`, `external_id` or `xml_id`."""
        catalog = self.catalog_of(site)
        if "id" in wanted:
            found = self.offers.get(wanted["id"])
            return found if found is not None and found.catalog == catalog else None
        return self.offers.first(**wanted, catalog=catalog)

    def _note(
        self, entity: str, row_id: int, action: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        self.ledger.record_effect(
            by=self.actor.door, entity=entity, id=str(row_id), action=action, before=before, after=after
        )
