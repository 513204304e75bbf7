"""Records, keys, lanes, bindings and shadows, the same over every ledger."""

from __future__ import annotations

from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgers import taken_back
from obmen.errors import Bug
from obmen.ledger.contract import Binding, Known
from obmen.ledger.sql import SqlLedger
from obmen.model import Record, Said
from obmen.sync.shadow import Resist, Shadow


def product(number: int, **changes) -> Record:
    values = {
        "id": number,
        "entity": "product",
        "origin": "erp",
        "atoms": {"sku": f"A-{number}"},
        "lane": number,
    }
    return Record(**{**values, **changes})


KEYS = {"product": ("sku", "barcodes")}


def test_ticks_grow(any_ledger):
    with any_ledger.begin() as tx:
        first, second = tx.tick(), tx.tick()
    with any_ledger.begin() as tx:
        assert first < second < tx.tick()


def test_allocated_ids_are_never_given_out_twice(any_ledger):
    handed = []
    for count in (3, 1, 500):
        with any_ledger.begin() as tx:
            first = tx.allocate(count)
            handed += range(first, first + count)

    assert len(set(handed)) == 504
    assert min(handed) > 0


def test_a_record_comes_back_as_it_was_stored(any_ledger):
    stored = Record(
        id=7,
        entity="product",
        origin="erp",
        atoms={"name": "Ёлка «Сказка»", "barcodes": ["1", "2"], "active": False, "parent": 3, "brand": None},
        said=(Said("erp", "2026-01-01T00:00:00Z", "import.xml#1", ("name", "barcodes")),),
        version=4,
        lane=3,
        merged_into=9,
        title="Ёлка",
    )
    with any_ledger.begin() as tx:
        tx.put_records([stored], new=True, keys={})
    with any_ledger.begin() as tx:
        assert {7: stored} == tx.records([7, 8])


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=30))
def test_who_said_what_comes_back_however_the_atoms_are_shared_out(owners):
    """Each atom of each record is given to the speaker of its number, or to nobody where that is 3."""
    stored = {}
    for number, speakers in enumerate(owners, 1):
        spoken = {speaker: [] for speaker in (2, 0, 1)}
        for atom, speaker in enumerate(speakers):
            spoken.get(speaker, []).append(f"stock.{atom}")
        said = tuple(
            Said(f"system{speaker}", "2026-01-01T00:00:00Z", f"file#{speaker}", tuple(atoms))
            for speaker, atoms in spoken.items()
            if atoms
        )
        names = [f"stock.{atom}" for atom in range(len(speakers))]
        stored[number] = product(number, entity="offer", atoms=dict.fromkeys(names, "1"), said=said)
    with TemporaryDirectory() as folder:
        ledger = SqlLedger.open(f"sqlite:///{folder}/obmen.db", exclusive=True)
        with ledger.begin() as tx:
            tx.put_records(list(stored.values()), new=True, keys={})
            assert stored == tx.records(list(stored))
        ledger.close_here()


def test_many_records_come_back(any_ledger):
    stored = {number: product(number) for number in range(1, 1235)}
    with any_ledger.begin() as tx:
        tx.put_records(list(stored.values()), new=True, keys=KEYS)
    with any_ledger.begin() as tx:
        assert stored == tx.records(list(stored))


def test_an_update_replaces_the_record_and_its_keys(any_ledger):
    with any_ledger.begin() as tx:
        tx.put_records([product(1)], new=True, keys=KEYS)
    changed = product(1, atoms={"sku": "B-1", "barcodes": ["46", "47"]}, version=2)
    with any_ledger.begin() as tx:
        tx.put_records([changed], new=False, keys=KEYS)
    with any_ledger.begin() as tx:
        assert {1: changed} == tx.records([1])
        assert tx.by_key("product", "sku", ["A-1", "B-1"]) == {"B-1": [1]}
        assert tx.by_key("product", "barcodes", ["47", "48"]) == {"47": [1]}


def test_a_repeated_key_names_two_records_or_as_many_as_are_wanted(any_ledger):
    with any_ledger.begin() as tx:
        tx.put_records([product(number, atoms={"sku": "same"}) for number in (3, 1, 2)], new=True, keys=KEYS)

        assert tx.by_key("product", "sku", ["same"]) == {"same": [1, 2]}
        assert tx.by_key("product", "sku", ["same", "other"], most=20) == {"same": [1, 2, 3]}


