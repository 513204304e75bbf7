"""The referee walks at random: over the pure core, over both real ledgers, and led by Hypothesis.

`OBMEN_SEED` chooses where it begins, `OBMEN_STEPS` how far it goes; a failure prints the seed and the shortest trace.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from obmen.testkit.driver import NAMES, WEIGHTS, Driver
from obmen.testkit.memory import MemoryLedger
from obmen.testkit.search import episode, play, search, told
from obmen.testkit.soak import hasten, wipe
from obmen.testkit.world import World

SEED = int(os.environ.get("OBMEN_SEED", "1"))
STEPS = int(os.environ.get("OBMEN_STEPS", "100000"))
SQL_STEPS = int(os.environ.get("OBMEN_SQL_STEPS", "5000"))


def in_memory() -> World:
    return World(MemoryLedger(), till=True)


@pytest.mark.timeout(900)
def test_the_core_keeps_its_invariants_over_a_long_random_walk():
    done, failure = search(in_memory, seed=SEED, steps=STEPS)

    assert failure is None, told(failure)
    assert done >= STEPS


@pytest.mark.timeout(900)
def test_a_real_ledger_keeps_them_as_well(sql_ledger):
    hasten(sql_ledger)

    def emptied() -> World:
        wipe(sql_ledger)
        return World(sql_ledger, till=True)

    done, failure = search(emptied, seed=SEED, steps=SQL_STEPS, lengths=(60, 120))

    assert failure is None, told(failure)
    assert done >= SQL_STEPS


def test_an_episode_is_the_same_every_time_it_is_played():
    from random import Random  # noqa: PLC0415 - only here

    moves = episode(Random(7))

    def played() -> list[tuple[str, int]]:
        driver = Driver(in_memory())
        for move in moves:
            driver.move(move)
        return [(toy.name, toy.writes) for toy in driver.world.toys]

    assert played() == played()


def test_a_broken_world_is_noticed():
    def broken() -> World:
        world = in_memory()
        world.shop.wrongs.append("somebody broke in")
        return world

    assert play(broken, [("time", 1)]) == "Violation: somebody broke in"


class Machine(RuleBasedStateMachine):
    """One weighted operation per step; Hypothesis chooses which and shrinks what breaks."""

    @initialize(seed=st.integers(0, 2**32 - 1), furnished=st.booleans())
    def begin(self, seed: int, furnished: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        self.driver = Driver(in_memory())
        if furnished:
            self.driver.move(("seed", seed))

    @rule(
        name=st.sampled_from([name for name in NAMES for _ in range(max(1, round(WEIGHTS[name])))]),
        seed=st.integers(0, 2**32 - 1),
    )
    def move(self, name: str, seed: int) -> None:
        self.driver.move((name, seed))

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.driver.move(("rest", 0))


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
