"""What orders cost in the simulated account, and their payments."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.connectors.retailcrm.sandbox import Crm
from obmen.connectors.retailcrm.sandbox.orders.saving import create_order
from obmen.connectors.retailcrm.sandbox.state import RULES

KOPECKS = st.decimals(0, 100_000, places=2)
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "productName": st.just("Товар"),
            "initialPrice": KOPECKS.map(str),
            "quantity": st.one_of(st.integers(1, 40), st.sampled_from(["0.35", "2.5"])),
            "discountManualAmount": st.decimals(0, 100, places=2).map(str),
            "discountManualPercent": st.integers(0, 60),
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(autouse=True)
def _stocked(goods):
    """Every test has goods to order."""


@given(
    lines=LINES,
    amount=KOPECKS.map(str),
    percent=st.integers(0, 100),
    cost=KOPECKS.map(str),
    step=st.sampled_from(["", "1", "0.5"]),
)
def test_sums_add_up_to_the_kopeck_whatever_the_discounts(lines, amount, percent, cost, step):
    crm = Crm()
    crm.act("configure", round_to=step)
    order = {
        "items": lines,
        "discountManualAmount": amount,
        "discountManualPercent": percent,
        "delivery": {"cost": cost},
    }
    with crm.state.acting(RULES):
        made = create_order(crm.state, "main", order)
    sums = crm.act("tot_up", order=made.id)
    items = crm.state.items_of(made)
    gross = sum(round(item.initial_price * item.quantity, 2) for item in items)

    assert Decimal(sums["total"]) == Decimal(sums["lines"]) + Decimal(cost)
    assert abs(gross - Decimal(sums["discounts"]) - Decimal(sums["lines"])) <= Decimal("0.01") * len(items)
    for item in items:
        assert item.summ >= 0
        if item.quantity == item.quantity.to_integral_value():
            assert item.summ == sum(row["price"] * row["quantity"] for row in item.prices)
            assert item.quantity == sum(row["quantity"] for row in item.prices)
    if step:
        assert 0 == Decimal(sums["lines"]) % Decimal(step)


async def test_a_discount_of_a_line_is_per_unit_and_the_told_amount_per_line(api):
    line = {"offer": {"externalId": "202"}, "quantity": 3, "discountManualAmount": 10}
    made = (await api.order(externalId="1", items=[line]))["items"][0]

    assert (10, [{"type": "manual_product", "amount": 30}]) == (made["discountTotal"], made["discounts"])
    assert [{"price": 90, "quantity": 3}] == made["prices"]


async def test_three_pieces_for_a_hundred_cost_a_kopeck_more_once(api):
    line = {"offer": {"externalId": "203"}, "quantity": 3, "initialPrice": 40}
    made = await api.order(externalId="1", items=[line], discountManualAmount=20)

    assert 100 == made["totalSumm"]
    assert [{"price": 33.33, "quantity": 2}, {"price": 33.34, "quantity": 1}] == made["items"][0]["prices"]
    assert [{"type": "manual_order", "amount": 20}] == made["items"][0]["discounts"]


async def test_a_percent_of_the_order_follows_its_lines(api):
    line = {"offer": {"externalId": "202"}, "initialPrice": 9522}
    made = await api.order(externalId="1", items=[line | {"quantity": 1}], discountManualPercent=20)
    edited = (await api.edit(made["id"], items=[line | {"quantity": 4}]))["order"]

    assert (1904.4, 30470.4) == (edited["items"][0]["discountTotal"], edited["summ"])


async def test_an_order_rounds_down_where_the_account_does(api_to, open_crm):
    crm = await open_crm(round_to="1")
    line = {"productName": "Гвозди", "initialPrice": "10.70"}
    made = await api_to(crm).order(externalId="1", items=[line])
    exact = await api_to(crm).order(externalId="2", items=[line], applyRound=False)

    assert (10, [{"type": "round", "amount": 0.7}]) == (made["totalSumm"], made["items"][0]["discounts"])
    assert 10.7 == exact["totalSumm"]


async def test_a_cancelled_line_costs_nothing(api):
    lines = [
        {"offer": {"externalId": "201"}, "status": "out-of-stock"},
        {"offer": {"externalId": "202"}},
    ]
    made = await api.order(externalId="1", items=lines)

    assert 100 == made["totalSumm"]
    assert [True, None] == [row.get("isCanceled") for row in made["items"]]


async def test_a_payment_without_an_amount_is_for_what_is_not_yet_covered(api):
    line = {"offer": {"externalId": "202"}, "quantity": 3}
    made = await api.order(
        externalId="1", items=[line], payments=[{"type": "cash", "amount": 120}, {"type": "bank-card"}]
    )

    assert [120, 180] == [payment["amount"] for payment in made["payments"]]


async def test_an_order_is_fully_paid_when_its_payments_cover_it_and_not_before(api, clock):
    line = {"offer": {"externalId": "202"}}
    made = await api.order(externalId="1", items=[line])
    part = {"type": "cash", "amount": 60, "status": "paid", "order": {"externalId": "1"}}
    await api.post("orders/payments/create", expect=201, site="main", payment=part)
    half = await api.read(made["id"])
    rest = part | {"amount": 40, "paidAt": "2026-02-01 10:00:00", "externalId": "1-2"}
    paid = await api.post("orders/payments/create", expect=201, site="main", payment=rest)
    whole = await api.read(made["id"])
    await api.post(f"orders/payments/{paid['id']}/delete")
    back = await api.read(made["id"])

    assert (60, None) == (half["prepaySum"], half.get("fullPaidAt"))
    assert (100, "2026-02-01 10:00:00") == (whole["prepaySum"], whole["fullPaidAt"])
    assert (60, None) == (back["prepaySum"], back.get("fullPaidAt"))


async def test_an_external_id_of_a_payment_is_unique_in_the_whole_account(api, crm):
    await api.order(externalId="1", payments=[{"type": "cash", "externalId": "p-1"}])
    order = {"externalId": "1", "payments": [{"type": "cash", "externalId": "p-1"}]}
    body = await api.post("orders/create", expect=400, site="kz", order=order)

    assert ["payments[0].externalId"] == list(body["errors"])
    assert ({}, 1) == (crm.counts()["payment_doubles"], crm.counts()["orders"])


async def test_a_payment_is_found_by_either_id_and_keeps_its_type(api):
    made = await api.order(externalId="1", payments=[{"type": "cash", "externalId": "77"}])
    payment = made["payments"][0]["id"]
    await api.post(f"orders/payments/{payment}/edit", by="id", payment={"comment": "по id"})
    await api.post("orders/payments/77/edit", by="externalId", payment={"status": "paid"})
    await api.post("orders/payments/77/edit", payment={"amount": 5})
    refused = await api.post("orders/payments/77/edit", expect=400, payment={"type": "bank-card"})
    await api.post("orders/payments/77/edit", expect=404, by="id", payment={})
    read = (await api.read(made["id"]))["payments"][str(payment)]

    assert ("по id", "paid", 5, "cash") == tuple(
        read[name] for name in ("comment", "status", "amount", "type")
    )
    assert ["type"] == list(refused["errors"])


async def test_a_payment_of_an_integrated_type_is_marked_by_its_module_alone(api, crm):
    module = {"code": "yookassa", "name": "ЮKassa"}
    crm.act(
        "add_reference", book="payment-types", code="online", name="Картой онлайн", integrationModule=module
    )
    made = await api.order(externalId="1", payments=[{"type": "online", "externalId": "1-1"}])
    refused = await api.post(
        "orders/payments/1-1/edit", expect=400, payment={"status": "paid", "paidAt": "2026-02-01 10:00:00"}
    )
    crm.act("pay", order=made["id"])

    assert {"status", "paidAt"} == set(refused["errors"])
    assert ["paid"] == [each["status"] for each in (await api.read(made["id"]))["payments"].values()]


async def test_a_payment_needs_an_order(api):
    body = await api.post(
        "orders/payments/create", expect=400, site="main", payment={"type": "cash", "order": {"number": "5"}}
    )

    assert ("Payment is not loaded", ["order"]) == (body["errorMsg"], list(body["errors"]))
