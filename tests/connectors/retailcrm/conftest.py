from datetime import UTC, datetime

import aiohttp
import msgspec
import pytest
from stocked_crm import stock

from obmen.connectors.retailcrm.sandbox import Crm, Setup
from obmen.sandbox.clock import Clock


class Api:
    """The barest client: a form with JSON in its fields, no knowledge of the vendor."""

    def __init__(self, http, crm, key=None):
        self.http, self.crm = http, crm
        self.headers = {"X-API-KEY": key or crm.credentials()["api_key"]}

    async def get(self, method, *, expect=200, headers=None, **params):
        url = f"{self.crm.url}/api/v5/{method}"
        async with self.http.get(url, params=params, headers=self.headers | (headers or {})) as answer:
            body = await answer.json()
            assert expect == answer.status, body
            return body

    async def post(self, method, *, expect=200, headers=None, **params):
        form = {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in params.items()
        }
        url = f"{self.crm.url}/api/v5/{method}"
        async with self.http.post(url, data=form, headers=self.headers | (headers or {})) as answer:
            body = await answer.json()
            assert expect == answer.status, body
            return body

    async def order(self, **fields):
        """Make an order in the shop `main`; return it as answered."""
        return (await self.post("orders/create", expect=201, site="main", order=fields))["order"]

    async def read(self, order_id):
        return (await self.get(f"orders/{order_id}", by="id"))["order"]

    async def edit(self, order_id, *, expect=200, **fields):
        return await self.post(f"orders/{order_id}/edit", expect=expect, by="id", order=fields)

    async def history(self, since=0, kind="orders", **params):
        return (await self.get(f"{kind}/history", **{"filter[sinceId]": since}, **params))["history"]


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def clock():
    return Clock(datetime(2026, 1, 31, 21, 30, tzinfo=UTC), frozen=True)


@pytest.fixture
async def open_crm(clock):
    opened = []

    async def open_one(faults="", **options):
        crm = Crm(Setup(**{"rate_limit": None} | options), clock=clock, faults=faults)
        await crm.start()
        opened.append(crm)
        return crm

    yield open_one
    for crm in opened:
        await crm.stop()


@pytest.fixture
async def crm(open_crm):
    return await open_crm()


@pytest.fixture
def api(http, crm):
    return Api(http, crm)


@pytest.fixture
def api_to(http):
    return lambda crm, key=None: Api(http, crm, key)


@pytest.fixture
def goods(crm):
    """Three offers of the shop `main`, by what the tests call them: boots, tea, drill."""
    return stock(crm)
