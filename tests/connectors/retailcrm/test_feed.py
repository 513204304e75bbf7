"""The catalogue feed: written whole, swapped in, fetched by the account."""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree as ET

import msgspec
import pytest
from aiohttp import web
from open_account import opened

from obmen.connectors.contract import Card
from obmen.connectors.retailcrm.feed.settings import FeedSettings
from obmen.errors import ConfigError

PATH = "/feeds/0123456789abcdef.xml"
SETTINGS = FeedSettings(path=PATH, price="base", purchase="cost", xml_ids="erp", name="Дом & сад")


def category(number, name, parent=None, **atoms):
    return Card(
        entity="category",
        record=number,
        ref=f"c{number}",
        refs={},
        atoms={"name": name, "parent": parent, **atoms},
    )


def product(number, name, **atoms):
    return Card(entity="product", record=number, ref=str(number * 10), refs={}, atoms={"name": name, **atoms})


def offer(number, of, price="100.00", *, ref=None, **atoms):
    return Card(
        entity="offer",
        record=number,
        ref=str(number * 10) if ref is None else ref,
        refs={"erp": f"guid-{number}"},
        atoms={"product": of, "prices.base": f"{price} RUB", **atoms},
    )


GOODS = [
    category(1, "Одежда"),
    category(2, "Сапоги", 1),
    product(
        20,
        "Сапоги «Урал» <зима>",
        categories=[2],
        vat="22",
        weight="1300",
        length="300",
        width="200",
        height="25",
        brand="Урал",
        unit="715",
        sku="A-1",
    ),
    product(21, "Чай", vat="10", active=False),
    offer(
        30,
        20,
        "4990.50",
        characteristics=[["Размер", "42"]],
        barcodes=["4600000000017"],
        **{"prices.cost": "900.00 RUB"},
    ),
    offer(31, 20, "5000.00", characteristics=[["Размер", "43"]], available="7"),
    offer(32, 21, "99.99", active=False),
]


async def told(*cards):
    for card in cards:
        yield card


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, feed=SETTINGS) as world:
        app = web.Application()

        async def enter(request):
            return await world.connection.receive(request, None)

        app.router.add_route("*", PATH, enter)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        world.url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
        yield world
        await runner.cleanup()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "crm" / "catalogue.xml"


async def load(world):
    """Let the account load the feed; return what it says of it."""
    world.crm.act("add_reference", book="sites", code="main", ymlUrl=world.url, loadFromYml=True)
    world.crm.act("load_catalogue")
    await world.crm.settle()
    return world.crm.state.feeds[-1]


async def test_the_account_loads_the_feed_with_prices_sizes_and_sections(world):
    assert await world.connection.publish(told(*GOODS)) is None
    loaded = await load(world)

    assert (loaded["said"], loaded["offers"], loaded["products"], loaded["groups"], loaded["skipped"]) == (
        "loaded",
        3,
        2,
        2,
        [],
    )
    boots = world.crm.state.find_offer("main", external_id="300")
    assert (boots.name, boots.xml_id, boots.barcode) == (
        "Сапоги «Урал» <зима> (42)",
        "guid-30",
        "4600000000017",
    )
    assert (boots.prices["base"], boots.purchase_price, boots.vat_rate) == (
        Decimal("4990.5"),
        Decimal(900),
        "22",
    )
    assert (boots.unit, boots.weight, boots.article) == ("715", Decimal(1300), "A-1")
    held = world.crm.state.products.get(boots.product_id)
    assert (held.name, held.external_id, held.manufacturer) == ("Сапоги «Урал» <зима>", "200", "Урал")
    assert [world.crm.state.groups.get(number).name for number in held.groups] == ["Сапоги"]
    tea = world.crm.state.find_offer("main", external_id="320")
    assert tea.active is False
    assert world.crm.state.find_offer("main", external_id="310").feed_quantity == Decimal(7)


async def test_sizes_are_centimetres_and_weights_kilograms(world, file):
    await world.connection.publish(told(*GOODS))
    node = ET.parse(file).getroot().find("shop/offers/offer")

    assert (node.findtext("weight"), node.findtext("dimensions")) == ("1.3", "30/20/2.5")
    assert ET.parse(file).getroot().findtext("shop/name") == "Дом & сад"


async def test_what_cannot_be_sold_is_left_out(world, file):
    odd = [
        msgspec.structs.replace(offer(40, 20), atoms={"product": 20}),  # no price
        offer(41, 99),  # a product nobody knows
        offer(42, 20, ref=""),  # not in the shop
    ]
    await world.connection.publish(told(*GOODS[:-1], *odd))

    assert [node.get("id") for node in ET.parse(file).getroot().iter("offer")] == ["300", "310"]


async def test_an_unchanged_catalogue_is_the_same_file_and_is_not_sent_again(world, file, http):
    await world.connection.publish(told(*GOODS))
    before = file.stat().st_mtime_ns
    world.crm.clock.advance(3600)
    await world.connection.publish(told(*GOODS))
    assert file.stat().st_mtime_ns == before

    await load(world)
    assert (await load(world))["said"] == "not modified"


async def test_a_catalogue_that_shrank_is_held_and_the_old_one_stays(world, file):
    await world.connection.publish(told(*GOODS))
    doubt = await world.connection.publish(told(*GOODS[:5]))

    assert "has 1 offers, the one that stands has 3" in doubt.en
    assert len(list(ET.parse(file).getroot().iter("offer"))) == 3
    (file.parent / "catalogue.json").unlink()
    assert await world.connection.publish(told(*GOODS[:5])) is None


async def test_a_feed_that_breaks_off_leaves_the_old_one_and_no_litter(world, file):
    await world.connection.publish(told(*GOODS))
    whole = file.read_bytes()

    async def broken():
        for card in GOODS[:4]:
            yield card
        raise RuntimeError("the ledger went away")

    with pytest.raises(RuntimeError):
        await world.connection.publish(broken())

    assert file.read_bytes() == whole
    assert sorted(path.name for path in file.parent.iterdir()) == ["catalogue.json", "catalogue.xml"]


async def test_before_the_first_feed_the_account_is_told_to_come_later(world, http):
    async with http.get(world.url) as answer:
        assert answer.status == 503
    async with http.post(world.url) as answer:
        assert answer.status == 405


async def test_an_account_that_gets_its_stock_by_api_gets_none_by_the_feed(tmp_path, file):
    async with opened(tmp_path, feed=SETTINGS, available_store="main") as world:
        await world.connection.publish(told(*GOODS))

        assert {node.get("quantity") for node in ET.parse(file).getroot().iter("offer")} == {None}


def test_a_feed_at_a_path_that_can_be_guessed_is_refused():
    with pytest.raises(ConfigError, match="reads the catalogue"):
        FeedSettings(path="/feeds/catalogue.xml", price="base")
