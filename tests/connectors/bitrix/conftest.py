from datetime import UTC, datetime

import aiohttp
import pytest

from obmen.connectors.bitrix.sandbox import Setup, Shop
from obmen.sandbox.clock import Clock


class Rest:
    """The barest REST client: one POST of JSON, no knowledge of the vendor."""

    def __init__(self, http, shop):
        self.http, self.shop = http, shop

    async def ask(self, method, params=None, *, status=200, headers=None):
        async with self.http.post(self.shop.webhook + method, json=params or {}, headers=headers) as answer:
            body = await answer.json()
            assert status == answer.status, body
            return body

    async def result(self, method, params=None):
        return (await self.ask(method, params))["result"]

    async def refusal(self, method, params=None, *, status=400):
        body = await self.ask(method, params, status=status)
        return body["error"], body["error_description"]

    async def product(self, **fields):
        made = await self.result(
            "catalog.product.add", {"fields": {"iblockId": 14, "name": "Дрель"} | fields}
        )
        return made["element"]["id"]

    async def offer(self, parent=None, **fields):
        parentage = {} if parent is None else {"parentId": parent}
        fields = {"iblockId": 15, "name": "Ботинки 42"} | parentage | fields
        return (await self.result("catalog.product.offer.add", {"fields": fields}))["offer"]["id"]

    async def get(self, product_id):
        return (await self.result("catalog.product.get", {"id": product_id}))["product"]

    async def price(self, product_id, group=1, price=1490.5):
        fields = {"productId": product_id, "catalogGroupId": group, "price": price, "currency": "RUB"}
        return (await self.result("catalog.price.add", {"fields": fields}))["price"]["id"]

    async def prices(self, product_id):
        found = await self.result("catalog.price.list", {"filter": {"productId": product_id}})
        return {row["catalogGroupId"]: row["price"] for row in found["prices"]}

    async def property(self, **fields):
        fields = {"iblockId": 14, "name": "Свойство", "propertyType": "S"} | fields
        return (await self.result("catalog.productProperty.add", {"fields": fields}))["productProperty"]["id"]


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def clock():
    return Clock(datetime(2026, 1, 31, 7, tzinfo=UTC), frozen=True)


@pytest.fixture
async def open_shop(clock):
    opened = []

    async def open_one(faults="", **options):
        shop = Shop(Setup(**options), clock=clock, faults=faults)
        await shop.start()
        opened.append(shop)
        return shop

    yield open_one
    for shop in opened:
        await shop.stop()


@pytest.fixture
async def shop(open_shop):
    return await open_shop()


@pytest.fixture
def rest(http, shop):
    return Rest(http, shop)


@pytest.fixture
def rest_to(http):
    return lambda shop: Rest(http, shop)
