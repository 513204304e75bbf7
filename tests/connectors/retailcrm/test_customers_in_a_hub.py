"""Two accounts and a hub between them: what becomes of people's cards, read and written by the hub's own jobs."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager

import msgspec
import pytest

from obmen.cli.assemble import open_hub
from obmen.config import parse_config
from obmen.connectors import SHIPPED
from obmen.connectors.retailcrm.sandbox import Crm, Setup
from obmen.engine.delivering import deliver
from obmen.engine.pulling import pull
from obmen.engine.resolving import resolve
from obmen.engine.settling import Arrival, settle_page

CONFIG = """
[hub]
ledger = "sqlite:///hub.db"

[connections.{name}]
type = "retailcrm"
url = "{url}"
api_key = "{key}"
rate_per_s = 10000
visible_after_s = 1
schedule = {{ every = "24h", deliver = "live" }}

[connections.{name}.customers]
fields = {{ card = "properties.card" }}
"""
TOPOLOGY = """
[sync.customer]
creators = ["crm", "crm2"]
owners = { default = { rule = "review", any = ["crm", "crm2"] } }
readers = ["crm", "crm2"]

[guards]
quiet_s = 0
"""


class Stage:
    def __init__(self, hub, crm, crm2):
        self.hub, self.crm, self.crm2 = hub, crm, crm2
        self.late = 0.0

    async def seen(self, times=3):
        """Let the hub read both accounts and write what follows, with time for what is late."""
        for _ in range(times):
            self.late += self.hub.lease_s + 60
            for name in ("crm", "crm2"):
                await pull(self.hub, name, "customer")
            for name in ("crm", "crm2"):
                await resolve(self.hub, name)
                while await deliver(self.hub, name):
                    pass

    def writes(self):
        return [account.ledger.writes(by="api") for account in (self.crm, self.crm2)]

    def people(self):
        with self.hub.ledger.begin() as tx:
            return list(tx.records(tx.ids("customer", after=0, limit=1000)).values())

    def issues(self):
        with self.hub.ledger.begin() as tx:
            return [one.issue.en for one in tx.issues()]

    def names(self, account):
        return sorted(card.plain.get("lastName", "") for card in account.state.customers)


@asynccontextmanager
async def staged(folder):
    async with Crm(Setup(rate_limit=None), seed=1) as crm, Crm(Setup(rate_limit=None), seed=2) as crm2:
        text = TOPOLOGY
        for name, account in (("crm", crm), ("crm2", crm2)):
            account.act("add_custom_field", entity="customer", code="card")
            own = CONFIG.format(name=name, url=account.url, key=account.credentials()["api_key"])
            text += own if name == "crm" else own.replace('[hub]\nledger = "sqlite:///hub.db"\n', "")
        path = folder / "obmen.toml"
        path.write_text(text, encoding="utf-8")
        with open_hub(parse_config(text, path=path, connectors=SHIPPED, env={}), exclusive=True) as hub:
            stage = Stage(hub, crm, crm2)
            stage.hub = msgspec.structs.replace(hub, now=lambda: time.time() + stage.late)
            yield stage
            for connection in hub.connections.values():
                await connection.close()


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


async def test_a_card_of_one_account_reaches_the_other_and_then_all_is_quiet(stage):
    stage.crm.act("new_customer", who="petrov", birthday="1980-05-17", customFields={"card": "777"})
    stage.crm2.act("new_customer", who="smirnova")
    await stage.seen()
    writes = stage.writes()
    await stage.seen()

    assert stage.names(stage.crm) == stage.names(stage.crm2) == ["Петров", "Смирнова-Ёлкина"]
    petrov = next(card for card in stage.crm2.state.customers if card.plain["lastName"] == "Петров")
    assert (petrov.phones, petrov.custom_fields) == (["+79044901122"], {"card": "777"})
    assert (len(stage.people()), stage.writes(), stage.issues()) == (2, writes, [])


async def test_the_same_person_in_both_is_one_record_however_the_phone_and_the_name_are_typed(stage):
    stage.crm.act(
        "new_customer", lastName="Иванов", firstName="Пётр", phones=[{"number": "+7 (999) 123-45-67"}]
    )
    stage.crm2.act("new_customer", lastName="ИВАНОВ", firstName="Петр", phones=[{"number": "8999 123 45 67"}])
    await stage.seen()

    (record,) = stage.people()
    assert record.atoms["phones"] == ["+79991234567"]
    assert (len(stage.crm.state.customers), len(stage.crm2.state.customers)) == (1, 1)


async def test_two_people_of_one_phone_stay_two_in_both(stage):
    for name in ("Анна", "Пётр"):
        stage.crm.act("new_customer", lastName="Иванова", firstName=name, phones=[{"number": "89991234567"}])
    stage.crm2.act("new_customer", lastName="Иванова", firstName="Анна", phones=[{"number": "+79991234567"}])
    await stage.seen()

    assert len(stage.people()) == 2
    assert sorted(card.plain["firstName"] for card in stage.crm2.state.customers) == ["Анна", "Пётр"]


async def test_what_is_changed_in_either_is_changed_in_the_other(stage):
    card = stage.crm.act("new_customer", who="petrov")
    await stage.seen()
    (twin,) = stage.crm2.state.customers
    stage.crm2.act("edit_customer", customer=twin.id, email="new@example.ru")
    stage.crm.act(
        "edit_customer", customer=card, phones=[{"number": "89044901122"}, {"number": "9161234567"}]
    )
    await stage.seen()

    (record,) = stage.people()
    assert record.atoms["emails"] == ["new@example.ru"]
    assert record.atoms["phones"] == ["+79044901122", "+79161234567"]
    held, other = stage.crm.state.customers.get(card), stage.crm2.state.customers.get(twin.id)
    assert held.plain["email"] == other.plain["email"] == "new@example.ru"
    assert (held.phones, other.phones) == (["89044901122", "9161234567"], ["+79044901122", "+79161234567"])
    assert stage.issues() == []


async def test_a_card_made_and_combined_between_two_readings_is_the_record_it_took_over(stage):
    first = stage.crm.act("new_customer", who="petrov")
    await stage.seen()
    fresh = stage.crm.act("new_customer", who="petrov")
    stage.crm.act("combine_customers", customers=[first], into=fresh)
    await stage.seen()

    (record,) = stage.people()
    assert len(stage.crm2.state.customers) == 1
    with stage.hub.ledger.begin() as tx:
        assert tx.refs_of("crm", [record.id]) == {record.id: str(fresh)}
    assert stage.issues() == []


async def test_the_history_replayed_from_its_first_record_changes_nothing(stage):
    for number in range(30):
        stage.crm.act("new_customer", lastName=f"Иванов-{number}", phones=[{"number": f"+7916{number:07}"}])
    stage.crm.act("noise", count=40)
    await stage.seen()
    for card in list(stage.crm.state.customers)[:5]:
        stage.crm.act("edit_customer", customer=card.id, firstName="Пётр")
    await stage.seen()
    writes, versions = stage.writes(), {record.id: record.version for record in stage.people()}
    crm = stage.hub.connections["crm"]
    page, cursor = None, '{"since":0}'
    while page is None or not page.last:
        page = await crm.pull("customer", cursor)
        cursor = page.cursor
        await stage.hub.ledger.run(lambda tx, page=page: _settle(tx, stage.hub, page))
    await stage.seen()

    assert (stage.writes(), {record.id: record.version for record in stage.people()}) == (writes, versions)


def _settle(tx, hub, page):
    arrival = Arrival(
        connection="crm", entity="customer", looks=page.looks, read_at=tx.tick(), evidence="again"
    )
    settle_page(tx, hub, arrival)


async def test_twins_of_one_account_make_one_card_and_a_question_in_the_other(stage):
    for _ in range(2):
        stage.crm.act("new_customer", who="petrov")
    await stage.seen(5)
    writes = stage.writes()
    await stage.seen(3)

    assert len(stage.crm2.state.customers) == 1
    assert stage.writes() == writes
    assert stage.issues()
