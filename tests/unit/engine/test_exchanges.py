"""The raw log: nobody waits for it, nothing secret is in it, and it never grows without bound."""

from __future__ import annotations

import asyncio

from obmen.connectors.contract import Exchange
from obmen.engine.exchanges import MOST, READABLE, ExchangeLog

NOW = 1_700_000_000.0


def exchange(**values):
    given = {
        "connection": "shop",
        "direction": "out",
        "what": "catalog.product.list",
        "request": "{}",
        "answer": '{"result": []}',
        "status": 200,
        "took_s": 0.5,
        **values,
    }
    return Exchange(**given)


def stored(ledger, limit=200):
    with ledger.begin() as tx:
        return tx.exchanges("shop", limit=limit)


async def test_exchanges_reach_the_ledger_by_themselves(sql_ledger):
    log = ExchangeLog(sql_ledger, now=lambda: NOW)
    log.add(exchange())
    await asyncio.wait_for(log._flush, 60)
    (row,) = stored(sql_ledger)

    assert (row.at, row.what, row.status) == (NOW - 0.5, "catalog.product.list", 200)
    log.close_here()


async def test_the_rest_is_stored_at_the_end(sql_ledger):
    log = ExchangeLog(sql_ledger, now=lambda: NOW)
    log.add(exchange())
    log.close_here()

    assert len(stored(sql_ledger)) == 1


def test_a_command_without_an_event_loop_stores_at_the_end(sql_ledger):
    log = ExchangeLog(sql_ledger, now=lambda: NOW)
    log.add(exchange())
    log.close_here()

    assert len(stored(sql_ledger)) == 1


def test_secrets_and_long_bodies_are_cut(sql_ledger):
    log = ExchangeLog(sql_ledger, now=lambda: NOW)
    log.add(exchange(request="type=catalog&password=hush-hush", answer="x" * 100_000))
    log.close_here()
    (row,) = stored(sql_ledger)

    assert row.request == "type=catalog&password=***"
    assert len(row.answer) == READABLE + 1


def test_more_than_the_ledger_can_take_loses_the_oldest(sql_ledger):
    log = ExchangeLog(sql_ledger, now=lambda: NOW)
    for number in range(MOST + 3):
        log.add(exchange(what=str(number)))
    log.close_here()

    assert [str(MOST + 2), "3"] == [stored(sql_ledger)[0].what, stored(sql_ledger, limit=MOST + 3)[-1].what]
