"""A real process is killed at every commit point and at random moments; what the systems hold must not show it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random

import pytest

from obmen.ledger.sql import SqlLedger
from obmen.testkit.kill import AFTER, BEFORE, Death, House
from obmen.testkit.soak import wipe
from obmen.testkit.world import LEASE_S

STRIDE = int(os.environ.get("OBMEN_KILL_STRIDE", "1"))
"""Every how manieth commit."""
RANDOM_KILLS = int(os.environ.get("OBMEN_RANDOM_KILLS", "12"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """A way to an empty ledger's address. PostgreSQL is left empty for the tests that come next."""
    if request.param == "sqlite":
        numbers = count()

        def sqlite() -> str:
            folder = tmp_path / str(next(numbers))
            folder.mkdir()
            return f"sqlite:///{folder / 'obmen.db'}"

        yield sqlite
        return
    url = request.getfixturevalue("postgres_url")

    def postgresql() -> str:
        ledger = SqlLedger.open(url, exclusive=True)
        wipe(ledger)
        ledger.close_here()
        return url

    yield postgresql
    postgresql()


@contextmanager
def house(url: str) -> Iterator[House]:
    """A product made by hand in the lossy system, another only in 1C, an offer, and an order on its way."""
    opened = House(url)
    world = opened.world
    product = {"name": "n1 name-of-it", "slug": "n1", "kind": "G", "active": True}
    first = world.erp.person_creates("product", {**product, "sku": "S1"})
    world.erp.person_creates("product", {**product, "sku": "S2"})
    world.erp.person_creates(
        "offer", {"product": first.ref, "prices.retail": "1000.25 RUB", "stock.main": "5", "active": True}
    )
    world.crm.person_creates("product", {"name": "n2 by hand", "sku": "S2"})
    world.shop.person_creates("order", {"number": "N1", "stage": "confirmed", "comment": "n3"})
    opened.send_file()
    try:
        yield opened
    finally:
        opened.close()


def people_go_on(opened: House) -> None:
    """Whatever was killed, prices change in 1C, stages in the lossy system and names where they may not."""
    world = opened.world
    world.clock += 1
    (offer,) = world.erp.alive("offer")
    world.erp.person_types(offer, "prices.retail", "1100.25 RUB")
    opened.send_file()
    for order in world.crm.alive("order"):
        world.crm.person_types(order, "stage", "EXEC")
    for thing in world.shop.alive("product"):
        world.shop.person_types(thing, "name", "n9 not theirs")


def live_on(opened: House) -> None:
    """Go on after the last death, and look at what the systems hold."""
    people_go_on(opened)
    opened.world.pass_time(LEASE_S + 400)
    opened.finish()
    world = opened.world

    assert [2, 1] == [len(world.shop.alive(entity)) for entity in ("product", "offer")]
    assert [2, 1] == [len(world.crm.alive(entity)) for entity in ("product", "order")]
    assert ["n1 name-of-it"] * 2 == [thing.fields["name"] for thing in world.shop.alive("product")]
    assert "1100.25 RUB" == world.shop.alive("offer")[0].fields["prices.retail"]
    (taken,) = world.till.documents.values()
    (order,) = world.shop.alive("order")
    assert [order.fields[atom] for atom in ("number", "stage")] == [taken["number"], taken["stage"]]


@pytest.mark.timeout(600)
def test_a_hub_killed_at_any_commit_loses_nothing_and_doubles_nothing(empty):
    with house(empty()) as opened:
        commits = opened.work().commits
        live_on(opened)

    assert commits > 20
    for number in range(1, commits + 1, STRIDE):
        with house(empty()) as opened:
            killed = opened.work(Death(number, AFTER if number % 2 else BEFORE))

            # Packs side by side do not commit equally often each time: the last moments may lie behind the end.
            assert killed.died or number > 0.8 * commits
            live_on(opened)


@pytest.mark.timeout(600)
def test_a_hub_killed_again_and_again_at_random_moments_ends_where_it_should(empty):
    rng = Random(int(os.environ.get("OBMEN_SEED", "1")))
    with house(empty()) as opened:
        for _ in range(RANDOM_KILLS):
            opened.work(Death(rng.randrange(1, 40), rng.choice((BEFORE, AFTER))))
            opened.work(after_s=rng.uniform(0.01, 0.4))
            opened.world.pass_time(rng.choice((1.0, 30.0, 100.0)))
        live_on(opened)
