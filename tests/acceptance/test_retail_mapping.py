"""A status nobody has mapped: its order waits, a person says what it means while the hub runs, and it goes on."""

from __future__ import annotations

import pytest
from retail_stage import retail_stage

from obmen.engine.mapping import Edit, save, unmapped
from obmen.engine.planning import apply_plan, make_plan
from obmen.sync.plan import digest


@pytest.fixture
async def stage(tmp_path):
    async with retail_stage(tmp_path) as stage:
        stage.crm.act("add_reference", book="statuses", code="on-hold", name="Отложен", group="approval")
        stage.crm.act("add_reference", book="statuses", code="fake", name="Фальшивый", group="cancel")
        yield stage


def edit(stage, *edits, connection="crm", live=False):
    with stage.hub.ledger.begin() as tx:
        return save(tx, stage.hub, connection, edits, by="test", live=live)


def waiting(stage, kind="order_status"):
    with stage.hub.ledger.begin() as tx:
        tables = {table.kind.name: table.kind for table in stage.hub.connections["crm"].tables}
        return [(one.code, one.records) for one in unmapped(tx, "crm", tables[kind])]


async def test_an_unmapped_status_stops_the_stage_until_it_is_said_what_it_means(stage):
    order, other = stage.place(1, pay_system="cash"), stage.place(2, pay_system="cash")
    await stage.seen()
    stage.crm.act("change_status", order=stage.in_crm(order).id, status="on-hold")
    stage.crm.act("edit_order", order=stage.in_crm(order).id, managerComment="ждёт цвета")
    await stage.seen()
    assert stage.record(order).atoms["stage"] == "new"
    assert stage.record(order).atoms["note"] == "ждёт цвета"
    assert waiting(stage) == [("on-hold", 1)]
    (issue,) = stage.issues()
    assert "obmen mapping set crm order_status on-hold" in issue
    before = stage.writes()

    edit(stage, Edit("order_status", "on-hold", "stage:confirmed"))
    await stage.seen()

    assert stage.record(order).atoms["stage"] == "confirmed"
    assert stage.in_crm(order).status == "on-hold"
    assert stage.record(other).atoms["stage"] == "new"
    assert (waiting(stage), stage.issues(), stage.outbox()) == ([], [], [])
    assert stage.writes() == before
    stage.agree(order)


async def test_a_status_that_turns_out_to_cancel_cancels_the_orders_that_waited(stage):
    order = stage.place(1, pay_system="cash")
    await stage.seen()
    stage.crm.act("change_status", order=stage.in_crm(order).id, status="fake")
    await stage.seen()
    assert stage.in_shop(order).canceled == "N"

    edit(stage, Edit("order_status", "fake", "cancelled:фальшивый заказ"))
    await stage.seen()

    assert (stage.in_shop(order).canceled, stage.in_crm(order).status) == ("Y", "fake")
    assert stage.record(order).atoms["cancelled"] == "фальшивый заказ"
    assert (waiting(stage), stage.issues()) == ([], [])


async def test_what_an_edit_would_write_waits_for_a_plan_and_whatever_else_happens_to_it_with_it(stage):
    order, other = stage.place(1, pay_system="cash"), stage.place(1, pay_system="cash")
    await stage.seen()
    for each in (order, other):
        stage.crm.act("change_status", order=stage.in_crm(each).id, status="client-confirmed")
    await stage.seen()
    before = stage.writes()

    edit(stage, Edit("order_status", "availability-confirmed", "stage:supply"))
    edit(stage, Edit("order_status", "client-confirmed", "stage:supply"))
    await stage.seen()

    assert stage.writes() == before
    assert {(name, state, reason) for name, _, _, state, reason in stage.outbox()} == {
        ("shop", "held", "held_mapping")
    }
    with stage.hub.ledger.begin() as tx:
        steps = make_plan(tx, stage.hub, "shop")
    assert [step.fields for step in steps] == [{"stage": "P"}, {"stage": "P"}]

    (issue,) = stage.issues()
    assert issue.endswith("held: 2. See them: obmen plan shop")

    stage.crm.act("edit_order", order=stage.in_crm(order).id, managerComment="торопится")
    await stage.seen()
    assert (stage.in_shop(order).status_id, stage.in_shop(order).comments) == ("N", "")  # it waits as well

    with stage.hub.ledger.begin() as tx:
        old = apply_plan(tx, stage.hub, digest(steps))
        now = apply_plan(tx, stage.hub, digest(make_plan(tx, stage.hub, "shop")))
    assert ([step.title for step in old.moved], len(now.released)) == ([steps[0].title], 2)
    await stage.seen()
    assert (stage.in_shop(order).status_id, stage.in_shop(order).comments) == ("P", "торопится")
    assert (stage.in_shop(other).status_id, stage.issues(), stage.outbox()) == ("P", [], [])
