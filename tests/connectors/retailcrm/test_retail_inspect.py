"""What is in recorded answers: counted as they stand, compared with the account that gave them, odd pieces named."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.connectors.retailcrm.inspecting import inspect

SAMPLES = [
    Path(os.environ.get(name, Path(__file__).parents[4] / "shared" / folder)) / "retailcrm"
    for name, folder in (("OBMEN_SAMPLES", "samples"), ("OBMEN_SPECS", "specs"))
]


@pytest.fixture
async def recorded(api, crm, tmp_path):
    """Answers of a used account: two pages of orders, the history, the customers."""
    crm.act("seed_catalogue")
    crm.act("seed_orders", count=60)
    order = crm.act("new_order", lines=[{"offer": "10001", "quantity": 2}], who="smirnova")
    crm.act("pay", order=order)
    twin = crm.act("new_order", lines=[{"offer": "10003"}], who="smirnova")
    crm.act("combine", order=twin, into=order)
    crm.act("noise", count=10)
    files = {"orders": [], "customers": [], "history": []}
    for kind, method in (("orders", "orders"), ("customers", "customers")):
        page, pages = 1, 1
        while page <= pages:
            body = await api.get(method, limit=100, page=page)
            pages = body["pagination"]["totalPageCount"]
            files[kind].append(_written(tmp_path / f"{kind}{page}.json", body))
            page += 1
    since = 0
    while True:
        body = await api.get("orders/history", **{"filter[sinceId]": since, "limit": 100})
        files["history"].append(_written(tmp_path / f"history{since}.json", body))
        if len(body["history"]) < 100:
            break
        since = body["history"][-1]["id"]
    return files


def _written(path, body):
    path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    return path


async def test_orders_are_counted_as_the_account_itself_counts_them(recorded, crm):
    totals = inspect("orders", recorded["orders"])
    held = list(crm.state.orders)
    assert (totals.records, totals.answers) == (len(held), len(recorded["orders"]))
    assert sum(totals.by_status.values()) == len(held)
    assert totals.by_status["new"] == sum(order.status == "new" for order in held)
    assert totals.lines == len(list(crm.state.items))
    assert Decimal(totals.sums["RUB"]["total"]) == sum(order.total_summ for order in held)
    payments = list(crm.state.payments)
    assert totals.payments == len(payments)
    paid = [payment for payment in payments if payment.status == "paid"]
    assert totals.payments_by_status["paid"].count == len(paid)
    assert Decimal(totals.payments_by_status["paid"].amount["RUB"]) == sum(one.amount for one in paid)
    assert (totals.ids.min, totals.ids.max) == (min(one.id for one in held), max(one.id for one in held))
    assert (totals.findings, totals.unknown_fields, totals.unmapped) == ((), {}, None)


async def test_history_and_customers_are_counted_by_field_source_and_what_became_of_them(recorded, crm):
    history = inspect("history", recorded["history"])
    records = crm.state.journal.after("order", 0)
    assert (history.records, history.since_id.min, history.since_id.max) == (
        len(records),
        records[0].id,
        records[-1].id,
    )
    assert history.by_source["user"] == sum(record.source == "user" for record in records)
    assert history.by_field["status"] == sum(record.field == "status" for record in records)
    assert (history.deleted, history.combined) == (1, 1)
    assert history.created == sum("created" in record.marks for record in records)
    assert history.by_key == {"other": history.by_source["api"]}
    assert history.findings == ()

    customers = inspect("customers", recorded["customers"])
    assert customers.records == len(list(crm.state.customers))
    assert customers.with_phone == sum(bool(one.phones) for one in crm.state.customers)
    assert customers.findings == ()


def test_the_same_file_twice_is_counted_twice_and_one_file_may_hold_several_answers(tmp_path):
    answer = {"success": True, "order": {"id": 7, "status": "new", "totalSumm": 0.1, "currency": "RUB"}}
    one = _written(tmp_path / "one.json", answer)
    many = _written(tmp_path / "many.json", [answer, {"success": True, "orders": [answer["order"]] * 2}])
    lines = tmp_path / "lines.json"
    lines.write_text(f"{json.dumps(answer)}\n{json.dumps(answer)}\n", encoding="utf-8")
    totals = inspect("orders", [one, one, many, lines])
    assert (totals.files, totals.answers, totals.records) == (4, 6, 7)
    assert totals.sums["RUB"]["total"] == "0.70"


def test_what_is_odd_is_named_with_its_path_and_the_rest_is_counted(tmp_path):
    orders = [
        {"id": 1, "status": "new", "delivery": ["курьер"], "nps": 5},
        {"id": 2, "status": {"code": "new"}, "items": {"id": 3}, "totalSumm": "сто", "currency": "RUB"},
        {"id": 3, "status": "own", "payments": {"9": {"id": 9, "type": "cash", "amount": 1.5, "mood": "ok"}}},
        "Иванов",
        {"status": "new"},
    ]
    files = [
        _written(tmp_path / "a.json", {"success": True, "orders": orders}),
        _written(tmp_path / "b.json", {"success": False, "errorMsg": "Wrong key"}),
        _written(tmp_path / "c.json", {"success": True, "customers": []}),
        _written(tmp_path / "d.json", ["x"]),
        _written(tmp_path / "f.json", 17),
    ]
    page = tmp_path / "e.json"
    page.write_text("<html>Иванов Иван</html>", encoding="utf-8")
    totals = inspect("orders", [*files, page])

    assert totals.records == 4
    assert {(one.code, one.path, one.count) for one in totals.findings} == {
        ("list_where_map", "orders[].delivery", 1),
        ("map_where_list", "orders[].items", 1),
        ("wrong_type", "orders[].totalSumm", 1),
        ("wrong_type", "orders[]", 2),
        ("no_id", "orders", 1),
        ("refused", "b.json", 1),
        ("no_rows", "c.json", 1),
        ("no_rows", "f.json", 1),
        ("unreadable", "e.json", 1),
    }
    assert totals.unknown_fields == {"orders[].nps": 1, "orders[].payments{}.mood": 1}
    assert totals.payments_by_type["cash"].amount == {"": "1.50"}
    assert "Иванов" not in str(totals)  # a value is never shown: it may be somebody's name


CONFIG = """
[hub]
ledger = "sqlite:///obmen.db"

