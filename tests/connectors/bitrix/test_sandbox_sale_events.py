"""Outgoing webhooks of orders: forms with a token, over a way that loses, repeats and swaps."""

import pytest
from aiohttp import web
from stocked_shop import place, stock


@pytest.fixture
async def hub():
    got = []

    async def take(request):
        got.append(dict(await request.post()) | {"type": request.content_type})
        return web.Response(status=500 if request.query.get("down") else 200)

    app = web.Application()
    app.router.add_post("/in", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/in", got
    await runner.cleanup()


async def test_an_event_is_a_form_with_an_id_and_a_token(shop, hub):
    url, got = hub
    stock(shop)
    shop.act("bind_events", url=url)
    order = place(shop)
    await shop.settle()

    assert 1 == len(got)
    assert {
        "type": "application/x-www-form-urlencoded",
        "event": "ONSALEORDERSAVED",
        "event_handler_id": "1",
        "data[FIELDS][ID]": str(order),
        "data[FIELDS][ACTION]": "save",
        "auth[application_token]": shop.state.setup.application_token,
    }.items() <= got[0].items()
    assert not [key for key in got[0] if "price" in key.lower()]


async def test_several_saves_of_one_request_make_one_event(shop, hub, rest):
    url, got = hub
    stock(shop)
    order = place(shop)
    names = ["OnSaleOrderSaved", "onPaymentEntitySaved", "OnShipmentEntitySaved"]
    assert [1, 2, 3] == shop.act("bind_events", url=url, names=names)
    commands = {str(step): f"sale.order.update?id={order}&fields[comments]=step{step}" for step in range(3)}
    await rest.ask("batch", {"cmd": commands})
    await shop.settle()
    assert ["ONSALEORDERSAVED"] == [each["event"] for each in got]
    shop.act("pay", order=order)
    await shop.settle()

    assert {"ONSALEORDERSAVED", "ONPAYMENTENTITYSAVED"} == {each["event"] for each in got[1:]}


@pytest.mark.parametrize(
    ("dials", "posts", "lost"),
    [({"event_loss": 1.0}, 0, 4), ({"event_repeat": 1.0}, 8, 0), ({"event_delay_s": 0.01}, 4, 0)],
)
async def test_the_way_loses_and_repeats(shop, hub, dials, posts, lost):
    url, got = hub
    stock(shop)
    shop.act("bind_events", url=url)
    shop.act("configure", **dials)
    for _ in range(4):
        place(shop)
    await shop.settle()

    assert (posts, lost) == (len(got), shop.state.sale.events.lost)


async def test_the_way_swaps(shop, hub):
    url, got = hub
    stock(shop)
    shop.act("bind_events", url=url)
    shop.act("configure", event_reorder=1.0)
    orders = [place(shop) for _ in range(4)]
    await shop.settle()
    told = [int(each["data[FIELDS][ID]"]) for each in got]

    assert sorted(told) == orders != told


async def test_nobody_tries_again(shop, hub):
    url, got = hub
    stock(shop)
    shop.act("bind_events", url=f"{url}?down=1")
    place(shop)
    await shop.settle()

    assert (1, 1, 0) == (len(got), shop.state.sale.events.refused, shop.state.sale.events.posted)


async def test_an_unknown_event_is_named(shop):
    with pytest.raises(ValueError, match="known: OnSaleOrderSaved"):
        shop.act("bind_events", url="http://127.0.0.1:1/", names=["OnMoon"])


async def test_a_webhook_cannot_bind_events(rest):
    assert "ERROR_METHOD_NOT_FOUND" == (await rest.refusal("event.bind", status=404))[0]
