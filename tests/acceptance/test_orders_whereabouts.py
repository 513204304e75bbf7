"""`obmen orders`, `obmen log` and the alert of orders without a pair, over a shop and a 1C that exchange."""

from __future__ import annotations

import asyncio
import json

import pytest
from hub_process import obmen, settled
from orders_stage import orders_stage
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.connectors.onec.sandbox.sale.exchange import OrderManners
from obmen.engine.alerting import Watched, situations

HALF_AN_HOUR = Watched(unpaired_after_s=1800.0)


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path, polls=False) as stage:
        yield stage


async def says(stage, *args):
    """Run a command beside the hub, as another process would: its database is in use, not its own."""
    words = [*args, "-c", str(stage.config.path)]
    return await asyncio.to_thread(CliRunner().invoke, cli, words, env={"OBMEN_LANG": "en"})


async def orders(stage, *args):
    said = await says(stage, "orders", "--json", *args)
    return said.exit_code, json.loads(said.stdout)


def drill(stage):
    return stage.erp.world.products[0].article


def late(stage, *, minutes):
    """What would be told of orders so many minutes from now: connection, count and numbers."""
    now = stage.hub.now() + minutes * 60
    with stage.hub.ledger.begin() as tx:
        found = situations(tx, stage.hub, HALF_AN_HOUR, now=now)
    return [(one.connection, one.count, one.numbers) for one in found if one.kind == "unpaired"]


async def test_an_order_1c_has_not_taken_is_named_with_the_reason_until_it_is_there(stage):
    order = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    number = stage.number(order)
    said = await says(stage, "orders")
    code, (found,) = await orders(stage, "--all")

    assert (said.exit_code, code) == (1, 1)
    assert "waits to be collected" in said.stdout
    assert (found["number"], found["unpaired"]) == (number, True)
    shop, erp = sorted(found["systems"], key=lambda one: one["connection"], reverse=True)
    assert (shop["ref"], shop["missing"]) == (str(order), "")
    assert (erp["ref"], erp["missing"]) == (None, "waits to be collected")
    assert await orders(stage, "--older", "30m") == (0, [])
    assert late(stage, minutes=29) == []
    assert late(stage, minutes=31) == [("erp", 1, (number,))]

    await stage.exchange()
    assert late(stage, minutes=31) == []
    code, (found,) = await orders(stage, number)
    assert (code, found["unpaired"], len({one["total"] for one in found["systems"]})) == (0, False, 1)
    assert "Every order is where it should be" in (await says(stage, "orders")).stdout


async def test_an_order_that_waits_to_be_paid_is_late_only_from_its_payment_on(stage):
    order = stage.place(drill(stage), pay_system="card")
    await stage.seen()
    assert late(stage, minutes=600) == []
    assert await orders(stage, "--unpaired") == (0, [])
    code, (found,) = await orders(stage, stage.number(order))
    assert (code, [one["connection"] for one in found["systems"] if one["missing"]]) == (0, ["erp"])

    stage.shop.act("pay", order=order)
    await stage.seen()
    assert late(stage, minutes=29) == []
    assert late(stage, minutes=31) == [("erp", 1, (stage.number(order),))]


async def test_a_sum_that_differs_is_told_with_the_difference(stage):
    order = stage.place(drill(stage), quantity="3", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    assert (await says(stage, "pause", "shop")).exit_code == 0
    there = stage.in_1c(order)
    line = there.lines[0]
    stage.erp.act("change_line", order=there.number, goods=line.goods, quantity="2")
    await stage.erp.exchange_orders(stage.account, OrderManners(), version="2.10")
    code, found = await orders(stage)
    while not found:
        code, found = await orders(stage)
    shop = next(one for one in found[0]["systems"] if one["connection"] == "shop")
    assert (code, shop["difference"]) == (1, f"{line.price:.2f} RUB")
    assert "differs by +" in (await says(stage, "orders")).stdout


async def test_the_exchange_log_is_asked_by_connection_by_record_and_by_error(stage):
    order = stage.place(drill(stage), pay_system="cash")
    await stage.seen()
    await stage.exchange()
    await asyncio.sleep(1.5)  # the log is written once a second
    everything = await says(stage, "log", "--json", "--limit", "1000")
    of_order = await says(stage, "log", "shop", "--record", str(order), "--json", "--limit", "1000")
    errors = await says(stage, "log", "erp", "--errors")
    unknown = await says(stage, "log", "nobody")

    rows = [json.loads(line) for line in everything.stdout.splitlines()]
    assert {row["connection"] for row in rows} == {"erp", "shop"}
    named = [json.loads(line) for line in of_order.stdout.splitlines()]
    assert 0 < len(named) < len(rows)
    assert all(str(order) in row["request"] + row["answer"] for row in named)
    assert "Nothing is found" in errors.stdout
    assert (unknown.exit_code, "there are: erp, shop" in unknown.stderr) == (2, True)
    for secret in (stage.shop.state.setup.webhook_secret, "stage"):
        assert f'"{secret}"' not in everything.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("orders", "--unpaired", "--all"), "contradict each other"),
        (("orders", "--older", "soon"), "a duration is written like"),
        (("log", "--since", "yesterday"), "a duration is written like"),
        (("alerts", "tell"), "write obmen alerts, or obmen alerts test"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(tmp_path, args, said):
    answer = obmen(*args, "-c", settled(tmp_path))

    assert answer.returncode == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
