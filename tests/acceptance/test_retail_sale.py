"""The clothing sale and what goes wrong in it: bursts, lost answers, outages, managers' edits; counted in both systems."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import aiohttp
import msgspec
import pytest
from retail_stage import retail_stage
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.connectors.bitrix.sandbox.sale import checkout
from obmen.connectors.retailcrm.sandbox import Setup
from obmen.engine.pulling import pull
from obmen.sandbox.faults import Dials, Fault
from obmen.sandbox.world.buyers import buyer

SECRET = "/hooks/retailcrm/0123456789abcdef"


@pytest.fixture
async def stage(tmp_path):
    async with retail_stage(tmp_path, polls=False) as stage:
        yield stage


def journal(stage, order, reason):
    """What the journal of an order says for one reason, oldest first."""
    number = stage.record(order).id
    with stage.hub.ledger.begin() as tx:
        told = reversed(tx.history(number))
    return [entry for each in told for entry in each.line.entries if entry.reason == reason]


def keys(stage):
    with stage.hub.ledger.begin() as tx:
        return [one.issue.key for one in tx.issues()]


async def obmen(folder, *words):
    """What the command line says beside the running hub."""
    result = await asyncio.to_thread(
        CliRunner().invoke, cli, [*words, "-c", str(folder / "obmen.toml")], env={"OBMEN_LANG": "en"}
    )
    return result.exit_code, " ".join((result.output + result.stderr).split())


async def test_a_burst_into_a_slow_crm_arrives_whole_and_once(tmp_path):
    async with retail_stage(tmp_path, rate=8, setup=Setup(), polls=False) as stage:
        stage.crm.faults.dials = Dials(latency=(0.2, 0.4))
        buyers = ("petrov", "sokolova", "smirnova", "remstroy")
        orders = [
            stage.place(1, number % 3, pay_system="cash", who=buyers[number % 4]) for number in range(24)
        ]
        await stage.seen()

        for order in orders:
            stage.agree(order)
        assert stage.crm.state.over_limit == 0
        assert (len(list(stage.crm.state.orders)), len(list(stage.crm.state.customers))) == (24, 4)


async def test_an_order_that_lands_after_our_time_out_is_there_once(stage, monkeypatch):
    """The gateway gives up on the call that makes the order, and the order is there a moment later."""
    given_up = asyncio.Event()

    def draw():
        if (
            list(stage.crm.state.customers) and not given_up.is_set()
        ):  # the buyer's card is made: next comes the order
            given_up.set()
            return Fault.LATE_EFFECT
        return None

    monkeypatch.setattr(stage.crm.faults, "draw", draw)
    stage.crm.faults.dials = Dials(late_s=0.7)
    order = stage.place(1, 2, pay_system="cash")
    await pull(stage.hub, "shop", "order")
    stage.runner.nudge()
    await asyncio.wait_for(given_up.wait(), 10)
    assert list(stage.crm.state.orders) == []
    await stage.crm.settle()
    await stage.seen()

    stage.agree(order)
    assert keys(stage) == []
    assert [entry.reason for entry in journal(stage, order, "arrived")] == ["arrived"]


async def test_one_buyer_however_the_phone_and_the_mail_are_typed(stage, monkeypatch):
    person = buyer("petrov")
    typed = [
        {"phone": "+7 (999) 123-45-67", "email": "i.petrov@example.ru"},
        {"phone": "89991234567", "email": "I.Petrov@Example.RU"},
        {"phone": "8 999 123 45 67", "email": "i.petrov@EXAMPLE.ru"},
        {"phone": "9991234567", "email": ""},
    ]
    orders = []
    for contact in typed:
        monkeypatch.setattr(
            checkout, "buyer", lambda _who, contact=contact: msgspec.structs.replace(person, **contact)
        )
        orders.append(stage.place(1, pay_system="cash"))
        await stage.seen()

    (card,) = stage.crm.state.customers
    assert {stage.in_crm(order).customer_id for order in orders} == {card.id}
    assert keys(stage) == []


async def test_a_family_phone_is_an_issue_a_person_settles_and_never_a_merge(stage, tmp_path):
    stage.crm.act(
        "edit_customer",
        customer=stage.crm.act("new_customer", who="smirnova"),
        phones=[{"number": "8 904 490 11 22"}],
    )
    order = stage.place(1, pay_system="cash", who="petrov")
    await stage.seen()
    assert len(list(stage.crm.state.customers)) == 2
    (key,) = keys(stage)

    _, listed = await obmen(tmp_path, "issues")
    assert f"obmen issues settle {key} --why" in listed
    code, said = await obmen(tmp_path, "issues", "settle", key)
    assert (code, "Say why" in said) == (2, True)
    code, said = await obmen(tmp_path, "issues", "settle", key, "--why", "мать и сын")
    assert (code, "Settled: crm" in said) == (0, True)
    assert keys(stage) == []
    assert [entry.detail for entry in journal(stage, order, "settled")] == ["doubt"]


async def test_an_hour_without_the_crm_is_one_issue_burns_no_attempts_and_everything_arrives(tmp_path):
    """The hub's clock runs six hundred times as fast: an hour is six seconds."""
    async with retail_stage(tmp_path, polls=False, hurry=600.0) as stage:
        began = stage.hub.now()
        stage.crm.faults.dials = Dials(error=1.0)
        orders = [stage.place(1, number % 3, pay_system="cash") for number in range(6)]
        open_at = []
        await pull(stage.hub, "shop", "order")
        while stage.hub.now() - began < 3600:
            if stage.hub.now() - began > 1800:
                stage.crm.faults.dials = Dials(unavailable=1.0)
            stage.runner.nudge()
            await asyncio.sleep(0.2)
            open_at.append(keys(stage))
            with stage.hub.ledger.begin() as tx:
                assert [row.attempts for row in tx.outbox("crm") if row.attempts] == []
        stage.crm.faults.dials = Dials()
        await stage.seen()

        assert open_at[-1] == ["down:crm"]
        assert keys(stage) == []
        for order in orders:
            stage.agree(order)


