"""What only databases have: locks, threads, processes, plans of queries."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledgers import postgresql_ledger, sqlite_ledger
from obmen.errors import ConfigError
from obmen.ledger.contract import READY, Binding, Delivery
from obmen.ledger.settings import MappingRow
from obmen.ledger.sql import SqlLedger
from obmen.model import Record
from obmen.sync.shadow import Shadow


def row(record: int, lane: int | None = None) -> Delivery:
    return Delivery(record=record, connection="shop", entity="offer", lane=lane or record, rank=30)


# --- opening


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://", "obmen.db", "postgres"])
def test_an_address_that_names_no_ledger_is_refused(url):
    with pytest.raises(ConfigError, match="is no ledger address"):
        SqlLedger.open(url, exclusive=True)


def test_facts_outlive_the_process(tmp_path):
    with sqlite_ledger(tmp_path) as ledger, ledger.begin() as tx:
        tx.put_cursor("shop", "product", "7")
        first = tx.tick()
    with sqlite_ledger(tmp_path) as ledger, ledger.begin() as tx:
        assert tx.cursor("shop", "product") == "7"
        assert tx.tick() == first + 1


def test_a_second_ledger_on_the_same_file_is_refused(tmp_path):
    with sqlite_ledger(tmp_path), pytest.raises(ConfigError, match="Another process works with"):
        SqlLedger.open(f"sqlite:///{tmp_path / 'obmen.db'}", exclusive=True)
    with sqlite_ledger(tmp_path) as ledger, ledger.begin() as tx:
        assert tx.tick() == 1


def test_a_second_process_is_refused_and_a_killed_one_leaves_no_lock(tmp_path):
    url = f"sqlite:///{tmp_path / 'obmen.db'}"
    script = (
        "import sys, time; from obmen.ledger.sql import SqlLedger;"
        f"ledger = SqlLedger.open({url!r}, exclusive=True); print('open', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "open\n"
        with pytest.raises(ConfigError, match="Another process"):
            SqlLedger.open(url, exclusive=True)
    finally:
        process.kill()
        process.communicate()
    SqlLedger.open(url, exclusive=True).close_here()


def test_a_person_looks_and_acts_beside_the_hub(tmp_path):
    with sqlite_ledger(tmp_path) as ledger:
        with ledger.begin() as tx:
            tx.put_cursor("shop", "product", "7")
        beside = SqlLedger.open(f"sqlite:///{tmp_path / 'obmen.db'}", exclusive=False)
        with beside.begin() as tx:
            assert tx.cursor("shop", "product") == "7"
            tx.put_state("shop", "paused", "by hand")
        beside.close_here()

        with ledger.begin() as tx:
            assert tx.state_of("shop") == ("paused", "by hand")


def test_a_reader_of_a_ledger_that_is_not_there_is_told_so(tmp_path):
    with pytest.raises(ConfigError, match="There is no ledger"):
        SqlLedger.open(f"sqlite:///{tmp_path / 'obmen.db'}", exclusive=False)


def test_sqlite_keeps_what_it_has_confirmed(tmp_path):
    with sqlite_ledger(tmp_path) as ledger, ledger._engine.begin() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2}


# --- many at once


def test_two_who_claim_at_once_get_disjoint_lanes(sql_ledger):
    with sql_ledger.begin() as tx:
        tx.put_deliveries([row(number, lane=number // 5 + 1) for number in range(1, 501)])
    start = threading.Barrier(4)

    def claim() -> list[Delivery]:
        start.wait()
        taken: list[Delivery] = []
        while found := sql_ledger.run_here(lambda tx: tx.claim("shop", now=1.0, limit=40, lease_s=60.0)):
            taken += found
        return taken

    with ThreadPoolExecutor(4) as threads:
        shares = [future.result() for future in [threads.submit(claim) for _ in range(4)]]
    lanes = [{taken.lane for taken in share} for share in shares]

    assert sum(map(len, shares)) == 500
    assert sum(map(len, lanes)) == len(set().union(*lanes)) == 101


def test_a_wake_up_is_not_lost_between_two_who_decide_at_once(postgres_url):
    """One sees the shadow move, the other the record; each alone finds nobody behind."""
    with postgresql_ledger(postgres_url) as ledger:
        record = Record(id=1, entity="offer", origin="erp", atoms={"name": "new"})
        with ledger.begin() as tx:
            tx.put_records([record], new=True, keys={})
            tx.put_shadows("shop", "offer", {1: Shadow(held={"name": "old"})})
            tx.put_deliveries([row(1)])
        both_have_read = threading.Barrier(2, timeout=20)
        first_try = threading.local()

        def meet() -> None:
            if not getattr(first_try, "over", False):
                first_try.over = True
                both_have_read.wait()

        def recompute(tx, atoms, held):
            if atoms == held:
                tx.drop_deliveries("shop", [1])
            else:
                tx.put_deliveries([row(1)])

        def shadow_moves(tx):
            stored = tx.records([1])[1]
            meet()
            tx.put_shadows("shop", "offer", {1: Shadow(held={"name": "new"})})
            recompute(tx, stored.atoms, {"name": "new"})

        def record_moves(tx):
            shadow = tx.shadows("shop", [1])[1]
            meet()
            tx.put_records(
                [Record(id=1, entity="offer", origin="erp", atoms={"name": "old"}, version=2)],
                new=False,
                keys={},
            )
            recompute(tx, {"name": "old"}, shadow.held)

        with ThreadPoolExecutor(2) as threads:
            for future in [threads.submit(ledger.run_here, work) for work in (shadow_moves, record_moves)]:
                future.result()
        with ledger.begin() as tx:
            assert tx.deliveries("shop", [1])[1].state == READY


def test_two_who_write_the_same_records_in_any_order_both_succeed(postgres_url):
    with postgresql_ledger(postgres_url) as ledger:
        start = threading.Barrier(2)

        def write(numbers) -> None:
            start.wait()
            for version in range(1, 20):
                shadows = {number: Shadow(held={"v": version}) for number in numbers}
                ledger.run_here(lambda tx, shadows=shadows: tx.put_shadows("shop", "offer", shadows))

        with ThreadPoolExecutor(2) as threads:
            for future in [threads.submit(write, order) for order in (range(1, 50), range(49, 0, -1))]:
                future.result()
        with ledger.begin() as tx:
            assert {shadow.held["v"] for shadow in tx.shadows("shop", range(1, 50)).values()} == {19}


def test_record_ids_given_to_many_at_once_are_contiguous_and_disjoint(sql_ledger):
    with ThreadPoolExecutor(4) as threads:
        firsts = list(threads.map(lambda _: sql_ledger.run_here(lambda tx: tx.allocate(50)), range(40)))
    given = [number for first in firsts for number in range(first, first + 50)]

    assert len(set(given)) == 2000


async def test_transactions_leave_the_event_loop_free(sql_ledger):
    threads = await asyncio.gather(*(sql_ledger.run(lambda _: threading.get_ident()) for _ in range(3)))

    assert threading.get_ident() not in threads


def test_a_batch_with_odd_characters_is_found(sql_ledger):
    refs = ['a"b', "back\\slash", "{curly,comma}", "", "NULL", "'; --", "Ёж\n", "null", "%s ?"]
    with sql_ledger.begin() as tx:
        tx.bind([Binding("shop", "product", ref, number) for number, ref in enumerate(refs, 1)])
    with sql_ledger.begin() as tx:
        assert tx.bound("shop", "product", refs) == {ref: number for number, ref in enumerate(refs, 1)}


def test_a_row_given_twice_in_one_page_counts_once(sql_ledger):
    with sql_ledger.begin() as tx:
        tx.put_deliveries([row(1), row(1, lane=9)])
        tx.bind([Binding("shop", "product", "a", 1), Binding("shop", "product", "a", 1)])
        assert tx.deliveries("shop", [1]) == {1: row(1, lane=9)}


# --- mappings and schedules


def test_a_mapping_keeps_its_history_and_counts_its_versions(sql_ledger):
    def mapping(code: str, value: str | None) -> MappingRow:
        return MappingRow(connection="crm", kind="status", direction="out", code=code, value=value, by="ivan")

    with sql_ledger.begin() as tx:
        assert tx.mapping_version("crm") == 0
        versions = [
            tx.put_mapping(mapping(*pair), at=1.0)
            for pair in (("NEW", "new"), ("WON", "done"), ("NEW", "confirmed"), ("WON", None))
        ]
    with sql_ledger.begin() as tx:
        assert versions == [1, 2, 3, 4]
        assert tx.mapping_version("crm") == 4
        assert [(found.code, found.value, found.version) for found in tx.mappings("crm")] == [
            ("NEW", "confirmed", 3)
        ]
        assert [found.value for found in tx.mapping_history("crm", "status", "out", "WON")] == ["done", None]
        assert tx.mappings("shop") == []


def test_a_schedule_remembers_when_it_ran(sql_ledger):
    with sql_ledger.begin() as tx:
        assert tx.last_run("reconcile") == 0.0
        tx.put_run("reconcile", 5.5)
        tx.put_run("reconcile", 7.5)
        assert tx.last_run("reconcile") == 7.5
