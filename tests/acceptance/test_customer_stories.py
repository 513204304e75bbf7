"""Customers as cards of their own: between two accounts, and with the orders they place. Nobody is doubled, nobody merged."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest
from retail_stage import retail_stage

from obmen.cli.assemble import open_hub, runner_of
from obmen.config import parse_config
from obmen.connectors import SHIPPED
from obmen.connectors.retailcrm.sandbox import Crm, Setup
from obmen.engine.pulling import pull
from obmen.ledger.contract import READY
from obmen.model import phone
from obmen.sandbox.faults import Dials

ACCOUNT = """
[connections.{name}]
type = "retailcrm"
url = "{url}"
api_key = "{key}"
rate_per_s = 1000
visible_after_s = 0.2
schedule = {{ every = "24h", deliver = "live" }}
[connections.{name}.customers]
"""
SYNC = """
[hub]
ledger = "sqlite:///hub.db"
[sync.customer]
creators = ["main", "branch"]
owners = { default = "origin" }
readers = ["main", "branch"]
"""


class Stage:
    """Two accounts of one merchant, and a hub between their customers."""

    def __init__(self, main, branch):
        self.main, self.branch = main, branch
        self.hub = self.runner = None

    async def seen(self, times=2):
        """Let the hub read both accounts and write what follows."""
        for _ in range(times):
            for name in ("main", "branch"):
                await pull(self.hub, name, "customer")
            self.runner.nudge()
            await self.rest()

    async def rest(self):
        calm = 0
        while calm < 3:
            calm = calm + 1 if await self.hub.ledger.run(self._is_calm) else 0
            await asyncio.sleep(0.05)

    def _is_calm(self, tx):
        return not any(
            row.state == "leased" or (row.state == READY and row.not_before < self.hub.now() + 600)
            for name in ("main", "branch")
            for row in tx.outbox(name)
        ) and not any(
            tx.due_attempts(name, now=self.hub.now() + 3600, limit=1) for name in ("main", "branch")
        )

    def people(self, account):
        """What an account holds: names, phones and e-mails."""
        return sorted(
            (
                " ".join(
                    each.plain.get(name, "") for name in ("lastName", "firstName", "patronymic")
                ).strip(),
                *map(phone, each.phones),
                each.plain.get("email", "").lower(),
            )
            for each in account.state.customers
        )

    def twin(self, customer):
        """The card of the branch that is the same person as one of the main account."""
        with self.hub.ledger.begin() as tx:
            record = tx.bound("main", "customer", [str(customer)])[str(customer)]
            return int(tx.refs_of("branch", [record])[record])

    def issues(self):
        with self.hub.ledger.begin() as tx:
            return sorted(one.issue.code for one in tx.issues())

    def journal(self, customer):
        with self.hub.ledger.begin() as tx:
            record = tx.bound("main", "customer", [str(customer)])[str(customer)]
            return [told.line for told in tx.history(record, limit=100)]

    def writes(self):
        return self.main.ledger.writes(by="api"), self.branch.ledger.writes(by="api")

    def again(self):
        """Forget how far the histories have been read."""
        with self.hub.ledger.begin() as tx:
            for name in ("main", "branch"):
                tx.put_cursor(name, "customer", '{"since":0}')


@asynccontextmanager
async def two_accounts(folder):
    setup = Setup(rate_limit=None)
    async with Crm(setup, seed=1) as main, Crm(setup, seed=2) as branch:
        stage = Stage(main, branch)
        text = SYNC + "".join(
            ACCOUNT.format(name=name, url=account.url, key=account.credentials()["api_key"])
            for name, account in (("main", main), ("branch", branch))
        )
        path = folder / "obmen.toml"
        path.write_text(text, encoding="utf-8")
        config = parse_config(text, path=path, connectors=SHIPPED, env={})
        with open_hub(config, exclusive=True) as hub:
            stage.hub = hub = msgspec.structs.replace(hub, lease_s=0.5)  # noqa: PLW2901 (a lost answer is looked up soon)
            stage.runner = runner = runner_of(config, hub, idle_s=0.02)
            work = asyncio.create_task(runner.run())
            try:
                yield stage
            finally:
                runner.stop()
                await work
                for connection in hub.connections.values():
                    await connection.close()


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
