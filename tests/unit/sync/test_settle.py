"""The settle table of the design, row by row."""

from __future__ import annotations

import pytest
from settle_case import reasons, record, settled, view

from obmen.sync.facts import STAGES
from obmen.sync.reasons import Reason
from obmen.sync.rules import Each, Forward, Latest, Once, Owner, Priority, Review
from obmen.sync.settle import differs, fence, is_echo
from obmen.sync.shadow import Look, Shadow

CODES = {"stage": {"N": ("new",), "P": ("confirmed", "supply"), "D": ("delivery",)}}

# --- 0: superseded


def test_a_look_older_than_the_last_one_is_superseded():
    shadow = Shadow(held={"name": "A"}, seen=9, as_of=3)

    assert fence(Look(ref="r", fields={}), shadow, 8) is Reason.SUPERSEDED


def test_a_look_older_than_our_last_write_is_superseded():
    shadow = Shadow(held={"name": "A"}, seen=3, as_of=9)

    assert fence(Look(ref="r", fields={}), shadow, 8) is Reason.SUPERSEDED


def test_a_look_of_the_same_moment_passes():
    assert fence(Look(ref="r", fields={}), Shadow(held={}, seen=8, as_of=8), 8) is None


def test_an_atom_of_an_older_file_is_superseded_and_a_newer_one_taken():
    shadow = Shadow(held={"name": "A", "brand": "X"}, order="3", orders={"brand": "1"})
    outcome = settled(
        Owner("shop"),
        held=shadow,
        shown={"name": "B", "brand": "Y"},
        of=record(name="A", brand="X"),
        order="2",
    )

    assert {"name": "A", "brand": "Y"} == outcome.record.atoms
    assert ("3", "2") == (outcome.shadow.order_of("name"), outcome.shadow.order_of("brand"))


def test_an_atom_first_spoken_of_by_an_older_file_does_not_outrank_a_newer_one():
    first = settled(
        Owner("shop"), held=Shadow(held={"name": "A"}, order="5"), shown={"brand": "X"}, order="3"
    )
    second = settled(Owner("shop"), held=first.shadow, shown={"brand": "Y"}, of=first.record, order="4")

    assert second.record.atoms["brand"] == "Y"


# --- 1: echo


def test_what_is_held_already_is_an_echo():
    assert is_echo(Look(ref="r", fields={"name": "A"}), Shadow(held={"name": "A", "brand": "X"}))


def test_a_family_shown_completely_without_a_member_is_no_echo():
    look = Look(ref="r", fields={}, whole=("prices",))

    assert not is_echo(look, Shadow(held={"prices.b2b": "1"}))


def test_a_value_that_waits_for_a_mapping_is_never_a_mere_echo():
    shadow = Shadow(held={"name": "A"}, blocked={"name": "map:shop:name:A"})

    assert not is_echo(Look(ref="r", fields={"name": "A"}), shadow)


def test_an_object_that_went_into_another_is_no_echo():
    assert not is_echo(Look(ref="r", fields={}, merged_into="s"), Shadow(held={"name": "A"}))


# --- 2: blocked


def test_an_unknown_code_is_neither_taken_nor_forgotten():
    outcome = settled(
        Forward(STAGES),
        held={"stage": "N"},
        shown={"stage": "Z"},
        of=record("order", stage="new"),
        tables=CODES,
    )

    assert outcome.record.atoms["stage"] == "new"
    assert {"stage": "map:shop:stage:Z"} == outcome.shadow.blocked
    assert "N" == outcome.shadow.sent_of("stage")


def test_a_code_that_was_unknown_is_taken_when_the_mapping_knows_it():
    shadow = Shadow(held={"stage": "Z"}, sent={"stage": "N"}, blocked={"stage": "map:shop:stage:Z"})
    outcome = settled(
        Forward(STAGES),
        held=shadow,
        shown={"stage": "Z"},
        of=record("order", stage="new"),
        tables={"stage": {**CODES["stage"], "Z": ("delivery",)}},
    )

    assert outcome.record.atoms["stage"] == "delivery"
    assert outcome.shadow.blocked == {}


