"""Deliveries, leases, lanes and open attempts, the same over every ledger."""

from __future__ import annotations

import msgspec
import pytest

from ledgers import taken_back
from obmen.ledger.contract import HELD, LEASED, READY, WAITING, Attempt, Delivery
from obmen.model import Record


def row(record: int, **changes) -> Delivery:
    values = {
        "record": record,
        "connection": "shop",
        "entity": "offer",
        "lane": record,
        "rank": 30,
        "since": 1.0,
    }
    return Delivery(**{**values, **changes})


def attempt(record: int, **changes) -> Attempt:
    values = {
        "record": record,
        "connection": "shop",
        "entity": "offer",
        "creates": False,
        "ref": "r",
        "payload": {"name": "x", "prices": {"retail": 1.5}},
        "mark": "obmen:1",
        "opened_at": 3,
        "resolve_at": 100.0,
    }
    return Attempt(**{**values, **changes})


def claim(ledger, *, now: float = 10.0, limit: int = 100, lease_s: float = 60.0) -> list[int]:
    with ledger.begin() as tx:
        return [found.record for found in tx.claim("shop", now=now, limit=limit, lease_s=lease_s)]


def put(ledger, *rows: Delivery) -> None:
    with ledger.begin() as tx:
        tx.put_deliveries(rows)


def stored(ledger, record: int = 1) -> Delivery:
    with ledger.begin() as tx:
        return tx.deliveries("shop", [record])[record]


# --- putting and dropping


def test_newborn_records_are_owed_to_a_system_wherever_their_numbers_stand(any_ledger):
    lanes = {2: 2, 3: 1, 4: 0, 7: 7, 5: 5}
    with any_ledger.begin() as tx:
        tx.put_records(
            [Record(id=n, entity="offer", origin="erp", atoms={}, lane=lane) for n, lane in lanes.items()],
            new=True,
            keys={},
        )
        tx.put_newborn(row(2, reason="held_plan", state=HELD), [7, 2, 4, 3])
    with any_ledger.begin() as tx:
        assert tx.deliveries("shop", [2, 3, 4, 5, 7]) == {
            n: row(n, lane=lane, reason="held_plan", state=HELD)
            for n, lane in ((2, 2), (3, 1), (4, 4), (7, 7))
        }


def test_a_delivery_comes_back_as_it_was_put(any_ledger):
    given = row(
        1, state=WAITING, reason="waiting_partner", wakes_on=("bound:shop:3",), not_before=5.0, attempts=2
    )
    put(any_ledger, given)
    with any_ledger.begin() as tx:
        assert {1: given} == tx.deliveries("shop", [1, 2])
        assert tx.deliveries("crm", [1]) == {}


def test_a_hundred_updates_are_one_row_as_old_as_the_first(any_ledger):
    put(any_ledger, row(1, since=5.0, attempts=3))
    for moment in range(100):
        put(any_ledger, row(1, since=6.0 + moment, lane=8, rank=20))

    assert row(1, since=5.0, attempts=3, lane=8, rank=20) == stored(any_ledger)


@pytest.mark.parametrize("reason", ["held_guard", "held_person", "held_epoch"])
def test_a_hold_of_a_person_survives_a_recomputation(any_ledger, reason):
    put(any_ledger, row(1, state=HELD, reason=reason))
    put(any_ledger, row(1))

    assert (HELD, reason) == (stored(any_ledger).state, stored(any_ledger).reason)


def test_a_new_hold_replaces_the_reason_of_the_old(any_ledger):
    put(any_ledger, row(1, state=HELD, reason="held_guard"))
    put(any_ledger, row(1, state=HELD, reason="held_plan"))

    assert stored(any_ledger).reason == "held_plan"


def test_another_hold_is_lifted_by_a_recomputation(any_ledger):
    put(any_ledger, row(1, state=HELD, reason="held_window"))
    put(any_ledger, row(1))

    assert stored(any_ledger).state == READY


def test_a_waiting_row_becomes_what_is_given(any_ledger):
    put(any_ledger, row(1, state=WAITING, reason="waiting_mapping", wakes_on=("map:shop:unit:x",)))
    put(any_ledger, row(1))

    assert row(1) == stored(any_ledger)


def test_a_leased_row_stays_leased(any_ledger):
    put(any_ledger, row(1))
    claim(any_ledger)
    put(any_ledger, row(1), row(1, state=WAITING))

    assert stored(any_ledger).state == LEASED
    assert claim(any_ledger, now=69.0) == []
    assert claim(any_ledger, now=70.0) == [1]


