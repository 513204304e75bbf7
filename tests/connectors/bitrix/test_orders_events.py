"""Events of the shop at the hub's door: what is let in wakes a look, what is not is refused in a sentence."""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
import pytest
from open_shop import opened
from stocked_shop import place, stock

from obmen.connectors.bitrix.orders.settings import Events, OrderSettings
from obmen.gateway.server import Entrance, Gateway

TOKEN = "51856fefc120afa4b628cc82d3935cce"
ORDERS = OrderSettings(events=Events(token=TOKEN))


class Inbox:
    """An intake that keeps what it accepts."""

    def __init__(self):
        self.kept = {}

    async def accept(self, envelope):
        await asyncio.sleep(0)
        return self.kept.setdefault(envelope.key, (len(self.kept) + 1, envelope))[0]

    def woken(self):
        return [msgspec.json.decode(envelope.body) for _, envelope in self.kept.values()]


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, orders=ORDERS) as world:
        stock(world.shop)
        world.inbox = Inbox()
        gateway = Gateway([Entrance(connection="shop", receiver=world.connection)], world.inbox)
        world.url = f"http://127.0.0.1:{await gateway.start('127.0.0.1', 0)}/in/shop"
        yield world
        await gateway.stop()


def event(order="17", name="ONSALEORDERSAVED", token=TOKEN):
    return {"event": name, "data[FIELDS][ID]": order, "ts": "1714649632", "auth[application_token]": token}


async def call(world, data=None, *, method="POST", **given):
    async with aiohttp.ClientSession() as http, http.request(method, world.url, data=data, **given) as answer:
        return answer.status, await answer.text()


async def test_a_saved_order_wakes_the_look_at_that_order_and_tells_nothing_else(world):
    world.shop.act("bind_events", url=world.url, names=["OnSaleOrderSaved", "OnOrderDeleted"])
    order = place(world.shop)
    world.shop.act("delete_order", order=order)
    await world.shop.settle()

    assert world.inbox.woken() == [{"entity": "order", "refs": [str(order)], "names": []}] * 2
    assert world.shop.state.sale.events.posted == 2
    assert {exchange.status for exchange in world.log} == {200}


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (event(token=""), 403, "application token is not the shop's"),
        (event(token="ы" * 32), 403, "application token is not the shop's"),
        (event(order="17; drop"), 400, "names no order"),
        (event(order=""), 400, "names no order"),
        (b"{}", 400, "not a form"),
        (b"\xff\xfe=1", 400, "not a form"),
        (b"&".join(b"a%d=1" % number for number in range(500)), 400, "not a form"),
        (b"a=" + b"x" * 70_000, 413, "larger than"),
        (event(name="ONPAYMENTENTITYSAVED"), 200, "not needed"),
    ],
)
async def test_what_is_no_event_of_an_order_wakes_nobody(world, caplog, data, status, said):
    answer = await call(world, data)

    assert answer[0] == status
    assert said in answer[1]
    assert world.inbox.woken() == []
    assert (world.log[-1].direction, bool(world.log[-1].error)) == ("in", status != 200)
    assert ("an event was refused" in caplog.text) == (status != 200)


async def test_a_body_that_does_not_say_its_length_is_measured_as_it_comes(world):
    async def body():
        for _ in range(3):
            yield b"a" * 30_000

    status, text = await call(world, body())

    assert (status, "larger than" in text, world.inbox.woken()) == (413, True, [])


async def test_another_way_than_post_is_refused(world):
    status, text = await call(world, method="GET")

    assert (status, "by POST" in text) == (405, True)


async def test_the_token_is_in_no_log(world):
    await call(world, event())
    await call(world, event(token=TOKEN[:-1]))

    assert not [exchange for exchange in world.log if TOKEN[:8] in str(exchange)]


async def test_an_event_that_cannot_be_stored_is_not_answered_with_success(world):
    async def full(_envelope):
        raise OSError("disk full")

    world.inbox.accept = full
    status, _ = await call(world, event())

    assert status >= 500


async def test_a_shop_without_events_has_no_address(tmp_path):
    async with opened(tmp_path, orders=OrderSettings()) as world:
        assert world.connection.routes == ()