@pytest.mark.parametrize(("mine", "behind"), [(("stage",), True), ((), False)])
def test_a_forgotten_code_is_replaced_only_where_we_wrote_it(mine, behind):
    shadow = Shadow(held={"stage": "OLD"}, mine=mine)

    assert differs(view(tables=CODES), record("order", stage="new"), shadow, "stage") is behind


# --- 3: agree


def test_what_the_record_says_already_is_agreed_and_the_record_is_untouched():
    before = record(name="A")
    outcome = settled(Priority(("erp", "shop")), held={"name": "B"}, shown={"name": "A"}, of=before)

    assert outcome.record is before
    assert ["agreed"] == reasons(outcome)
    assert {"name": "A"} == outcome.shadow.held


def test_a_code_of_several_senses_agrees_with_each_of_them():
    before = record("order", stage="supply")
    outcome = settled(Forward(STAGES), held={"stage": "N"}, shown={"stage": "P"}, of=before, tables=CODES)

    assert outcome.record is before


def test_another_spelling_moves_what_we_believe_we_sent():
    tables = {"stage": {**CODES["stage"], "D2": ("delivery",)}}
    outcome = settled(
        Forward(STAGES),
        held={"stage": "D"},
        shown={"stage": "D2"},
        of=record("order", stage="delivery"),
        tables=tables,
    )

    assert "D2" == outcome.shadow.sent_of("stage")
    assert outcome.entries == []


def test_another_spelling_of_a_value_they_had_changed_leaves_what_we_sent():
    tables = {"stage": {**CODES["stage"], "D2": ("delivery",)}}
    shadow = Shadow(held={"stage": "D"}, sent={"stage": "N"})
    outcome = settled(
        Forward(STAGES), held=shadow, shown={"stage": "D2"}, of=record("order", stage="new"), tables=tables
    )

    assert "N" == outcome.shadow.sent_of("stage")


# --- 4: first contact


def test_at_first_contact_the_record_stands():
    outcome = settled(Priority(("shop", "erp")), held=None, shown={"name": "B"})

    assert outcome.record.atoms["name"] == "A"
    assert ["first_contact"] == reasons(outcome)


def test_at_first_contact_the_owner_speaks():
    assert settled(Owner("shop"), held=None, shown={"name": "B"}).record.atoms["name"] == "B"


def test_at_first_contact_what_nobody_has_said_is_filled():
    assert settled(Review(), held=None, shown={"brand": "X"}).record.atoms["brand"] == "X"


def test_at_first_contact_what_is_filled_once_becomes_the_readers_own():
    outcome = settled(Once("shop"), held=None, shown={"slug": "theirs"}, of=record(slug="ours"))

    assert ("theirs", "shop") == (outcome.record.atoms["slug"], outcome.record.by("slug"))


@pytest.mark.parametrize(("shown", "brand"), [("none", None), ("X", "X")])
def test_at_first_contact_what_the_system_fills_in_by_itself_is_nobodys_word(shown, brand):
    outcome = settled(Review(), held=None, shown={"brand": shown}, defaults={"brand": "none"})

    assert brand == outcome.record.atoms.get("brand")


# --- 5: changed there


def test_an_edit_on_top_of_our_value_is_taken_from_whoever_may_decide():
    outcome = settled(Priority(("erp", "shop")), held={"name": "A"}, shown={"name": "B"})

    assert ("B", "shop", 2) == (
        outcome.record.atoms["name"],
        outcome.record.by("name"),
        outcome.record.version,
    )


def test_an_edit_of_whoever_may_not_decide_is_refused_and_leaves_it_behind():
    outcome = settled(Owner("erp"), held={"name": "A"}, shown={"name": "B"})

    assert outcome.record.atoms["name"] == "A"
    assert ["not_owner"] == reasons(outcome)
    assert differs(view(), outcome.record, outcome.shadow, "name")


