"""Customers as cards of their own: between two accounts, and with the orders they place. Nobody is doubled, nobody merged."""

from __future__ import annotations

import pytest
from customers_stage import two_accounts
from retail_stage import retail_stage

from obmen.sandbox.faults import Dials


@pytest.fixture
async def stage(tmp_path):
    async with two_accounts(tmp_path) as stage:
        yield stage


async def test_a_card_made_in_one_account_is_made_in_the_other_once(stage):
    stage.main.act("new_customer", who="sokolova")
    stage.branch.act("new_customer", who="petrov")
    await stage.seen()

    assert len(stage.people(stage.main)) == 2
    assert stage.people(stage.main) == stage.people(stage.branch)
    assert stage.issues() == []
    before = stage.writes()
    await stage.seen(3)
    assert before == stage.writes()


async def test_who_is_in_both_already_is_recognised_however_the_phone_is_written(stage):
    card = stage.main.act("new_customer", who="sokolova")
    stage.branch.act("new_customer", who="sokolova")
    (twin,) = stage.branch.state.customers
    stage.branch.act(
        "edit_customer", customer=twin.id, phones=[{"number": "8 903 123-45-67"}], email="SOKOLOVA@EXAMPLE.RU"
    )
    await stage.seen()

    assert [len(stage.people(each)) for each in (stage.main, stage.branch)] == [1, 1]
    assert twin.id == stage.twin(card)


async def test_two_people_with_a_familys_phone_stay_two(stage):
    stage.main.act("new_customer", who="sokolova")
    brother = stage.branch.act("new_customer", who="petrov")
    stage.branch.act("edit_customer", customer=brother, phones=[{"number": "+7 903 123 45 67"}])
    await stage.seen()

    names = {row[0] for row in stage.people(stage.main)}
    assert len(names) == 2
    assert stage.people(stage.main) == stage.people(stage.branch)


async def test_whoever_made_a_card_corrects_it_and_what_the_other_writes_is_put_back_and_told(stage):
    card = stage.main.act("new_customer", who="sokolova")
    await stage.seen()
    twin = stage.twin(card)
    stage.main.act("edit_customer", customer=card, phones=[{"number": "+79160000001"}], lastName="Орлова")
    stage.branch.act("edit_customer", customer=twin, email="wrong@example.ru")
    await stage.seen()

    (there,) = stage.people(stage.branch)
    assert (there[0].split()[0], there[1], there[2]) == ("Орлова", "+79160000001", "sokolova@example.ru")
    assert stage.people(stage.main) == stage.people(stage.branch)
    told = [line for line in stage.journal(card) if line.connection == "branch" and "emails" in str(line)]
    assert told


async def test_a_month_of_history_read_again_writes_nothing(stage):
    cards = [stage.main.act("new_customer", who=who) for who in ("sokolova", "petrov", "smirnova")]
    await stage.seen()
    for number, card in enumerate(cards * 5):
        stage.main.act("edit_customer", customer=card, phones=[{"number": f"+7916000{number:04}"}])
        if number % 4 == 0:
            await stage.seen()
    await stage.seen()
    before = stage.writes()
    stage.again()
    await stage.seen(3)

    assert before == stage.writes()
    assert stage.people(stage.main) == stage.people(stage.branch)


async def test_cards_combined_in_one_account_are_told_of_where_both_stand_elsewhere(stage):
    card = stage.main.act("new_customer", who="sokolova")
    double = stage.main.act("new_customer", who="petrov")
    await stage.seen()
    stage.main.act("combine_customers", customers=[double], into=card)
    await stage.seen()

    with stage.hub.ledger.begin() as tx:
        records = tx.bound("main", "customer", [str(card)])
        (issue,) = tx.issues()
    assert (issue.issue.code, issue.issue.ref) == ("merged", str(double))
    assert f"obmen merge customer {records[str(card)]} {issue.issue.record}" in issue.issue.ru
    assert [len(stage.people(each)) for each in (stage.main, stage.branch)] == [1, 2]
    before = stage.writes()
    await stage.seen()
    assert before == stage.writes()


async def test_answers_lost_after_the_effect_double_nobody(stage):
    for who in ("sokolova", "petrov", "smirnova"):
        stage.main.act("new_customer", who=who)
    stage.branch.faults.dials = Dials(lost_answer=0.5)
    for _ in range(3):
        await stage.seen()
    stage.branch.faults.dials = Dials()
    await stage.seen()

    assert stage.people(stage.main) == stage.people(stage.branch)
    assert len(stage.people(stage.branch)) == 3


CUSTOMERS = """
[connections.crm.customers]
[sync.customer]
creators = ["crm"]
owners = { default = "crm" }
"""


async def test_the_buyer_of_an_order_is_a_card_that_can_be_found_by_phone(tmp_path):
    async with retail_stage(tmp_path, more=CUSTOMERS, owners='buyer = "crm"') as stage:
        order, again = stage.place(1, pay_system="cash"), stage.place(2, pay_system="cash")
        await stage.seen(4)

        (card,) = stage.crm.state.customers
        with stage.hub.ledger.begin() as tx:
            record = tx.bound("crm", "customer", [str(card.id)])[str(card.id)]
            assert [record] == tx.by_key("customer", "phones", ["+79044901122"])["+79044901122"]
        assert [record] * 2 == [stage.record(each).atoms["buyer"] for each in (order, again)]
        assert stage.issues() == []
