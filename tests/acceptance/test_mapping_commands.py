"""`obmen mapping` as people type it: against a live RetailCRM, beside a running hub and alone."""

from __future__ import annotations

import asyncio

import pytest
from retail_stage import retail_stage
from typer.testing import CliRunner

from obmen.cli import app, cli
from obmen.connectors.retailcrm.sandbox import Crm, Setup

ALONE = """
[hub]
ledger = "sqlite:///hub.db"

[connections.crm]
type = "retailcrm"
url = "{url}"
api_key = "{api_key}"
rate_per_s = 1000
prices = {{ base = "base" }}

[connections.crm.orders.statuses]
new = "new"
client-confirmed = "confirmed"
complete = "done"

[sync.order]
creators = ["crm"]
owners = {{ default = "crm" }}
readers = []
"""


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    """A terminal in which no line of a table is broken."""
    monkeypatch.setattr(app.screen, "_width", 220)


async def obmen(folder, *words, language="en"):
    found = await asyncio.to_thread(
        CliRunner().invoke,
        cli,
        ["mapping", *words, "-c", str(folder / "obmen.toml")],
        env={"OBMEN_LANG": language},
    )
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.output


@pytest.fixture
async def crm(tmp_path):
    async with Crm(Setup(rate_limit=None), seed=17) as crm:
        text = ALONE.format(url=crm.url, api_key=crm.credentials()["api_key"])
        (tmp_path / "obmen.toml").write_text(text, encoding="utf-8")
        crm.act("add_reference", book="statuses", code="on-hold", name="Отложен", group="approval")
        crm.act("add_reference", book="statuses", code="0042", name="Собран", group="approval")
        crm.act("add_reference", book="price-types", code="buy", name="Закупочная")
        yield crm


async def test_a_row_set_beside_a_running_hub_is_taken_up_by_it(tmp_path):
    async with retail_stage(tmp_path) as stage:
        stage.crm.act("add_reference", book="statuses", code="on-hold", name="Отложен", group="approval")
        order = stage.place(1, pay_system="cash")
        await stage.seen()
        stage.crm.act("change_status", order=stage.in_crm(order).id, status="on-hold")
        await stage.seen()
        code, said = await obmen(tmp_path, "list", "crm", "order_status")
        assert (code, "on-hold" in said) == (0, True)
        assert "no mapping, waiting: 1" in said
        before = stage.writes()

        code, said = await obmen(
            tmp_path, "set", "crm", "order_status", "on-hold", "confirmed", "--why", "as agreed"
        )
        assert (code, "Nothing waits for a plan." in said) == (0, True), said
        assert "crm order_status: «on-hold» — → stage:confirmed" in said
        assert stage.record(order).atoms["stage"] == "confirmed"
        assert stage.writes() == before

        code, said = await obmen(
            tmp_path, "set", "crm", "order_status", "client-confirmed", "supply", "--read"
        )
        assert code == 0
        code, said = await obmen(tmp_path, "list", "crm", "order_status")
        assert "as agreed" in said
        assert "read" in said


async def test_what_would_be_written_is_named_with_the_plan_that_shows_it(tmp_path):
    async with retail_stage(tmp_path) as stage:
        order = stage.place(1, pay_system="cash")
        await stage.seen()
        stage.crm.act("change_status", order=stage.in_crm(order).id, status="client-confirmed")
        await stage.seen()
        await obmen(tmp_path, "set", "crm", "order_status", "availability-confirmed", "supply")
        code, said = await obmen(tmp_path, "set", "crm", "order_status", "client-confirmed", "supply")
        assert code == 0
        assert "shop: writes that wait for a plan: 1. See them: obmen plan shop" in said
        assert stage.in_shop(order).status_id == "N"


async def test_told_to_at_once_what_follows_is_written_without_a_plan(tmp_path):
    async with retail_stage(tmp_path) as stage:
        order = stage.place(1, pay_system="cash")
        await stage.seen()
        stage.crm.act("change_status", order=stage.in_crm(order).id, status="client-confirmed")
        await stage.seen()
        await obmen(tmp_path, "set", "crm", "order_status", "availability-confirmed", "supply")
        code, said = await obmen(
            tmp_path, "set", "crm", "order_status", "client-confirmed", "supply", "--now"
        )
        await stage.rest()
        assert (code, stage.in_shop(order).status_id) == (0, "P"), said


