"""Orders that cannot be read as they are: each is named and waits, everybody else's go on."""

from __future__ import annotations

from decimal import Decimal

import pytest
from orders_stage import orders_stage

from obmen.connectors.bitrix.sandbox.errors import RestError


@pytest.fixture
async def stage(tmp_path):
    async with orders_stage(tmp_path) as stage:
        yield stage


def drill(stage):
    return stage.erp.world.products[0].article


def about_orders(stage):
    return stage.issues("order")


async def both(stage):
    await stage.seen()
    await stage.exchange()


def numbers(stage):
    return sorted(order.number for order in stage.erp.book.orders.values())


async def test_an_order_whose_money_does_not_add_up_waits_for_a_person_and_the_others_go_on(stage):
    odd, good = (stage.place(drill(stage), pay_system="cash") for _ in range(2))
    head = stage.in_shop(odd)
    right = head.price
    stage.shop.state.sale.orders.change(head, price=right + Decimal("5.55"))
    await both(stage)

    assert numbers(stage) == [stage.number(good)]
    stage.agree(good)
    assert len(about_orders(stage)) == 1, about_orders(stage)
    (issue,) = about_orders(stage)
    assert f"№ {stage.number(odd)}" in issue
    assert "5.55" not in issue or "≠" in issue

    stage.shop.act(
        "edit_order", order=odd, comments="пересчитано"
    )  # a manager saves it: the shop adds up anew
    await both(stage)
    assert stage.in_shop(odd).price == right
    assert numbers(stage) == sorted([stage.number(odd), stage.number(good)])
    stage.agree(odd)
    assert about_orders(stage) == []


async def test_an_unknown_status_is_named_and_only_the_status_waits(stage):
    stage.shop.act("add_status", id="ZZ", name="Ждёт звезду")
    odd, good = (stage.place(drill(stage), pay_system="cash") for _ in range(2))
    stage.shop.act("change_status", order=odd, status="ZZ")
    await both(stage)

    stage.agree(good)
    assert len(about_orders(stage)) == 1, about_orders(stage)
    (issue,) = about_orders(stage)
    assert "«ZZ»" in issue
    assert "stage" not in stage.record(odd).atoms
    stage.agree(odd)
    assert stage.in_shop(odd).status_id == "ZZ", "nothing is written over what nobody can read"

    stage.shop.act("change_status", order=odd, status="P")
    await stage.seen()
    assert stage.record(odd).atoms["stage"] == "supply"
    assert about_orders(stage) == []


async def test_an_order_of_a_buyer_who_was_deleted_goes_by_what_the_order_itself_says(stage):
    odd, good = (stage.place(drill(stage), pay_system="cash") for _ in range(2))
    sale = stage.shop.state.sale
    sale.users.remove(sale.users.get(sale.orders.get(odd).user_id))
    await both(stage)

    stage.agree(odd)
    stage.agree(good)
    assert stage.in_1c(odd).buyer == stage.in_1c(good).buyer != ""


async def test_an_order_the_shop_cannot_show_holds_up_nobody_and_is_read_once_it_can(stage, caplog):
    odd, good = (stage.place(drill(stage), pay_system="cash") for _ in range(2))
    methods = stage.shop._rest._methods
    shows = methods["sale.order.get"]
    methods["sale.order.get"] = _broken(shows, str(odd))
    await both(stage)

    assert numbers(stage) == [stage.number(good)]
    assert [record.getMessage() for record in caplog.records if f"order {odd}" in record.getMessage()]
    methods["sale.order.get"] = shows
    await both(stage)
    stage.agree(odd)


def _broken(shows, number):
    def show(state, params):
        if str(params.get("id")) == number:
            raise RestError(0, "Call to a member function getField() on null")
        return shows(state, params)

    return show
