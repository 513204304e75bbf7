"""What befalls a catalogue in 1C, and what the shop's own tables say afterwards."""

from decimal import Decimal

import pytest
from exports_stage import Export, Manners, Mischief, Spoiling, World, stage, until
from msgspec.structs import replace

from obmen.connectors.bitrix.sandbox import Shop
from obmen.engine.guarding import confirm
from obmen.sandbox.world import mark_deleted, rename_group

WORLD = World.seeded(7, 24)
DRILL = WORLD.product("DU-13/780").id
SCREWS = WORLD.product("SGD-3,5x35").id  # sold by weight
PAINT = next(product.id for product in WORLD.products if product.name.startswith("Краска"))
GENERATIONS = ("G1", "G1-old", "G2", "G3")


def element(live, ref):
    return live.shop.state.elements.first(xml_id=ref)


def price(live, ref):
    row = live.shop.state.prices.first(product_id=element(live, ref).id, catalog_group_id=1)
    return None if row is None else row.price


def section(live, ref):
    return live.shop.state.sections.first(xml_id=ref)


def written(live):
    return live.shop.ledger.writes(by="rest")


def front(live):
    """Return what a buyer sees: every element with its prices, stock, picture and place."""
    state = live.shop.state
    return {
        each.xml_id: (
            each.name,
            each.active,
            each.quantity,
            each.type,
            each.measure,
            each.vat_id,
            each.detail_text,
            each.iblock_section_id and state.sections.get(each.iblock_section_id).xml_id,
            each.detail_picture and state.files.get(each.detail_picture).content,
            sorted(
                (row.catalog_group_id, row.price, row.currency)
                for row in state.prices.where(product_id=each.id)
            ),
        )
        for each in state.elements
    }


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_the_shop_is_filled_with_what_is_sold_and_again_nothing_is_sent(tmp_path, generation):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation=generation))
        filled, before = front(live), written(live)
        await live.visit(Export(generation=generation, encoding="windows-1251", portion=7))

        sold = [offer for product in WORLD.products for offer in product.offers]
        retail = WORLD.price_type("Розничная").id
        assert {offer.id: offer.prices[retail] for offer in sold} == {
            offer.id: price(live, offer.id) for offer in sold
        }
        assert {offer.id: sum(offer.stock.values()) for offer in sold} == {
            offer.id: element(live, offer.id).quantity for offer in sold
        }
        # A bare offer beside characteristics has no element, no price and no stock of its own.
        assert {product.id for product in WORLD.products} | {offer.id for offer in sold} == set(filled)
        assert {"Розничная цена": len(sold)} == live.shop.counts()["prices_by_type"]
        assert {} == live.shop.counts()["duplicates"]
        assert 0 == written(live) - before
        assert filled == front(live)


async def test_generations_fill_the_shop_alike(tmp_path):
    fronts = []
    for generation in GENERATIONS:
        async with stage(tmp_path / generation, WORLD, shop=Shop(seed=7)) as live:
            await live.visit(Export(generation=generation))
            fronts.append(front(live))

    assert [fronts[0]] * 4 == fronts


async def test_prices_and_offers_before_their_goods_wait_and_then_are_sold(tmp_path):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation="G3"), spoiling=Spoiling(lose="goods/goods"))
        assert [] == list(live.shop.state.elements)
        assert {None} == {offer.get("product") for offer in live.records()["offer"].values()}
        live.erp.clock.advance(600)
        await live.visit(Export(generation="G3", content="prices"))
        live.erp.clock.advance(600)
        await live.visit(Export(generation="G3", content="rests"))
        assert [] == list(live.shop.state.elements)
        live.erp.clock.advance(600)
        live.erp.rename(product=DRILL, name="Дрель")
        await live.visit(Export(generation="G3"), spoiling=Spoiling(prices_first=True))

        assert Decimal("4289.90") == price(live, DRILL)
        assert len(WORLD.products) + sum(
            len(p.offers) for p in WORLD.products if p.has_characteristics
        ) == len(live.shop.state.elements)


