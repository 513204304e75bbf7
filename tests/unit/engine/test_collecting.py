"""What a system comes and takes: offered whole, closed by its own word only, offered again when it never came back."""

from datetime import UTC

import msgspec
import pytest
from toy_world import history, issue_keys, record, rows

from obmen.cli.passport import passport_of, upcoming
from obmen.cli.speech import Speech
from obmen.connectors.contract import Refused
from obmen.engine.collecting import offer, taken, untaken
from obmen.engine.delivering import Visit, deliver
from obmen.engine.intake import HubIntake
from obmen.engine.planning import apply_plan, make_plan
from obmen.engine.pulling import pull
from obmen.engine.resolving import resolve
from obmen.engine.settling import Arrival, settle_page
from obmen.engine.unpacking import unpack
from obmen.sync.plan import digest
from obmen.sync.rules import Reader
from obmen.sync.shadow import Look
from obmen.testkit.codecs import StrictCodec
from obmen.testkit.collector import Collector
from obmen.testkit.world import ORDER, STAGE_CODES


def with_till(world, *, when=None, carried=ORDER, **hub):
    """Let one more system receive orders by coming for them."""
    stages = {"stage": dict(STAGE_CODES)}
    till = Collector("till", StrictCodec("till", {atom.partition(".")[0] for atom in carried}, stages))
    orders = world.hub.topologies["order"]
    orders = msgspec.structs.replace(orders, readers=(*orders.readers, Reader(to="till", when=when)))
    world.hub = msgspec.structs.replace(
        world.hub,
        connections={**world.hub.connections, "till": till},
        topologies={**world.hub.topologies, "order": orders},
        **hub,
    )
    return till


@pytest.fixture
def till(world):
    return with_till(world)


async def order(world, number, **fields):
    thing = world.shop.person_creates("order", {"number": number, "stage": "new", "comment": "", **fields})
    await pull(world.hub, "shop", "order")
    return thing


async def edit(world, thing, atom, wire):
    world.shop.person_types(thing, atom, wire)
    await pull(world.hub, "shop", "order")


async def come(world, till, session="first", number=1, limit=1000):
    """Read everything on offer; return the names."""
    visit = Visit(session, number, world.now() + 3600)
    return [
        await till.read(step)
        async for portion in offer(world.hub, "till", "order", visit, limit=limit)
        for step in portion
    ]


def row_of(world, thing):
    return rows(world, "till").get(record(world, thing.ref, "order", "shop").id)


def bound(world, name):
    with world.begin() as tx:
        return tx.bound("till", "order", [name])


# --- the way it goes ----------------------------------------------------------------------------------------------


async def test_what_is_to_be_collected_is_not_pushed(world, till):
    thing = await order(world, "N1")

    assert await deliver(world.hub, "till") == 0
    assert row_of(world, thing) == ("ready", "")


async def test_an_order_is_offered_whole_and_done_once_it_was_taken(world, till):
    thing = await order(world, "N1", comment="позвонить")

    assert await come(world, till) == ["N1"]
    assert till.documents["N1"] == {"number": "N1", "stage": "new", "comment": "позвонить"}
    assert await taken(world.hub, "till", "first", offers={1}) == 1
    number = record(world, thing.ref, "order", "shop").id
    assert bound(world, "N1") == {"N1": number}
    assert row_of(world, thing) is None
    assert history(world, number)[-1] == "done"


async def test_what_was_taken_is_not_offered_again(world, till):
    await order(world, "N1")
    await come(world, till)
    await taken(world.hub, "till", "first", offers={1})

    assert await come(world, till, number=2) == []


async def test_a_change_brings_the_whole_document_again_under_the_same_name(world, till):
    thing = await order(world, "N1", comment="позвонить")
    await come(world, till)
    await taken(world.hub, "till", "first", offers={1})
    await edit(world, thing, "number", "N1-бис")

    assert await come(world, till, session="second") == ["N1"]
    assert till.documents["N1"] == {"number": "N1-бис", "stage": "new", "comment": "позвонить"}


async def test_a_change_between_offer_and_confirmation_is_offered_later(world, till):
    thing = await order(world, "N1")
    await come(world, till)
    await edit(world, thing, "comment", "передумал")
    await taken(world.hub, "till", "first", offers={1})

    assert row_of(world, thing) == ("ready", "")
    assert await come(world, till, number=2) == ["N1"]
    assert till.documents["N1"]["comment"] == "передумал"


async def test_an_offer_may_be_cut_and_the_rest_comes_with_the_next(world, till):
    for number in range(5):
        await order(world, f"N{number}")

    assert len(await come(world, till, limit=2)) == 2
    assert len(await come(world, till, number=2, limit=2)) == 2
    assert await taken(world.hub, "till", "first", offers={1}) == 2
    assert len(await come(world, till, number=3)) == 3  # one that never was on offer, two given back
    assert {"N0", "N1", "N2", "N3", "N4"} == set(till.documents)


# --- visits that break off ----------------------------------------------------------------------------------------


