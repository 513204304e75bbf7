"""Real exports of a trade configuration through the exchange door of the shop."""

import os
from pathlib import Path

import pytest

SAMPLES = (
    Path(os.environ.get("OBMEN_SAMPLES", Path(__file__).parents[3] / "../shared/samples")) / "commerceml"
)


@pytest.fixture
def sample():
    if not SAMPLES.is_dir():
        pytest.skip(f"NO REAL FILES in {SAMPLES}: set OBMEN_SAMPLES to run this test")
    return lambda name: (SAMPLES / name).read_bytes()


async def test_a_real_catalogue_and_its_offers_fill_the_shop(sample, exchange, shop):
    await exchange.send(sample("ut_import0_1.xml"), name="import0_1.xml")
    await exchange.send(sample("ut_offers0_1.xml"), name="offers0_1.xml")
    counts = shop.counts()

    assert (counts["products"], counts["products_live"], counts["offers"]) == (
        35,
        35,
        0,
    )  # one of 36 is deleted
    assert counts["prices"] == 35  # 8 of 44 offers have no product, one belongs to the deleted
    assert {796} == {shop.state.measures.get(element.measure).code for element in shop.state.elements}
    assert len(shop.state.stores) == 2 + 3


async def test_the_same_real_catalogue_again_writes_nothing(sample, exchange, shop):
    await exchange.send(sample("ut_import0_1.xml"), name="import0_1.xml")
    before = shop.ledger.writes(by="exchange")
    await exchange.send(sample("ut_import0_1.xml"), name="import0_1.xml")

    assert before == shop.ledger.writes(by="exchange")
