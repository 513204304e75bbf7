"""The runner: it lives through outages, pauses what has lost its access, and ends when asked."""

import asyncio
import logging
from contextlib import asynccontextmanager
from random import Random

import msgspec
import pytest
from toy_world import accept, issue_keys, product

from obmen.engine.local import Chore, Job, LocalRunner
from obmen.errors import Transient
from obmen.testkit.memory import MemoryLedger
from obmen.testkit.world import World

SOON_S = 0.01


class Impatient(Random):
    """Always draws the shortest pause."""

    def uniform(self, a, b):
        return min(a, b)


@pytest.fixture
def world():
    return World(MemoryLedger())


@asynccontextmanager
async def running(world, *jobs, chores=()):
    runner = LocalRunner(world.hub, jobs, chores=chores, quiet_s=SOON_S, idle_s=SOON_S)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await asyncio.wait_for(task, 60)


async def until(holds):
    deadline = asyncio.get_running_loop().time() + 10
    while not holds() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - the hub tells nobody
        await asyncio.sleep(SOON_S)
    assert holds()


def polls(connection="shop", entity="product"):
    return Job(
        kind="pull",
        connection=connection,
        entity=entity,
        next_at=lambda last, now: now if last is None else now + SOON_S,
    )


def state(world, connection="shop"):
    with world.begin() as tx:
        return tx.state_of(connection)[0]


def shown(world):
    return sorted(thing.fields["name"] for thing in world.shop.alive("product"))


def sent(world):
    return accept(world, world.erp.export(complete=False, entities=("product",)))


async def test_a_file_in_the_inbox_ends_in_the_shop(world):
    product(world)
    sent(world)
    async with running(world):
        await until(lambda: shown(world) == ["Дрель"])


async def test_a_file_that_arrives_is_worked_on_at_once(world):
    product(world)
    async with running(world) as runner:
        await runner.intake.accept(world.erp.export(complete=False, entities=("product",)))
        await until(lambda: shown(world) == ["Дрель"])


async def test_a_lost_access_pauses_the_connection_with_an_issue_and_resume_goes_on(world):
    world.shop.read_faults.append("token")
    async with running(world, polls()):
        await until(lambda: state(world) == "paused")
        assert issue_keys(world) == ["paused:shop"]
        product(world)
        number = sent(world)
        await until(lambda: _is_done(world, number))
        await asyncio.sleep(5 * SOON_S)
        assert shown(world) == []

        with world.begin() as tx:
            tx.put_state("shop", "active", "")
        await until(lambda: shown(world) == ["Дрель"])


def _is_done(world, number):
    with world.begin() as tx:
        return tx.envelope(number).state == "done"


async def test_an_outage_is_told_when_it_begins_and_when_it_ends(world, caplog):
    caplog.set_level(logging.WARNING, "obmen.engine")
    failures = iter([Transient("toy.down", "shop does not answer", "нет ответа", retry_after_s=0.0)] * 2)
    done = []

    async def work():
        for failure in failures:
            raise failure
        done.append(1)

    world.hub = msgspec.structs.replace(world.hub, rng=Impatient())
    async with running(world, chores=[Chore(name="poll", every_s=SOON_S, work=work)]):
        await until(lambda: done)
    told = [record.getMessage() for record in caplog.records if "poll" in record.getMessage()]

    assert told == ["poll: shop does not answer (tried again by itself)", "poll: works again"]


async def test_an_outage_that_lasts_is_an_issue_until_it_ends_whoever_is_restarted_meanwhile(world):
    clock = [1000.0]
    world.hub = msgspec.structs.replace(world.hub, rng=Impatient(), now=lambda: clock[0])
    pull = world.shop.pull
    failed = []

    async def fail(_entity, _cursor):
        failed.append(clock[0])
        raise Transient("toy.down", "shop does not answer", "нет ответа", retry_after_s=0.0)

    world.shop.pull = fail
    async with running(world, polls()):
        await until(lambda: len(failed) > 3)
        assert issue_keys(world) == []  # a short one is nobody's business
        clock[0] += 3600
        await until(lambda: issue_keys(world) == ["down:shop"])
    async with running(world, polls()):
        await until(lambda: issue_keys(world) == [])
        world.shop.pull = pull
    assert issue_keys(world) == []


async def test_a_chore_that_fails_stops_nobody(world):
    async def work():
        raise ZeroDivisionError

    product(world)
    sent(world)
    async with running(world, chores=[Chore(name="broken", every_s=SOON_S, work=work)]):
        await until(lambda: shown(world) == ["Дрель"])


async def test_chores_are_done_at_the_start_and_again(world):
    done = []

    async def work():
        done.append(1)

    async with running(world, chores=[Chore(name="tidy", every_s=SOON_S, work=work)]):
        await until(lambda: len(done) >= 3)


async def test_a_connection_on_hold_is_neither_asked_nor_written_to(world):
    with world.begin() as tx:
        tx.put_state("shop", "hold", "held_epoch")
    product(world)
    number = sent(world)
    async with running(world, polls()):
        await until(lambda: _is_done(world, number))
        await asyncio.sleep(5 * SOON_S)

    assert shown(world) == []
    with world.begin() as tx:
        assert tx.cursor("shop", "product") == ""
