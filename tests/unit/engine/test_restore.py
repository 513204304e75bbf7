"""A database put back in time: nothing is written, nothing is doubled, and a person leads it out step by step."""

import asyncio
import shutil
from contextlib import contextmanager

import msgspec
import pytest
from toy_world import accept, product, rows

from obmen.engine.issues import restored as restored_issue
from obmen.engine.local import LocalRunner
from obmen.engine.planning import apply_plan, make_plan
from obmen.engine.reconciling import reconcile
from obmen.engine.unpacking import unpack
from obmen.ledger.sql import SqlLedger
from obmen.sync.plan import digest
from obmen.testkit.memory import MemoryLedger
from obmen.testkit.world import Inline, World


@pytest.fixture
def world():
    """Systems that outlive the hub's database."""
    return World(MemoryLedger())


@contextmanager
def hub_over(world, file):
    """Start the hub of a world over a database file."""
    ledger = SqlLedger.open(f"sqlite:///{file}", exclusive=True)
    world.ledger = Inline(ledger)
    world.hub = msgspec.structs.replace(world.hub, ledger=world.ledger)
    try:
        yield
    finally:
        ledger.close_here()


def sent(world):
    accept(world, world.erp.export(complete=False, entities=("product",)))


async def work(world, holds):
    """Run the hub until something holds."""
    runner = LocalRunner(world.hub, [], quiet_s=0.02, idle_s=0.01)
    running = asyncio.create_task(runner.run())
    deadline = asyncio.get_running_loop().time() + 60
    while not holds() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - the hub tells nobody
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)  # what should not be written would be written now
    runner.stop()
    await running


def is_quiet(world, connection="shop"):
    with world.begin() as tx:
        return not tx.waiting_envelopes() and not tx.outbox(connection)


def is_read(world):
    with world.begin() as tx:
        return not tx.waiting_envelopes()


async def restored(world, tmp_path):
    """Work, copy the database, work on, and put the copy back."""
    file, copy = tmp_path / "obmen.db", tmp_path / "copy.db"
    drill = product(world)
    with hub_over(world, file):
        sent(world)
        await work(world, lambda: is_quiet(world))
        world.erp.person_types(drill, "name", "Дрель ударная")
        product(world, name="Пила", sku="S-1")
    with hub_over(world, file):  # read and not yet written, when the copy is made
        await unpack(world.hub, accept(world, world.erp.export(complete=False, entities=("product",))))
    shutil.copy(file, copy)
    with hub_over(world, file):
        product(world, name="Лобзик", sku="J-1")
        sent(world)
        await work(world, lambda: is_quiet(world))
    assert shown(world) == ["Дрель ударная", "Лобзик", "Пила"]
    for left in tmp_path.glob("obmen.db-*"):
        left.unlink()
    shutil.copy(copy, file)
    return file


def shown(world):
    return sorted(thing.fields["name"] for thing in world.shop.alive("product"))


async def test_nothing_is_written_after_a_restore_until_a_person_resumes(world, tmp_path):
    file = await restored(world, tmp_path)
    written = world.shop.writes
    with hub_over(world, file):
        with world.begin() as tx:
            assert tx.state_of("shop") == ("hold", "held_epoch")
        assert {("held", "held_epoch")} == set(rows(world).values())
        sent(world)
        await work(world, lambda: is_read(world))
        assert world.shop.writes == written


async def test_what_was_held_stays_held_when_a_person_resumes_without_a_plan(world, tmp_path):
    file = await restored(world, tmp_path)
    with hub_over(world, file):
        held = rows(world)
        with world.begin() as tx:
            tx.put_state("shop", "active", "")
        written = world.shop.writes
        await work(world, lambda: is_read(world))

        assert rows(world) == held
        assert world.shop.writes == written


async def test_reconcile_plan_and_apply_lead_out_without_a_double(world, tmp_path):
    file = await restored(world, tmp_path)
    written = world.shop.writes
    (drill, *_) = world.erp.alive("product")
    world.erp.person_types(drill, "name", "Дрель без удара")
    with hub_over(world, file):
        sent(world)
        await work(world, lambda: is_read(world))
        await reconcile(world.hub, "shop", "product")
        with world.begin() as tx:
            steps = make_plan(tx, world.hub, "shop")
            tx.open_issues([restored_issue("shop", is_written=True)], at=0.0)
            applied = apply_plan(tx, world.hub, digest(steps))
            assert tx.state_of("shop") == ("active", "")
            assert tx.issues(connection="shop") == []
        assert applied.moved == []
        await work(world, lambda: is_quiet(world))

    assert shown(world) == ["Дрель без удара", "Лобзик", "Пила"]
    assert world.shop.wrongs == []
    assert world.shop.writes == written + 1 == written + len(steps)
