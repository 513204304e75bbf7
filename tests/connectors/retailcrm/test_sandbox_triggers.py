"""Triggers of the simulated account: calls to an address somebody typed in."""

import pytest
from aiohttp import web


class Receiver:
    """Who is called."""

    def __init__(self):
        self.calls, self.status = [], 200

    async def take(self, request):
        form = dict(await request.post()) if request.method == "POST" else dict(request.query)
        self.calls.append((request.method, form))
        return web.Response(status=self.status)


@pytest.fixture
async def receiver():
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def test_a_save_calls_once_with_what_the_templates_say(api, crm, receiver):
    crm.act(
        "add_trigger",
        url=receiver.url,
        params={"n": "№{{ order.getNumber() }}", "x": "{{order.getWeather()}}"},
    )
    await api.order(externalId="17", number="BX-17", payments=[{"type": "cash", "externalId": "1"}])
    await crm.settle()

    assert [("POST", {"n": "№BX-17", "x": ""})] == receiver.calls
    assert {"sent": 1, "lost": 0, "refused": 0} == crm.counts()["triggers"]


async def test_a_trigger_waits_for_its_field(api, crm, receiver):
    crm.act("add_trigger", url=receiver.url, fields=["status"])
    made = await api.order(externalId="17")
    await api.edit(made["id"], managerComment="позвонить")
    crm.act("change_status", order=made["id"], status="client-confirmed")
    await crm.settle()

    assert ["new", "client-confirmed"] == [form["status"] for _, form in receiver.calls]
    assert {"17"} == {form["externalId"] for _, form in receiver.calls}


async def test_a_batch_calls_for_every_order(api, crm, receiver):
    crm.act("add_trigger", url=receiver.url, method="GET", params={"id": "{{order.getExternalId()}}"})
    await api.post("orders/upload", site="main", orders=[{"externalId": "1"}, {"externalId": "2"}])
    await crm.settle()

    assert [("GET", {"id": "1"}), ("GET", {"id": "2"})] == receiver.calls


async def test_a_refused_write_calls_nobody(api, crm, receiver):
    crm.act("add_trigger", url=receiver.url)
    await api.post("orders/create", expect=400, site="main", order={"status": "gone"})
    await crm.settle()

    assert [] == receiver.calls


async def test_calls_are_lost_and_repeated_by_the_dials(api, crm, receiver):
    crm.act("add_trigger", url=receiver.url)
    crm.act("configure", trigger_loss=1.0)
    await api.order(externalId="1")
    crm.act("configure", trigger_loss=0.0, trigger_repeat=1.0)
    await api.order(externalId="2")
    await crm.settle()

    assert ["2", "2"] == [form["externalId"] for _, form in receiver.calls]
    assert {"sent": 2, "lost": 1, "refused": 0} == crm.counts()["triggers"]


async def test_calls_swap_places_by_the_dials(api, crm, receiver):
    crm.act("add_trigger", url=receiver.url)
    crm.act("configure", trigger_reorder=1.0, trigger_delay_s=0.005)
    await api.post("orders/upload", site="main", orders=[{"externalId": "1"}, {"externalId": "2"}])
    await crm.settle()

    assert ["2", "1"] == [form["externalId"] for _, form in receiver.calls]


async def test_nobody_tries_again_where_the_address_does_not_answer(api, crm, receiver):
    receiver.status = 500
    crm.act("add_trigger", url=receiver.url)
    crm.act("add_trigger", url="http://127.0.0.1:9/closed")
    await api.order(externalId="1")
    await crm.settle()

    assert 1 == len(receiver.calls)
    assert {"sent": 0, "lost": 0, "refused": 2} == crm.counts()["triggers"]


async def test_customers_have_triggers_too(api, crm, receiver):
    crm.act("add_trigger", url=receiver.url, event="customer", params={"id": "{{customer.getExternalId()}}"})
    await api.post("customers/create", expect=201, site="main", customer={"externalId": "77"})
    await crm.settle()

    assert [("POST", {"id": "77"})] == receiver.calls
