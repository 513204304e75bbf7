"""Unpacking: a file that cannot be read leaves nothing; one that was left in the middle is gone on with."""

import msgspec
import pytest
from toy_world import accept, product, record, rows

from obmen.engine import unpacking
from obmen.engine.unpacking import unpack
from obmen.errors import BadInput, Bug


def refs(world):
    with world.begin() as tx:
        return sorted(tx.bound_in_scope("erp", "product", "").values())


def many(world, count=9):
    return [product(world, name=f"Дрель {n}", sku=str(n)) for n in range(count)]


def export(world):
    return accept(world, world.erp.export(complete=False, entities=("product",)))


async def test_counters_of_a_file_add_up(world):
    many(world)
    await unpack(world.hub, export(world))
    ended = await unpack(world.hub, export(world))

    assert (ended.state, ended.received, ended.counters["echoed"]) == ("done", 9, 9)
    assert sum(ended.counters.values()) == ended.received


async def test_a_file_that_breaks_in_its_middle_leaves_nothing(world):
    many(world)
    number = export(world)
    whole = world.erp.unpack

    def broken(envelope, position, **how):
        portions = whole(envelope, position, **how)
        yield next(portions)
        yield next(portions)
        raise BadInput("toy.cut", "the file is cut off", "файл оборван")

    world.erp.unpack = broken
    ended = await unpack(world.hub, number)

    assert (ended.state, ended.error_ru) == ("failed", "файл оборван")
    assert ended.received == 0
    assert refs(world) == []
    assert rows(world) == {}


async def test_a_file_that_failed_is_not_tried_again_by_itself(world):
    many(world, 1)
    number = export(world)
    with world.begin() as tx:
        tx.move_envelope(number, state="failed", position=-1, counted={}, error_en="no", error_ru="нет")

    assert (await unpack(world.hub, number)).state == "failed"
    assert refs(world) == []


async def test_a_file_left_behind_a_portion_is_gone_on_with_there(world):
    things = many(world)
    number = export(world)
    asked = []

    def stopped():
        asked.append(1)
        return len(asked) > 2

    left = await unpack(world.hub, number, stopped=stopped)
    assert (left.state, left.position, left.received) == ("working", 2, 4)
    positions = []
    whole = world.erp.unpack

    def watched(envelope, position, **how):
        positions.append(position)
        return whole(envelope, position, **how)

    world.erp.unpack = watched
    ended = await unpack(world.hub, number)

    assert positions == [2]
    assert (ended.state, ended.received, ended.counters["applied"]) == ("done", 9, 9)
    assert {1} == {record(world, thing.ref).version for thing in things}


async def test_what_goes_on_is_counted_once_however_often_it_is_begun(world, monkeypatch):
    many(world)
    number = export(world)
    monkeypatch.setattr(unpacking, "TOGETHER", 1)  # a transaction for each page
    whole = world.erp.unpack

    def goes_on(envelope, position, **how):
        for portion in whole(envelope, position, **how):
            yield msgspec.structs.replace(portion, more=True)

    def dies(*_given):
        raise KeyboardInterrupt

    world.erp.unpack = goes_on
    monkeypatch.setattr(world.hub.ledger, "page", 1, raising=False)
    with monkeypatch.context() as patch:
        settled = iter(range(4))
        usual = unpacking.settle_page
        patch.setattr(
            unpacking, "settle_page", lambda *given: dies() if next(settled) == 3 else usual(*given)
        )
        with pytest.raises(KeyboardInterrupt):
            await unpack(world.hub, number)
    with world.begin() as tx:
        left = tx.envelope(number)
    assert (left.state, left.position, left.received) == ("working", 0, 0)
    assert len(refs(world)) == 3

    ended = await unpack(world.hub, number)

    assert (ended.state, ended.received) == ("done", 9)
    assert (ended.counters["applied"], ended.counters["echoed"]) == (6, 3)


async def test_an_envelope_nobody_can_open_is_our_own_mistake(world):
    envelope = world.erp.export(complete=False, entities=("product",))
    with pytest.raises(Bug, match="shop cannot open"):
        await unpack(
            world.hub,
            accept(world, type(envelope)(connection="shop", kind="file", name=envelope.name, key="1")),
        )
