"""Dictionaries of an account, for its mapping tables."""

from __future__ import annotations

import msgspec
from open_account import opened

from obmen.connectors.mapping import Reference
from obmen.connectors.retailcrm.kinds import BOOKS, TABLES
from obmen.connectors.retailcrm.orders.settings import OrderSettings
from obmen.sync.mapping import Entry
from obmen.sync.suggesting import suggest


async def test_every_table_has_a_dictionary_and_nothing_is_written_to_ask_for_it(tmp_path):
    async with opened(tmp_path) as world:
        assert isinstance(world.connection, Reference)
        for table in TABLES:
            entries = await world.connection.dictionary(table.kind.name)
            assert all(entry.code for entry in entries), table.kind.name
            assert entries, table.kind.name
        assert {table.kind.name for table in TABLES} == {*BOOKS, "manager"}
        assert world.writes() == 0


async def test_codes_come_with_names_groups_and_whether_they_are_in_use(tmp_path):
    async with opened(tmp_path) as world:
        world.crm.act("add_reference", book="statuses", code="old", name="Старый", group="new", active=False)
        statuses = {entry.code: entry for entry in await world.connection.dictionary("order_status")}
        assert statuses["delivering"].group == "delivery"
        assert statuses["delivering"].name
        assert statuses["old"] == Entry(code="old", name="Старый", group="new", active=False)
        managers = await world.connection.dictionary("manager")
        assert all("@" in entry.group for entry in managers)


async def test_every_code_of_a_new_account_has_its_candidate(tmp_path):
    async with opened(tmp_path) as world:
        for name in ("order_status", "payment_type", "payment_status"):
            table = next(table for table in TABLES if table.kind.name == name)
            entries = await world.connection.dictionary(name)
            found = suggest(table.kind, entries, stands={}, usual=table.usual, groups=table.groups, known={})
            assert len(found) == len(entries)
            assert [one.entry.code for one in found if one.value is None] == []


async def test_other_tables_are_taken_up_and_the_way_back_is_the_configuration(tmp_path):
    async with opened(tmp_path) as world:
        connection = world.connection
        codec = connection.codec("order")
        assert codec.decode("stage", "on-hold").wakes_on == "map:crm:stage:on-hold"
        orders = OrderSettings(statuses={**OrderSettings().statuses, "on-hold": "confirmed"})
        connection.work_with(msgspec.structs.replace(connection.base, orders=orders))
        assert connection.codec("order").decode("stage", "on-hold") == "confirmed"
        connection.work_with(connection.base)
        assert connection.codec("order").decode("stage", "on-hold").wakes_on == "map:crm:stage:on-hold"


async def test_a_status_shown_before_it_was_known_to_cancel_says_nothing_of_the_stage(tmp_path):
    async with opened(tmp_path) as world:
        shown = world.connection.codec("order").decode("stage", "no-call")
        assert set(shown.values) == {"new", "confirmed", "supply", "assembling", "delivery", "done"}
