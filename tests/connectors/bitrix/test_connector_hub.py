"""The shop behind the real engine and ledger: what a toy owner says arrives once, whatever goes wrong on the way."""

from random import Random

import pytest
from open_shop import opened

from obmen.connectors.contract import Page, Traits
from obmen.engine.delivering import deliver
from obmen.engine.hub import Hub, Matching
from obmen.engine.pulling import pull
from obmen.engine.resolving import resolve
from obmen.errors import Transient
from obmen.ledger.sql import SqlLedger
from obmen.sandbox.faults import Faults
from obmen.sync.rules import Owner, Reader, Topology
from obmen.sync.shadow import Look

ENTITIES = ("category", "product", "offer")


class Plain:
    """A codec for a system that speaks the canonical form."""

    form = 1

    def carries(self, atom):
        return True

    def decode(self, atom, wire):
        return wire

    def encode(self, atom, value):
        return value


class Erp:
    """An owner of everything, held in memory."""

    name, vendor, visible_after_s = "erp", "toy", 0.0

    def __init__(self):
        self.held = {entity: {} for entity in ENTITIES}

    def traits(self, entity):
        return Traits()

    def codec(self, entity):
        return Plain()

    async def check(self):
        return []

    async def close(self):
        pass

    async def pull(self, entity, cursor):
        return Page(
            entity=entity, looks=tuple(await self.look(entity, self.held[entity])), cursor="1", last=True
        )

    async def look(self, entity, refs):
        held = self.held[entity]
        return [Look(ref=ref, fields=held.get(ref, {}), gone=ref not in held) for ref in refs]

    async def walk(self, entity):
        yield await self.pull(entity, "")

    def stock(self, numbers):
        """Hold products in one section; every third is sold in two sizes."""
        self.held["category"]["c1"] = {"name": "Обувь", "parent": None}
        for n in numbers:
            key = f"p{n}"
            self.held["product"][key] = {"name": "Ботинки", "sku": f"A{n}", "categories": ["c1"], "vat": "22"}
            sizes = (41, 42) if n % 3 == 0 else ()
            trade = {"product": key, "name": "Ботинки", "prices.retail": f"{n}.50 RUB", "stock.main": "5"}
            for size in sizes:
                self.held["offer"][f"{key}#{size}"] = {**trade, "characteristics": [["Размер", str(size)]]}
            if not sizes:
                self.held["offer"][key] = {**trade, "characteristics": []}


class Hubbub:
    """A hub between the owner and the shop, turned by hand."""

    def __init__(self, world, folder):
        self.world, self.erp = world, Erp()
        self.ledger = SqlLedger.open(f"sqlite:///{folder}/hub.db", exclusive=True)
        matching = Matching(keys=("xml_id",), keyed_by="erp")
        self.hub = Hub(
            ledger=self.ledger,
            connections={"erp": self.erp, "shop": world.connection},
            topologies={
                name: Topology(name, ("erp",), Owner("erp"), {}, (Reader(to="shop"),)) for name in ENTITIES
            },
            now=lambda: world.shop.clock.now().timestamp(),
            rng=Random(1),
            matching={("shop", name): matching for name in ENTITIES},
        )

    async def turn(self, *, from_shop=False):
        """Take everything in and deliver until nothing moves."""
        for name in ENTITIES:
            await pull(self.hub, "shop" if from_shop else "erp", name)
        for _ in range(40):
            try:
                moved = await deliver(self.hub, "shop") + await resolve(self.hub, "shop")
            except Transient:
                moved = 1
            self.world.shop.clock.advance(300)
            if not moved:
                return


@pytest.fixture
async def hubbub(tmp_path):
    async with opened(tmp_path) as world:
        hubbub = Hubbub(world, tmp_path)
        yield hubbub
        await hubbub.ledger.close()


async def test_products_and_offers_arrive_and_then_nothing_is_written(hubbub):
    hubbub.erp.stock(range(1, 61))
    await hubbub.turn()
    counts, before = hubbub.world.shop.counts(), hubbub.world.writes()
    await hubbub.turn()
    await hubbub.turn(from_shop=True)

    assert (counts["products"], counts["offers"], counts["prices"]) == (60, 40, 80)
    assert hubbub.world.writes() == before


async def test_whatever_is_lost_on_the_way_there_is_one_of_each(hubbub):
    hubbub.world.shop.faults = Faults("lost_answer=0.15,unavailable=0.1,error=0.1", seed=5)
    hubbub.erp.stock(range(1, 61))
    for _ in range(3):
        await hubbub.turn()
    hubbub.world.shop.faults = Faults()
    for _ in range(3):
        hubbub.world.shop.clock.advance(3600)
        await hubbub.turn()

    counts = hubbub.world.shop.counts()
    assert (counts["products"], counts["offers"], counts["prices"]) == (60, 40, 80)
    assert counts["duplicates"] == {}


async def test_a_price_put_in_by_a_manager_gives_way_to_its_owner(hubbub):
    hubbub.erp.stock([1])
    await hubbub.turn()
    (ref,) = [str(element.id) for element in hubbub.world.shop.state.elements]
    hubbub.world.shop.act("set_price", element=int(ref), price="1")
    await hubbub.turn(from_shop=True)

    assert (await hubbub.world.look("offer", ref))["prices.retail"] == "1.50 RUB"
