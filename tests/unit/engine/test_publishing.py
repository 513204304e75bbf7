"""Publishing: a file for everybody to fetch is made of every record, and a person is told where it was not."""

import pytest
from toy_world import issue_keys, offer, product, send

from obmen.connectors.contract import Doubt
from obmen.engine import publishing
from obmen.engine.publishing import publish


class Paper:
    """A connection that keeps the cards it is given."""

    publishes = ("product", "offer")
    publish_every_s = 60.0

    def __init__(self):
        self.cards, self.doubt = [], None

    async def publish(self, cards):
        self.cards = [card async for card in cards]
        return self.doubt


@pytest.fixture
def paper(world, monkeypatch):
    paper = Paper()
    for name in ("publishes", "publish_every_s", "publish"):
        monkeypatch.setattr(world.shop, name, getattr(paper, name), raising=False)
    return paper


async def test_every_record_is_given_once_in_order_with_its_refs(world, paper, monkeypatch):
    monkeypatch.setattr(publishing, "PAGE", 2)
    drills = [product(world, name=f"Дрель {number}") for number in range(5)]
    for drill in drills:
        offer(world, drill)
    await send(world)

    assert await publish(world.hub, "shop")
    assert [card.entity for card in paper.cards] == ["product"] * 5 + ["offer"] * 5
    assert [card.ref for card in paper.cards[:5]] == [drill.ref for drill in drills]
    assert paper.cards[0].refs == {"erp": drills[0].ref}
    assert paper.cards[5].atoms["product"] == paper.cards[0].record


async def test_why_a_file_was_held_is_told_until_it_stands(world, paper):
    paper.doubt = Doubt(code="toy.shrunk", en="it has shrunk", ru="он уменьшился")
    assert not await publish(world.hub, "shop")
    assert issue_keys(world) == ["unpublished:shop"]

    paper.doubt = None
    assert await publish(world.hub, "shop")
    assert issue_keys(world) == []


async def test_who_wants_no_file_is_given_nothing(world):
    assert not await publish(world.hub, "shop")
