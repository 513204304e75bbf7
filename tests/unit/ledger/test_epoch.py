"""A ledger that was put back in time holds everything and gives no number out twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ledgers import postgresql_ledger, sqlite_ledger
from obmen.ledger.contract import HELD, READY, Binding, Delivery
from obmen.ledger.epoch import HELD_EPOCH, epoch, raise_epoch
from obmen.ledger.sql import SqlLedger

DELIVERY = Delivery(record=1, connection="shop", entity="offer", lane=1, rank=30)


def prepare(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.tick()
        tx.bind([Binding("shop", "offer", "r", 1)])
        tx.put_deliveries([DELIVERY])


def standing(ledger: SqlLedger) -> tuple[int, str, tuple[str, str]]:
    with ledger.begin() as tx:
        return epoch(tx), tx.deliveries("shop", [1])[1].state, tx.state_of("shop")


UNTOUCHED = (0, READY, ("active", ""))
RAISED = (1, HELD, ("hold", HELD_EPOCH))


def backup(folder: Path) -> None:
    shutil.copy(folder / "obmen.db", folder / "backup.db")


def restore(folder: Path) -> None:
    for name in ("obmen.db-wal", "obmen.db-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(folder / "backup.db", folder / "obmen.db")


def test_an_ordinary_restart_changes_nothing(tmp_path):
    with sqlite_ledger(tmp_path) as ledger:
        prepare(ledger)
    for _ in range(2):
        with sqlite_ledger(tmp_path) as ledger:
            assert standing(ledger) == UNTOUCHED


def test_a_restored_backup_raises_the_epoch_once(tmp_path):
    with sqlite_ledger(tmp_path) as ledger:
        prepare(ledger)
    backup(tmp_path)
    with sqlite_ledger(tmp_path) as ledger, ledger.begin() as tx:
        forgotten = tx.tick(), tx.allocate(5)
    restore(tmp_path)
    for _ in range(2):
        with sqlite_ledger(tmp_path) as ledger:
            assert standing(ledger) == RAISED
    with sqlite_ledger(tmp_path) as ledger, ledger.begin() as tx:
        assert tx.tick() > forgotten[0]
        assert tx.allocate(1) > forgotten[1] + 5


def test_a_database_carried_elsewhere_without_its_marker_counts_as_restored(tmp_path):
    with sqlite_ledger(tmp_path) as ledger:
        prepare(ledger)
    (tmp_path / "obmen.db.epoch").unlink()
    with sqlite_ledger(tmp_path) as ledger:
        assert standing(ledger) == RAISED


def test_the_database_of_another_ledger_counts_as_restored(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        with sqlite_ledger(tmp_path / name) as ledger:
            prepare(ledger)
    shutil.copy(tmp_path / "one" / "obmen.db", tmp_path / "other" / "obmen.db")
    with sqlite_ledger(tmp_path / "other") as ledger:
        assert standing(ledger) == RAISED


def test_a_database_ahead_of_its_marker_is_what_a_crash_leaves(tmp_path):
    with sqlite_ledger(tmp_path) as ledger:
        prepare(ledger)
    marker = (tmp_path / "obmen.db.epoch").read_bytes()
    with sqlite_ledger(tmp_path) as ledger, ledger.begin() as tx:
        tx.tick()
    (tmp_path / "obmen.db.epoch").write_bytes(marker)
    with sqlite_ledger(tmp_path) as ledger:
        assert standing(ledger) == UNTOUCHED


@pytest.mark.parametrize("state", [READY, "waiting", "leased"])
def test_raising_the_epoch_holds_every_delivery_until_a_person_lifts_it(sql_ledger, state):
    with sql_ledger.begin() as tx:
        tx.put_deliveries([DELIVERY])
        tx.reschedule([Delivery(record=1, connection="shop", entity="offer", lane=1, rank=30, state=state)])
        before = tx.tick()
        assert raise_epoch(tx) == 1
        assert tx.tick() > before + 1_000
        tx.put_deliveries([DELIVERY])
        assert tx.claim("shop", now=1e12, limit=10, lease_s=1.0) == []
    assert standing(sql_ledger) == RAISED


def test_postgresql_is_raised_by_its_operator_only(postgres_url):
    with postgresql_ledger(postgres_url) as ledger:
        prepare(ledger)
        again = SqlLedger.open(postgres_url, exclusive=True)
        assert standing(again) == UNTOUCHED
        again.close_here()
