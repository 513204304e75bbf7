"""Custom fields: an order's texts in the types the account gave them; what does not fit holds back no order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from open_account import an_order, opened
from stocked_crm import stock

from obmen.connectors.contract import Done
from obmen.connectors.retailcrm.custom import typed
from obmen.connectors.retailcrm.orders.settings import OrderSettings

ZONE = ZoneInfo("Europe/Moscow")
KINDS = ("string", "text", "boolean", "integer", "numeric", "date", "datetime", "email", "dictionary")


@pytest.fixture
async def world(tmp_path):
    fields = {kind: f"properties.{kind}" for kind in KINDS}
    async with opened(tmp_path, orders=OrderSettings(fields=fields)) as world:
        stock(world.crm)
        for kind in KINDS:
            elements = {"elements": {"red": "Красный"}} if kind == "dictionary" else {}
            world.crm.act("add_custom_field", entity="order", code=kind, type=kind, **elements)
        yield world


def placed(**values):
    return {f"properties__{kind}": value for kind, value in values.items()}


async def test_each_text_goes_in_the_type_of_its_field_and_comes_back(world):
    values = {
        "string": "к" * 600,
        "boolean": "Y",
        "integer": "17",
        "numeric": "2,50",
        "date": "31.12.2026",
        "email": "i@example.ru",
        "dictionary": "red",
    }
    outcome = await world.create(**an_order(**placed(**values)))
    assert isinstance(outcome, Done), outcome
    assert outcome.doubts == ()
    (order,) = world.crm.state.orders
    held = order.custom_fields
    assert (held["boolean"], held["integer"], Decimal(str(held["numeric"])), held["date"]) == (
        True,
        17,
        Decimal("2.5"),
        "2026-12-31",
    )
    assert len(held["string"]) == 500
    back = await world.read(outcome.ref)
    assert (back["properties.boolean"], back["properties.numeric"], back["properties.date"]) == (
        "1",
        "2.5",
        "2026-12-31",
    )


async def test_a_check_shows_which_property_goes_to_a_field_of_which_type(world):
    told = [one.en for one in await world.connection.check() if one.code == "retailcrm.field_types"]
    assert "properties.boolean → boolean (boolean), properties.integer → integer (integer)" in told[0]


async def test_what_does_not_fit_is_left_out_and_told_and_the_order_goes(world):
    outcome = await world.create(**an_order(**placed(boolean="может быть", integer="много", string="ЛЕТО")))
    assert isinstance(outcome, Done), outcome
    (doubt,) = outcome.doubts
    assert doubt.code == "retailcrm.custom_fields"
    assert "boolean, integer" in doubt.en
    assert "много" not in doubt.en
    (order,) = world.crm.state.orders
    assert order.custom_fields == {"string": "ЛЕТО"}


async def test_a_field_is_cleared_by_an_empty_text_whatever_its_type(world):
    outcome = await world.create(**an_order(**placed(date="2026-12-31", boolean="1")))
    await world.write(outcome.ref, **placed(date=None, boolean=None))
    (order,) = world.crm.state.orders
    assert not any(order.custom_fields.values())


@given(st.integers(-(10**9), 10**9))
def test_whole_numbers_keep_their_value(number):
    assert typed(str(number), "integer", ZONE) == (number, True)


@given(st.decimals(-(10**6), 10**6, places=3))
def test_numbers_keep_their_value_with_a_point_or_a_comma(number):
    assert typed(f"{number:f}", "numeric", ZONE) == typed(f"{number:f}".replace(".", ","), "numeric", ZONE)
    assert typed(f"{number:f}", "numeric", ZONE).value == number


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_days_keep_their_value_however_they_are_written(day):
    assert typed(day.isoformat(), "date", ZONE).value == typed(f"{day:%d.%m.%Y}", "date", ZONE).value


@given(st.text(max_size=30), st.sampled_from(KINDS))
def test_no_text_breaks_any_type(text, kind):
    value = typed(text, kind, ZONE)
    assert value.fits or value.value is None
