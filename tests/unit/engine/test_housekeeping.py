"""Housekeeping: what nothing names goes, what somebody may still need stays."""

from __future__ import annotations

import os

import pytest

from obmen.connectors.contract import Envelope
from obmen.engine.housekeeping import keep_house
from obmen.engine.intake import stored_of
from obmen.ledger.retention import Keep

NOW = 1_800_000_000.0
DAY = 86_400.0


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def put(spool):
    """Puts a file into the inbox of 1C, hours ago."""

    def _put(name, *, hours=48, folder="erp/inbox"):
        path = spool / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<xml/>")
        os.utime(path, (NOW - hours * 3600, NOW - hours * 3600))
        return path

    return _put


def accept(ledger, path, *, days=0, state="done"):
    with ledger.begin() as tx:
        envelope = Envelope(connection="erp", kind="file", name=path.name, key=str(path), path=str(path))
        number = tx.accept(stored_of(envelope, NOW - days * DAY))
        tx.move_envelope(number, state=state, position=0, counted={})


async def clean(ledger, spool, connections=()):
    return await keep_house(ledger, connections, spool=spool, keep=Keep(envelopes=14), now=NOW)


async def test_a_file_goes_when_the_last_envelope_that_names_it_has_gone(sql_ledger, spool, put):
    old, young, unfinished = put("old"), put("young"), put("unfinished")
    accept(sql_ledger, old, days=15)
    accept(sql_ledger, young, days=13)
    accept(sql_ledger, unfinished, days=99, state="working")
    counts = await clean(sql_ledger, spool)

    assert (counts["envelopes"], counts["files"]) == (1, 1)
    assert [path.exists() for path in (old, young, unfinished)] == [False, True, True]


async def test_a_file_on_its_way_to_an_envelope_stays(sql_ledger, spool, put):
    coming = put("coming", hours=0.5)
    await clean(sql_ledger, spool)

    assert coming.exists()


async def test_pictures_and_files_of_other_people_stay(sql_ledger, spool, put, tmp_path):
    picture = put("0a" * 32, folder="blobs/0a", hours=9999)
    export = tmp_path / "import0_1.xml"
    export.write_text("<xml/>")
    os.utime(export, (0, 0))
    accept(sql_ledger, export, days=99)
    counts = await clean(sql_ledger, spool)

    assert (counts["envelopes"], counts["files"]) == (1, 0)
    assert picture.exists()
    assert export.exists()


async def test_connections_tidy_up_after_themselves(sql_ledger, spool):
    class Door:
        tidied = 0

        async def tidy(self):
            self.tidied += 1

    door = Door()
    await clean(sql_ledger, spool, [door, object()])

    assert door.tidied == 1
