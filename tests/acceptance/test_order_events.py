"""Orders that reach 1C because the shop said they changed, long before anybody would have asked."""

from __future__ import annotations

import pytest
from orders_stage import orders_stage

TOKEN = "51856fefc120afa4b628cc82d3935cce"
EVENTS = f'events = {{ token = "{TOKEN}" }}'


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path, orders=EVENTS) as stage:
        names = ["OnSaleOrderSaved", "OnOrderDeleted"]
        stage.shop.act("bind_events", url=f"{stage.url}/in/shop", names=names)
        yield stage


async def told(stage):
    await stage.shop.settle()
    await stage.rest()


async def test_an_order_goes_to_1c_and_is_cancelled_there_without_a_single_poll(stage):
    order = stage.place(stage.erp.world.products[0].article, pay_system="cash")
    await told(stage)
    await stage.exchange()
    stage.agree(order)

    stage.shop.act("cancel_order", order=order, reason="передумал")
    await told(stage)
    await stage.exchange()
    assert stage.in_1c(order).cancelled == "передумал"


async def test_events_doubled_and_swapped_double_and_swap_nothing(stage):
    stage.shop.act("configure", event_repeat=1.0, event_reorder=1.0)
    orders = [stage.place(stage.erp.world.products[0].article, pay_system="cash") for _ in range(3)]
    stage.shop.act("change_status", order=orders[0], status="P")
    await told(stage)
    await stage.exchange()

    for order in orders:
        stage.agree(order)
    assert len(stage.erp.book.orders) == 3
    assert stage.record(orders[0]).atoms["stage"] == "supply"


async def test_the_hubs_own_writes_come_back_as_events_and_move_nothing(stage):
    order = stage.place(stage.erp.world.products[0].article, pay_system="cash")
    await told(stage)
    await stage.exchange()
    stage.erp.act("pay_order", order=stage.number(order))
    await stage.exchange(version="2.10", schema="2.10")
    await told(stage)
    written = stage.shop.ledger.writes(by="rest")
    await told(stage)
    await stage.exchange()

    assert stage.in_shop(order).payed == "Y"
    assert stage.shop.ledger.writes(by="rest") == written


async def test_what_no_event_told_of_is_found_by_polling(tmp_path):
    async with orders_stage(tmp_path, orders=EVENTS, polls=True) as stage:
        stage.shop.act("bind_events", url=f"{stage.url}/in/shop")
        stage.shop.act("configure", event_loss=1.0)
        order = stage.place(stage.erp.world.products[0].article, pay_system="cash")
        await stage.seen()
        await stage.exchange()

        stage.agree(order)
        assert stage.shop.state.sale.events.posted == 0
