"""What a plan says cannot be undone is at least what happens: counted in the shop's own ledger."""

from __future__ import annotations

import asyncio

import pytest
from orders_stage import orders_stage

from obmen.engine.holding import hold, release
from obmen.engine.planning import make_plan
from obmen.sync.plan import effects


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path) as stage:
        yield stage


def acts(stage, work, **how):
    with stage.hub.ledger.begin() as tx:
        return work(tx, stage.hub, "shop", "order", why="смотрим план", **how)


async def test_a_held_flow_shows_its_mails_and_sends_no_more_than_it_showed(stage):
    article = stage.erp.world.products[0].article
    orders = [stage.place(article, pay_system="cash", delivery="courier") for _ in range(2)]
    await stage.seen()
    await stage.exchange()
    acts(stage, hold)
    number = stage.number(orders[0])
    stage.erp.act("ship_order", order=number, tracking="RB1")
    stage.erp.act("pay_order", order=number)
    stage.erp.act("set_state", order=number, state="Закрыт")
    stage.erp.act("cancel_order", order=stage.number(orders[1]), reason="Передумал")
    before = stage.shop.counts()
    await stage.exchange(version="2.10", schema="2.10")

    with stage.hub.ledger.begin() as tx:
        plan = effects(make_plan(tx, stage.hub, "shop"))
    assert stage.shop.counts()["mails"] == before["mails"]
    assert (plan["receipt"], plan["deduction"]) == (1, 1)

    acts(stage, release)
    await asyncio.sleep(0.1)
    await stage.rest()
    after = stage.shop.counts()
    assert 0 < after["mails"] - before["mails"] <= plan["buyer_mail"]
    assert after["receipts"] - before["receipts"] <= plan["receipt"]
    assert stage.in_shop(orders[0]).status_id == "F"
    assert stage.in_shop(orders[1]).canceled == "Y"
