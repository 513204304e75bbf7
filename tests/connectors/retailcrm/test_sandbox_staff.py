"""Managers at the simulated account, what their acts leave behind, and what a verdict is counted from."""

from datetime import timedelta

import pytest

from obmen.connectors.retailcrm.sandbox import Crm


@pytest.fixture(autouse=True)
def _stocked(goods):
    """Every test has goods to order."""


@pytest.fixture
def order(crm):
    return crm.act(
        "new_order", lines=[{"offer": "201"}, {"offer": "guid-tea", "quantity": 3}], who="sokolova"
    )


async def test_an_order_by_phone_is_born_here_without_an_external_id(api, crm, order):
    read = await api.read(order)
    born = (await api.history())[0]

    assert ("phone", False, "Соколова") == (read["orderMethod"], read["fromApi"], read["lastName"])
    assert "externalId" not in read
    assert ("user", 19) == (born["source"], born["user"]["id"])
    assert "Соколова" == read["customer"]["lastName"]
    assert (1, 1) == (crm.counts()["orders_unnamed"], crm.counts()["customers"])


async def test_the_same_caller_is_one_customer(api, crm, order):
    again = crm.act("new_order", lines=[{"offer": "203"}], who="sokolova")

    assert (await api.read(order))["customer"]["id"] == (await api.read(again))["customer"]["id"]
    assert {} == crm.counts()["customer_doubles"]


async def test_a_manager_edits_lines_price_and_discount(api, crm, order):
    boots, tea = (await api.read(order))["items"]
    lines = crm.act(
        "edit_lines",
        order=order,
        change=[{"line": tea["id"], "quantity": "2", "price": "90", "discount": "5"}],
        add=[{"offer": "203", "quantity": 1}],
        remove=[boots["id"]],
    )
    sums = crm.act("set_discount", order=order, percent=10)

    assert [tea["id"]] == lines[:1]
    assert 2 == len(lines)
    assert ("183.00", "533.00", "30.33") == tuple(sums[name] for name in ("summ", "total", "discounts"))


async def test_a_manager_adds_a_second_line_of_the_same_goods(crm, order):
    lines = crm.act("edit_lines", order=order, add=[{"offer": "201", "price": "1"}])

    assert 3 == len(lines)


async def test_an_order_walks_to_its_end(api, crm, order):
    crm.act("change_status", order=order, status="client-confirmed")
    crm.act("pay", order=order)
    crm.act("ship", order=order, tracking="10045678901")
    crm.act("change_status", order=order, status="complete")
    read = await api.read(order)

    assert ("complete", True, "10045678901") == (
        read["status"],
        read["shipped"],
        read["delivery"]["data"]["trackNumber"],
    )
    assert read["totalSumm"] == read["prepaySum"]
    assert {} == crm.counts()["order_fallbacks"]


async def test_a_status_that_fell_back_is_counted_with_who_did_it(api, crm, order):
    crm.act("change_status", order=order, status="delivering")
    await api.edit(order, status="new")
    await api.edit(order, status="complete")

    assert {order: ["delivering -> new by api"]} == crm.counts()["order_fallbacks"]
    assert ["new by user", "delivering by user", "new by api", "complete by api"] == crm.act(
        "statuses_held", order=order
    )


async def test_an_order_is_cancelled_with_a_reason(api, crm, order):
    crm.act("cancel", order=order, status="no-product", reason="Нет на складе")
    read = await api.read(order)

    assert ("no-product", "Нет на складе") == (read["status"], read["statusComment"])
    assert (1, 0) == (crm.counts()["orders"], crm.counts()["orders_live"])
    with pytest.raises(ValueError, match="does not cancel"):
        crm.act("cancel", order=order, status="complete")


async def test_somebody_else_becomes_responsible(api, crm, order):
    crm.act("set_manager", order=order, manager=20, user=19)
    told = (await api.history())[-1]

    assert ("manager", {"id": 19}, {"id": 20}) == (told["field"], told["oldValue"], told["newValue"])
    assert 20 == told["order"]["managerId"]


async def test_an_order_is_deleted_for_good(api, crm, order):
    crm.act("delete_order", order=order)
    gone = (await api.history())[-1]

    assert (True, order) == (gone["deleted"], gone["order"]["id"])
    assert (0, 0, "0.00") == tuple(crm.counts()[name] for name in ("orders", "payments", "orders_sum"))


@pytest.mark.parametrize(
    ("act", "arguments", "said"),
    [
        ("pay", {"order": 404}, "no order 404"),
        ("edit_lines", {"order": 1001, "remove": [5]}, "no line 5"),
        ("new_order", {"lines": [{"offer": "none"}]}, "no offer 'none'"),
        ("new_order", {"lines": [{"offer": "201"}], "who": "nobody"}, "There is no buyer"),
        ("change_status", {"order": 1001, "status": "gone"}, '"Status" with "code"="gone" does not exist'),
        ("combine", {"order": 1001, "into": 1001}, "never with themselves"),
        ("split_order", {"order": 1001, "pieces": {"3001": 50}}, "no 50 pieces"),
        ("set_manager", {"order": 1001, "manager": 404}, "does not exist"),
        ("load_catalogue", {}, "no ymlUrl"),
        ("load_catalogue", {"site": "moon"}, "no shop"),
        ("add_reference", {"book": "planets", "code": "x"}, "not found"),
        ("configure", {"mood": "good"}, "mood"),
    ],
)
async def test_an_act_that_makes_no_sense_leaves_everything_as_it_was(crm, order, act, arguments, said):
    before = len(crm.state.journal)
    with pytest.raises((ValueError, LookupError), match=said):
        crm.act(act, **arguments)

    assert before == len(crm.state.journal)


async def test_acts_are_done_over_the_control_route(http, crm, order):
    async with http.post(f"{crm.url}/sandbox/act/pay", json={"order": order}) as answer:
        done = await answer.json()
    async with http.post(f"{crm.url}/sandbox/act/tot_up", json={"order": order}) as answer:
        sums = (await answer.json())["result"]
    async with http.get(f"{crm.url}/sandbox/act") as answer:
        known = await answer.json()
    async with http.get(f"{crm.url}/sandbox/counts") as answer:
        counts = await answer.json()

    assert isinstance(done["result"], int)
    assert sums["total"] == sums["paid"] == sums["payments"] == counts["orders_sum"]
    assert all(known.values())


async def test_a_used_account_has_a_history_of_another_module(api, crm):
    first, last = crm.act("seed_orders", count=40)
    counts = crm.counts()

    assert last - first == 39
    assert (40, {}, {}, {}) == tuple(
        counts[name] for name in ("orders", "order_doubles", "number_doubles", "customer_doubles")
    )
    assert {False} == {record["apiKey"]["current"] for record in await api.history() if "apiKey" in record}


def test_equal_seeds_give_equal_accounts():
    told = []
    for _ in range(2):
        crm = Crm(seed=5)
        crm.act("seed_catalogue")
        crm.act("seed_orders", count=15, seed=3)
        told.append([(order.number, order.total_summ, order.status) for order in crm.state.orders])

    assert told[0] == told[1]


async def test_the_moment_of_a_status_is_kept(api, crm, order, clock):
    clock.advance(timedelta(hours=1).total_seconds())
    crm.act("change_status", order=order, status="prepayed")
    read = await api.read(order)

    assert ("2026-02-01 00:30:00", "2026-02-01 01:30:00") == (read["createdAt"], read["statusUpdatedAt"])
