"""Recognising, guarding, deriving, resisting: the small pure parts of the core."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from settle_case import record

from obmen.model import Said, restate
from obmen.sync.derived import HUB, Selling, available, derive
from obmen.sync.guard import Change, Danger, Limits, danger, digest, is_held
from obmen.sync.match import Candidate, Verdict, match
from obmen.sync.rules import Owner, Topology
from obmen.sync.tug import DAY_S, is_lost, resisted

RULES = Topology("product", ("erp",), Owner("erp"), {}, ())


@pytest.mark.parametrize(
    ("system", "candidates", "expected"),
    [
        ("shop", (Candidate(1, "mark", False),), Verdict.BIND),
        ("shop", (Candidate(1, "mark", True),), Verdict.DOUBLE),
        ("shop", (Candidate(1, "sku", False), Candidate(2, "sku", False)), Verdict.DOUBLE),
        ("shop", (Candidate(1, "mark", False), Candidate(2, "sku", False)), Verdict.BIND),
        ("shop", (), Verdict.NOT_A_CREATOR),
        ("erp", (), Verdict.CREATE),
    ],
)
def test_a_stranger_is_recognised_by_the_first_key_that_finds_anything(system, candidates, expected):
    assert match(system=system, candidates=candidates, topology=RULES).verdict is expected


# --- guards


@pytest.mark.parametrize(
    ("atom", "before", "after", "expected"),
    [
        ("prices.retail", "100.00 RUB", "300.00 RUB", Danger.PRICE_JUMP),
        ("prices.retail", "300.00 RUB", "100.00 RUB", Danger.PRICE_JUMP),
        ("prices.retail", "100.00 RUB", "299.00 RUB", None),
        ("prices.retail", "100.00 RUB", "0.00 RUB", Danger.ZERO_PRICE),
        ("prices.retail", None, "5.00 RUB", None),
        ("available", "5", "0", Danger.ZERO_STOCK),
        ("available", "0", "0", None),
        ("name", "A", "B", None),
    ],
)
def test_a_single_change_belongs_to_one_danger_or_none(atom, before, after, expected):
    assert danger(Change(1, atom, before, after), Limits()) is expected


@pytest.mark.parametrize(
    ("kind", "count", "total", "held"),
    [
        (Danger.DISAPPEARANCE, 10, 100, False),
        (Danger.DISAPPEARANCE, 11, 100, True),
        (Danger.ZERO_STOCK, 19, 100, False),
        (Danger.ZERO_STOCK, 20, 100, True),
        (Danger.PRICE_JUMP, 1, 100_000, True),
        (Danger.PRICE_JUMP, 0, 10, False),
    ],
)
def test_a_danger_is_held_from_its_share_on(kind, count, total, held):
    assert is_held(kind, count, total, Limits()) is held


@given(
    st.lists(st.builds(Change, st.integers(1, 9), st.just("name"), st.none(), st.text(max_size=3))),
    st.randoms(),
)
def test_a_digest_does_not_depend_on_the_order_of_its_changes(changes, rng):
    shuffled = list(changes)
    rng.shuffle(shuffled)

    assert digest(Danger.ZERO_STOCK, changes) == digest(Danger.ZERO_STOCK, shuffled)


def test_a_digest_changes_with_any_value():
    one, other = Change(1, "name", None, "A"), Change(1, "name", None, "B")

    assert digest(Danger.ZERO_STOCK, [one]) != digest(Danger.ZERO_STOCK, [other])


# --- what may be sold


@pytest.mark.parametrize(
    ("atoms", "selling", "expected"),
    [
        ({}, Selling(), None),
        ({"stock.a": "2", "stock.b": "3.5"}, Selling(), "5.5"),
        ({"stock.a": "2", "stock.b": "-3"}, Selling(), "2"),
        ({"stock.a": "2", "stock.b": "3"}, Selling(warehouses=("b",)), "3"),
        ({"stock.a": "2"}, Selling(safety="5"), "0"),
        ({"stock.a": None}, Selling(), "0"),
    ],
)
def test_what_may_be_sold_is_the_stock_of_the_selling_warehouses(atoms, selling, expected):
    assert expected == available(atoms, selling)


def test_a_derived_atom_follows_what_it_is_made_of_and_is_the_hubs_own_word():
    offer, changed = derive(record("offer", **{"stock.a": "2"}), ["stock.a"], Selling(), "now")

    assert (True, "2", HUB) == (changed, offer.atoms["available"], offer.by("available"))
    assert (offer, False) == derive(offer, ["stock.a"], Selling(), "now")


# --- resistance and statements


def test_the_same_resistance_is_counted_within_a_day():
    first = resisted(None, "ours", "theirs", 0.0)
    third = resisted(resisted(first, "ours", "theirs", 1.0), "ours", "theirs", 2.0)

    assert [False, True] == [is_lost(first), is_lost(third)]


@pytest.mark.parametrize(
    ("ours", "theirs", "now"), [("new", "theirs", 1.0), ("ours", "new", 1.0), ("ours", "theirs", DAY_S)]
)
def test_another_value_or_another_day_begins_anew(ours, theirs, now):
    before = resisted(resisted(None, "ours", "theirs", 0.0), "ours", "theirs", 0.5)

    assert resisted(before, ours, theirs, now).count == 1


def test_a_new_statement_takes_its_atoms_from_the_older_ones():
    old = (Said("erp", "1", "a", ("name", "brand")), Said("crm", "1", "b", ("slug",)))

    assert (
        Said("erp", "1", "a", ("brand",)),
        Said("shop", "2", "c", ("name", "slug")),
    ) == restate(old, Said("shop", "2", "c", ("name", "slug")))


def test_a_statement_of_the_same_page_is_extended():
    old = (Said("erp", "1", "a", ("name",)),)

    assert (Said("erp", "1", "a", ("name", "brand")),) == restate(old, Said("erp", "1", "a", ("brand",)))
