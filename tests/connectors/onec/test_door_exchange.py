"""Whole exchanges of the simulated 1C through the door: every generation, every way the line can break."""

from datetime import UTC, datetime

import pytest
from hub import LOGIN, PASSWORD, Hub

from obmen.connectors.onec.sandbox.exchange import Exchange
from obmen.connectors.onec.sandbox.export import Export, export
from obmen.connectors.onec.sandbox.manners import Account, Manners, Mischief
from obmen.connectors.onec.sandbox.tricks import cut, hostile, prices_first, repeated
from obmen.sandbox.world import World, mark_deleted

AT = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
WORLD = World.seeded(7, 14)
GENERATIONS = ("G1", "G1-old", "G2", "G3")


def files_of(**spec):
    return list(export(WORLD, Export(**spec), AT))


async def visit(hub, files, *, deactivate=False, mischief=None, **manners):
    account = Account(url=hub.url, login=LOGIN, password=PASSWORD)
    exchange = Exchange(account, manners=Manners(**manners), mischief=mischief)
    return await exchange.send(files, deactivate=deactivate, archive="v8_3B8F_3e.zip")


def xml(files):
    return {file.name: file.body for file in files if file.name.endswith(".xml")}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("settings", [{}, {"zip": False}, {"zip": False, "file_limit": 1500}])
async def test_every_generation_arrives_byte_by_byte_packed_or_in_pieces(tmp_path, generation, settings):
    files = files_of(generation=generation)
    async with Hub(tmp_path, **settings) as hub:
        outcome = await visit(hub, files)

        assert outcome.verdict == "success"
        assert xml(files) == hub.stored()


async def test_three_generations_of_one_catalogue_mean_the_same(tmp_path):
    read = {}
    for generation in ("G1", "G2", "G3"):
        async with Hub(tmp_path / generation) as hub:
            await visit(hub, files_of(generation=generation))
            read[generation] = {
                entity: {
                    ref: {atom: value for atom, value in fields.items() if atom not in {"barcodes", "active"}}
                    for ref, fields in hub.read(entity).items()
                }
                for entity in ("category", "product", "offer")
            }

    assert read["G1"] == read["G2"]
    assert read["G2"] == read["G3"]


async def test_characteristics_as_goods_come_to_the_same_products_and_offers(tmp_path):
    seen = {}
    for generation in ("G1-old", "G2"):
        async with Hub(tmp_path / generation) as hub:
            await visit(hub, files_of(generation=generation, bare_offers=False))
            seen[generation] = (
                {ref: (card["name"], card["sku"]) for ref, card in hub.read("product").items()},
                {
                    ref: (offer["product"], offer.get("characteristics"), offer.get("prices.base"))
                    for ref, offer in hub.read("offer").items()
                },
            )

    assert seen["G1-old"] == seen["G2"]


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_the_same_files_again_show_nothing_new(tmp_path, generation):
    files = files_of(generation=generation)
    async with Hub(tmp_path) as hub:
        await visit(hub, files)
        before = {entity: hub.held(entity) for entity in ("category", "product", "offer")}
        hub.clock.now += 900
        await visit(hub, files)

        assert before == {entity: hub.held(entity) for entity in ("category", "product", "offer")}
        assert 2 * len(xml(files)) == len(hub.intake.of("file"))


@pytest.mark.parametrize("how", ["midway", "unheard", "answered"])
@pytest.mark.parametrize("retry", ["file", "all"])
@pytest.mark.parametrize("zipped", [True, False])
async def test_a_line_that_breaks_again_and_again_leaves_whole_files(tmp_path, how, retry, zipped):
    files = files_of(generation="G2")
    async with Hub(tmp_path, zip=zipped, file_limit=4000) as hub:
        outcome = await visit(
            hub,
            files,
            mischief=Mischief(break_every=4, break_how=how, break_times=12),
            retry=retry,
            attempts=20,
        )

        assert outcome.verdict == "success"
        assert xml(files) == hub.stored()
        assert len(WORLD.products) == len(hub.read("product"))


async def test_prices_before_goods_name_their_product_and_wait_for_nobody(tmp_path):
    files = prices_first(files_of(generation="G3"))
    async with Hub(tmp_path) as hub:
        await visit(hub, files)
        first = hub.portions[0]

        assert first.entity == "offer"
        assert {"product"} < set(first.looks[0].fields)
        assert first.looks[0].whole == ("prices",)
        offer = WORLD.products[0].offers[0]
        base = next(kind.id for kind in WORLD.price_types if kind.name.startswith("Рознич"))
        assert f"{offer.prices[base]} RUB" == hub.read("offer")[offer.id]["prices.base"]


