"""A system that calls by itself and has stopped calling is told about once, and until it calls again."""

import pytest

from ledgers import sqlite_ledger
from obmen.engine.silence import listen
from obmen.ledger.journal import LoggedExchange

START = 1_800_000_000.0
MINUTE = 60.0


@pytest.fixture
def ledger(tmp_path):
    with sqlite_ledger(tmp_path) as opened:
        yield opened


def call(ledger, *, at, error="", direction="in", what="catalog.checkauth"):
    with ledger.begin() as tx:
        tx.log_exchanges(
            [
                LoggedExchange(
                    connection="erp",
                    at=at,
                    direction=direction,
                    what=what,
                    request="",
                    answer="",
                    status=200,
                    took_s=0.0,
                    error=error,
                )
            ]
        )


async def silent(ledger, now):
    return await listen(ledger, {"erp": 45 * MINUTE}, since=START, now=now)


def issues(ledger):
    with ledger.begin() as tx:
        return [(opened.issue.key, opened.count) for opened in tx.issues()]


async def test_a_silence_is_told_once_and_ends_with_the_next_call(ledger):
    call(ledger, at=START + 10 * MINUTE)
    assert await silent(ledger, START + 54 * MINUTE) == []
    assert issues(ledger) == []

    for minute in (55, 56, 57):
        assert await silent(ledger, START + minute * MINUTE) == ["erp"]
    assert issues(ledger) == [("silent:erp", 1)]
    with ledger.begin() as tx:
        assert "не выходила на обмен 45 минут" in tx.issues()[0].issue.ru

    call(ledger, at=START + 58 * MINUTE)
    assert await silent(ledger, START + 59 * MINUTE) == []
    assert issues(ledger) == []


async def test_who_never_called_is_waited_for_from_the_start_of_the_hub(ledger):
    assert await silent(ledger, START + 44 * MINUTE) == []
    assert await silent(ledger, START + 45 * MINUTE) == ["erp"]


async def test_a_call_that_was_turned_away_is_no_sign_of_life(ledger):
    call(ledger, at=START + 44 * MINUTE, error="wrong login or password")
    call(ledger, at=START + 44 * MINUTE, direction="out")

    assert await silent(ledger, START + 46 * MINUTE) == ["erp"]


async def test_a_restart_gives_a_silent_system_its_time_again(ledger):
    call(ledger, at=START - 99 * MINUTE)

    assert await silent(ledger, START + MINUTE) == []


async def test_an_exchange_of_orders_alone_breaks_the_silence_as_well(ledger):
    assert await silent(ledger, START + 50 * MINUTE) == ["erp"]
    call(ledger, at=START + 51 * MINUTE, what="sale.query")

    assert await silent(ledger, START + 52 * MINUTE) == []


async def test_a_stranger_who_says_success_does_not_break_the_silence(ledger):
    call(ledger, at=START + 50 * MINUTE, what="sale.success", error="The request carries no session cookie.")

    assert await silent(ledger, START + 51 * MINUTE) == ["erp"]