@pytest.mark.parametrize("generation", ["G1", "G3"])
async def test_an_orphan_offer_waits_through_exchanges_and_heals(tmp_path, generation):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation=generation, orphans=(DRILL,)))
        assert element(live, DRILL) is None
        for content in ("prices", "rests", "full"):
            live.erp.clock.advance(600)
            await live.visit(Export(generation=generation, orphans=(DRILL,), content=content))
        assert element(live, DRILL) is None
        live.erp.clock.advance(600)
        await live.visit(Export(generation=generation))

        assert (Decimal("4289.90"), Decimal(17)) == (price(live, DRILL), element(live, DRILL).quantity)
        assert DRILL == live.records()["offer"][DRILL]["product"]


@pytest.mark.parametrize(
    ("generation", "deletion"),
    [
        ("G1", "status"),
        ("G1", "requisite"),
        ("G1", "absent"),
        ("G1-old", "status"),
        ("G2", "element"),
        ("G3", "absent"),
    ],
)
async def test_a_deleted_product_leaves_the_shelf_and_comes_back(tmp_path, generation, deletion):
    key = PAINT if generation in {"G1-old", "G3"} else DRILL
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation=generation))
        live.erp.delete(product=key)
        live.erp.clock.advance(600)
        await live.visit(Export(generation=generation, deletion=deletion))
        gone = [each.name for each in live.shop.state.elements if each.active == "N" and not each.parent_id]
        assert [WORLD.product(key).name] == gone
        assert 0 == live.shop.ledger.writes(by="rest", action="delete")
        live.erp.delete(product=key, deleted=False)
        live.erp.clock.advance(600)
        await live.visit(Export(generation=generation, deletion=deletion))
        assert "Y" == element(live, key).active


@pytest.mark.parametrize("generation", ["G1", "G2"])
async def test_too_many_missing_products_are_asked_about_and_go_when_confirmed(tmp_path, generation):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation=generation))
        before = written(live)
        for product in WORLD.products[:5]:
            live.erp.erase(product=product.id)
        live.erp.clock.advance(600)
        await live.visit(Export(generation=generation))
        await until(lambda: "held_guard" in live.issues())

        assert 0 == written(live) - before
        with live.hub.ledger.begin() as tx:
            digests = [item.issue.ref for item in tx.issues() if item.issue.code == "held_guard"]
            for digest in digests:
                assert confirm(tx, live.hub, digest) > 0
        await until(lambda: element(live, DRILL).active == "N")
        await live.rest()
        assert 5 == sum(each.active == "N" and not each.parent_id for each in live.shop.state.elements)


@pytest.mark.parametrize("generation", ["G1", "G2"])
async def test_a_question_about_missing_products_changes_with_them_and_goes_when_they_are_back(
    tmp_path, generation
):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation=generation))
        before = front(live)
        for missing in (6, 4):
            live.erp.world = replace(WORLD, products=WORLD.products[missing:])
            live.erp.clock.advance(600)
            await live.visit(Export(generation=generation))
            with live.hub.ledger.begin() as tx:
                (asked,) = [item.issue for item in tx.issues() if item.issue.code == "held_guard"]
                products = [danger for danger in tx.dangers("erp") if danger.entity == "product"]
            assert missing == len(products)
            assert asked.ref in asked.ru
        live.erp.world = WORLD
        live.erp.clock.advance(600)
        await live.visit(Export(generation=generation))

        assert before == front(live)
        assert "held_guard" not in live.issues()


@pytest.mark.parametrize("generation", ["G1", "G3"])
async def test_a_failed_or_partial_exchange_removes_nothing(tmp_path, generation):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation=generation))
        before = front(live)
        live.erp.erase(product=DRILL)
        goods = "import" if generation == "G1" else "goods/goods"
        for spoiling, manners in (
            (Spoiling(cut=goods), Manners(stop_at_failure=False, deactivate=generation != "G1")),
            (Spoiling(lose=goods), Manners(stop_at_failure=False)),
        ):
            live.erp.clock.advance(600)
            await live.visit(Export(generation=generation, portion=9), spoiling=spoiling, manners=manners)
            assert before == front(live)
        live.erp.clock.advance(600)
        await live.visit(
            Export(generation=generation),
            mischief=Mischief(break_every=3, break_how="midway"),
            manners=Manners(attempts=1),
        )

        assert before == front(live)