def test_empty_values_and_merged_records_are_found_by_no_key(any_ledger):
    with any_ledger.begin() as tx:
        tx.put_records(
            [
                product(1, atoms={"sku": ""}),
                product(2, atoms={"sku": None}),
                product(3, atoms={"sku": "gone"}, merged_into=1),
            ],
            new=True,
            keys=KEYS,
        )

        assert tx.by_key("product", "sku", ["", "None", "gone"]) == {}


def test_keys_of_another_entity_are_not_found(any_ledger):
    with any_ledger.begin() as tx:
        tx.put_records([product(1)], new=True, keys=KEYS)

        assert tx.by_key("offer", "sku", ["A-1"]) == {}


def test_a_lane_lists_its_members_of_one_entity(any_ledger):
    offers = [product(number, entity="offer", lane=1) for number in (4, 5)]
    with any_ledger.begin() as tx:
        tx.put_records([product(1), product(2), *offers], new=True, keys={})
        tx.put_records([product(5, entity="offer", lane=2)], new=False, keys={})

        assert tx.lane_members([1, 2, 3], "offer") == {1: [4], 2: [5]}


def test_a_known_ref_brings_record_kind_and_shadow(any_ledger):
    shadow = Shadow(
        held={"name": "Стол", "price": 1.5, "tags": ["a", {"b": None}]},
        sent={"name": "Стол длинный"},
        mine=("name",),
        as_of=5,
        seen=4,
        order="2026-01-01",
        orders={"price": "2026-01-02"},
        blocked={"unit": "map:shop:unit:x"},
        frozen={"price": "review"},
        resist={"name": Resist("a", "b", 2, 1.0)},
        gone=True,
    )
    with any_ledger.begin() as tx:
        tx.bind([Binding("shop", "product", "r1", 1), Binding("shop", "product", "r2", 2)])
        tx.put_shadows("shop", "product", {1: shadow})
    with any_ledger.begin() as tx:
        assert {"r1": Known(1, "live", shadow), "r2": Known(2, "live", None)} == tx.known(
            "shop", "product", ["r1", "r2", "r3"]
        )
        assert {1: shadow} == tx.shadows("shop", [1, 2])
        assert tx.shadows("crm", [1]) == {}


def test_the_same_ref_of_another_entity_or_system_is_another_ref(any_ledger):
    with any_ledger.begin() as tx:
        tx.bind(
            [
                Binding("shop", "product", "r", 1),
                Binding("shop", "offer", "r", 2),
                Binding("crm", "product", "r", 3),
            ]
        )

        assert tx.bound("shop", "offer", ["r"]) == {"r": 2}
        assert tx.bound("crm", "product", ["r"]) == {"r": 3}


def test_tombstones_are_known_but_not_live(any_ledger):
    with any_ledger.begin() as tx:
        tx.bind([Binding("shop", "product", "a", 1), Binding("shop", "product", "b", 2)])
        tx.unbind("shop", [1], kind="alias")
        tx.unbind("shop", [2], kind="gone")

        assert tx.refs_of("shop", [1, 2]) == {}
        assert [known.kind for known in tx.known("shop", "product", ["a", "b"]).values()] == ["alias", "gone"]
        assert tx.bound("shop", "product", ["a", "b"]) == {"a": 1}
        assert tx.count_bound("shop", "product") == 0
        assert [Binding("shop", "product", "b", 2, "gone")] == tx.bindings([2])


def test_live_refs_and_scopes_are_listed(any_ledger):
    with any_ledger.begin() as tx:
        tx.bind(
            [
                Binding("erp", "product", "a", 1, "live", "main"),
                Binding("erp", "product", "b", 2, "live", "spare"),
                Binding("erp", "offer", "c", 3, "live", "main"),
            ]
        )

        assert tx.refs_of("erp", [1, 3, 9]) == {1: "a", 3: "c"}
        assert tx.bound_in_scope("erp", "product", "main") == {1: "a"}
        assert tx.bound_in_scope("erp", "product", "") == {1: "a", 2: "b"}
        assert tx.count_bound("erp", "product") == 2