async def test_prices_alone_assert_prices_and_nothing_else(tmp_path):
    async with Hub(tmp_path) as hub:
        await visit(hub, files_of(generation="G3", content="prices"))
        fields = {name.partition(".")[0] for look in hub.looks("offer") for name in look.fields}

        assert {"product", "prices"} == fields


async def test_stock_alone_asserts_no_prices(tmp_path):
    async with Hub(tmp_path) as hub:
        await visit(hub, files_of(generation="G2", content="rests"))

        assert {()} == {look.whole for look in hub.looks("offer")}
        assert {"product", "stock"} == {
            name.partition(".")[0] for look in hub.looks("offer") for name in look.fields
        }


async def test_a_price_that_left_the_block_is_empty(tmp_path):
    base = next(kind.id for kind in WORLD.price_types if kind.name.startswith("Рознич"))
    others = tuple(kind.id for kind in WORLD.price_types if kind.id != base)
    async with Hub(tmp_path) as hub:
        await visit(hub, files_of(generation="G2"))
        await visit(hub, files_of(generation="G2", content="prices", price_types=others))

        assert {None} == {
            offer["prices.base"] for offer in hub.held("offer").values() if "prices.base" in offer
        }


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_a_cut_file_is_refused_and_the_others_arrive(tmp_path, generation):
    files = files_of(generation=generation)
    spoilt = next(file.name for file in files if file.kind == "goods")
    async with Hub(tmp_path) as hub:
        outcome = await visit(hub, cut(files, spoilt), stop_at_failure=False)

        assert outcome.verdict == "failure"
        assert set(xml(files)) - {spoilt} == set(hub.stored())
        assert any(spoilt in sentence for sentence in outcome.sentences)


async def test_hostile_names_end_the_exchange_with_a_sentence_and_touch_nothing(tmp_path):
    async with Hub(tmp_path / "inside", zip=False) as hub:
        outcome = await visit(hub, hostile(files_of(generation="G1")))

        assert outcome.verdict == "failure"
        assert [path.name for path in tmp_path.iterdir()] == ["inside"]
        assert [path for path in tmp_path.rglob("*") if path.suffix == ".php"] == []


async def test_a_file_sent_twice_in_one_exchange_is_taken_once(tmp_path):
    files = files_of(generation="G2", pictures=False)
    async with Hub(tmp_path, zip=False) as hub:
        outcome = await visit(hub, repeated(files, files[1].name))

        assert outcome.verdict == "success"
        assert xml(files) == hub.stored()


async def test_a_login_for_each_file_is_one_exchange_for_deactivate(tmp_path):
    files = files_of(generation="G3")
    async with Hub(tmp_path) as hub:
        outcome = await visit(hub, files, deactivate=True, session_per_file=True, complete=True)

        assert outcome.verdict == "success"
        assert [(1_800_000_000.5, WORLD.catalog)] == [
            (each.since, each.scope) for each in hub.intake.of("absence")
        ]


async def test_a_complete_old_export_tells_what_it_has_shown_completely(tmp_path):
    async with Hub(tmp_path) as hub:
        await visit(hub, files_of(generation="G1"))

        assert {"category", "product", "offer"} == {part.entity for part in hub.portions if part.complete}
        assert {WORLD.catalog} == {part.scope for part in hub.portions if part.complete}


async def test_portions_of_a_complete_old_export_remove_nothing(tmp_path):
    async with Hub(tmp_path) as hub:
        await visit(hub, files_of(generation="G1", portion=5))

        assert [part for part in hub.portions if part.complete] == []
        assert len(WORLD.products) == len(hub.read("product"))


@pytest.mark.parametrize("deletion", ["status", "element", "requisite"])
async def test_every_mark_of_deletion_is_inactive(tmp_path, deletion):
    world = mark_deleted(WORLD, product=WORLD.products[0].id)
    files = list(export(world, Export(generation="G1", deletion=deletion), AT))
    async with Hub(tmp_path) as hub:
        await visit(hub, files)

        assert [world.products[0].id] == [
            ref for ref, card in hub.read("product").items() if card["active"] is False
        ]


async def test_pictures_arrive_packed_and_unpacked(tmp_path):
    for zipped in (True, False):
        async with Hub(tmp_path / str(zipped), zip=zipped) as hub:
            await visit(hub, files_of(generation="G3"))
            shown = [card["pictures"] for card in hub.read("product").values() if card.get("pictures")]

            assert sum(len(product.pictures) for product in WORLD.products) == sum(map(len, shown))
