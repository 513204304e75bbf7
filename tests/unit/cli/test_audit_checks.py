"""The checks of an audit, each shown what it must find."""

from __future__ import annotations

import msgspec

from obmen.engine import auditing
from obmen.ledger.contract import StoredEnvelope

FILE = StoredEnvelope(
    id=1,
    connection="erp",
    kind="file",
    name="import0_1.xml",
    key="k",
    path="",
    body=b"",
    session="",
    since=0.0,
    scope="",
    state="done",
    position=5,
    received=5,
    counters={"applied": 3, "echoed": 1, "waiting": 1, "withdrawn": 9},
)
NOW = 1_795_222_800.0  # 2026-11-21T01:00:00Z


def test_an_envelope_whose_events_all_have_a_fate_is_accounted_for() -> None:
    assert auditing.envelopes("erp", [FILE]).kept


def test_an_event_without_a_fate_is_found_with_its_file() -> None:
    checked = auditing.envelopes("erp", [FILE, msgspec.structs.replace(FILE, id=2, received=6)])

    assert not checked.kept
    assert checked.examples == ("import0_1.xml#2: 6 ≠ 5",)


def test_a_cursor_that_names_a_moment_to_come_is_ahead() -> None:
    there = auditing.cursor("shop", "offer", '{"since":"2026-11-21T03:59:17+03:00"}', pages=1, now=NOW)
    ahead = auditing.cursor("shop", "offer", '{"since":"2026-11-21T04:59:17+03:00"}', pages=1, now=NOW)
    alone = auditing.cursor("shop", "offer", "17", pages=0, now=NOW)

    assert (there.kept, ahead.kept, alone.kept) == (True, False, False)
