"""Budgets: no window ever holds more than the limit, and a freeze is a freeze for everybody."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.errors import Bug, ConfigError
from obmen.ledger.budget import BlockBudget, LedgerBudget, Limit, budget_of, database_now, reserve

LIMITS = st.builds(
    lambda calls, share, per_s: Limit(calls=calls, per_s=per_s, burst=max(1, round(calls * share))),
    calls=st.integers(1, 30),
    share=st.floats(0, 1),
    per_s=st.sampled_from([0.5, 1.0, 2.0, 60.0]),
)


@given(limit=LIMITS, gaps=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 5)), max_size=60))
def test_no_window_ever_holds_more_than_the_limit(limit, gaps):
    tat, now, made = 0.0, 1000.0, []
    for gap, calls in gaps:
        now += gap
        count = min(calls, limit.burst)
        at, tat = reserve(tat, now, count, limit)
        assert at >= now
        made += [at] * count
    # A billionth of the window is what adding up floating point numbers may cost.
    within = limit.per_s * (1 - 1e-9)
    for index, first in enumerate(made):
        assert sum(first <= at < first + within for at in made[index:]) <= limit.calls


@given(limit=LIMITS, count=st.integers(1, 100))
def test_a_steady_caller_gets_the_rate_of_its_limit(limit, count):
    tat, at = 0.0, 0.0
    for _ in range(count):
        at, tat = reserve(tat, 1000.0, 1, limit)

    assert at - 1000.0 == pytest.approx(max(0, count - limit.burst) * limit.interval_s)


def test_a_rested_budget_lets_a_burst_through_at_once():
    limit = Limit(calls=10, per_s=1.0, burst=4)

    assert reserve(0.0, 50.0, 4, limit).at == 50.0


def test_more_than_a_burst_at_once_is_a_bug():
    with pytest.raises(Bug, match="5 calls at once"):
        reserve(0.0, 0.0, 5, Limit(calls=10, per_s=1.0, burst=4))


@pytest.mark.parametrize("values", [{"calls": 0}, {"burst": 3}, {"burst": 0}, {"per_s": 0.0}])
def test_a_limit_that_is_none_is_refused(values):
    with pytest.raises(ConfigError, match="is no limit"):
        Limit(**{"calls": 2, "per_s": 1.0, **values})


class Waiting:
    """A sleep that only notes how long it was asked to last."""

    def __init__(self):
        self.asked = []

    async def __call__(self, seconds):
        self.asked.append(seconds)


async def test_calls_beyond_the_burst_wait_their_turn(sql_ledger):
    sleep = Waiting()
    budget = LedgerBudget(sql_ledger, "shop", sleep=sleep, rate=Limit(calls=11, per_s=1000.0, burst=2))
    for _ in range(4):
        await budget.take()

    assert sleep.asked == [pytest.approx(100, abs=40), pytest.approx(200, abs=40)]


async def test_budgets_of_one_connection_are_one_budget(sql_ledger):
    sleep = Waiting()
    nodes = [
        LedgerBudget(sql_ledger, "shop", sleep=sleep, rate=Limit(calls=10, per_s=1000.0)) for _ in range(5)
    ]
    await asyncio.gather(*(node.take() for node in nodes))
    await LedgerBudget(sql_ledger, "crm", sleep=sleep, rate=Limit(calls=10, per_s=1000.0)).take()

    assert sorted(sleep.asked) == [pytest.approx(100 * turn, abs=40) for turn in (1, 2, 3, 4)]


async def test_a_quota_holds_back_what_the_rate_would_allow(sql_ledger):
    sleep = Waiting()
    budget = LedgerBudget(
        sql_ledger,
        "shop",
        sleep=sleep,
        rate=Limit(calls=1000, per_s=1.0, burst=100),
        quota=Limit(calls=3, per_s=10_000.0, burst=2),
    )
    for _ in range(3):
        await budget.take()

    assert sleep.asked == [pytest.approx(5000, abs=60)]


class Enough(Exception):
    """Ends a test where the next wait would begin."""


async def test_a_freeze_holds_everybody_back(sql_ledger):
    asked = []

    async def sleep(seconds):
        asked.append(seconds)
        raise Enough

    limit = Limit(calls=100, per_s=1.0, burst=50)
    await LedgerBudget(sql_ledger, "shop", sleep=sleep, rate=limit).freeze(3000)
    with pytest.raises(Enough):
        await LedgerBudget(sql_ledger, "shop", sleep=sleep, rate=limit).take()
    await LedgerBudget(sql_ledger, "crm", sleep=sleep, rate=limit).take()

    assert asked == [pytest.approx(3000, abs=600)]


async def test_who_slept_into_a_freeze_queues_up_again(sql_ledger):
    """Otherwise all who waited would call together in the moment it ends."""
    asked = []

    async def sleep(seconds):
        asked.append(seconds)
        if len(asked) == 2:
            raise Enough
        await budget.freeze(9000)

    budget = LedgerBudget(sql_ledger, "shop", sleep=sleep, rate=Limit(calls=1, per_s=3000.0))
    await budget.take()
    with pytest.raises(Enough):
        await budget.take()

    assert asked == [pytest.approx(3000, abs=600), pytest.approx(9000, abs=600)]


async def test_a_shorter_freeze_does_not_end_a_longer_one(sql_ledger):
    budget = LedgerBudget(sql_ledger, "shop", sleep=Waiting(), rate=Limit(calls=1, per_s=1.0))
    await budget.freeze(100.0)
    await budget.freeze(1.0)
    with sql_ledger.begin() as tx:
        assert budget._row(tx)[2] - database_now(tx) > 90


class Counted:
    """A ledger that counts the transactions asked of it."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.runs = 0

    async def run(self, work):
        self.runs += 1
        return await self.ledger.run(work)


