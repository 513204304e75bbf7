"""Checkpoints beside the transactions: nothing depends on them but the length of a commit."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from obmen.ledger.checkpoints import Checkpoints


@pytest.fixture
def written(tmp_path):
    """A database whose only row stands in its log."""
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE things (name TEXT)")
        connection.execute("INSERT INTO things VALUES ('lamp')")
        yield path


def rows_of_the_file_alone(path, tmp_path):
    copy = shutil.copy(path, tmp_path / "copy.db")
    with closing(sqlite3.connect(copy)) as connection:
        try:
            return connection.execute("SELECT name FROM things").fetchall()
        except sqlite3.OperationalError:  # the table is not there either
            return []


def test_what_was_committed_reaches_the_file_beside_the_transactions(written, tmp_path):
    checkpoints = Checkpoints(written, every_s=0)
    assert rows_of_the_file_alone(written, tmp_path) == []
    checkpoints.follow()
    checkpoints.close()
    assert rows_of_the_file_alone(written, tmp_path) == [("lamp",)]


def test_a_checkpoint_waits_until_it_is_due(written, tmp_path):
    checkpoints = Checkpoints(written, every_s=3600)
    checkpoints.follow()
    checkpoints.close()
    assert rows_of_the_file_alone(written, tmp_path) == []


def test_a_file_that_cannot_be_copied_into_stops_nobody(tmp_path):
    (tmp_path / "no.db").write_bytes(b"this is no database, and long enough to be looked at" * 100)
    checkpoints = Checkpoints(tmp_path / "no.db", every_s=0)
    checkpoints.follow()
    checkpoints.close()
