"""The simulated 1C as a running thing: a world of its own, a person at the keyboard, an exchange on request."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta, timezone
from decimal import Decimal
from typing import ClassVar, get_args

import msgspec
from aiohttp import web

from obmen.connectors.onec.sandbox import tricks
from obmen.connectors.onec.sandbox.exchange import Exchange, Outcome
from obmen.connectors.onec.sandbox.export import Export, ExportFile, export
from obmen.connectors.onec.sandbox.manners import Account, Manners, Mischief
from obmen.connectors.onec.sandbox.sale.book import OrderBook
from obmen.connectors.onec.sandbox.sale.desk import OrderDesk, number_of
from obmen.connectors.onec.sandbox.sale.exchange import OrderExchange, OrderManners
from obmen.sandbox import world as evolve
from obmen.sandbox.app import Simulator, reply
from obmen.sandbox.clock import Clock
from obmen.sandbox.world import World
from obmen.sandbox.world.values import VatRate


class Spoiling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done to the files before they are sent; names are those of files, or beginnings of them."""

    prices_first: bool = False
    reverse_portions: bool = False
    lose: str = ""
    repeat: str = ""
    cut: str = ""
    hostile: bool = False

    def apply(self, files: list[ExportFile]) -> list[ExportFile]:
        """Spoil the files, in the order of the fields."""
        if self.prices_first:
            files = tricks.prices_first(files)
        if self.reverse_portions:
            files = tricks.portions_reversed(files)
        if self.lose:
            files = tricks.without(files, self.lose)
        if self.repeat:
            files = tricks.repeated(files, self.repeat)
        if self.cut:
            files = tricks.cut(files, self.cut)
        return tricks.hostile(files) if self.hostile else files


class ExchangeOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /sandbox/exchange`."""

    account: Account
    export: Export = Export()
    manners: Manners = Manners()
    mischief: Mischief = Mischief()
    spoiling: Spoiling = Spoiling()
    # Exchanges of the same account running side by side, as two nodes of one infobase do.
    side_by_side: int = 1


class OrderVisit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /sandbox/orders`."""

    account: Account
    manners: OrderManners = OrderManners()
    mischief: Mischief = Mischief()
    version: str = "2.09"  # told in `init`; empty for an old 1C


MOSCOW = timezone(timedelta(hours=3))


class Infobase(Simulator):
    """A simulated 1C:Enterprise in the role of the client that visits the site."""

    name: ClassVar[str] = "onec"

    def __init__(self, world: World | None = None, *, clock: Clock | None = None, seed: int = 0) -> None:
        super().__init__(clock=clock, seed=seed)
        self.world = world or World.seeded(seed)
        self.outcomes: list[Outcome] = []
        self.book = OrderBook()
        self.desk = OrderDesk(self.book, time=self._local_time, note=self._note_order, move=self._move_stock)
        self.exported = 0  # revision of the world that the site is known to hold; 0 before the first success

    # Exchange.

    async def exchange(self, order: ExchangeOrder) -> list[Outcome]:
        """Visit the site; after a successful exchange of everything, only later changes count as changes."""
        revision = self.world.revision
        now = self.clock.now() + timedelta(seconds=order.mischief.clock_skew_s)
        spec = order.export
        if spec.content == "changes" and not spec.since:
            spec = msgspec.structs.replace(spec, since=self.exported)
        files = order.spoiling.apply(list(export(self.world, spec, now)))
        split = spec.generation in {"G2", "G3"}
        visits = [
            Exchange(order.account, manners=order.manners, mischief=order.mischief).send(
                files,
                deactivate=split and spec.content == "full",
                # The platform names its archives after temporary files.
                archive=f"v8_{(revision * 7919 + number) & 0xFFFF:04X}_{number + 1:x}.zip",
            )
            for number in range(order.side_by_side)
        ]
        outcomes = list(await asyncio.gather(*visits))
        for outcome in outcomes:
            self._record(order, outcome)
        if spec.content in {"full", "changes"} and all(each.verdict == "success" for each in outcomes):
            self.exported = revision
        return outcomes

    async def exchange_orders(
        self,
        account: Account,
        manners: OrderManners | None = None,
        *,
        version: str = "2.09",
        mischief: Mischief | None = None,
    ) -> Outcome:
        """Visit the site for orders; `version` is told in `init`, an old 1C tells none."""
        habits, faults = manners or OrderManners(), mischief or Mischief()
        visit = OrderExchange(account, manners=Manners(version=version), mischief=faults)
        outcome = await visit.visit(self.book, habits, formed_at=self._local_time(faults.clock_skew_s))
        self.desk.reserve()
        self.outcomes.append(outcome)
        return outcome

    def _local_time(self, ahead_s: float = 0.0) -> str:
        """Return the time of the 1C server as it writes it: local, without a zone."""
        now = self.clock.now() + timedelta(seconds=ahead_s)
        return f"{now.astimezone(MOSCOW):%Y-%m-%dT%H:%M:%S}"

    def _record(self, order: ExchangeOrder, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.ledger.record_effect(
            by="exchange",
            entity="session",
            id=str(len(self.outcomes)),
            action=outcome.verdict,
            after={
                "content": order.export.content,
                "generation": order.export.generation,
                "attempts": outcome.attempts,
                "breaks": outcome.breaks,
                "said": outcome.sentences[-1],
            },
        )

    # What an operator at 1C may do. Products are named by id or article, offers also by `article/characteristic`.

    def actions(self) -> Mapping[str, Callable[..., object]]:
        """List what the person at 1C may do by hand."""
        return {
            "price": self.set_price,
            "remove_price": self.remove_price,
            "multiply_prices": self.multiply_prices,
            "stock": self.set_stock,
            "zero_stock": self.zero_stock,
            "rename": self.rename,
            "vat": self.set_vat,
            "move": self.move,
            "delete": self.delete,
            "erase": self.erase,
            "recreate": self.recreate,
            "add": self.add,
            **self.desk.actions(),
        }

    def set_price(self, *, offer: str, price_type: str, amount: str | float) -> str:
        """Set a price in roubles: offer, price_type, amount."""
        new = evolve.set_price(self.world, offer=offer, price_type=price_type, amount=number_of(amount))
        kind = self.world.price_type(price_type)
        before = self.world.offer(offer).prices.get(kind.id)
        return self._turn(new, "price", offer, {kind.name: before}, {kind.name: number_of(amount)})

    def remove_price(self, *, offer: str, price_type: str) -> str:
        """Take a price away: offer, price_type."""
        new = evolve.remove_price(self.world, offer=offer, price_type=price_type)
        return self._turn(new, "price", offer, {}, {price_type: None})

    def multiply_prices(self, *, factor: str | float) -> str:
        """Multiply all prices: factor."""
        return self._turn(
            evolve.multiply_prices(self.world, number_of(factor)), "price", "*", {}, {"factor": factor}
        )

    def set_stock(self, *, offer: str, warehouse: str, quantity: str | float) -> str:
        """Set the stock in a warehouse, in base units: offer, warehouse, quantity."""
        new = evolve.set_stock(self.world, offer=offer, warehouse=warehouse, quantity=number_of(quantity))
        place = self.world.warehouse(warehouse)
        before = self.world.offer(offer).stock.get(place.id)
        return self._turn(new, "stock", offer, {place.name: before}, {place.name: number_of(quantity)})

    def zero_stock(self) -> str:
        """Set all stock to zero."""
        return self._turn(evolve.zero_stock(self.world), "stock", "*", {}, {"quantity": 0})

    def rename(self, *, product: str, name: str) -> str:
        """Rename a product: product, name."""
        before = self.world.product(product).name
        new = evolve.rename(self.world, product=product, name=name)
        return self._turn(new, "product", product, {"name": before}, {"name": name})

    def set_vat(
        self, *, rate: VatRate, products: Iterable[str] = (), instead_of: VatRate | None = None
    ) -> str:
        """Change VAT: rate, and products or the rate it comes instead_of."""
        known = get_args(VatRate)
        if rate not in known:
            raise ValueError(f"VAT rate {rate!r} is unknown; known: {', '.join(known)}.")
        new = evolve.set_vat(self.world, rate=rate, products=tuple(products), instead_of=instead_of)
        return self._turn(new, "product", ",".join(products) or "*", {"vat": instead_of}, {"vat": rate})

    def move(self, *, product: str, group: str) -> str:
        """Move a product to another group: product, group."""
        new = evolve.move_to_group(self.world, product=product, group=group)
        return self._turn(new, "product", product, {}, {"group": group})

    def delete(self, *, product: str, deleted: bool = True) -> str:
        """Set or take back the deletion mark: product, deleted."""
        new = evolve.mark_deleted(self.world, product=product, deleted=deleted)
        return self._turn(new, "product", product, {}, {"deleted": deleted})

    def erase(self, *, product: str) -> str:
        """Erase a product without a trace: product."""
        return self._turn(
            evolve.remove(self.world, product=product), "product", product, {}, {"erased": True}
        )

    def recreate(self, *, product: str, keep_old: bool = True) -> str:
        """Make a second card with the same article and another id: product, keep_old; returns the new id."""
        new = evolve.recreate(self.world, product=product, keep_old=keep_old)
        self._turn(new, "product", product, {}, {"again": new.products[-1].id})
        return new.products[-1].id

    def add(self, *, article: str, name: str, like: str) -> str:
        """Add a product made after another one: article, name, like; returns the new id."""
        card = evolve.alike(self.world, like=like, article=article, name=name)
        self._turn(evolve.add_product(self.world, card), "product", card.id, {}, {"name": name})
        return card.id

    def _turn(
        self, new: World, entity: str, key: str, before: Mapping[str, object], after: Mapping[str, object]
    ) -> str:
        """Take the new world for the present one and note what was done; return its revision."""
        self.world = new
        self.ledger.record_effect(
            by="operator", entity=entity, id=key, action="update", before=before, after=after
        )
        return f"revision {new.revision}"

    def _note_order(self, number: str, action: str) -> None:
        self.ledger.record_effect(by="operator", entity="order", id=number, action=action)

    def _move_stock(self, goods: str, store: str, change: Decimal) -> None:
        """Put goods back into the free stock of a warehouse, or take them out."""
        places = self.world.warehouses
        place = next((each for each in places if each.name == store), places[0])
        try:
            stands = self.world.offer(goods).stock.get(place.id, Decimal(0))
        except LookupError:
            return  # a service, or goods that are not of this world
        self.world = evolve.set_stock(self.world, offer=goods, warehouse=place.id, quantity=stands + change)

    # Control routes.

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """List the routes that are this simulator's own."""
        return (
            web.post("/sandbox/exchange", self._exchange),
            web.post("/sandbox/orders", self._exchange_orders),
            web.get("/sandbox/orders", self._show_orders),
            web.get("/sandbox/outcomes", self._show_outcomes),
            web.get("/sandbox/world", self._show_world),
        )

    def counts(self) -> dict[str, object]:
        """Count what the infobase holds."""
        cards = self.world.products
        return {
            "revision": self.world.revision,
            "products": len(cards),
            "deleted": sum(card.deleted for card in cards),
            "offers": sum(len(card.offers) for card in cards),
            "groups": len(self.world.groups),
            "orders": len(self.book.orders),
            "order_documents": len(self.book.taken),
            "orders_sum": sum((order.total for order in self.book.orders.values()), Decimal(0)),
            "order_faults": list(self.book.faults),
            "counterparties": len(self.book.counterparties),
            "reserved": sum(
                (quantity for order in self.book.orders.values() for quantity in order.reserved.values()),
                Decimal(0),
            ),
        }

    async def _exchange(self, request: web.Request) -> web.Response:
        try:
            order = msgspec.json.decode(await request.read(), type=ExchangeOrder)
            return reply(await self.exchange(order))
        except (msgspec.MsgspecError, LookupError, ValueError) as exc:
            return reply({"error": str(exc)}, status=400)

    async def _exchange_orders(self, request: web.Request) -> web.Response:
        """Exchange orders once with the site the body names."""
        try:
            visit = msgspec.json.decode(await request.read(), type=OrderVisit)
        except msgspec.MsgspecError as exc:
            return reply({"error": str(exc)}, status=400)
        return reply(
            await self.exchange_orders(
                visit.account, visit.manners, version=visit.version, mischief=visit.mischief
            )
        )

    async def _show_orders(self, _: web.Request) -> web.Response:
        return reply(
            {
                "orders": list(self.book.orders.values()),
                "counterparties": list(self.book.counterparties.values()),
            }
        )

    async def _show_outcomes(self, _: web.Request) -> web.Response:
        return reply(self.outcomes)

    async def _show_world(self, _: web.Request) -> web.Response:
        return reply(self.world.products)