async def test_a_visit_that_never_says_a_word_leaves_everything_to_the_next(world, till):
    thing = await order(world, "N1")
    await come(world, till)

    assert await come(world, till, session="second") == []
    assert await untaken(world.hub, "till", but="second") == 1
    assert row_of(world, thing) == ("ready", "untaken")
    assert await come(world, till, session="second") == ["N1"]
    assert await taken(world.hub, "till", "second", offers={1}) == 1
    assert till.brought == {"N1": 2}
    assert len(till.documents) == 1


async def test_a_visit_cannot_confirm_what_was_given_to_another(world, till):
    await order(world, "N1")
    await come(world, till)
    await order(world, "N2")

    assert await come(world, till, session="second") == ["N2"]
    assert await taken(world.hub, "till", "second", offers={1}) == 1
    assert bound(world, "N1") == {}
    assert await taken(world.hub, "till", "first", offers={1}) == 1


async def test_a_late_word_about_an_offer_given_to_another_changes_nothing(world, till):
    await order(world, "N1")
    await come(world, till)
    await untaken(world.hub, "till", but="second")
    await come(world, till, session="second")

    assert await taken(world.hub, "till", "first", offers={1}) == 0
    assert bound(world, "N1") == {}
    assert await taken(world.hub, "till", "second", offers={1}) == 1


async def test_an_offer_nobody_spoke_of_is_ready_again_after_its_time(world, till):
    thing = await order(world, "N1")
    await come(world, till)

    assert await resolve(world.hub, "till") == 0
    world.pass_time(3601)
    assert await resolve(world.hub, "till") == 1
    assert row_of(world, thing) == ("ready", "untaken")


async def test_what_the_system_shows_of_an_order_on_offer_waits_for_its_word(world, till):
    thing = await order(world, "N1")
    await come(world, till)
    await taken(world.hub, "till", "first", offers={1})
    await edit(world, thing, "comment", "позвонить")
    await come(world, till, number=2)
    look = Look(ref="N1", fields={"stage": "confirmed"}, order="2026-11-20T10:00:00")
    with world.begin() as tx:
        page = Arrival(connection="till", entity="order", looks=[look], read_at=tx.tick(), evidence="file")
        assert settle_page(tx, world.hub, page).counted["waiting"] == 1
        (waiting,) = tx.waiting_envelopes("till")

    assert (await unpack(world.hub, waiting.id)).state == "waiting"
    await taken(world.hub, "till", "first", offers={2})
    assert (await unpack(world.hub, waiting.id)).state == "done"
    assert "in_conversation" in history(world, record(world, thing.ref, "order", "shop").id)


async def test_whoever_waits_for_the_word_is_woken_by_it(world, till):
    woken = []
    intake = HubIntake(world.hub, woken.append)
    await order(world, "N1")
    offered = intake.offer("till", "order", session="first", number=1, limit=10, keep_s=60)
    steps = [step async for portion in offered for step in portion]

    assert ["N1"] == [step.whole["number"] for step in steps]
    assert await intake.taken("till", session="first", offers=[1]) == 1
    assert await intake.untaken("till", but="second") == 0
    assert ["till", "till"] == woken


# --- as for everybody else ----------------------------------------------------------------------------------------


async def test_what_cannot_be_offered_waits_with_its_reason_and_the_rest_goes_on(world):
    till = with_till(world)
    del till.codec("order").tables["stage"]["confirmed"]
    stuck = await order(world, "N1", stage="confirmed")
    await order(world, "N2")

    assert await come(world, till) == ["N2"]
    assert row_of(world, stuck) == ("waiting", "waiting_mapping")


async def test_a_value_that_waits_is_shown_as_it_stands_there(world, till):
    thing = await order(world, "N1")
    await come(world, till)
    await taken(world.hub, "till", "first", offers={1})
    del till.codec("order").tables["stage"]["confirmed"]
    await edit(world, thing, "stage", "confirmed")
    await edit(world, thing, "comment", "позвонить")

    assert await come(world, till, number=2) == ["N1"]
    assert till.documents["N1"] == {"number": "N1", "stage": "new", "comment": "позвонить"}
    await taken(world.hub, "till", "first", offers={2})
    assert await come(world, till, number=3) == []
    assert row_of(world, thing) == ("waiting", "waiting_mapping")


async def test_the_condition_holds_back_the_first_offer_and_no_later_one(world):
    till = with_till(world, when=lambda one: one.atoms.get("stage") != "new")
    thing = await order(world, "N1")

    assert await come(world, till) == []
    assert row_of(world, thing) == ("waiting", "waiting_condition")
    await edit(world, thing, "stage", "confirmed")
    assert await come(world, till, number=2) == ["N1"]


async def test_a_closed_window_keeps_an_order_until_it_opens(world):
    till = with_till(world, may_write=lambda _connection, _entity, _atom, now: now > world.closed_until)
    world.closed_until = world.now() + 100
    await order(world, "N1")

    assert await come(world, till) == []
    world.pass_time(161)
    assert await come(world, till, number=2) == ["N1"]


