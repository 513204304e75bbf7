"""Calls of triggers: which order they name, whatever the administrator typed in."""

from __future__ import annotations

import msgspec
import pytest
from aiohttp import web
from open_account import opened
from stocked_crm import stock

from obmen.connectors.retailcrm import Settings
from obmen.connectors.retailcrm.customers.settings import CustomerSettings
from obmen.connectors.retailcrm.hook import named_in
from obmen.errors import ConfigError

SECRET = "/hooks/retailcrm/0123456789abcdef"


class Inbox:
    """An intake that only keeps what it is given."""

    def __init__(self):
        self.taken = {}

    async def accept(self, envelope):
        self.taken.setdefault(envelope.key, envelope)
        return len(self.taken)

    @property
    def refs(self):
        return [ref for one in self.taken.values() for ref in msgspec.json.decode(one.body)["refs"]]

    @property
    def names(self):
        return [name for one in self.taken.values() for name in msgspec.json.decode(one.body)["names"]]


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, hook=SECRET) as world:
        stock(world.crm)
        world.inbox = Inbox()
        app = web.Application()

        async def enter(request):
            return await world.connection.receive(request, world.inbox)

        app.router.add_route("*", world.connection.routes[0], enter)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        world.url = f"http://127.0.0.1:{runner.addresses[0][1]}{SECRET}"
        yield world
        await runner.cleanup()


async def test_a_trigger_leaves_a_wake_up_of_its_order_and_a_repeat_leaves_no_second(world):
    world.crm.act("configure", trigger_repeat=1.0)
    world.crm.act("add_trigger", url=world.url)
    order = world.crm.act("new_order", lines=[{"offer": "201", "quantity": 1}])
    await world.crm.settle()

    assert world.crm.counts()["triggers"]["sent"] == 2
    assert world.inbox.refs == [str(order)]


async def test_orders_named_by_the_shops_id_only_cost_the_account_no_call_before_they_are_sought_together(
    world, http
):
    order = world.crm.act("new_order", lines=[{"offer": "201", "quantity": 1}])
    world.crm.act("edit_order", order=order, externalId="17")
    for form in (
        {"externalId": "17"},
        {"order_id": "17"},
        {"order_id": "нет такого"},
        {"order_id": "9" * 300},
    ):
        async with http.post(world.url, data=form) as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")

    assert (world.inbox.refs, world.inbox.names) == ([], ["17", "нет такого"])
    assert "orders" not in world.asked
    assert await world.connection.named("order", world.inbox.names) == [("17", str(order))]


async def test_a_trigger_about_a_customer_wakes_the_card_where_customers_are_cards_of_their_own(world, http):
    card = world.crm.act("new_customer", who="petrov")
    world.crm.act("edit_customer", customer=card, externalId="77")
    forms = (
        {"customer_id": str(card)},
        {"customer": f'{{"id": {card}}}'},
        {"customers": f'[{{"id": {card}}}]'},
        {"customer": '{"externalId": "77"}'},
        {"customer_id": "нет такого"},
    )
    for form in forms:
        async with http.post(world.url, data=form) as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
    assert world.inbox.taken == {}  # this connection holds no cards

    world.connection.work_with(msgspec.structs.replace(world.settings, customers=CustomerSettings()))
    for form in forms:
        async with http.post(world.url, data=form) as answer:
            assert answer.status == 200
    told = [msgspec.json.decode(one.body) for one in world.inbox.taken.values()]
    assert told == [
        {"entity": "customer", "refs": [str(card)], "names": []},
        {"entity": "customer", "refs": [], "names": ["77"]},
    ]
    assert await world.connection.named("customer", ["77"]) == [("77", str(card))]


async def test_a_trigger_of_the_account_about_customers_is_understood(world):
    world.connection.work_with(msgspec.structs.replace(world.settings, customers=CustomerSettings()))
    params = {"customer_id": "{{customer.getId()}}"}
    world.crm.act("add_trigger", url=world.url, event="customer", params=params)
    card = world.crm.act("new_customer", who="petrov")
    await world.crm.settle()

    (one,) = world.inbox.taken.values()
    assert msgspec.json.decode(one.body) == {"entity": "customer", "refs": [str(card)], "names": []}


async def test_nonsense_is_answered_and_harms_nobody(world, http):
    for body in (b"", b"{", b"\xff\xfe", b"[1]", b"{" + b" " * 100_000):
        async with http.post(world.url, data=body) as answer:
            assert answer.status == 200
    async with http.get(world.url, params={"id": "; drop"}) as answer:
        assert answer.status == 200

    assert world.inbox.taken == {}


@pytest.mark.parametrize(
    "given",
    [
        {"id": "7", "externalId": "17"},
        {"payload": '{"id": 7}'},
        {"order": {"id": 7}},
        {"orders": '[{"id": 7, "status": "new"}]'},
        {"orders": [{"id": 7}]},
    ],
)
def test_every_shape_people_type_in_names_its_order(given):
    assert (named_in(given).ids, named_in(given).external) == (["7"], [])


def test_a_path_that_can_be_guessed_is_refused():
    with pytest.raises(ConfigError, match="not signed"):
        Settings(url="https://x.retailcrm.ru", api_key="k", hook="/hooks/crm")