def blocks(ledger, clock, *, block=10):
    rate = Limit(calls=1000, per_s=1.0, burst=100)
    return BlockBudget(
        LedgerBudget(ledger, "shop", sleep=asyncio.sleep, rate=rate), block=block, clock=lambda: clock[0]
    )


async def test_a_block_costs_one_transaction(sql_ledger):
    ledger = Counted(sql_ledger)
    budget = blocks(ledger, [0.0])
    for _ in range(25):
        await budget.take()

    assert ledger.runs == 3


async def test_what_is_left_of_a_block_does_not_keep(sql_ledger):
    ledger, clock = Counted(sql_ledger), [0.0]
    budget = blocks(ledger, clock)
    await budget.take()
    clock[0] = 1.5
    await budget.take()

    assert ledger.runs == 2


async def test_a_freeze_ends_a_block(sql_ledger):
    budget = blocks(sql_ledger, [0.0])
    await budget.take()
    await budget.freeze(0.2)
    began = asyncio.get_running_loop().time()
    await budget.take()

    assert asyncio.get_running_loop().time() - began > 0.1


@pytest.mark.parametrize(("rate_per_s", "at_once"), [(0.2, 2), (2, 1), (5, 2), (10, 10), (1000, 2)])
async def test_a_connection_gets_most_of_its_rate_and_never_all(sql_ledger, rate_per_s, at_once):
    limit = budget_of(sql_ledger, "shop", rate_per_s=rate_per_s, at_once=at_once)._budget._rate

    assert 0.8 * rate_per_s <= limit.calls / limit.per_s <= 0.95 * rate_per_s


async def test_who_asks_whether_it_may_call_waits_and_takes_nothing(sql_ledger):
    async def sleep(seconds):
        asked.append(seconds)
        raise Enough

    asked = []
    budget = LedgerBudget(sql_ledger, "shop", sleep=sleep, rate=Limit(calls=10, per_s=1000.0))
    await budget.ready()
    await budget.ready()
    assert asked == []

    await budget.take()
    for _ in range(2):
        with pytest.raises(Enough):
            await budget.ready()
    assert asked == [pytest.approx(100, abs=40)] * 2
