"""Where systems differ and a person is asked: lines of what is paid, a cancellation of what has left; and the answer."""

from __future__ import annotations

import asyncio

import pytest
from orders_stage import orders_stage
from typer.testing import CliRunner

from obmen.cli import cli


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path, polls=False) as stage:
        stage.folder = tmp_path
        yield stage


async def obmen(stage, *arguments, lang="ru"):
    env = {"OBMEN_LANG": lang, "OBMEN_CONFIG": str(stage.folder / "obmen.toml"), "COLUMNS": "200"}
    return await asyncio.to_thread(CliRunner(env=env).invoke, cli, arguments)


async def paid(stage):
    order = stage.place("DU-13/780", "MOL-500", pay_system="card")
    stage.shop.act("pay", order=order)
    await stage.seen()
    await stage.exchange()
    return order


async def more_in_1c(stage, order):
    """A manager doubles the first line; return what the order costs in the shop, and in 1C."""
    line = stage.in_1c(order).lines[0]
    stage.erp.act("change_line", order=stage.number(order), goods=line.goods, quantity="2")
    await stage.exchange()
    return stage.in_shop(order).price, stage.in_1c(order).total


async def test_lines_of_a_paid_order_changed_in_1c_are_a_persons_and_nothing_is_overwritten(stage):
    order = await paid(stage)
    before = stage.in_shop(order).price
    in_shop, in_1c = await more_in_1c(stage, order)

    assert in_shop == before
    assert in_1c > before
    (issue,) = stage.issues("order")
    assert "paid or shipped already" in issue
    assert f"«{in_1c:.2f} RUB» in erp" in issue
    assert "obmen choose order" in issue

    for _ in range(2):  # nothing of it comes by itself
        await stage.seen()
        await stage.exchange(sends_all=True)
    assert (stage.in_shop(order).price, stage.in_1c(order).total) == (before, in_1c)


@pytest.mark.parametrize("right", ["erp", "shop"])
async def test_a_person_says_whose_lines_are_right_and_the_other_side_gets_them(stage, right):
    order = await paid(stage)
    in_shop, in_1c = await more_in_1c(stage, order)

    said = await obmen(
        stage, "choose", "order", str(order), "money", right, "--why", "согласовано с покупателем"
    )
    assert said.exit_code == 0, said.output
    assert "состав и суммы" in said.output
    await stage.seen()
    await stage.exchange()

    assert stage.in_shop(order).price == (in_1c if right == "erp" else in_shop)
    stage.agree(order)
    assert stage.issues("order") == []
    told = (await obmen(stage, "show", "order", str(order))).output
    assert "выбрано человеком (согласовано с покупателем)" in told


async def test_an_order_that_has_left_and_was_cancelled_in_the_shop_is_cancelled_in_1c_once_a_person_says_so(
    stage,
):
    order = stage.place("DU-13/780", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    stage.erp.act("ship_order", order=stage.number(order))
    stage.shop.act("cancel_order", order=order, reason="передумал")
    await stage.exchange()
    await stage.seen()
    (issue,) = stage.issues("order")
    assert "cancelled: nothing in the record, «передумал» in shop" in issue

    await obmen(stage, "choose", "order", str(order), "cancelled", "shop", "--why", "вернули со склада")
    await stage.exchange()

    assert stage.in_1c(order).cancelled == "передумал"
    assert stage.issues("order") == []


async def test_where_nobody_is_asked_there_is_nothing_to_choose(stage):
    order = stage.place("DU-13/780", pay_system="cash")
    await stage.seen()
    said = await obmen(stage, "choose", "order", str(order), "stage", "shop", "--why", "проба")

    assert said.exit_code == 2
    assert "по полю stage выбирать нечего" in said.output
