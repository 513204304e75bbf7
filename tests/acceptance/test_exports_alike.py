"""One catalogue, however it is written down and however it travels, ends as the same records."""

import asyncio
import hashlib
from decimal import Decimal

import pytest
from exports_stage import (
    AT,
    Export,
    Manners,
    Mischief,
    Spoiling,
    World,
    footprint,
    lay_down,
    obmen,
    open_ledger,
    records_of,
    stage,
    until,
    write_config,
)

from obmen.connectors.onec.sandbox.export import export
from obmen.connectors.onec.sandbox.packing import pack
from obmen.sandbox.world.pictures import jpeg, png

WORLD = World.seeded(7, 24)
SMALL = World.seeded(7, 14)
GENERATIONS = ("G1", "G1-old", "G2", "G3")


def told_of(world, generation):
    """Return what the records of a world must say, from the world alone, as far as a generation can carry it."""
    prices = dict(
        zip(
            [kind.id for kind in world.price_types],
            ["prices.base", "prices.wholesale", "prices.purchase"],
            strict=False,
        )
    )
    stores = dict(zip([place.id for place in world.warehouses], ["stock.main", "stock.lenina"], strict=False))
    products, offers = {}, {}
    for product in world.products:
        drawn = [(png if each.path.endswith(".png") else jpeg)(each.shade) for each in product.pictures]
        products[product.id] = {
            "name": product.name,
            "sku": product.article,
            "vat": product.vat,
            "unit": product.unit,
            "categories": [product.group],
            "description": product.description or None,
            "pictures": [hashlib.sha256(body).hexdigest() for body in drawn],
            "active": True,
        }
        for offer in product.offers:
            told = {prices[key]: f"{amount:.2f} RUB" for key, amount in offer.prices.items()}
            if generation == "G1-old":  # schema 2.04 knows one total only
                told["stock.main"] = plain(sum(offer.stock.values(), Decimal(0)))
            else:
                told |= {stores[key]: plain(amount) for key, amount in offer.stock.items()}
            offers[offer.id] = {"product": product.id, "active": True, **told}
    return products, offers


def plain(amount):
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def picked(records, wanted):
    """Return of each record the atoms that are wanted of it; no pictures and none asserted are alike."""
    return {
        ref: {atom: records.get(ref, {}).get(atom, [] if atom == "pictures" else None) for atom in atoms}
        for ref, atoms in wanted.items()
    }


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_every_generation_ends_as_what_1c_holds_and_again_changes_nothing(tmp_path, generation):
    products, offers = told_of(WORLD, generation)
    async with stage(tmp_path, WORLD) as live:
        outcome = await live.visit(Export(generation=generation))
        records, before = live.records(), live.footprint()
        again = await live.visit(Export(generation=generation))

        assert (outcome.verdict, again.verdict) == ("success", "success")
        assert products == picked(records["product"], products)
        assert offers == picked(records["offer"], offers)
        assert {group.id: group.name for group in WORLD.groups} == {
            ref: group["name"] for ref, group in records["category"].items()
        }
        assert {group.id: group.parent for group in WORLD.groups} == {
            ref: group["parent"] for ref, group in records["category"].items()
        }
        assert set(products) == set(records["product"])
        assert before == live.footprint()
        assert live.issues() == []


async def test_generations_differ_only_in_what_their_formats_cannot_say(tmp_path):
    seen = {}
    for generation in GENERATIONS:
        async with stage(tmp_path / generation, WORLD) as live:
            await live.visit(Export(generation=generation))
            seen[generation] = live.records()

    assert seen["G2"] == seen["G3"]
    assert {
        # 2.07 writes a number of a characteristic for people only, and no barcode of an offer without one.
        ("offer", "characteristics"),
        ("offer", "barcodes"),
    } == differences(seen["G1"], seen["G2"])
    assert {
        ("offer", "characteristics"),
        ("offer", "barcodes"),
        ("offer", "stock.main"),  # 2.04 has one total, 2.07 a row for each warehouse
        ("offer", "stock.lenina"),
        ("product", "weight"),  # stands at the variant there, and 2.07 has no variants among its goods
    } >= differences(seen["G1-old"], seen["G1"])


def differences(one, other):
    return {
        (entity, atom)
        for entity in one
        for ref in set(one[entity]) & set(other[entity])
        for atom in set(one[entity][ref]) | set(other[entity][ref])
        if one[entity][ref].get(atom) != other[entity][ref].get(atom)
    }


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """The records of each generation after the most ordinary exchange, by way of the terminal."""
    found = {}
    for generation in GENERATIONS:
        folder = tmp_path_factory.mktemp("usual")
        lay_down(folder, SMALL, Export(generation=generation))
        write_config(folder)
        result = obmen("import", "erp", str(folder / "webdata"), "-c", str(folder / "obmen.toml"))
        assert result.exit_code == 0, result.output
        ledger = open_ledger(folder)
        found[generation] = records_of(ledger)
        ledger.close_here()
    return found


@pytest.mark.parametrize(
    ("generation", "encoding"),
    [
        ("G1", "utf-8"),
        ("G1", "windows-1251"),
        ("G1", "utf-16le"),
        ("G1-old", "windows-1251"),
        ("G1-old", "utf-16le"),
        ("G2", "utf-8"),
        ("G2", "utf-16le"),
        ("G3", "windows-1251"),
    ],
)
async def test_encodings_come_to_the_same(tmp_path, usual, generation, encoding):
    async with stage(tmp_path, SMALL) as live:
        outcome = await live.visit(Export(generation=generation, encoding=encoding))

        assert outcome.verdict == "success"
        assert usual[generation] == live.records()


