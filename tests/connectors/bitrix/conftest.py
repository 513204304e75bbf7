import io
import zipfile
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


class Exchange:
    """The barest 1C: it follows `checkauth`, keeps its cookie, and repeats `import` while told to."""

    def __init__(self, http, shop, *, password=None):
        self.http, self.shop = http, shop
        setup = shop.state.setup
        self.auth = aiohttp.encode_basic_auth(setup.login, password or setup.password)
        self.cookie = self.sessid = self.timestamp = ""

    async def call(self, mode, *, kind="catalog", data=None, headers=None, **query):
        query = {"type": kind, "mode": mode, **query}
        headers = {
            "Cookie": f"PHPSESSID={self.cookie}",
            "Authorization": self.auth,
            **(headers or {}),
        }
        async with self.http.post(
            self.shop.credentials()["exchange"], params=query, data=data, headers=headers
        ) as answer:
            assert answer.status == 200
            assert answer.charset == "windows-1251"
            return (await answer.read()).decode("windows-1251")

    async def enter(self, *, with_sessid=True):
        lines = (await self.call("checkauth")).split("\n")
        assert lines[0] == "success", lines
        self.cookie = lines[2]
        self.sessid = lines[3].removeprefix("sessid=") if with_sessid else ""
        self.timestamp = lines[4].removeprefix("timestamp=")
        return await self.call("init", **self.proof())

    def proof(self):
        return {"sessid": self.sessid} if self.sessid else {}

    async def upload(self, name, data):
        return await self.call("file", data=data, filename=name, **self.proof())

    async def step(self, name):
        return await self.call("import", filename=name, **self.proof())

    async def import_all(self, name):
        told = []
        while not told or told[-1].startswith("progress"):
            told.append(await self.step(name))
        return told

    async def send(self, xml, name="import.xml", **files):
        """Upload a document, zipped, with its pictures, and import it."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr(name, xml)
            for path, content in files.items():
                zipped.writestr(path, content)
        await self.enter()
        await self.upload("v8_3B8F_3e.zip", archive.getvalue())
        told = await self.import_all(name)
        assert told[-1].startswith("success"), told[-1]
        return told


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


@pytest.fixture
def exchange(http, shop):
    return Exchange(http, shop)


@pytest.fixture
def exchange_to(http):
    return lambda shop, **access: Exchange(http, shop, **access)