def test_an_element_belongs_to_whoever_made_it():
    before = record("order", by="crm", **{"payments.1": "5.00 RUB"})
    outcome = settled(Each(), held={"payments.1": "5.00 RUB"}, shown={"payments.1": "6.00 RUB"}, of=before)

    assert outcome.record is before


def test_an_asserted_empty_value_is_taken_as_empty():
    assert settled(Owner("shop"), held={"name": "A"}, shown={"name": None}).record.atoms == {"name": None}


def test_an_absent_value_asserts_nothing():
    before = record(name="A", brand="X")

    assert settled(Owner("shop"), held={"name": "A", "brand": "X"}, shown={}, of=before).record is before


# --- 6: both changed


def both(rule, *, at=None):
    """The shop shows C, holds A; the record says B of the crm."""
    return settled(rule, held={"name": "A"}, shown={"name": "C"}, of=record(name="B", by="crm"), at=at)


@pytest.mark.parametrize(
    ("rule", "at", "name", "reason"),
    [
        (Priority(("shop", "crm")), None, "C", "priority"),
        (Priority(("crm", "shop")), None, "B", "lower_priority"),
        (Latest(), "2026-01-01T00:00:00Z", "C", "latest"),
        (Latest(), "2025-01-01T00:00:00Z", "B", "earlier"),
        (Latest(), None, "B", "earlier"),
        (Review(), None, "B", "review"),
    ],
)
def test_where_both_have_changed_the_rule_decides(rule, at, name, reason):
    outcome = both(rule, at=at)

    assert (name, [reason]) == (outcome.record.atoms["name"], reasons(outcome))


def test_what_waits_for_a_person_stays_frozen_and_every_further_edit_is_told():
    first = both(Review())
    second = settled(Review(), held=first.shadow, shown={"name": "D"}, of=first.record)

    assert {"name": "review"} == second.shadow.frozen
    assert ["review"] == reasons(second)


def test_agreement_ends_the_waiting():
    first = both(Review())
    second = settled(Review(), held=first.shadow, shown={"name": "B"}, of=first.record)

    assert second.shadow.frozen == {}


# --- facts, stock, resistance


def test_one_look_that_cancels_and_ships_at_once_is_for_a_person():
    outcome = settled(
        Forward(STAGES),
        held={"stage": "new", "cancelled": None},
        shown={"stage": "delivery", "cancelled": "why"},
        of=record("order", stage="new"),
    )

    assert not (outcome.record.atoms["stage"] == "delivery" and outcome.record.atoms.get("cancelled"))
    assert "facts_clash" in reasons(outcome)


def test_the_fall_of_sold_stock_is_kept_and_nobody_is_behind():
    outcome = settled(
        Owner("erp"), held={"available": "5"}, shown={"available": "3"}, of=record("offer", available="5")
    )

    assert ["volatile"] == reasons(outcome)
    assert not differs(view(), outcome.record, outcome.shadow, "available")


def test_a_rise_of_stock_is_nobody_elses_to_make():
    outcome = settled(
        Owner("erp"), held={"available": "5"}, shown={"available": "8"}, of=record("offer", available="5")
    )

    assert differs(view(), outcome.record, outcome.shadow, "available")


def test_the_third_time_a_value_is_put_back_in_a_day_a_person_is_asked():
    shadow: Shadow | dict[str, str] = {"name": "A"}
    told = []
    for _ in range(3):
        outcome = settled(Owner("erp"), held=shadow, shown={"name": "theirs"})
        told += reasons(outcome)
        held = {**outcome.shadow.held, "name": "A"}
        shadow = Shadow(held=held, resist=outcome.shadow.resist, as_of=1)

    assert ["not_owner", "not_owner", "tug_of_war"] == told