async def test_a_manager_changes_lines_price_and_discount_and_the_shop_follows(stage):
    order = stage.place(2, 1, 3, pay_system="cash", delivery="courier")
    await stage.seen()
    there = stage.in_crm(order)
    first, second, third = stage.crm.state.items_of(there)
    stage.crm.act(
        "edit_lines",
        order=there.id,
        change=[{"line": first.id, "price": "3000.10"}, {"line": third.id, "discount": "0.77"}],
        remove=[second.id],
    )
    stage.crm.act("set_discount", order=there.id, amount="100.01")
    await stage.seen()

    stage.agree(order)
    sold = {item.product_id: item for item in stage.shop.state.sale.items_of(stage.in_shop(order))}
    assert set(sold) == {stage.ids[0], stage.ids[2]}
    held = stage.writes()
    await stage.seen()
    assert stage.writes() == held


async def test_a_status_nobody_mapped_is_named_and_holds_back_nothing_else(stage):
    stage.crm.act("add_reference", book="statuses", code="at-tailor", name="В ателье", group="assembling")
    order, other = stage.place(1, pay_system="cash"), stage.place(2, pay_system="cash")
    await stage.seen()
    there = stage.in_crm(order)
    stage.crm.act("change_status", order=there.id, status="at-tailor")
    stage.crm.act("edit_order", order=there.id, managerComment="подшить 2 см")
    stage.crm.act("change_status", order=stage.in_crm(other).id, status="complete")
    await stage.seen()

    assert keys(stage) == ["waits:map:crm:stage:at-tailor"]
    assert stage.in_shop(order).comments == "подшить 2 см"
    assert stage.in_crm(order).status == "at-tailor"  # not taken, and not written over
    assert stage.in_shop(other).status_id == "F"
    stage.crm.act("change_status", order=there.id, status="complete")
    await stage.seen()
    assert stage.in_shop(order).status_id == "F"