def test_records_are_asked_for_by_the_keys_of_a_dictionary_as_by_any_collection(any_ledger):
    with any_ledger.begin() as tx:
        tx.put_records([product(1), product(2)], new=True, keys=KEYS)
        tx.bind([Binding("erp", "product", "a", 1), Binding("erp", "product", "b", 2)])
        tx.put_shadows("erp", "product", {1: Shadow(held={"name": "дрель"})})
        here = tx.bound_in_scope("erp", "product", "")

        assert {1, 2} == set(tx.records(here))
        assert {1: "a", 2: "b"} == tx.refs_of("erp", here)
        assert {1} == set(tx.shadows("erp", here))


def test_a_ref_bound_again_to_its_record_moves_its_scope(any_ledger):
    with any_ledger.begin() as tx:
        tx.bind([Binding("erp", "product", "a", 1, "live", "old")])
        tx.bind([Binding("erp", "product", "a", 1, "live", "new")])

        assert [Binding("erp", "product", "a", 1, "live", "new")] == tx.bindings([1])


def test_a_live_ref_cannot_be_bound_to_another_record(any_ledger):
    with any_ledger.begin() as tx:
        tx.bind([Binding("shop", "product", "a", 1)])
    with pytest.raises(Bug, match="belongs to record 1"), any_ledger.begin() as tx:
        tx.bind([Binding("shop", "product", "b", 2), Binding("shop", "product", "a", 2)])
    with any_ledger.begin() as tx:
        assert tx.bound("shop", "product", ["a", "b"]) == {"a": 1}


def test_a_tombstone_moves_to_another_record(any_ledger):
    with any_ledger.begin() as tx:
        tx.bind([Binding("shop", "product", "a", 1)])
        tx.unbind("shop", [1], kind="gone")
        tx.bind([Binding("shop", "product", "a", 2, "alias")])

        assert {"a": Known(2, "alias", None)} == tx.known("shop", "product", ["a"])
        assert tx.bindings([1]) == []


def test_an_exception_takes_everything_back(any_ledger):
    shadow = Shadow(held={"name": "x"})
    with any_ledger.begin() as tx:
        tx.put_records([product(1)], new=True, keys=KEYS)
        tx.bind([Binding("shop", "product", "a", 1)])
        tx.put_shadows("shop", "product", {1: shadow})
    with taken_back(any_ledger) as tx:
        tx.put_records([product(1, atoms={"sku": "new"}, lane=5)], new=False, keys=KEYS)
        tx.put_records([product(2)], new=True, keys=KEYS)
        tx.unbind("shop", [1], kind="gone")
        tx.bind([Binding("shop", "product", "b", 2)])
        tx.put_shadows("shop", "product", {1: Shadow(held={}), 2: shadow})
    with any_ledger.begin() as tx:
        assert {1: product(1)} == tx.records([1, 2])
        assert tx.by_key("product", "sku", ["A-1", "new", "A-2"]) == {"A-1": [1]}
        assert tx.lane_members([1, 2, 5], "product") == {1: [1]}
        assert {"a": Known(1, "live", shadow)} == tx.known("shop", "product", ["a", "b"])


def test_nothing_asked_is_nothing_found(any_ledger):
    with any_ledger.begin() as tx:
        assert tx.known("shop", "product", []) == {}
        assert tx.records([]) == {}
        assert tx.bindings([]) == []
        assert tx.by_key("product", "sku", []) == {}
        tx.put_records([], new=True, keys={})
        tx.bind([])
        tx.put_shadows("shop", "product", {})


async def test_run_returns_what_the_work_returns(any_ledger):
    number = await any_ledger.run(lambda tx: tx.allocate(2))

    assert number + 2 == await any_ledger.run(lambda tx: tx.allocate(1))


async def test_run_takes_back_what_failed(any_ledger):
    def fail(tx):
        tx.put_cursor("shop", "product", "far")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await any_ledger.run(fail)

    assert await any_ledger.run(lambda tx: tx.cursor("shop", "product")) == ""


def test_ids_of_an_entity_come_in_order_behind_a_number(any_ledger):
    with any_ledger.begin() as tx:
        tx.put_records([product(3), product(1), product(2), product(9)], new=True, keys={})
        tx.put_records([product(4, entity="offer")], new=True, keys={})

        assert tx.ids("product", after=1, limit=2) == [2, 3]
        assert tx.ids("offer", after=0, limit=10) == [4]
