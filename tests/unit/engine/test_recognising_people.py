"""Strangers who are people: a phone is often a family's, a name is written in many ways."""

import msgspec
import pytest

from ledgers import sqlite_ledger
from obmen.engine.hub import Matching
from obmen.engine.matching import Matched, match_strangers
from obmen.model import CUSTOMER, Record
from obmen.sync.rules import Origin, Topology
from obmen.sync.shadow import Look
from obmen.testkit.world import World

PETR, ANNA = 1, 2
PEOPLE = (
    (
        PETR,
        {"name": "Иванов Пётр Сергеевич", "phones": ["+79990000001", "+79990000002"], "emails": ["p@x.test"]},
    ),
    (ANNA, {"name": "Иванова Анна", "phones": ["+79990000001"], "emails": ["a@x.test"]}),
)


@pytest.fixture
def hub(tmp_path):
    with sqlite_ledger(tmp_path) as ledger:
        hub = msgspec.structs.replace(
            World(ledger).hub,
            ledger=ledger,
            topologies={
                "customer": Topology(
                    entity="customer", creators=("crm",), default=Origin(), owners={}, readers=()
                )
            },
            matching={("crm", "customer"): Matching(keys=CUSTOMER.natural)},
        )
        with ledger.begin() as tx:
            records = [
                Record(id=number, entity="customer", origin="retail", atoms=atoms, lane=number)
                for number, atoms in PEOPLE
            ]
            tx.put_records(records, new=True, keys={"customer": hub.key_atoms("customer")})
        yield hub


def verdict(hub, **keys):
    look = Look(ref="7", fields={}, keys=keys)
    with hub.ledger.begin() as tx:
        told = match_strangers(tx, hub, "crm", "customer", [look])
    record = told.records.get("7")
    return told.verdicts["7"], record and record.id


def test_a_phone_and_a_name_that_agrees_are_the_person(hub):
    assert verdict(hub, phones=("+79990000001",), name="анна иванова") == (Matched.BIND, ANNA)
    assert verdict(hub, phones=("+79990000002", "+79991112233"), name="Петр") == (Matched.BIND, PETR)


def test_a_family_phone_alone_makes_nobody_the_same(hub):
    assert verdict(hub, phones=("+79990000001",), name="Иванова Мария") == (Matched.CREATE, None)


def test_a_phone_without_a_name_that_two_people_have_is_a_persons_business(hub):
    assert verdict(hub, phones=("+79990000001",)) == (Matched.PARK_DOUBLE, None)


def test_phone_and_e_mail_together_outweigh_a_changed_name(hub):
    keys = {"phones": ("+79990000001",), "emails": ("a@x.test",)}

    assert verdict(hub, **keys, name="Петрова Анна Игоревна") == (Matched.BIND, ANNA)


def test_an_e_mail_under_another_name_is_nobody_known(hub):
    assert verdict(hub, emails=("p@x.test",), name="Сидоров Иван") == (Matched.CREATE, None)


def test_who_says_nothing_to_be_known_by_is_new(hub):
    assert verdict(hub, name="Иванов Пётр Сергеевич") == (Matched.CREATE, None)
