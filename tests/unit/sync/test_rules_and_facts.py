"""Who decides, and ranked facts that never depend on the order they arrive in."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from settle_case import record, settled, topology

from obmen.sync.facts import STAGES, clash, step_back
from obmen.sync.rules import (
    Each,
    Forward,
    Once,
    Origin,
    Owner,
    Phase,
    Priority,
    Reader,
    Review,
    Stance,
    in_force,
    stance,
)
from obmen.sync.shadow import Shadow

NAMES = [name for name, _ in STAGES.ranks]
SYSTEMS = ("shop", "crm", "retail")


@pytest.mark.parametrize(
    ("rule", "system", "expected"),
    [
        (Owner("erp"), "erp", Stance.DECIDES),
        (Owner("erp"), "shop", Stance.REFUSED),
        (Origin(), "erp", Stance.DECIDES),
        (Origin(), "shop", Stance.REFUSED),
        (Each(), "erp", Stance.DECIDES),
        (Each(), "shop", Stance.REFUSED),
        (Once("shop"), "shop", Stance.DECIDES),
        (Once("shop"), "crm", Stance.DECIDES),
        (Once("shop", "erp"), "crm", Stance.REFUSED),
        (Priority(("erp", "crm")), "crm", Stance.SHARES),
        (Priority(("erp", "crm")), "shop", Stance.REFUSED),
        (Review(), "shop", Stance.SHARES),
        (Forward(STAGES, ("crm",)), "shop", Stance.REFUSED),
    ],
)
def test_a_rule_tells_what_a_systems_word_weighs(rule, system, expected):
    assert stance(rule, record(name="A", by="erp"), "name", system) is expected


def test_what_has_been_filled_once_is_refused_to_everybody_else():
    assert stance(Once("shop"), record(name="A", by="shop"), "name", "erp") is Stance.REFUSED


def test_a_phase_ends_when_its_condition_holds():
    rule = Phase(((lambda of: of.atoms.get("name") == "done", Owner("erp")), (None, Owner("crm"))))

    assert in_force(rule, record(name="open")) == Owner("erp")
    assert in_force(rule, record(name="done")) == Owner("crm")


def test_a_reader_of_some_families_is_sent_nothing_else():
    reader = Reader(to="shop", only=("prices", "name"))

    assert [True, True, False] == [reader.receives(atom) for atom in ("prices.b2b", "name", "brand")]


def test_the_most_exact_rule_wins():
    rules = topology(Owner("erp"))
    rules.owners["prices.b2b"] = Owner("crm")

    assert [Owner("crm"), Owner("erp")] == [rules.rule("prices.b2b"), rules.rule("prices.retail")]


# --- facts


def after(events: tuple[tuple[str, str], ...]) -> str:
    """Settle what each system showed, one after another, and return the stage."""
    now = record("order", stage="new", by="shop")
    shadows: dict[str, Shadow] = {system: Shadow(held={"stage": "new"}) for system in SYSTEMS}
    for system, shown in events:
        outcome = settled(
            Forward(STAGES), held=shadows[system], shown={"stage": shown}, of=now, system=system
        )
        now, shadows[system] = outcome.record, outcome.shadow
    return str(now.atoms["stage"])


@given(st.lists(st.tuples(st.sampled_from(SYSTEMS), st.sampled_from(NAMES)), min_size=1, max_size=4))
def test_a_ranked_fact_does_not_depend_on_the_order_of_arrival(events):
    assert {max((shown for _, shown in [("", "new"), *events]), key=NAMES.index)} == {
        after(order) for order in permutations(events)
    }


@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_only_a_higher_rank_raises(current, arrived):
    assert STAGES.raises(current, arrived) == (NAMES.index(arrived) > NAMES.index(current))


def test_an_unknown_stage_raises_nothing():
    assert not STAGES.raises("new", "nonsense")
    assert STAGES.raises(None, "new")


@pytest.mark.parametrize(
    ("atoms", "atom", "arrived", "expected"),
    [
        ({"stage": "delivery"}, "cancelled", "why", True),
        ({"stage": "confirmed"}, "cancelled", "why", False),
        ({"stage": "delivery"}, "cancelled", None, False),
        ({"cancelled": "why"}, "stage", "done", True),
        ({"cancelled": "why"}, "stage", "confirmed", False),
        ({"cancelled": None}, "stage", "done", False),
        ({"stage": "confirmed", "shipments.erp-1": {"state": "shipped"}}, "cancelled", "buyer", True),
        ({"stage": "confirmed", "shipments.shop-1": {"state": "waiting"}}, "cancelled", "buyer", False),
        ({"cancelled": "buyer"}, "shipments.erp-1", {"state": "shipped"}, True),
        ({"cancelled": "buyer"}, "shipments.erp-1", {"state": "waiting"}, False),
        ({"cancelled": "buyer"}, "shipments.erp-1", None, False),
    ],
)
def test_cancelled_against_shipped_clashes_in_either_order(atoms, atom, arrived, expected):
    assert clash(atoms, atom, arrived) is expected


def test_a_walk_through_codes_is_judged_by_the_ranks_of_its_table():
    table = {"WON": "confirmed", "EXEC": "delivery", "END": "done"}

    assert step_back(table, ("WON", "EXEC", "END"), STAGES) is None
    assert step_back(table, ("EXEC", "WON"), STAGES) is not None