def test_rescheduling_ends_a_lease_exactly_as_given(any_ledger):
    put(any_ledger, row(1, since=1.0))
    claim(any_ledger)
    with any_ledger.begin() as tx:
        tx.reschedule([row(1, attempts=4, not_before=30.0, reason="transient", since=9.0), row(2)])

    assert row(1, attempts=4, not_before=30.0, reason="transient", since=1.0) == stored(any_ledger)
    assert claim(any_ledger, now=29.0) == [2]
    assert claim(any_ledger, now=30.0) == [1]


def test_dropped_rows_are_gone_for_their_system_only(any_ledger):
    put(any_ledger, row(1), row(2), row(1, connection="crm"))
    with any_ledger.begin() as tx:
        tx.drop_deliveries("shop", [1, 3])

        assert list(tx.deliveries("shop", [1, 2])) == [2]
        assert list(tx.deliveries("crm", [1, 2])) == [1]


# --- claiming


def test_a_claimed_row_is_leased_and_not_claimed_again(any_ledger):
    put(any_ledger, row(1))
    with any_ledger.begin() as tx:
        assert [row(1, state=LEASED)] == tx.claim("shop", now=10.0, limit=10, lease_s=60.0)

    assert stored(any_ledger).state == LEASED
    assert claim(any_ledger) == []


def test_a_lease_that_ran_out_is_claimed_again(any_ledger):
    put(any_ledger, row(1))

    assert [claim(any_ledger, now=now) for now in (10.0, 69.9, 70.0)] == [[1], [], [1]]


def test_only_ready_rows_whose_time_has_come_are_claimed(any_ledger):
    put(
        any_ledger,
        row(1, state=WAITING),
        row(2, state=HELD, reason="held_plan"),
        row(3, not_before=11.0),
        row(4, not_before=10.0),
        row(5, connection="crm"),
    )

    assert claim(any_ledger, now=10.0) == [4]


def test_of_a_lane_only_the_lowest_rank_is_claimed(any_ledger):
    put(any_ledger, row(1, lane=1, rank=20), row(2, lane=1), row(3, lane=1), row(4, lane=4))

    assert claim(any_ledger) == [1, 4]
    assert claim(any_ledger) == []
    with any_ledger.begin() as tx:
        tx.drop_deliveries("shop", [1])
    assert claim(any_ledger) == [2, 3]


def test_lanes_go_in_order_of_rank(any_ledger):
    put(any_ledger, row(1), row(2, rank=20), row(3, rank=10))

    assert claim(any_ledger) == [3, 2, 1]


def test_a_row_that_waits_does_not_hold_up_the_rest_of_its_lane(any_ledger):
    put(any_ledger, row(1, lane=1, rank=20, state=WAITING), row(2, lane=1))

    assert claim(any_ledger) == [2]


def test_a_limit_never_cuts_a_lane_that_fits(any_ledger):
    put(any_ledger, row(1), row(2, lane=2), row(3, lane=2), row(4, lane=2))

    assert claim(any_ledger, limit=3) == [1]
    assert claim(any_ledger, limit=3) == [2, 3, 4]


def test_a_lane_longer_than_the_limit_is_taken_in_pieces(any_ledger):
    put(any_ledger, *(row(number, lane=1) for number in range(1, 6)))

    assert claim(any_ledger, limit=2) == [1, 2]
    assert claim(any_ledger, limit=2) == []


def test_a_lane_with_an_open_attempt_rests(any_ledger):
    put(any_ledger, row(1, lane=1, rank=20), row(2, lane=1), row(3))
    with any_ledger.begin() as tx:
        tx.put_attempts([attempt(1, job="task-7")])

    assert claim(any_ledger) == [3]
    with any_ledger.begin() as tx:
        tx.close_attempts("shop", [1])
    assert claim(any_ledger) == [1]


def test_an_attempt_without_a_row_rests_the_lane_of_its_record(any_ledger):
    put(any_ledger, row(2, lane=9), row(3))
    with any_ledger.begin() as tx:
        tx.put_records([Record(id=1, entity="product", origin="erp", atoms={}, lane=9)], new=True, keys={})
        tx.put_attempts([attempt(1), attempt(3, connection="crm")])

    assert claim(any_ledger) == [3]


def test_the_whole_outbox_is_listed_in_order_of_rank_and_lane(any_ledger):
    rows = [row(1, lane=2), row(2, lane=1), row(3, lane=1, rank=20, state=HELD), row(4, state=WAITING)]
    put(any_ledger, *rows, row(5, connection="crm"))
    with any_ledger.begin() as tx:
        assert [found.record for found in tx.outbox("shop")] == [3, 2, 1, 4]
        assert [found.record for found in tx.outbox("shop", limit=2)] == [3, 2]