[connections.crm]
type = "retailcrm"
url = "https://name.retailcrm.test"
api_key = "k"
sites = { s1 = "main" }

[sync.order]
creators = ["crm"]
owners = { default = "crm" }
readers = ["crm"]
"""


def test_the_command_prints_one_object_and_names_codes_the_settings_do_not_know(tmp_path):
    (tmp_path / "obmen.toml").write_text(CONFIG, encoding="utf-8")
    order = {"id": 1, "status": "own", "site": "kz", "delivery": {"code": "pigeon"}, "items": []}
    file = str(_written(tmp_path / "orders.json", {"success": True, "orders": [order]}))
    with_settings = CliRunner().invoke(
        cli, ["inspect", "retailcrm", "orders", file, "--json", "-c", str(tmp_path / "obmen.toml")]
    )
    said = json.loads(with_settings.stdout)
    assert said["unmapped"] == {"delivery": {"pigeon": 1}, "site": {"kz": 1}, "status": {"own": 1}}
    assert (said["kind"], said["records"], said["findings"]) == ("orders", 1, [])

    plain = CliRunner().invoke(cli, ["inspect", "retailcrm", "orders", file], env={"OBMEN_LANG": "en"})
    assert "by_status" in plain.output
    wrong = CliRunner().invoke(cli, ["inspect", "retailcrm", "goods", file], env={"OBMEN_LANG": "en"})
    assert (wrong.exit_code, "retailcrm history" in wrong.output) == (2, True)
    assert not (tmp_path / "obmen.db").exists()


@pytest.mark.parametrize("folder", SAMPLES, ids=str)
def test_recorded_answers_of_others_are_survived(folder):
    if not folder.is_dir():
        pytest.skip(f"REAL ANSWERS NOT READ: no folder {folder}; set OBMEN_SAMPLES or OBMEN_SPECS")
    files = sorted(folder.rglob("*.json"))
    for kind in ("orders", "history", "customers"):
        assert inspect(kind, files).files == len(files)
