"""What the administrator does, and the account's own automation: options, dictionaries, triggers, feeds, histories."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from obmen.connectors.retailcrm.sandbox.customers import recording as customer_recording
from obmen.connectors.retailcrm.sandbox.customers.saving import create_customer
from obmen.connectors.retailcrm.sandbox.field_calls import define
from obmen.connectors.retailcrm.sandbox.orders import recording as order_recording
from obmen.connectors.retailcrm.sandbox.orders.saving import create_order
from obmen.connectors.retailcrm.sandbox.reference_calls import book_of, save
from obmen.connectors.retailcrm.sandbox.rows import Group, Offer, Product, User
from obmen.connectors.retailcrm.sandbox.setup import Setup
from obmen.connectors.retailcrm.sandbox.staff import buyer_address, buyer_fields
from obmen.connectors.retailcrm.sandbox.state import RULES, Actor, CrmState
from obmen.connectors.retailcrm.sandbox.store.loading import FeedLoader
from obmen.connectors.retailcrm.sandbox.triggers import Trigger
from obmen.sandbox.world import World
from obmen.sandbox.world.buyers import invented_buyers

ADMIN = Actor("admin", "user", user=19)
PAST = Actor("past", "api", key="of a module used before")
_STAFF = (
    User(email="director@shop.example", first_name="Мария", last_name="Кузьмина", is_admin=True),
    User(email="manager@shop.example", first_name="Олег", last_name="Рябов"),
    User(email="fired@shop.example", first_name="Денис", last_name="Ушёл", active=False),
)
_ORDERS_PER_BUYER = 8
_OLD_STATUSES = ("complete", "complete", "complete", "delivering", "cancel-other", "no-call", "new")


def furnish(state: CrmState) -> None:
    """Hire the staff of a new account; its dictionaries are there already."""
    for user in _STAFF:
        state.users.insert(msgspec.structs.replace(user))


class Office:
    """The administrator's screens."""

    def __init__(self, state: CrmState, feeds: FeedLoader) -> None:
        self._state = state
        self._feeds = feeds

    def actions(self) -> dict[str, Callable[..., object]]:
        """List the acts by name."""
        acts: tuple[Callable[..., object], ...] = (
            self.configure,
            self.add_reference,
            self.add_custom_field,
            self.add_trigger,
            self.load_catalogue,
            self.seed_catalogue,
            self.seed_orders,
            self.noise,
        )
        return {act.__name__: act for act in acts}

    def configure(self, **options: Any) -> list[str]:
        """Change options of the account while it runs, by the names of `Setup`; return the names changed."""
        held = msgspec.structs.asdict(self._state.setup)
        self._state.setup = msgspec.convert(held | options, Setup)
        return sorted(name for name, value in options.items() if held[name] != value)

    def add_reference(self, *, book: str, code: str, **fields: Any) -> str:
        """Add an entry to a dictionary, or change it: book as in the API, code, and fields of the entry."""
        with self._state.acting(ADMIN):
            save(self._state, book_of(book), code, fields)
        return code

    def add_custom_field(
        self,
        *,
        entity: str,
        code: str,
        name: str = "",
        type: str = "string",  # noqa: A002 (as the form calls it)
        elements: Mapping[str, str] | None = None,
    ) -> str:
        """Add a custom field; `elements`, by code, are the dictionary of a field that chooses from one."""
        field: dict[str, Any] = {"code": code, "name": name or code, "type": type}
        if elements:
            field["dictionary"] = f"{code}-dictionary"
            rows = [{"code": key, "name": value, "ordering": 10} for key, value in elements.items()]
            self._state.custom_dictionaries[field["dictionary"]] = {
                "name": name or code,
                "code": field["dictionary"],
                "elements": rows,
            }
        define(self._state, entity, field)
        return code

    def add_trigger(self, **trigger: Any) -> int:
        """Add a trigger with an HTTP request: url, and any of code, event, fields, method, params."""
        self._state.triggers.triggers.append(msgspec.convert(trigger, Trigger))
        return len(self._state.triggers.triggers)

    def load_catalogue(self, *, site: str = "main") -> str:
        """Press the button that loads the feed of a shop; it goes on by itself."""
        if site not in self._state.books["sites"]:
            raise LookupError(f"There is no shop {site!r}.")
        return self._feeds.begin(site)

    def seed_catalogue(self, *, site: str = "main", seed: int = 17, size: int | None = None) -> int:
        """Give a shop the goods of the seeded world, as if a feed had brought them; returns the number of offers."""
        state, world = self._state, World.seeded(seed, size)
        catalog = state.catalog_of(site)
        groups = {
            group.id: state.groups.insert(Group(catalog=catalog, external_id=group.id, name=group.name))
            for group in world.groups
        }
        retail = world.price_types[0].id
        places = dict(zip((place.id for place in world.warehouses), state.books["stores"], strict=False))
        for product in world.products:
            number = str(state.products.next_id)
            held = state.products.insert(
                Product(
                    catalog=catalog,
                    external_id=number,
                    name=product.name,
                    article=product.article,
                    groups=[groups[product.group].id],
                    markable=product.markable,
                    updated_at=state.now(),
                )
            )
            for offer in product.offers:
                stock = {
                    places[place]: {"quantity": pieces}
                    for place, pieces in offer.stock.items()
                    if place in places
                }
                state.offers.insert(
                    Offer(
                        catalog=catalog,
                        product_id=held.id,
                        external_id=number if not product.has_characteristics else str(state.offers.next_id),
                        xml_id=offer.id,
                        name=" ".join(filter(None, (product.name, offer.name))),
                        article=product.article,
                        barcode=offer.barcode,
                        unit=product.unit,
                        vat_rate="none" if product.vat == "Без НДС" else product.vat,
                        prices={"base": offer.prices[retail]} if retail in offer.prices else {},
                        stores=stock,
                    )
                )
        return len(state.offers)

    def seed_orders(self, *, count: int, seed: int = 0, site: str = "main") -> list[int]:
        """Give the account so many old orders another module brought; returns the first and the last id."""
        state, source = self._state, random.Random(f"orders:{seed}")
        offers = [offer for offer in state.offers if offer.prices and offer.catalog == state.catalog_of(site)]
        if not offers:
            raise ValueError("There is nothing to order: seed the catalogue first.")
        made: list[int] = []
        with state.acting(PAST):
            people = [*invented_buyers(seed, max(1, count // _ORDERS_PER_BUYER))]
            ids = [
                create_customer(
                    state,
                    site,
                    {**buyer_fields(who), "phones": [{"number": who.phone}], "externalId": f"old-{place}"},
                ).id
                for place, who in enumerate(people, 1)
            ]
            for number in range(1, count + 1):
                place = source.randrange(len(people))
                lines = source.sample(offers, k=min(len(offers), source.randrange(1, 4)))
                given = {
                    **buyer_fields(people[place]),
                    "externalId": f"old-{number}",
                    "number": f"OLD-{number}",
                    "status": source.choice(_OLD_STATUSES),
                    "customer": {"id": ids[place]},
                    "items": [
                        {"offer": {"id": offer.id}, "quantity": source.randrange(1, 5)} for offer in lines
                    ],
                    "delivery": {"code": "courier", "address": buyer_address(people[place])},
                    "payments": [{"type": "cash", "externalId": f"old-payment-{number}"}],
                }
                made.append(create_order(state, site, given).id)
        return [made[0], made[-1]] if made else []

    def noise(self, *, count: int = 10, seed: int = 0) -> int:
        """Let the account's own automation write records nobody waits for: segments, managers; returns how many."""
        state, source = self._state, random.Random(f"noise:{seed}")
        before = len(state.journal)
        customers, orders = list(state.customers), list(state.orders)
        managers = [user.id for user in state.users if user.active]
        with state.acting(RULES):
            for number in range(count):
                if customers and (number % 4 or not orders):
                    customer = source.choice(customers)
                    with customer_recording.saving(state, customer):
                        segments = [] if customer.segments else ["nedavnie"]
                        state.customers.change(customer, segments=segments)
                elif orders:
                    order = source.choice(orders)
                    held = order.plain.get("managerId")
                    chosen = next((each for each in managers if each != held), held)
                    with order_recording.saving(state, order):
                        state.orders.change(order, plain={**order.plain, "managerId": chosen})
        return len(state.journal) - before