async def test_a_paused_connection_is_offered_nothing(world, till):
    thing = await order(world, "N1")
    with world.begin() as tx:
        tx.put_state("till", "paused", "by hand")

    assert await come(world, till) == []
    assert row_of(world, thing) == ("ready", "")


async def test_a_plan_lets_go_what_it_lists_even_when_the_first_visit_breaks_off(world):
    till = with_till(world, planned=frozenset({("till", "order")}))
    thing = await order(world, "N1")
    assert await come(world, till) == []
    with world.begin() as tx:
        steps = make_plan(tx, world.hub, "till")
        apply_plan(tx, world.hub, digest(steps))

    assert await come(world, till) == ["N1"]
    await untaken(world.hub, "till", but="second")
    assert row_of(world, thing) == ("ready", "untaken")
    assert await come(world, till, session="second") == ["N1"]


async def test_a_change_during_a_visit_that_breaks_off_is_held_for_another_plan(world):
    till = with_till(world, planned=frozenset({("till", "order")}))
    thing = await order(world, "N1")
    with world.begin() as tx:
        apply_plan(tx, world.hub, digest(make_plan(tx, world.hub, "till")))
    await come(world, till)
    await edit(world, thing, "comment", "передумал")
    await untaken(world.hub, "till", but="second")

    assert row_of(world, thing) == ("held", "held_plan")
    assert await come(world, till, session="second") == []


async def test_two_orders_of_one_name_are_not_mixed_up(world, till):
    await order(world, "N1")
    other = await order(world, "N1")

    assert await come(world, till) == ["N1"]
    assert await taken(world.hub, "till", "first", offers={1}) == 1
    assert row_of(world, other) == ("waiting", "rejected")
    assert issue_keys(world) == [f"refused:till:{record(world, other.ref, 'order', 'shop').id}"]


async def test_an_order_that_cannot_be_put_into_words_waits_for_a_person(world, till):
    thing = await order(world, "N1")
    await come(world, till)
    number = record(world, thing.ref, "order", "shop").id
    refused = Refused(record=number, code="x", en="no such currency.", ru="нет такой валюты.")
    await HubIntake(world.hub, lambda _: None).refuse("till", "order", [refused])

    assert await taken(world.hub, "till", "first", offers={1}) == 0
    assert row_of(world, thing) == ("waiting", "rejected")


# --- killed anywhere ----------------------------------------------------------------------------------------------


class Dies(Exception):
    """The process is gone."""


class Mortal:
    """A ledger whose process dies at its n-th commit, just before it or just after."""

    def __init__(self, ledger, at, when):
        self._ledger = ledger
        self.page = ledger.page
        self._left = at
        self._when = when

    def begin(self):
        return self._ledger.begin()

    async def run(self, work):
        self._left -= 1

        def mortal(tx):
            result = work(tx)
            self._may_die("before")
            return result

        result = await self._ledger.run(mortal)
        self._may_die("after")
        return result

    def _may_die(self, when):
        if self._left == 0 and self._when == when:
            raise Dies

    async def close(self):
        await self._ledger.close()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 14))
async def test_a_hub_killed_at_any_commit_of_a_visit_loses_nothing_and_doubles_nothing(world, till, at, when):
    things = [await order(world, f"N{number}") for number in range(4)]
    living = world.hub
    mortal = msgspec.structs.replace(living, ledger=Mortal(living.ledger, at, when))
    world.hub = mortal
    try:
        await untaken(world.hub, "till", but="first")
        await come(world, till, limit=2)
        await taken(world.hub, "till", "first", offers={1})
        await come(world, till, number=2)
        await taken(world.hub, "till", "first", offers={2})
    except Dies:
        pass
    world.hub = living
    await untaken(world.hub, "till", but="second")
    await come(world, till, session="second")
    await taken(world.hub, "till", "second", offers={1})

    assert {"N0", "N1", "N2", "N3"} == set(till.documents)
    assert [None] * 4 == [row_of(world, thing) for thing in things]
    assert 4 == len(bound(world, "N0") | bound(world, "N1") | bound(world, "N2") | bound(world, "N3"))
    assert max(till.brought.values()) <= 2
    with world.begin() as tx:
        assert tx.open_attempts("till", after=0, limit=10) == []


# --- what is told -------------------------------------------------------------------------------------------------


async def test_the_passport_tells_who_has_to_come_and_that_a_word_is_waited_for(world, till):
    thing = await order(world, "N1")

    number = record(world, thing.ref, "order", "shop").id

    def told(language):
        with world.begin() as tx:
            passport = passport_of(tx, world.hub, tx.records([number])[number])
        lines = upcoming(passport, world.hub, Speech(language=language, zone=UTC), {})
        return next(line for line in lines if line.startswith("till"))

    assert "till: ждёт, пока 1С заберёт" == told("ru")
    assert "till: waits to be collected" == told("en")
    await come(world, till)
    assert "till: отдано, ждёт подтверждения" == told("ru")
    await taken(world.hub, "till", "first", offers={1})
    assert "till: nothing to write" == told("en")
