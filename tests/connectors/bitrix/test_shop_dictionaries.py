"""Dictionaries of a shop, for its mapping tables."""

from __future__ import annotations

import msgspec
from open_shop import opened

from obmen.connectors.bitrix.kinds import TABLES
from obmen.connectors.bitrix.orders.settings import OrderSettings
from obmen.connectors.mapping import Reference
from obmen.sync.shadow import Blocked
from obmen.sync.suggesting import suggest


async def test_every_table_but_that_of_managers_has_a_dictionary_and_nothing_is_written_to_ask(tmp_path):
    async with opened(tmp_path) as world:
        assert isinstance(world.connection, Reference)
        for table in TABLES:
            entries = await world.connection.dictionary(table.kind.name)
            assert all(entry.code and entry.name for entry in entries), table.kind.name
            assert bool(entries) == (table.kind.name != "manager"), table.kind.name
        assert world.writes() == 0


async def test_statuses_are_those_of_orders_and_have_their_candidates(tmp_path):
    async with opened(tmp_path) as world:
        table = next(table for table in TABLES if table.kind.name == "order_status")
        entries = await world.connection.dictionary("order_status")
        assert {"N", "P", "F"} <= {entry.code for entry in entries}
        assert not {"DN", "DF"} & {entry.code for entry in entries}
        found = suggest(table.kind, entries, stands={}, usual=table.usual, groups={}, known={})
        assert {one.entry.code: one.value for one in found}["F"] == "stage:done"


async def test_another_table_of_stores_is_found_in_the_dictionaries(tmp_path):
    async with opened(
        tmp_path, exchange_login="1c", exchange_password="x", catalog_xml_id="c", offers_xml_id="o"
    ) as world:
        connection = world.connection
        (store, *_) = await connection.dictionary("warehouse")
        await connection.look("offer", ())
        assert not connection.codec("offer").carries("stock.main")
        connection.work_with(msgspec.structs.replace(connection.base, stores={"main": store.code}))
        await connection.look("offer", ())
        assert connection.codec("offer").carries("stock.main")


async def test_managers_go_by_their_table_once_there_is_one(tmp_path):
    async with opened(tmp_path) as world:
        connection = world.connection
        assert connection.codec("order").decode("responsible", "7") == "7"
        connection.work_with(
            msgspec.structs.replace(connection.base, orders=OrderSettings(managers={"7": "ivanova"}))
        )
        codec = connection.codec("order")
        assert (codec.decode("responsible", "7"), codec.encode("responsible", "ivanova")) == ("ivanova", "7")
        assert codec.decode("responsible", "8") == Blocked("map:shop:manager:8", "8")
        assert codec.encode("responsible", "petrov") == Blocked("map:shop:manager:petrov", "petrov")