async def test_a_forged_trigger_changes_nothing_and_a_true_one_is_only_a_hint(tmp_path):
    async with retail_stage(tmp_path, polls=False, crm=f'hook = "{SECRET}"') as stage:
        order = stage.place(1, pay_system="cash")
        await stage.seen()
        there = stage.in_crm(order)
        held = stage.writes()
        lie = {"orders": [{"id": there.id, "externalId": str(order), "status": "complete"}]}
        async with aiohttp.ClientSession() as http:
            for path in (SECRET[:-1] + "0", SECRET + "0", "/hooks/retailcrm/", SECRET):
                async with http.post(stage.url + path, json=lie) as answer:
                    assert answer.status == (200 if path == SECRET else 404)
        await stage.seen()

        assert (stage.record(order).atoms["stage"], stage.in_shop(order).status_id) == ("new", "N")
        assert stage.writes() == held


async def test_a_trigger_from_an_address_that_is_not_named_is_turned_away(tmp_path):
    async with retail_stage(
        tmp_path, polls=False, crm=f'hook = "{SECRET}"\nallow_from = ["203.0.113.0/24"]'
    ) as stage:
        async with aiohttp.ClientSession() as http, http.post(stage.url + SECRET, data={"id": "1"}) as answer:
            assert answer.status == 403
        with stage.hub.ledger.begin() as tx:
            assert [one for one in tx.waiting_envelopes() if one.kind == "hook"] == []


# --- who did what --------------------------------------------------------------------------------------------------


async def test_what_others_did_is_journalled_once_even_where_it_was_overwritten(stage):
    order = stage.place(1, pay_system="cash")
    await stage.seen()
    there = stage.in_crm(order)
    for note in ("первая", "вторая", "третья"):
        stage.crm.act("edit_order", order=there.id, managerComment=note)
    await stage.seen()

    assert stage.in_shop(order).comments == "третья"
    told = [(one.before, one.after, one.detail) for one in journal(stage, order, "done_there")]
    manager = "user Кузьмина Мария"
    assert told == [
        (None, "первая", manager),
        ("первая", "вторая", manager),
        ("вторая", "третья", manager),
    ]

    await stage.hub.ledger.run(lambda tx: tx.put_cursor("crm", "order", '{"since":0}'))
    await stage.seen()
    assert len(journal(stage, order, "done_there")) == 3


async def test_a_second_writer_is_named_once_and_by_its_traces(stage):
    lines = [{"offer": str(stage.ids[0])}]
    await stage.seen()
    brought = stage.crm.act("module_order", module="aliexpress", lines=lines, external_id="8123")
    await stage.seen()
    order = stage.place(1, pay_system="cash")
    await stage.seen()
    for phone in ("+79031234567", "+79031234568"):
        stage.crm.act("module_edit", module="bitrix", order=stage.in_crm(order).id, phone=phone)
        await stage.seen()

    with stage.hub.ledger.begin() as tx:
        (one,) = [one.issue for one in tx.issues() if "second_writer" in one.issue.key]
    assert "another program writes orders there with a key of its own" in one.en
    assert "orders.others_write = true" in one.ru
    assert brought
    assert [entry.detail for entry in journal(stage, order, "done_there")] == ["api", "api"]


async def test_a_customer_who_was_put_into_another_gets_the_next_order_and_no_new_card(tmp_path):
    async with retail_stage(tmp_path, polls=False) as stage:
        first = stage.place(1, pay_system="cash", who="petrov")
        await stage.seen()
        card = stage.in_crm(first).customer_id
        twin = stage.crm.act("new_customer", who="petrov")
        stage.crm.act("combine_customers", customers=[card], into=twin)
        second = stage.place(2, pay_system="cash", who="petrov")
        await stage.seen()

        assert stage.in_crm(second).customer_id == twin
        assert len(list(stage.crm.state.customers)) == 1
        assert stage.record(first).atoms["money"]["total"] == f"{stage.in_shop(first).price:.2f} RUB"
        assert Decimal(0) < stage.in_crm(first).total_summ
