"""The inbox as receivers see it."""

import asyncio

import msgspec
import pytest

from ledgers import sqlite_ledger
from obmen.connectors.contract import Envelope
from obmen.engine.intake import HubIntake
from obmen.testkit.world import World


@pytest.fixture
def world(tmp_path):
    with sqlite_ledger(tmp_path) as ledger:
        yield World(ledger)


def envelope(key="1"):
    return Envelope(connection="erp", kind="file", name="import.xml", key=key, body=b"[]")


async def test_the_same_thing_twice_is_stored_once_and_told_twice(world):
    arrived = []
    intake = HubIntake(world.hub, arrived.append)
    first, again, other = [await intake.accept(envelope(key)) for key in ("1", "1", "2")]

    assert first == again != other
    assert arrived == ["erp", "erp", "erp"]


async def test_who_waits_is_answered_when_the_envelope_has_ended(world):
    intake = HubIntake(world.hub, lambda _: None)
    number = await intake.accept(envelope())
    waiting = asyncio.create_task(intake.progress(number, wait_s=60))
    await asyncio.sleep(0)
    counted = {"received": 3, "applied": 1, "echoed": 2}
    with world.begin() as tx:
        tx.move_envelope(number, state="done", position=3, counted=counted)
    await intake.moved()
    told = await asyncio.wait_for(waiting, 50)

    assert (told.state, told.done) == ("done", 3)
    assert "изменено 1, без изменений 2" in told.ru


async def test_what_ends_while_it_is_looked_up_is_not_waited_for(world):
    intake = HubIntake(world.hub, lambda _: None)
    number = await intake.accept(envelope())
    looked_up = world.hub.ledger.run

    async def ended_meanwhile(work):
        told = await looked_up(work)
        world.hub.ledger.run = looked_up
        with world.begin() as tx:
            tx.move_envelope(number, state="done", position=1, counted={})
        await intake.moved()
        return told

    world.hub.ledger.run = ended_meanwhile
    told = await asyncio.wait_for(intake.progress(number, wait_s=600), 20)

    assert told.state == "done"


async def test_who_waits_is_answered_when_the_hub_stops(world):
    """Otherwise a stop would last as long as 1C is willing to wait."""
    intake = HubIntake(world.hub, lambda _: None)
    number = await intake.accept(envelope())
    waiting = asyncio.create_task(intake.progress(number, wait_s=60))
    await asyncio.sleep(0)
    await intake.close()

    assert (await asyncio.wait_for(waiting, 50)).state == "waiting"


async def test_patience_has_an_end(world):
    intake = HubIntake(world.hub, lambda _: None)
    number = await intake.accept(envelope())

    assert (await intake.progress(number, wait_s=0.01)).state == "waiting"


async def test_what_comes_at_once_is_stored_together_and_each_is_told_its_number(world):
    transactions = []
    intake = HubIntake(counting(world.hub, transactions), lambda _: None)
    numbers = await asyncio.gather(*(intake.accept(envelope(str(each))) for each in (1, 2, 2, 3)))

    assert numbers[1] == numbers[2]
    assert len(set(numbers)) == 3
    assert len(transactions) == 1


async def test_one_that_cannot_be_stored_takes_nobody_with_it(world):
    def refuse(tx):
        accept_all = tx.accept_all

        def picky(together):
            if any(stored.key == "bad" for stored in together):
                raise ValueError("not this one")
            return accept_all(together)

        tx.accept_all = picky

    intake = HubIntake(counting(world.hub, [], refuse), lambda _: None)
    good, bad, other = await asyncio.gather(
        *(intake.accept(envelope(key)) for key in ("1", "bad", "2")), return_exceptions=True
    )

    assert isinstance(bad, ValueError)
    with world.begin() as tx:
        assert [stored.id for stored in tx.waiting_envelopes()] == sorted([good, other])


def counting(hub, transactions, change=lambda _: None):
    """The hub over a ledger whose transactions are counted, and changed before they are used."""

    class Counting:
        async def run(self, work):
            transactions.append(work)

            def changed(tx):
                change(tx)
                return work(tx)

            return await hub.ledger.run(changed)

    return msgspec.structs.replace(hub, ledger=Counting())
