"""A short way to tell a trace: one world, people who type, pages and answers that come when the story wants them."""

from __future__ import annotations

from random import Random

from obmen.connectors.contract import Envelope
from obmen.engine.following import follow
from obmen.engine.reconciling import reconcile
from obmen.engine.resolving import resolve
from obmen.model import Record
from obmen.sync.laws import ALL, Laws
from obmen.testkit.driver import Batch, Calm, Driver, Paged, accept
from obmen.testkit.memory import MemoryLedger
from obmen.testkit.shelf import Thing
from obmen.testkit.toys import Toy
from obmen.testkit.world import World, run


class Story:
    """What happens, in the order it is told; the oracles look after every move of the hub."""

    def __init__(self, laws: Laws = ALL, *, retail: bool = False) -> None:
        self.world = World(MemoryLedger(), laws=laws, retail=retail)
        self.driver = Driver(self.world)
        self.erp, self.shop, self.crm = self.world.erp, self.world.shop, self.world.crm

    # --- people

    def product(self, **fields) -> Thing:
        return self.erp.person_creates(
            "product",
            {"name": "n1 name-of-it", "sku": "S1", "slug": "n1", "kind": "G", "active": True, **fields},
        )

    def offer(self, product: Thing, **fields) -> Thing:
        given = {"product": product.ref, "prices.retail": "100.25 RUB", "stock.main": "5", "active": True}
        return self.erp.person_creates("offer", {**given, **fields})

    def order(self, **fields) -> Thing:
        return self.shop.person_creates("order", {"number": "N1", "stage": "new", **fields})

    def of(self, toy: Toy, entity: str = "product") -> Thing:
        """The one object a system shows."""
        (thing,) = toy.alive(entity)
        return thing

    # --- the hub

    def look(self) -> None:
        self.driver.oracles.step()

    def export(self, *entities: str, complete: bool = False, refs=()) -> Envelope:
        return self.erp.export(complete=complete, entities=entities or ("product", "offer"), refs=refs)

    def take(self, file: Envelope) -> None:
        with self.world.begin() as tx:
            number = accept(tx, file)
        while (stored := self._envelope(number)).state != "done":
            self.driver._portion(stored)
        self.look()

    def _envelope(self, number: int):
        with self.world.begin() as tx:
            return tx.envelope(number)

    def file(self, *entities: str, complete: bool = False, refs=()) -> None:
        self.take(self.export(*entities, complete=complete, refs=refs))

    def page(self, toy: Toy, entity: str = "product") -> Paged:
        with self.world.begin() as tx:
            read_at = tx.tick()
        return Paged(toy.name, run(toy.pull(entity, "")), read_at)

    def settle(self, page: Paged) -> None:
        self.driver._store(page)
        self.look()

    def read(self, toy: Toy) -> None:
        for entity in toy.kinds:
            run(reconcile(self.world.hub, toy.name, entity))
            self.look()

    def follow(self, toy: Toy) -> None:
        run(follow(self.world.hub, toy.name))
        self.look()

    def claim(self, toy: Toy) -> list[Batch]:
        return self.driver._claimed(toy.name, 50)

    def send(self, batches: list[Batch]) -> None:
        for batch in batches:
            self.driver._send(batch, Calm())
        self.look()

    def answer(self) -> None:
        while self.driver.answers:
            self.driver._receive(self.driver.answers.pop(0))
            self.look()

    def deliver(self, *toys: Toy, fault: str = "") -> None:
        """Bring systems up to date; a fault strikes the first write and nothing answers it."""
        for toy in toys or self.world.toys:
            if fault:
                toy.faults.append(fault)
            while batches := self.claim(toy):
                self.send(batches)
                self.answer()

    def resolve(self, toy: Toy, *, wait: float = 100.0) -> None:
        self.world.pass_time(wait)
        run(resolve(self.world.hub, toy.name))
        self.look()

    def confirm(self) -> None:
        self.driver._confirm(Random(0))
        self.look()

    def rest(self) -> None:
        self.driver.come_to_rest()
        self.driver.oracles.rest()

    # --- what came of it

    def record(self, entity: str = "product", number: int = 0) -> Record:
        with self.world.begin() as tx:
            ids = tx.ids(entity, after=0, limit=100)
            return tx.records(ids)[ids[number]]

    def count(self, entity: str = "product") -> int:
        with self.world.begin() as tx:
            return len(tx.ids(entity, after=0, limit=100))

    def value(self, atom: str, entity: str = "product"):
        return self.record(entity).atoms.get(atom)

    def issues(self) -> set[str]:
        with self.world.begin() as tx:
            return {opened.issue.code for opened in tx.issues()}