def test_a_plan_is_kept_under_its_digest(any_ledger):
    with any_ledger.begin() as tx:
        assert tx.plan("d1") is None
        tx.put_plan("d1", b"\x00first", at=1.0)
        tx.put_plan("d1", b"\x00second", at=2.0)
    with any_ledger.begin() as tx:
        assert tx.plan("d1") == b"\x00second"


# --- attempts


def test_an_attempt_comes_back_as_it_was_put(any_ledger):
    given = attempt(1, ref=None, creates=True)
    with any_ledger.begin() as tx:
        tx.put_attempts([given, attempt(2)])
    with any_ledger.begin() as tx:
        assert {1: given} == tx.attempts("shop", [1, 3])
        assert tx.attempts("crm", [1]) == {}


def test_putting_an_attempt_again_moves_it(any_ledger):
    moved = attempt(1, resolve_at=300.0, job="task-7", tries=2)
    with any_ledger.begin() as tx:
        tx.put_attempts([attempt(1)])
        tx.put_attempts([moved])

        assert {1: moved} == tx.attempts("shop", [1])
        assert tx.due_attempts("shop", now=299.0, limit=10) == []
        assert [moved] == tx.due_attempts("shop", now=300.0, limit=10)


def test_due_attempts_come_oldest_first(any_ledger):
    with any_ledger.begin() as tx:
        tx.put_attempts([attempt(number, resolve_at=100.0 - number) for number in range(1, 6)])

        assert [due.record for due in tx.due_attempts("shop", now=200.0, limit=3)] == [5, 4, 3]


def test_an_exception_takes_back_leases_and_attempts(any_ledger):
    put(any_ledger, row(1), row(2))
    with taken_back(any_ledger) as tx:
        tx.claim("shop", now=10.0, limit=10, lease_s=60.0)
        tx.put_attempts([attempt(1)])
        tx.drop_deliveries("shop", [2])

    assert claim(any_ledger) == [1, 2]


def test_claims_drain_a_mixed_outbox_without_repeating_a_row(any_ledger):
    rows = [
        row(number, lane=number // 7, rank=10 * (1 + number % 3), since=float(number))
        for number in range(1, 400)
    ]
    put(any_ledger, *rows)
    seen: list[int] = []
    while found := claim(any_ledger, limit=50):
        seen += found
        with any_ledger.begin() as tx:
            tx.drop_deliveries("shop", found)

    assert sorted(each.record for each in rows) == sorted(seen)


def test_wakes_on_survives_a_lease(any_ledger):
    given = row(1, wakes_on=("a", "b"))
    put(any_ledger, given)
    claim(any_ledger)

    assert msgspec.structs.replace(given, state=LEASED) == stored(any_ledger)


def test_what_a_guard_holds_is_taken_from_whoever_has_claimed_it(any_ledger):
    put(any_ledger, row(1))
    claim(any_ledger)
    put(any_ledger, row(1, state=HELD, reason="held_guard"))

    assert stored(any_ledger).state == HELD


def test_a_lease_outlives_a_hold_that_no_person_must_lift(any_ledger):
    put(any_ledger, row(1))
    claim(any_ledger)
    put(any_ledger, row(1, state=HELD, reason="held_plan"))

    assert stored(any_ledger).state == LEASED


def test_a_claim_of_named_records_leases_no_other(any_ledger):
    put(any_ledger, row(1, lane=1), row(2, lane=2), row(3, lane=3))

    with any_ledger.begin() as tx:
        claimed = tx.claim("shop", now=10.0, limit=10, lease_s=60.0, only=[2, 9])

    assert [found.record for found in claimed] == [2]
    assert (READY, LEASED) == (stored(any_ledger, 1).state, stored(any_ledger, 2).state)


def test_a_claim_may_be_of_one_entity(any_ledger):
    put(any_ledger, row(1), row(2, entity="order", rank=50))

    with any_ledger.begin() as tx:
        claimed = tx.claim("shop", now=10.0, limit=10, lease_s=60.0, entity="order")

    assert [2] == [found.record for found in claimed]


def test_open_attempts_come_page_by_page_in_order_of_record(any_ledger):
    with any_ledger.begin() as tx:
        tx.put_attempts([attempt(number, session="s", offer=number) for number in (5, 2, 9, 4)])
        tx.put_attempts([attempt(3, connection="crm")])

        pages = [tx.open_attempts("shop", after=after, limit=2) for after in (0, 4, 9)]

    assert [[2, 4], [5, 9], []] == [[found.record for found in page] for page in pages]
    assert ("s", 2) == (pages[0][0].session, pages[0][0].offer)
