"""What a shadow becomes after a write, and what a reader is behind on."""

from __future__ import annotations

from settle_case import record, topology, view

from obmen.sync.behind import must_look_first, need
from obmen.sync.receipt import after_write, base_of_found, base_of_lost_update, hand_over_once
from obmen.sync.rules import Once, Owner, Priority, Reader
from obmen.sync.shadow import Resist, Shadow

SHOP = Reader(to="shop")


def needed(shadow, *, of=None, rule=Owner("erp"), reader=SHOP, tables=None):  # noqa: B008 - rules are frozen
    before = of or record(name="A")
    return need(
        record=before,
        shadow=shadow,
        view=view(tables=tables),
        topology=topology(rule, before.entity),
        reader=reader,
    )


# --- behind


def test_whoever_has_nothing_needs_everything():
    wanted = needed(None, of=record(name="A", brand="X"))

    assert {"name": "A", "brand": "X"} == wanted.fields


def test_whoever_holds_what_the_record_says_needs_nothing():
    assert not needed(Shadow(held={"name": "A"})).is_behind


def test_what_came_back_cut_counts_as_what_we_sent():
    assert not needed(Shadow(held={"name": "a"}, sent={"name": "A"})).is_behind


def test_nobody_is_told_what_it_said_itself_and_alone_may_say():
    assert not needed(
        Shadow(held={"name": "B"}), of=record(name="A", by="shop"), rule=Owner("shop")
    ).is_behind


def test_a_reader_of_some_atoms_is_not_behind_on_others():
    assert not needed(None, reader=Reader(to="shop", only=("brand",))).is_behind


def test_a_value_without_a_code_waits_for_the_mapping():
    wanted = needed(None, of=record("order", stage="done"), tables={"stage": {"N": ("new",)}})

    assert {} == wanted.fields
    assert "map:shop:stage:done" == wanted.waits["stage"].wakes_on


def test_a_lost_tug_of_war_is_not_written_until_the_value_changes():
    shadow = Shadow(
        held={"name": "theirs"}, frozen={"name": "tug_of_war"}, resist={"name": Resist("A", "theirs", 3, 0.0)}
    )

    assert not needed(shadow).is_behind
    assert {"name": "B"} == needed(shadow, of=record(name="B")).fields


def test_a_code_a_person_typed_and_nobody_knows_is_not_overwritten():
    shadow = Shadow(held={"stage": "Z"}, blocked={"stage": "map:shop:stage:Z"})

    assert not needed(shadow, of=record("order", stage="new"), tables={"stage": {"N": ("new",)}}).is_behind


def test_only_what_the_target_may_decide_is_looked_at_before_it_is_written():
    before = record(name="A")
    wanted = needed(None)

    assert must_look_first(wanted, before, topology(Priority(("erp", "shop"))), "shop")
    assert not must_look_first(wanted, before, topology(Owner("erp")), "shop")


# --- receipts


def test_what_came_back_different_is_remembered_beside_what_we_sent():
    after = after_write(
        shadow=None, payload={"name": "A-B"}, returned={"name": "AB", "brand": "none"}, closed_at=7, form=1
    )

    assert ({"name": "AB", "brand": "none"}, {"name": "A-B"}, ("name",), 7) == (
        after.held,
        after.sent,
        after.mine,
        after.as_of,
    )


def test_an_update_tells_nothing_of_what_it_did_not_send():
    after = after_write(
        shadow=Shadow(held={"name": "A", "brand": "X"}),
        payload={"name": "B"},
        returned={"name": "B", "brand": "Y"},
        closed_at=7,
        form=1,
    )

    assert after.held["brand"] == "X"


def test_after_a_found_create_a_departure_from_the_default_is_somebodys_word():
    base = base_of_found(
        payload={"name": "A"},
        defaults={"brand": "none"},
        found={"name": "A", "brand": "X"},
        closed_at=3,
        form=1,
    )

    assert {"name": "A", "brand": "none"} == base.held
    assert ("name",) == base.mine


def test_what_a_found_object_does_not_show_is_not_there():
    base = base_of_found(
        payload={"name": "A", "brand": "X"}, defaults={}, found={"name": "A"}, closed_at=3, form=1
    )

    assert {"name": "A"} == base.held


def lost(found, *, held="5", payload="8", volatile=("available",)):
    return base_of_lost_update(
        shadow=Shadow(held={"available": held}),
        payload={"available": payload},
        found={"available": found},
        closed_at=3,
        volatile=volatile,
    )


def test_a_lost_update_that_stands_there_is_ours():
    shadow, arrived = lost("8")

    assert ("8", True) == (shadow.held["available"], arrived)


def test_a_lost_update_that_does_not_stand_there_never_arrived():
    shadow, arrived = lost("5")

    assert ("5", False) == (shadow.held["available"], arrived)


def test_stock_between_the_old_and_ours_is_ours_less_what_was_sold():
    shadow, arrived = lost("7")

    assert ("8", True) == (shadow.held["available"], arrived)


def test_other_values_in_between_are_somebodys_word():
    assert lost("7", volatile=())[1] is False


def test_what_was_filled_at_creation_is_handed_over_as_the_reader_holds_it():
    moved_on = record(slug="newer")
    given = hand_over_once(moved_on, view(), topology(Once("shop")), {"slug": "as-created"}, "now")

    assert ("as-created", "shop") == (given.atoms["slug"], given.by("slug"))


def test_nothing_is_handed_over_twice():
    theirs = record(slug="a", by="shop")

    assert hand_over_once(theirs, view(), topology(Once("shop")), {"slug": "b"}, "now") is theirs
