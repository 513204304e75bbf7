"""Codes nobody has mapped, in 1C and in the shop: what waits for them goes on once they are said, while the hub runs."""

from __future__ import annotations

import asyncio

from orders_stage import SETTINGS, orders_stage

from obmen.engine.mapping import Edit, queued, save
from obmen.engine.planning import apply_plan, make_plan
from obmen.sync.plan import digest


def edit(stage, connection, *edits):
    with stage.hub.ledger.begin() as tx:
        return save(tx, stage.hub, connection, [Edit(*one) for one in edits], by="test")


def drill(stage):
    return next(one.article for one in stage.erp.world.products if one.offers and one.article)


async def judged(stage, connection):
    """Wait until the running hub has taken the tables up and judged what they touch."""
    deadline = asyncio.get_running_loop().time() + 60
    while await stage.hub.ledger.run(lambda tx: queued(tx, stage.hub, connection)):
        assert asyncio.get_running_loop().time() < deadline, "still being judged anew"
        await asyncio.sleep(0.05)
    await stage.rest()


async def test_a_state_of_1c_nobody_has_mapped_waits_and_reaches_the_shop_once_it_is_said(tmp_path):
    async with orders_stage(tmp_path) as stage:
        order = stage.place(drill(stage), pay_system="cash")
        await stage.seen()
        await stage.exchange()
        stage.erp.act("set_state", order=stage.number(order), state="Собран и проверен")
        stage.erp.act("comment_order", order=stage.number(order), text="до двери")
        await stage.exchange()
        assert stage.in_shop(order).status_id == "N"
        (issue,) = stage.issues("order")
        assert 'obmen mapping set erp order_status "Собран и проверен" VALUE' in issue

        edit(stage, "erp", ("order_status", "Собран и проверен", "assembling"))
        await judged(stage, "erp")

        assert stage.record(order).atoms["stage"] == "assembling"
        assert stage.in_shop(order).status_id == "P"
        assert stage.issues("order") == []
        stage.agree(order)


async def test_a_pay_system_nobody_has_mapped_waits_and_its_order_reaches_1c_once_it_is_said(tmp_path):
    without = SETTINGS.replace('"1" = {{ method = "cash" }}, ', "")
    async with orders_stage(tmp_path, settings=without) as stage:
        order = stage.place(drill(stage), pay_system="cash")
        await stage.seen()
        (issue,) = stage.issues("order")
        assert "obmen mapping set shop payment_type 1 VALUE" in issue
        assert not any(name.startswith("payments.") for name in stage.record(order).atoms)

        edit(stage, "shop", ("payment_type", "1", "cash"))
        await judged(stage, "shop")
        await stage.exchange()
        assert stage.issues("order") == []
        (payment,) = (
            value for name, value in stage.record(order).atoms.items() if name.startswith("payments.")
        )
        assert payment["method"] == "cash"
        assert stage.in_1c(order).requisites["Метод оплаты"] == "Выплата наличных денег"
        stage.agree(order)


async def test_an_organisation_is_written_by_the_site_of_the_order(tmp_path):
    async with orders_stage(tmp_path) as stage:
        edit(stage, "erp", ("organization", "ООО «Инструмент и дом»", "s1"))
        await judged(stage, "erp")
        order = stage.place(drill(stage), pay_system="cash")
        await stage.seen()
        await stage.exchange()
        assert stage.in_1c(order).requisites["Организация"] == "ООО «Инструмент и дом»"
        stage.agree(order)


async def test_a_price_type_said_later_is_shown_as_a_plan_and_written_by_it_alone(tmp_path):
    async with orders_stage(tmp_path) as stage:
        before = stage.shop.ledger.writes(by="rest")
        edit(stage, "shop", ("price_type", "2", "wholesale"))
        await judged(stage, "shop")
        assert {(entity, state, reason) for entity, _, state, reason in stage.outbox()} == {
            ("offer", "held", "held_mapping")
        }
        assert stage.shop.ledger.writes(by="rest") == before

        with stage.hub.ledger.begin() as tx:
            steps = make_plan(tx, stage.hub, "shop")
        assert {name for step in steps for name in step.fields} == {"prices.wholesale"}
        with stage.hub.ledger.begin() as tx:
            applied = apply_plan(tx, stage.hub, digest(steps))
        assert len(applied.released) == len(steps)
        await stage.rest()
        assert stage.outbox() == []
        assert {price.catalog_group_id for price in stage.shop.state.prices} == {1, 2}


async def test_orders_an_edit_would_let_into_1c_wait_for_a_plan(tmp_path):
    async with orders_stage(tmp_path) as stage:
        order = stage.place(drill(stage), pay_system="card")
        await stage.seen()
        await stage.exchange()
        assert stage.erp.book.orders == {}  # to be paid in advance, and not paid

        edit(stage, "shop", ("payment_type", "2", "cash"))
        await judged(stage, "shop")
        await stage.exchange()
        assert stage.erp.book.orders == {}
        assert [(entity, state, reason) for entity, _, state, reason in stage.outbox("erp")] == [
            ("order", "held", "held_mapping")
        ]

        with stage.hub.ledger.begin() as tx:
            apply_plan(tx, stage.hub, digest(make_plan(tx, stage.hub, "erp")))
        await stage.exchange()
        stage.agree(order)