async def test_suggestions_are_shown_with_their_reasons_and_written_only_when_told_to(tmp_path, crm):
    code, said = await obmen(tmp_path, "suggest", "crm", language="ru")
    assert code == 0
    assert "группа «approval» говорит stage:confirmed, а название — stage:assembling" in said
    assert "не для всех покупателей: не публиковать" in said
    assert "stage:assembling (комплектуется)" in said
    code, said = await obmen(tmp_path, "list", "crm", "order_status", language="ru")
    assert "в обмене" not in said

    code, said = await obmen(tmp_path, "suggest", "crm", "--apply")
    assert code == 0
    code, said = await obmen(tmp_path, "suggest", "crm")
    assert "assembling" in said
    assert "0042" in said
    code, said = await obmen(tmp_path, "list", "crm", "order_status")
    assert "send-to-assembling" in said
    assert "suggested" in said


async def test_a_table_that_walks_backwards_is_refused_and_nothing_is_saved(tmp_path, crm):
    code, said = await obmen(tmp_path, "set", "crm", "order_status", "complete", "new", language="ru")
    assert (code, "ведёт назад" in said, "complete после client-confirmed" in said) == (2, True, True), said
    code, said = await obmen(tmp_path, "list", "crm", "order_status", language="ru")
    assert "в обмене" not in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nobody", "order_status", "x", "new"), "There is no connection «nobody»; there are: crm."),
        (
            ("crm", "states", "x", "new"),
            "There is no table «states» here; there are: order_status, payment_type",
        ),
        (("crm", "order_status", "x", "later"), "nothing is called «later»; there are: stage:new"),
        (
            ("crm", "payment_type", "x", "cash soon"),
            "cash, card, invoice, credit, bonus, gift, account [prepaid]",
        ),
        (("crm", "delivery_type", "x", "two words"), "«two words» is no key"),
        (("crm", "payment_type", "x", "cash", "--read"), "cannot be «read» here; only: both, write"),
        (("crm", "order_status", "x", "new", "--read", "--write"), "Either --read or --write"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_can(tmp_path, crm, words, told):
    code, said = await obmen(tmp_path, "set", *words)
    assert (code, told in said) == (2, True), said


async def test_a_code_the_system_does_not_list_is_said_to_be_missing(tmp_path, crm):
    code, said = await obmen(tmp_path, "set", "crm", "order_status", "onhold", "confirmed")
    assert code == 0
    assert "crm lists no code «onhold» now; there are: " in said


async def test_a_sheet_goes_out_and_comes_back_without_a_change_and_edits_come_in_whole(tmp_path, crm):
    sheet = tmp_path / "tables.csv"
    code, said = await obmen(tmp_path, "export", str(sheet))
    assert code == 0
    text = sheet.read_text(encoding="utf-8-sig")
    assert "crm;order_status;'0042;Собран;;;" in text
    code, said = await obmen(tmp_path, "import", str(sheet))
    assert "Nothing to change: it stands so already." in said

    edited = text.replace(
        "crm;order_status;'0042;Собран;;;", "crm;order_status;'0042;Собран;assembling;read;"
    )
    sheet.write_text(
        edited.replace("crm;price_type;buy;Закупочная;;", "crm;price_type;buy;Закупочная;-;"), "utf-8-sig"
    )
    code, said = await obmen(tmp_path, "import", str(sheet), "--dry-run")
    assert (code, "Nothing is written: a dry run." in said) == (0, True)
    code, said = await obmen(tmp_path, "import", str(sheet))
    assert "crm order_status: «0042» — → stage:assembling" in said
    assert "crm price_type: «buy» — → -" in said
    code, said = await obmen(tmp_path, "import", str(sheet))
    assert "Nothing to change" in said


async def test_of_a_sheet_with_bad_rows_each_is_named_and_nothing_is_saved(tmp_path, crm):
    sheet = tmp_path / "tables.csv"
    rows = (
        "connection;table;code;value;direction",
        "crm;order_status;on-hold;confirmed;",
        "crm;order_status;'0042;nowhere;",
        "shop;order_status;N;new;",
        "crm;order_status;on-hold;done;",
        "crm;order_status;redirect;delivery;sideways",
    )
    sheet.write_bytes("\r\n".join(rows).encode())
    code, said = await obmen(tmp_path, "import", str(sheet))
    assert code == 1
    for told in (
        "line 3: order_status: nothing is called",
        "line 4: There is no connection",
        "line 5: order_status: «on-hold» stands in line 2",
        "line 6: There is no direction «sideways»",
    ):
        assert told in said
    code, said = await obmen(tmp_path, "clear", "crm", "order_status", "on-hold")
    assert (code, "Nothing to change" in said) == (1, True)


async def test_what_the_hub_said_is_taken_back_and_the_configuration_counts_again(tmp_path, crm):
    await obmen(tmp_path, "set", "crm", "order_status", "client-confirmed", "new")
    code, said = await obmen(tmp_path, "clear", "crm", "order_status", "client-confirmed")
    assert (code, "«client-confirmed» stage:new → as configured" in said) == (0, True), said
    code, said = await obmen(tmp_path, "list", "crm", "order_status")
    assert "the hub" not in said
