"""Goods of the simulated account: the feed, stock, prices, and products by the API."""

import asyncio
import gzip

import pytest
from aiohttp import web

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<yml_catalog date="2026-02-01 10:00:00"><shop><name>Инструмент и дом</name><company>ООО</company>
 <categories><category id="2">Обувь</category>
  <category id="3" parentId="2"><name>Ботинки</name></category></categories>
 <offers>
  <offer id="201" productId="200" quantity="16"><categoryId>3</categoryId><picture>https://s.test/1.jpg</picture>
   <url>https://s.test/p/200/</url><price>4990.50</price><purchasePrice>2900.00</purchasePrice>
   <name>Ботинки 42</name><productName>Ботинки</productName><xmlId>guid#42</xmlId><vendor>Урал</vendor>
   <unit code="715" name="Пара" sym="пар"/><param name="Артикул" code="article">BP-42</param>
   <param name="Размер" code="size">42</param><vatRate>22</vatRate><weight>1.3</weight><markable>Y</markable></offer>
  <offer id="202" productId="200"><price>4990.50</price><name>Ботинки 43</name><xmlId>guid#43</xmlId></offer>
  <offer id="300" productId="300"><price>dear</price><name>Чай</name></offer>
 </offers></shop></yml_catalog>"""


class Hub:
    """Who serves the feed, with an ETag."""

    def __init__(self):
        self.feed, self.status, self.asked = FEED, 200, []

    async def serve(self, request):
        self.asked.append(request.headers.get("If-None-Match", ""))
        if self.asked[-1] == "v1":
            return web.Response(status=304)
        body = gzip.compress(self.feed.encode())
        headers = {"ETag": "v1", "Content-Encoding": "gzip"}
        return web.Response(status=self.status, body=body, headers=headers, content_type="text/xml")


@pytest.fixture
async def hub(crm):
    hub = Hub()
    app = web.Application()
    app.router.add_get("/feed.xml", hub.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/feed.xml"
    crm.act("add_reference", book="sites", code="main", ymlUrl=url, loadFromYml=True)
    yield hub
    await runner.cleanup()


async def _load(crm):
    crm.act("load_catalogue")
    await crm.settle()
    return crm.state.feeds[-1]


async def test_a_feed_becomes_products_offers_and_sections(api, crm, hub):
    result = await _load(crm)
    product = (await api.get("store/products"))["products"][0]
    groups = (await api.get("store/product-groups"))["productGroup"]
    offer = product["offers"][0]

    assert ("loaded", 2, 1, 2) == tuple(result[name] for name in ("said", "offers", "products", "groups"))
    assert ["300: This value is not valid."] == result["skipped"]
    assert ("Ботинки", "200", True, 16) == tuple(
        product[name] for name in ("name", "externalId", "markable", "quantity")
    )
    assert ("201", "guid#42", "BP-42", 4990.5, "22", 1300) == tuple(
        offer[name] for name in ("externalId", "xmlId", "article", "price", "vatRate", "weight")
    )
    assert ({"article": "BP-42", "size": "42"}, "715") == (offer["properties"], offer["unit"]["code"])
    assert [None, groups[0]["id"]] == [group.get("parentId") for group in groups]
    assert "catalogUpdatedAt" in (await api.get("reference/sites"))["sites"]["main"]


async def test_a_feed_that_did_not_change_is_not_loaded_again(crm, hub):
    await _load(crm)
    again = await _load(crm)

    assert ("not modified", ["", "v1"]) == (again["said"], hub.asked)


async def test_what_a_feed_no_longer_names_is_switched_off(api, crm, hub):
    await _load(crm)
    start, end = FEED.index('<offer id="202"'), FEED.index('<offer id="300"')
    hub.feed, hub.asked = FEED[:start] + FEED[end:], []
    crm.feeds._tags.clear()
    result = await _load(crm)

    assert 1 == result["switched_off"]
    assert {"201": True, "202": False} == {
        offer["externalId"]: offer["active"] for offer in (await api.get("store/offers"))["offers"]
    }


@pytest.mark.parametrize(
    ("feed", "status", "said"),
    [
        (FEED[:900], 200, "not XML"),
        ("<shop/>", 200, "yml_catalog"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + FEED.partition("?>")[2], 200, "DOCTYPE"),
        (FEED, 403, "answered 403"),
    ],
)
async def test_a_feed_that_cannot_be_read_changes_nothing(api, crm, hub, feed, status, said):
    await _load(crm)
    hub.feed, hub.status = feed, status
    crm.feeds._tags.clear()
    result = await _load(crm)

    assert said in result["said"]
    assert (2, 2) == (crm.counts()["offers"], crm.counts()["offers_live"])


async def test_feeds_are_loaded_on_schedule(http, open_crm, hub, crm):
    second = await open_crm(feed_every_s=0.02)
    second.state.books["sites"]["main"] |= {
        name: crm.state.books["sites"]["main"][name] for name in ("ymlUrl", "loadFromYml")
    }
    for _ in range(6000):
        if second.state.feeds:
            break
        await asyncio.sleep(0.01)

    assert "loaded" == second.state.feeds[0]["said"]


async def test_stock_is_set_by_store_and_unknown_goods_are_no_error(api, goods):
    stores = [{"code": "main", "available": 16, "purchasePrice": 900}, {"code": "shop", "available": 2.5}]
    body = await api.post(
        "store/inventories/upload",
        site="main",
        offers=[{"externalId": "201", "stores": stores}, {"xmlId": "guid-none", "stores": stores}],
    )
    asked = {"filter[offerExternalId]": "201", "filter[details]": "1"}
    held = (await api.get("store/inventories", **asked))["offers"][0]

    assert (1, [{"xmlId": "guid-none"}]) == (body["processedOffersCount"], body["notFoundOffers"])
    assert (18.5, 900) == (held["quantity"], held["purchasePrice"])
    assert [("main", 16), ("shop", 2.5)] == [(row["store"], row["quantity"]) for row in held["stores"]]
    assert "stores" not in (await api.get("store/inventories", limit="250"))["offers"][0]


async def test_prices_are_set_by_type_and_taken_away(api, goods):
    prices = [{"code": "base", "price": "150.5"}, {"code": "wholesale", "price": 120}]
    await api.post("store/prices/upload", prices=[{"externalId": "202", "site": "main", "prices": prices}])
    gone = [{"code": "wholesale", "remove": True}]
    await api.post("store/prices/upload", prices=[{"externalId": "202", "site": "main", "prices": gone}])
    offer = next(each for each in (await api.get("store/offers"))["offers"] if each["externalId"] == "202")

    assert [("base", 150.5)] == [(row["priceType"], row["price"]) for row in offer["prices"]]


@pytest.mark.parametrize(
    ("method", "form", "path"),
    [
        (
            "inventories",
            {"offers": [{"stores": [{"code": "moon", "available": 1}]}]},
            "offers[0].stores[0].code",
        ),
        (
            "inventories",
            {"offers": [{"stores": [{"code": "main", "available": -1}]}]},
            "offers[0].stores[0].available",
        ),
        ("inventories", {"offers": [{}]}, "offers[0].stores"),
        ("inventories", {"offers": [{"externalId": "201"}] * 251}, "offers"),
        (
            "prices",
            {"prices": [{"site": "main", "prices": [{"code": "secret", "price": 1}]}]},
            "prices[0].prices[0].code",
        ),
        ("prices", {"prices": [{"site": "main"}] * 251}, "prices"),
    ],
)
async def test_an_upload_that_makes_no_sense_is_refused_whole(api, crm, goods, method, form, path):
    body = await api.post(f"store/{method}/upload", expect=400, site="main", **form)

    assert path in body["errors"]
    assert 0 == crm.ledger.writes(by="api")


async def test_a_catalogue_can_be_kept_by_the_api_alone(api):
    card = {
        "site": "main",
        "name": "Чай",
        "externalId": "t",
        "offers": [{"name": "Чай 100 г", "externalId": "t1", "price": 99.9}],
    }
    made = await api.post("store/products/batch/create", expect=201, products=[card])
    changed = [
        {"id": made["addedProducts"][0], "name": "Чай чёрный", "offers": [{"externalId": "t1", "price": 89}]}
    ]
    edited = await api.post("store/products/batch/edit", products=[*changed, {"id": 404, "name": "-"}])
    product = (await api.get("store/products"))["products"][0]

    assert (1, [{"id": 404}]) == (edited["processedProductsCount"], edited["notFoundProducts"])
    assert ("Чай чёрный", 1, 89) == (product["name"], len(product["offers"]), product["offers"][0]["price"])


async def test_the_seeded_world_is_for_sale(api, crm):
    count = crm.act("seed_catalogue")
    offers = (await api.get("store/offers", limit="100"))["offers"]

    assert count == len(offers) == crm.counts()["offers_live"]
    assert all(offer["prices"] and offer["xmlId"] for offer in offers)
