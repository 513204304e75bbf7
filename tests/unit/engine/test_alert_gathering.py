"""What is found to be wrong in a ledger, and what is not."""

from __future__ import annotations

from random import Random

import pytest

from obmen.engine.alerting import Watched, situations
from obmen.engine.hub import Hub
from obmen.engine.issues import paused_key
from obmen.ledger.contract import HELD, READY, WAITING, Binding, Delivery, Issue, StoredEnvelope
from obmen.model import ENTITIES, Record
from obmen.sync.rules import Origin, Reader, Topology

NOW = 1_800_000_000.0
HOUR = 3600.0


class Till:
    """A system that comes and takes."""

    collects = ("order",)

    def called(self, step):
        return ""


@pytest.fixture
def hub(sql_ledger):
    readers = (Reader(to="erp"), Reader(to="crm", when=lambda order: order.atoms["stage"] != "new"))
    topology = Topology(entity="order", creators=("shop",), default=Origin(), owners={}, readers=readers)
    return Hub(
        ledger=sql_ledger,
        connections={"shop": object(), "erp": Till(), "crm": object()},
        topologies={"order": topology},
        now=lambda: NOW,
        rng=Random(1),
    )


def found(hub, *kinds):
    with hub.ledger.begin() as tx:
        return [one for one in situations(tx, hub, Watched(), now=NOW) if one.kind in kinds]


def row(record, connection, *, state=READY, reason="", since=NOW - HOUR, entity="product"):
    rank = ENTITIES[entity].rank
    return Delivery(
        record=record,
        connection=connection,
        entity=entity,
        lane=record,
        rank=rank,
        state=state,
        reason=reason,
        since=since,
    )


def envelope(connection, received_at):
    return StoredEnvelope(
        id=0,
        connection=connection,
        kind="file",
        name="",
        key=f"{received_at}",
        path="",
        body=b"",
        session="",
        since=0.0,
        scope="",
        state="waiting",
        position=0,
        received=0,
        counters={},
        received_at=received_at,
    )


def order(hub, number, *rows, stage="new"):
    with hub.ledger.begin() as tx:
        tx.put_records([record(number, stage)], new=True, keys={})
        tx.reschedule(rows)


def record(number, stage):
    atoms = {"number": f"A-{number}", "stage": stage}
    return Record(id=number, entity="order", origin="shop", lane=number, atoms=atoms)


def test_nothing_wrong_is_nothing_found(hub):
    with hub.ledger.begin() as tx:
        assert situations(tx, hub, Watched(), now=NOW) == []


def test_work_that_could_have_gone_half_an_hour_ago_is_a_lag(hub):
    with hub.ledger.begin() as tx:
        tx.reschedule(
            [
                row(1, "shop"),
                row(2, "shop", since=NOW - 2 * HOUR),
                row(3, "shop", since=NOW - 60),
                row(4, "shop", state=WAITING, reason="waiting_mapping"),
                row(5, "shop", state=HELD, reason="held_plan"),
                row(6, "shop", reason="held_window"),
                row(7, "erp"),
            ]
        )

    (lag,) = found(hub, "lag")
    assert (lag.connection, lag.count, lag.since) == ("shop", 2, NOW - 2 * HOUR)


def test_files_that_wait_and_writes_that_wait_are_one_lag(hub):
    with hub.ledger.begin() as tx:
        tx.reschedule([row(1, "shop"), row(2, "shop")])
        tx.accept(envelope("shop", NOW - 3 * HOUR))
        tx.accept(envelope("erp", NOW - 60))

    (lag,) = found(hub, "lag")
    assert (lag.count, lag.since, lag.details) == (3, NOW - 3 * HOUR, (("inbox", 1), ("outbox", 2)))


def test_a_paused_connection_is_paused_and_does_not_lag(hub):
    with hub.ledger.begin() as tx:
        tx.reschedule([row(1, "shop")])
        tx.put_state("shop", "paused", "no")

    assert [("paused", (("by_hand", 1),))] == [(one.kind, one.details) for one in found(hub, "paused", "lag")]


def test_a_refused_access_an_other_address_and_a_restored_base_are_told_apart(hub):
    with hub.ledger.begin() as tx:
        key = paused_key("shop")
        tx.open_issues([Issue(key=key, code="paused", connection="shop", en="", ru="")], at=NOW - 60)
        tx.put_state("shop", "paused", "The key is refused.")
        tx.put_state("erp", "paused", "another_system")
        tx.put_state("crm", "hold", "held_epoch")

    assert {"shop": "access", "erp": "another_system", "crm": "held_epoch"} == {
        one.connection: one.details[0][0] for one in found(hub, "paused")
    }


def test_issues_of_people_are_one_situation_with_a_count_for_each_reason(hub):
    def issue(number, code):
        return Issue(key=f"{code}:{number}", code=code, connection="crm", en="", ru="", record=number)

    codes = ["rejected", "rejected", "tug_of_war", "not_a_creator", "held_guard"]
    with hub.ledger.begin() as tx:
        tx.open_issues([issue(number, code) for number, code in enumerate(codes)], at=NOW)

    (attention,) = found(hub, "attention")
    assert (attention.count, attention.details) == (3, (("rejected", 2), ("tug_of_war", 1)))
    assert [("crm", 1)] == [(one.connection, one.count) for one in found(hub, "held")]


def test_an_order_without_a_pair_is_named_unless_its_turn_has_not_come_or_somebody_holds_it(hub):
    order(hub, 1, row(1, "erp", entity="order"), row(1, "crm", entity="order"))
    order(hub, 2, row(2, "erp", entity="order", state=WAITING, reason="rejected"))
    order(hub, 3, row(3, "erp", entity="order", state=HELD, reason="held_person"))
    order(hub, 4, row(4, "erp", entity="order"), row(4, "crm", entity="order"), stage="done")
    order(hub, 5, row(5, "erp", entity="order", since=NOW - 60))
    unpaid = range(100, 1_300)  # carts nobody has paid for in years hide nothing
    waiting = {"entity": "order", "state": WAITING, "reason": "waiting_condition", "since": 0.0}
    with hub.ledger.begin() as tx:
        tx.put_records([record(number, "new") for number in unpaid], new=True, keys={})
        tx.reschedule([row(number, "crm", **waiting) for number in unpaid])
        tx.bind([Binding("erp", "order", "УТ-4", 4)])

    assert {"erp": ("A-1", "A-2"), "crm": ("A-4",)} == {
        one.connection: one.numbers for one in found(hub, "unpaired")
    }
