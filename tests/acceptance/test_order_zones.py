"""A shop, a 1C and a hub in three time zones, on a machine in a fourth: a moment is the same moment everywhere."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from orders_stage import orders_stage

from obmen.connectors.bitrix.sandbox import Setup
from obmen.connectors.onec.sandbox.server import Infobase
from obmen.model import instant

VLADIVOSTOK = ZoneInfo("Asia/Vladivostok")


class FarInfobase(Infobase):
    """A 1C whose server stands in Vladivostok."""

    ago = timedelta(0)
    """How long before now what a user enters took place."""

    def _local_time(self, ahead_s=0.0):
        now = self.clock.now() - self.ago + timedelta(seconds=ahead_s)
        return f"{now.astimezone(VLADIVOSTOK):%Y-%m-%dT%H:%M:%S}"


@pytest.fixture
def on_a_machine_in_auckland(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
async def stage(tmp_path, on_a_machine_in_auckland):
    async with orders_stage(
        tmp_path,
        hub='time_zone = "America/New_York"',
        onec='time_zone = "Asia/Vladivostok"',
        shop_setup=Setup(utc_offset_h=5),
        infobase=FarInfobase,
    ) as stage:
        yield stage


def in_1c(text):
    return instant(datetime.fromisoformat(text).replace(tzinfo=VLADIVOSTOK))


async def test_moments_of_an_order_are_equal_in_the_shop_in_1c_and_in_the_hub(stage):
    order = stage.place(stage.erp.world.products[0].article, pay_system="cash", delivery="courier")
    await stage.seen()
    await stage.exchange()
    head = stage.in_shop(order)
    assert head.date_insert.utcoffset().total_seconds() == 5 * 3600
    placed = instant(head.date_insert)
    assert stage.record(order).atoms["placed"] == placed
    assert in_1c(stage.in_1c(order).date) == placed

    stage.erp.ago = timedelta(hours=2)  # 1C tells of it later
    stage.erp.act("pay_order", order=stage.number(order))
    stage.erp.act("ship_order", order=stage.number(order))
    stage.erp.act(
        "return_goods", order=stage.number(order), quantities={stage.in_1c(order).lines[0].goods: "1"}
    )
    stage.erp.ago = timedelta(0)
    for _ in range(2):
        await stage.exchange(version="2.10", schema="2.10", sends_all=True)
        await stage.seen()

    found = stage.in_1c(order)
    paid, shipped, returned = in_1c(found.payments[0].at), *(in_1c(each.at) for each in found.movements)
    atoms = stage.record(order).atoms
    moments = {
        name.partition(".")[0]: value["at"]
        for name, value in atoms.items()
        if name.startswith(("payments.erp", "shipments.erp", "returns.erp"))
    }
    assert moments == {"payments": paid, "shipments": shipped, "returns": returned}
    _, payments, shipments = stage.rows(order)
    assert instant(payments[0].date_paid) == paid
    assert instant(shipments[0].delivery_doc_date) == shipped
    assert f"| {returned} |" in shipments[0].comments
    stage.agree(order)

    written = stage.shop.ledger.writes(by="rest")
    await stage.exchange(version="2.10", schema="2.10", sends_all=True)
    await stage.seen()
    assert stage.shop.ledger.writes(by="rest") == written


async def test_an_order_changed_in_another_zone_is_not_missed_by_the_poll(stage):
    order = stage.place(stage.erp.world.products[0].article, pay_system="cash")
    await stage.seen()
    for status in ("P", "F"):
        stage.shop.act("change_status", order=order, status=status)
        await stage.seen()

    assert stage.record(order).atoms["stage"] == "done"
