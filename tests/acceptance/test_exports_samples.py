"""Real files of a real trade configuration: through the door and from disk, into the shop. Skipped, loudly, where absent."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from exports_stage import (
    Caller,
    Shop,
    World,
    footprint,
    obmen,
    open_ledger,
    records_of,
    stage,
    write_config,
)

SAMPLES = (
    Path(os.environ.get("OBMEN_SAMPLES", Path(__file__).parents[3] / "shared" / "samples")) / "commerceml"
)
FILES = ("ut_import0_1.xml", "ut_offers0_1.xml")
NOBODY = World.seeded(7, 1)

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"REAL FILES NOT READ: no folder {SAMPLES}; set OBMEN_SAMPLES"
)


async def bring_all(live):
    """Let 1C bring the two files once; return what it was answered."""
    caller = Caller(live)
    await caller.login()
    answers = [await caller.bring(name, (SAMPLES / name).read_bytes()) for name in FILES]
    await live.rest()
    return answers


def check(records):
    active = [product["active"] for product in records["product"].values()]
    waiting = [offer for offer in records["offer"].values() if offer.get("product") is None]

    assert (36, 35) == (len(active), sum(active))
    assert 44 == len(records["offer"])
    assert 8 == len(waiting)
    assert all(offer["name"] for offer in waiting)


async def test_the_real_pair_comes_through_the_door_into_the_shop_and_again_changes_nothing(tmp_path):
    async with stage(tmp_path, NOBODY, shop=Shop(seed=1)) as live:
        answers = await bring_all(live)
        assert ["success", "success"] == [answer.split("\n")[0] for answer in answers]
        records, before = live.records(), live.footprint()
        check(records)
        shop, written = live.shop.counts(), live.shop.ledger.writes(by="rest")

        sold = {ref: offer for ref, offer in records["offer"].items() if offer.get("product")}
        alive = {ref for ref, product in records["product"].items() if product["active"]}
        assert 35 == len(alive) == shop["products_live"]
        assert (35, 0) == (shop["products"], shop["offers"])
        assert {} == shop["duplicates"]
        elements = {element.xml_id: element for element in live.shop.state.elements}
        assert alive == set(elements)
        for ref in alive & set(sold):
            assert sold[ref]["available"] == f"{elements[ref].quantity.normalize():f}"
            assert records["product"][ref]["name"] == elements[ref].name

        await bring_all(live)
        assert before == live.footprint()
        assert 0 == live.shop.ledger.writes(by="rest") - written


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_real_pair_comes_from_disk_and_again_changes_nothing(tmp_path, language):
    config = str(write_config(tmp_path))
    paths = [str(SAMPLES / name) for name in reversed(FILES)]
    first = obmen("import", "onec", *paths, "-c", config, language=language)
    ledger = open_ledger(tmp_path)
    records, before = records_of(ledger), footprint(ledger)
    again = obmen("import", "onec", *paths, "-c", config, language=language)

    assert (0, 0) == (first.exit_code, again.exit_code)
    check(records)
    for ref, offer in records["offer"].items():
        if offer.get("product") is None:
            assert offer["name"] in first.output, ref
    assert before == footprint(ledger)
    assert {"ru": "изменено 0", "en": ": 0 changed"}[language] in again.output
    ledger.close_here()


async def test_the_door_and_the_disk_agree_on_the_real_pair(tmp_path):
    async with stage(tmp_path / "door", NOBODY) as live:
        await bring_all(live)
        through_door = live.records()
    config = str(write_config(tmp_path / "disk"))
    paths = [str(SAMPLES / name) for name in FILES]
    await asyncio.to_thread(obmen, "import", "erp", *paths, "-c", config)
    ledger = open_ledger(tmp_path / "disk")

    assert through_door == records_of(ledger)
    ledger.close_here()


KEYS = [
    "schema",
    "generation",
    "encoding",
    "groups",
    "properties",
    "products",
    "deleted",
    "offers",
    "offers_with_characteristics",
    "prices",
    "price_types",
    "stock_rows",
    "warehouses",
    "documents",
    "orders",
    "findings",
]


@pytest.mark.parametrize(
    ("names", "totals"),
    [
        (("ut_import0_1.xml",), {"groups": 1, "properties": 12, "products": 36, "deleted": 1}),
        (
            ("ut_offers0_1.xml",),
            {"offers": 44, "prices": 44, "price_types": 1, "stock_rows": 132, "warehouses": 3},
        ),
        (
            FILES,
            {
                "groups": 1,
                "properties": 12,
                "products": 36,
                "deleted": 1,
                "offers": 44,
                "prices": 44,
                "price_types": 1,
                "stock_rows": 132,
                "warehouses": 3,
            },
        ),
        (("site_query_response_cp1251.xml",), {"documents": 2, "orders": 2}),
        (("onec_orders_back_2_09.xml",), {"documents": 2, "orders": 2}),
    ],
)
def test_inspect_prints_the_totals_and_nothing_else(tmp_path, monkeypatch, names, totals):
    monkeypatch.chdir(tmp_path)
    result = obmen("inspect", "onec", "catalog", *(str(SAMPLES / name) for name in names), "--json")
    told = json.loads(result.stdout)

    assert 0 == result.exit_code
    assert KEYS == list(told)
    numbers = {key: value for key, value in told.items() if isinstance(value, int)}
    assert {**dict.fromkeys(numbers, 0), **totals} == numbers
    assert [] == list(tmp_path.iterdir())