TESTER = Manners(session_per_file=True, all_post=True, complete=True, echo_sessid=False)
OLD_CLIENT = Manners(version="3.1", user_agent="1C+Enterprise/8.2", basic_always=False)


@pytest.mark.parametrize(
    ("generation", "onec", "portion", "manners"),
    [
        ("G1", "zip = false", 0, Manners()),
        ("G3", "zip = false\nfile_limit = 6000", 4, Manners()),
        ("G1-old", "zip = false\nfile_limit = 2000", 5, Manners()),
        ("G1", "file_limit = 1024", 5, Manners(backslashes=True)),
        ("G2", "file_limit = 4096", 5, Manners(backslashes=True)),
        # Pictures go with the last portion: the cards of the first ones wait for them.
        ("G1", "zip = false", 4, TESTER),
        ("G1-old", "", 4, TESTER),
        ("G2", "zip = false", 4, TESTER),
        ("G3", "zip = false", 6, TESTER),
        ("G1", "csrf = true", 4, OLD_CLIENT),
        ("G3", "csrf = true", 0, OLD_CLIENT),
    ],
)
async def test_ways_of_sending_come_to_the_same(tmp_path, usual, generation, onec, portion, manners):
    async with stage(tmp_path, SMALL, onec=onec) as live:
        outcome = await live.visit(Export(generation=generation, portion=portion), manners=manners)

        assert outcome.verdict == "success"
        assert usual[generation] == live.records()


@pytest.mark.parametrize("how", ["midway", "unheard", "answered"])
@pytest.mark.parametrize(
    ("generation", "retry"), [("G1", "all"), ("G1-old", "file"), ("G2", "file"), ("G3", "none")]
)
async def test_a_line_that_breaks_comes_to_the_same(tmp_path, usual, generation, how, retry):
    onec = "zip = false\nfile_limit = 8000" if retry == "file" else ""
    mischief = Mischief(break_every=5, break_how=how, break_times=6)
    async with stage(tmp_path, SMALL, onec=onec) as live:
        outcome = await live.visit(
            Export(generation=generation), mischief=mischief, manners=Manners(retry=retry, attempts=20)
        )

        assert outcome.verdict == "success"
        assert usual[generation] == live.records()


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_files_out_of_order_and_repeated_come_to_the_same(tmp_path, usual, generation):
    spoiling = Spoiling(prices_first=True, reverse_portions=True, repeat="offers")
    async with stage(tmp_path, SMALL, onec="zip = false") as live:
        outcome = await live.visit(Export(generation=generation, portion=5), spoiling=spoiling)

        assert outcome.verdict == "success"
        assert usual[generation] == live.records()
        assert live.issues() == []


@pytest.mark.parametrize("generation", ["G1", "G3"])
async def test_a_hub_restarted_in_the_middle_comes_to_the_same(tmp_path, usual, generation):
    async with stage(tmp_path, SMALL, onec="zip = false\nfile_limit = 4000") as live:
        visit = asyncio.create_task(
            live.visit_over_restarts(
                Export(generation=generation, portion=2), Manners(retry="all", attempts=3)
            )
        )
        for files in (2, 4):
            await until(lambda files=files: live.files_done() >= files or visit.done())
            async with asyncio.timeout(18):  # the answer 1C waits for is given before, not waited out
                await live.stop()
            await live.start()
        outcome = await visit
        await live.rest()

        assert outcome.verdict == "success"
        assert outcome.breaks > 0
        assert usual[generation] == live.records()


async def test_two_1c_with_one_login_at_once_come_to_the_same(tmp_path, usual):
    async with stage(tmp_path, SMALL) as live:
        outcomes = await live.visit(Export(generation="G2", portion=4), side_by_side=3)

        assert [outcome.verdict for outcome in outcomes] == ["success"] * 3
        assert usual["G2"] == live.records()


@pytest.mark.parametrize("generation", ["G1", "G3"])
async def test_what_came_through_the_door_is_nothing_new_from_disk_and_the_other_way_round(
    tmp_path, usual, generation
):
    async with stage(tmp_path, SMALL) as live:
        await live.visit(Export(generation=generation))
        records, before = live.records(), live.footprint()
    lay_down(tmp_path, SMALL, Export(generation=generation))
    arguments = ("import", "onec", str(tmp_path / "webdata"), "-c", str(tmp_path / "obmen.toml"))
    result = await asyncio.to_thread(obmen, *arguments)
    after = open_ledger(tmp_path)

    assert result.exit_code == 0
    assert "изменено 0" in result.output
    assert records == records_of(after)
    assert before["versions"] == footprint(after)["versions"]
    after.close_here()


def test_an_archive_on_disk_comes_to_the_same(tmp_path, usual):
    archive = tmp_path / "webdata" / "v8_3B8F_3e.zip"
    archive.parent.mkdir()
    archive.write_bytes(pack(list(export(SMALL, Export(generation="G3"), AT)), backslashes=True))
    config = write_config(tmp_path)
    first = obmen("import", "erp", str(archive), "-c", str(config), language="en")
    again = obmen("import", "erp", str(archive.parent), "-c", str(config), language="en")
    ledger = open_ledger(tmp_path)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert " 0 changed" in again.output
    assert usual["G3"] == records_of(ledger)
    ledger.close_here()
