"""Cursors, envelopes and sightings, the same over every ledger."""

from __future__ import annotations

import msgspec
import pytest

from ledgers import taken_back
from obmen.errors import Bug
from obmen.ledger.contract import Sighting, StoredEnvelope


def page(*records: int, **changes) -> Sighting:
    values = {"connection": "erp", "entity": "product", "read_at": 5, "at": 50.0, "facets": ("name",)}
    return Sighting(records=records, **{**values, **changes})


def envelope(key: str, **changes) -> StoredEnvelope:
    values = {
        "id": 0,
        "connection": "erp",
        "kind": "file",
        "name": "import0_1.xml",
        "key": key,
        "path": "/spool/1",
        "body": b"\x00\xff",
        "session": "s",
        "since": 1.5,
        "scope": "main",
        "state": "waiting",
        "position": 0,
        "received": 0,
        "counters": {},
        "received_at": 10.0,
    }
    return StoredEnvelope(**{**values, **changes})


def test_a_cursor_is_empty_at_the_beginning_and_moves(any_ledger):
    with any_ledger.begin() as tx:
        assert tx.cursor("shop", "product") == ""
        tx.put_cursor("shop", "product", "1")
        tx.put_cursor("shop", "product", "2")
        tx.put_cursor("crm", "product", "3")
    with any_ledger.begin() as tx:
        assert tx.cursor("shop", "product") == "2"


# --- sightings


def test_pages_read_later_name_their_records_and_facets(any_ledger):
    with any_ledger.begin() as tx:
        tx.sight(page(1, 2, read_at=5))
        tx.sight(page(2, 3, read_at=7, facets=("name", "vat")))
        tx.sight(page(2, read_at=8, facets=("prices",)))
        tx.sight(page(9, read_at=8, entity="offer"))
        tx.sight(page(8, read_at=8, connection="shop"))

        assert {2: {"name", "vat", "prices"}, 3: {"name", "vat"}} == tx.sighted_later(
            "erp", "product", read_at=5
        )
        assert tx.sighted_later("erp", "product", read_at=8) == {}


def test_pages_read_out_of_order_are_found(any_ledger):
    with any_ledger.begin() as tx:
        for read_at in (9, 3, 7, 5):
            tx.sight(page(read_at, read_at=read_at))

        assert {7, 9} == set(tx.sighted_later("erp", "product", read_at=5))


def test_files_of_a_later_source_order_are_found(any_ledger):
    with any_ledger.begin() as tx:
        tx.sight(page(1, order="2026-02-01"))
        tx.sight(page(2, order="2026-01-01"))
        tx.sight(page(3))

        assert {1} == set(tx.sighted_later("erp", "product", order="2026-01-15"))
        assert tx.sighted_later("erp", "product", order="2026-02-01") == {}


def test_source_orders_are_compared_character_by_character(any_ledger):
    with any_ledger.begin() as tx:
        tx.sight(page(1, order="B"))
        tx.sight(page(2, order="a"))
        tx.sight(page(3, order="Я"))

        assert {2, 3} == set(tx.sighted_later("erp", "product", order="B"))


def test_records_are_sighted_since_a_moment_or_by_an_envelope(any_ledger):
    with any_ledger.begin() as tx:
        tx.sight(page(1, at=10.0, envelope=4, scope="main"))
        tx.sight(page(2, 10**12, at=20.0, envelope=5, scope="main"))
        tx.sight(page(3, at=20.0, envelope=5, scope="spare"))

        assert {2, 3, 10**12} == tx.sighted("erp", "product", since=20.0, envelope=0, scope="")
        assert {2, 10**12} == tx.sighted("erp", "product", since=0.0, envelope=5, scope="main")
        assert {1} == tx.sighted("erp", "product", since=99.0, envelope=4, scope="")
        assert set() == tx.sighted("erp", "offer", since=0.0, envelope=0, scope="")


def test_a_page_taken_back_was_never_sighted(any_ledger):
    with any_ledger.begin() as tx:
        tx.sight(page(1, read_at=6, order="b"))
    with taken_back(any_ledger) as tx:
        tx.sight(page(2, read_at=5, order="a"))
        tx.sight(page(3, read_at=7, order="c"))
    with any_ledger.begin() as tx:
        assert {1} == set(tx.sighted_later("erp", "product", read_at=0))
        assert {1} == set(tx.sighted_later("erp", "product", order=""))


# --- envelopes


def test_an_envelope_comes_back_as_it_was_accepted(any_ledger):
    with any_ledger.begin() as tx:
        number = tx.accept(envelope("k"))
    with any_ledger.begin() as tx:
        assert msgspec.structs.replace(envelope("k"), id=number) == tx.envelope(number)


def test_the_same_key_is_accepted_once(any_ledger):
    with any_ledger.begin() as tx:
        first = tx.accept(envelope("k"))
        other = tx.accept(envelope("other"))
        foreign = tx.accept(envelope("k", connection="shop"))
    with any_ledger.begin() as tx:
        assert first == tx.accept(envelope("k", name="again"))
        assert tx.envelope(first).name == "import0_1.xml"
        assert len({first, other, foreign}) == 3


def test_envelopes_wait_in_the_order_they_came_until_they_are_finished(any_ledger):
    with any_ledger.begin() as tx:
        numbers = [tx.accept(envelope(key)) for key in "cab"]
        foreign = tx.accept(envelope("c", connection="shop"))
        tx.move_envelope(numbers[0], state="done", position=3, counted={})
        tx.move_envelope(numbers[1], state="working", position=3, counted={})

        assert numbers[1:] == [found.id for found in tx.waiting_envelopes("erp")]
        assert [*numbers[1:], foreign] == [found.id for found in tx.waiting_envelopes()]
        tx.move_envelope(numbers[1], state="failed", position=3, counted={})
        assert [numbers[2]] == [found.id for found in tx.waiting_envelopes("erp")]


def test_counters_of_an_envelope_add_up(any_ledger):
    with any_ledger.begin() as tx:
        number = tx.accept(envelope("k"))
        tx.move_envelope(
            number, state="working", position=3, counted={"received": 3, "applied": 2, "echoed": 1}
        )
        tx.move_envelope(
            number,
            state="failed",
            position=-1,
            counted={"received": 2, "applied": 2},
            error_en="broken",
            error_ru="сломан",
        )
        moved = tx.envelope(number)

    assert (moved.received, moved.position, moved.counters) == (5, 3, {"applied": 4, "echoed": 1})
    assert (moved.state, moved.error_en, moved.error_ru) == ("failed", "broken", "сломан")


def test_an_unknown_envelope_is_a_bug(any_ledger):
    with any_ledger.begin() as tx:
        with pytest.raises(Bug, match="no envelope 77"):
            tx.envelope(77)
        with pytest.raises(Bug, match="no envelope 77"):
            tx.move_envelope(77, state="done", position=0, counted={})


def test_a_move_taken_back_leaves_the_envelope_waiting(any_ledger):
    with any_ledger.begin() as tx:
        number = tx.accept(envelope("k"))
    with taken_back(any_ledger) as tx:
        tx.move_envelope(number, state="done", position=9, counted={"received": 9})
        tx.accept(envelope("other"))
    with any_ledger.begin() as tx:
        assert [number] == [found.id for found in tx.waiting_envelopes()]
        assert (tx.envelope(number).position, tx.envelope(number).received) == (0, 0)
