"""What an operator reads about orders in the terminal: the passport, its raw exchanges, and the plan."""

from __future__ import annotations

import asyncio
import json

import pytest
from orders_stage import SETTINGS, orders_stage
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.engine.exchanges import FLUSH_S


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path) as stage:
        stage.folder = tmp_path
        yield stage


async def obmen(stage, *arguments, lang="ru"):
    env = {"OBMEN_LANG": lang, "OBMEN_CONFIG": str(stage.folder / "obmen.toml"), "COLUMNS": "200"}
    result = await asyncio.to_thread(CliRunner(env=env).invoke, cli, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


async def test_the_raw_exchanges_of_an_order_are_those_that_speak_of_it(stage):
    first, second = stage.place("DU-13/780", pay_system="cash"), stage.place("MOL-500", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    stage.erp.act("pay_order", order=stage.number(second))
    await stage.exchange()
    await stage.seen()
    await asyncio.sleep(2 * FLUSH_S)  # the exchange log is stored behind the work

    _, raw = (await obmen(stage, "show", "order", str(second), "--raw")).split("Запросы и ответы")
    assert f"sale.order.get?id={second}" in raw
    assert "sale.payment.update" in raw
    assert f"<Номер>{second}</Номер>" in raw, "what 1C brought, out of its own file"
    assert "→ erp  sale.order" in raw, "what 1C was given"
    assert "catalog." not in raw
    assert f"<Номер>{first}</Номер>" not in raw


async def test_a_word_that_does_not_count_is_told_with_whose_word_does(stage):
    order = stage.place("DU-13/780", pay_system="cash")
    await stage.seen()
    await stage.exchange()
    stage.erp.act("comment_order", order=stage.number(order), text="Ждать звонка")
    await stage.exchange()

    told = await obmen(stage, "show", "order", str(order))
    assert (
        "комментарий менеджера: пришло Ждать звонка, остаётся пусто — не записано: по этому полю главный shop"
        in told
    )
    english = await obmen(stage, "show", "order", str(order), lang="en")
    assert "Ждать звонка came, nothing stays — not taken: shop decides this field" in english


async def test_a_plan_lists_no_order_whose_time_to_go_to_1c_has_not_come(stage):
    prepaid = stage.place("DU-13/780", pay_system="card")
    await stage.seen()

    (plan,) = json.loads(await obmen(stage, "plan", "erp", "--json"))["plans"]
    assert (plan["create"], plan["wait"]) == (0, 1)
    assert sum(plan["effects"].values()) == 0
    told = await obmen(stage, "plan", "erp")
    assert "записывать нечего" in told
    assert f"Ждут условия первой отправки (when): 1: «№ {prepaid}»" in told
    assert "условие первой отправки" in await obmen(stage, "show", "order", str(prepaid))

    applied = await obmen(stage, "apply", plan["digest"])
    assert "не выполнено условие первой отправки: 1" in applied
    await stage.exchange()
    assert stage.erp.book.orders == {}


async def test_a_code_nobody_has_mapped_is_told_in_words(tmp_path):
    known = '"2" = {{ method = "card", prepaid = true, receipts = "bank" }}, '
    async with orders_stage(tmp_path, settings=SETTINGS.replace(known, "")) as stage:
        stage.folder = tmp_path
        order = stage.place("DU-13/780", pay_system="card")
        await stage.seen()

        told = await obmen(stage, "show", "order", str(order))
        assert "shop: нет соответствия, платёжная система «2»" in told
        assert "{'" not in told