async def test_a_recreated_product_is_a_second_one_and_never_merged_by_its_article(tmp_path):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation="G2"))
        twin = live.erp.recreate(product=DRILL)
        live.erp.clock.advance(600)
        await live.visit(Export(generation="G2"))
        records = live.records()["product"]

        assert records[DRILL]["sku"] == records[twin]["sku"]
        assert element(live, DRILL).id != element(live, twin).id
        assert ("Y", "Y") == (element(live, DRILL).active, element(live, twin).active)


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_ordinary_changes_arrive_one_by_one(tmp_path, generation):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation=generation))
        world = live.erp.world
        live.erp.set_price(offer=DRILL, price_type="Розничная", amount="4300.07")
        live.erp.set_stock(offer=SCREWS, warehouse="Основной склад", quantity="0.35")
        live.erp.set_stock(offer=SCREWS, warehouse="Магазин на Ленина", quantity="0")
        live.erp.set_stock(offer="PR-26/900", warehouse="Основной склад", quantity="-40")
        live.erp.set_stock(offer="PR-26/900", warehouse="Магазин на Ленина", quantity="0")
        live.erp.set_vat(rate="10", products=[DRILL])
        live.erp.move(product=DRILL, group=world.groups[-1].id)
        renamed = world.product("PR-26/900").group
        live.erp.world = rename_group(live.erp.world, group=renamed, name="Перфораторы и ломы")
        live.erp.world = emptied(live.erp.world, "UShM-125/1100")
        live.erp.clock.advance(600)
        await live.visit(Export(generation=generation))

        vats = {vat.id: vat.rate for vat in live.shop.state.vats}
        assert Decimal("4300.07") == price(live, DRILL)
        assert 10 == vats[element(live, DRILL).vat_id]
        assert Decimal("0.35") == element(live, SCREWS).quantity
        assert Decimal(0) == element(live, world.product("PR-26/900").id).quantity
        assert section(live, world.groups[-1].id).id == element(live, DRILL).iblock_section_id
        assert "Перфораторы и ломы" == section(live, renamed).name
        assert not element(live, world.product("UShM-125/1100").id).detail_text
        if generation != "G1-old":
            assert "-40" == live.records()["offer"][world.product("PR-26/900").id]["stock.main"]


def emptied(world, article):
    card = world.product(article)
    products = tuple(
        replace(each, description="", revision=world.revision + 1) if each.id == card.id else each
        for each in world.products
    )
    return replace(world, revision=world.revision + 1, products=products)


@pytest.mark.parametrize("generation", ["G1", "G2", "G3"])
async def test_a_price_taken_away_in_1c_loses_its_row_in_the_shop_and_no_other(tmp_path, generation):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation=generation))
        rows = len(live.shop.state.prices)
        live.erp.remove_price(offer="PR-26/900", price_type="Розничная")
        live.erp.clock.advance(600)
        await live.visit(Export(generation=generation))

        assert None is price(live, WORLD.product("PR-26/900").id)
        assert 1 == rows - len(live.shop.state.prices)
        assert Decimal("4289.90") == price(live, DRILL)


async def test_an_older_file_that_comes_late_does_not_bring_old_prices_back(tmp_path):
    async with stage(tmp_path, WORLD, shop=Shop(seed=7)) as live:
        await live.visit(Export(generation="G2"))
        now = live.erp.clock.now()
        old = live.erp.world
        live.erp.set_price(offer=DRILL, price_type="Розничная", amount="5000")
        live.erp.clock.advance(600)
        await live.visit(Export(generation="G2", content="prices"))
        live.erp.world, live.erp.clock = old, type(live.erp.clock)(now, frozen=True)
        await live.visit(Export(generation="G2", content="prices"))

        assert Decimal(5000) == price(live, DRILL)


async def test_a_new_property_picture_and_variant_reach_the_shop(tmp_path):
    async with stage(tmp_path, mark_deleted(WORLD, product=PAINT), shop=Shop(seed=7)) as live:
        await live.visit(Export(generation="G3"))
        assert element(live, PAINT) is None
        live.erp.delete(product=PAINT, deleted=False)
        new = live.erp.add(article="NEW-1", name="Краска новая", like=PAINT)
        live.erp.clock.advance(600)
        await live.visit(Export(generation="G3", content="changes"))

        assert "Краска новая" == element(live, new).name
        assert 3 == live.shop.state.elements.count("parent_id", element(live, new).id)
        assert "Y" == element(live, PAINT).active
