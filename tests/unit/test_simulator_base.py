import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from obmen.sandbox.app import FAULT_HEADER, Simulator, UnknownAction
from obmen.sandbox.clock import Clock
from obmen.sandbox.faults import Dials, Fault, Faults

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Counter(Simulator):
    name = "counter"
    total = 0

    def routes(self):
        return [web.post("/add", self.add)]

    def actions(self):
        return {"reset": self.reset}

    def counts(self):
        return {"total": self.total}

    def reset(self, *, to: int = 0) -> int:
        """Set the total by hand."""
        self.total = to
        return to

    async def add(self, request):
        self.total += int(await request.text())
        self.ledger.record_asked(door="counter", what="add", ok=True)
        self.ledger.record_effect(
            by="counter", entity="total", id="1", action="update", after={"total": self.total}
        )
        return web.Response(text=str(self.total))


@pytest.fixture
async def counter():
    simulator = Counter(clock=Clock(NOON, frozen=True))
    async with simulator:
        yield simulator


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


def test_a_frozen_clock_moves_only_by_hand():
    clock = Clock(NOON, frozen=True)
    clock.advance(90)

    assert datetime(2026, 1, 31, 12, 1, 30, tzinfo=UTC) == clock.now()


def test_a_thawed_clock_runs_on_from_where_it_stood():
    wall = [NOON]
    clock = Clock(source=lambda: wall[0])
    clock.freeze()
    wall[0] = NOON.replace(hour=15)
    clock.thaw()
    wall[0] = NOON.replace(hour=16)

    assert NOON.replace(hour=13) == clock.now()


def test_a_clock_never_goes_back():
    with pytest.raises(ValueError, match="forward"):
        Clock(NOON, frozen=True).advance(-1)


def test_dials_are_read_from_one_line():
    expected = Dials(latency=(0.1, 0.3), lost_answer=0.02, error=0.01, trim=40)

    assert expected == Dials.parse("latency=0.1..0.3, lost_answer=0.02,error=0.01,trim=40")


@pytest.mark.parametrize(
    "text", ["speed=9", "error", "error=lots", "error=2", "latency=3..1", "error=0.6,limit=0.6"]
)
def test_a_dial_that_makes_no_sense_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"dial|share"):
        Dials.parse(text)


def test_equal_seeds_give_equal_days():
    first, second = (Faults("error=0.3,lost_answer=0.3", seed=7) for _ in range(2))
    day = [first.draw() for _ in range(200)]

    assert day == [second.draw() for _ in range(200)]
    assert {Fault.ERROR, Fault.LOST_ANSWER, None} == set(day)


async def test_a_lost_answer_is_an_effect_without_a_reply(counter, http):
    with pytest.raises(aiohttp.ClientError):
        await http.post(f"{counter.url}/add", data="5", headers={FAULT_HEADER: "lost_answer"})

    assert counter.total == 5
    assert [(asked.ok, asked.fault) for asked in counter.ledger.asked] == [(True, "lost_answer")]


async def test_a_late_effect_lands_after_its_gateway_time_out(counter, http):
    counter.faults.dials = Dials(late_s=0.01)
    async with http.post(f"{counter.url}/add", data="5", headers={FAULT_HEADER: "late_effect"}) as answer:
        assert answer.status == 504
        assert counter.total == 0
    await counter.settle()

    assert counter.total == 5
    assert [asked.fault for asked in counter.ledger.asked] == ["late_effect"]


@pytest.mark.parametrize(("fault", "status"), [("error", 500), ("unavailable", 503), ("limit", 429)])
async def test_a_refused_request_has_no_effect(counter, http, fault, status):
    async with http.post(f"{counter.url}/add", data="5", headers={FAULT_HEADER: fault}) as answer:
        assert status == answer.status

    assert counter.total == 0
    assert counter.ledger.writes() == 0


async def test_dials_are_turned_while_it_runs(counter, http):
    async with http.put(f"{counter.url}/sandbox/faults", data="error=1") as answer:
        assert (await answer.json())["error"] == 1
    async with http.post(f"{counter.url}/add", data="5") as answer:
        assert answer.status == 500
    async with http.put(f"{counter.url}/sandbox/faults", data="speed=1") as answer:
        assert answer.status == 400


async def test_the_ledger_is_read_from_any_entry_on(counter, http):
    for _ in range(3):
        await http.post(f"{counter.url}/add", data="1")
    async with http.get(f"{counter.url}/sandbox/ledger?since=4") as answer:
        shown = await answer.json()

    assert [entry["seq"] for entry in shown["asked"]] == [5]
    assert [entry["after"] for entry in shown["effects"]] == [{"total": 3}]
    assert shown["summary"]["writes"] == {"counter:total:update": 3}


async def test_operators_act_over_the_control_route(counter, http):
    async with http.post(f"{counter.url}/sandbox/act/reset", json={"to": 9}) as answer:
        assert await answer.json() == {"result": 9}
    async with http.get(f"{counter.url}/sandbox/counts") as answer:
        assert await answer.json() == {"total": 9}
    with pytest.raises(UnknownAction, match="known: reset"):
        counter.act("explode")


async def test_the_clock_is_moved_over_the_control_route(counter, http):
    async with http.post(f"{counter.url}/sandbox/clock", json={"advance": 60}) as answer:
        assert (await answer.json())["now"] == "2026-01-31T12:01:00Z"


async def test_stopping_drops_effects_still_under_way(counter, http):
    counter.faults.dials = Dials(late_s=30)
    await http.post(f"{counter.url}/add", data="5", headers={FAULT_HEADER: "late_effect"})
    await asyncio.wait_for(counter.stop(), 3)

    assert counter.total == 0
