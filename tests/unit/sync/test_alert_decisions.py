"""What is due to be told: pure decisions over situations, standings and the clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.sync.alerting import (
    Notice,
    Outcome,
    Rules,
    Series,
    Situation,
    decide,
    folded,
    order_number,
    outcome_code,
    series_of,
)

NOW = 1_000_000.0
RULES = Rules(repeat_s=100.0, grown_s=10.0, calm_s=5.0)


def situation(kind="silent", connection="erp", **given_):
    return Situation(kind=kind, connection=connection, since=NOW, **given_)


def story(*looks, rules=RULES, silent=()):
    """Look again and again: (seconds, what is found); return when which phase of what was told."""
    known, told = {}, []
    for at, found in looks:
        decided = decide(found, known, now=NOW + at, rules=rules, silent=silent)
        known = decided.standings
        told += [(at, one.phase, one.situation.key) for one in decided.notices]
    return told


def test_a_trouble_is_told_when_it_begins_and_when_it_is_over():
    looks = [(0, [situation()]), (1, [situation()]), (2, []), (6, []), (7, []), (8, [])]

    assert [(0, "begun", "silent:erp"), (7, "settled", "silent:erp")] == story(*looks)


def test_what_comes_and_goes_within_the_calm_is_one_trouble():
    looks = [(at, [situation()] if at % 4 < 2 else []) for at in range(40)]

    assert [(0, "begun", "silent:erp")] == story(*looks)


def test_what_is_over_before_it_was_told_is_not_told_at_all():
    looks = [(0, [situation(patience_s=3.0)]), (2, []), (20, [])]

    assert [] == story(*looks)


def test_patience_is_counted_from_the_first_look():
    looks = [(at, [situation(patience_s=3.0)]) for at in range(5)]

    assert [(3, "begun", "silent:erp")] == story(*looks)


def test_a_lag_is_not_told_beside_the_errors_that_explain_it():
    errors, lag = situation("errors"), situation("lag")

    assert [(0, "begun", "errors:erp")] == story((0, [errors, lag]), (1, [errors, lag]))
    assert [(0, "begun", "lag:shop")] == story((0, [situation("lag", "shop")]))


def test_more_is_news_only_where_it_is_counted_in_orders_and_issues():
    growing = [(at, [situation("unpaired", count=at + 1)]) for at in range(12)]
    errors = [(at, [situation("errors", count=at + 1)]) for at in range(12)]

    assert [(0, "begun", "unpaired:erp"), (10, "again", "unpaired:erp")] == story(*growing)
    assert [(0, "begun", "errors:erp")] == story(*errors)


def test_a_muted_kind_is_neither_told_nor_remembered():
    rules = Rules(muted=frozenset({"silent"}))

    assert decide([situation()], {}, now=NOW, rules=rules) == ({}, ())


def test_what_is_silent_at_this_hour_waits_with_its_beginning_and_with_its_end():
    known = decide([situation()], {}, now=NOW, rules=RULES, silent={"silent"}).standings
    told = decide([situation()], known, now=NOW + 50, rules=RULES)
    quiet = decide([], told.standings, now=NOW + 60, rules=RULES, silent={"silent"})
    still = decide([], quiet.standings, now=NOW + 90, rules=RULES, silent={"silent"})
    morning = decide([], still.standings, now=NOW + 100, rules=RULES)

    assert [one.phase for one in told.notices] == ["begun"]
    assert (quiet.notices, still.notices) == ((), ())
    assert [(one.phase, one.at) for one in morning.notices] == [("settled", NOW + 60)]


@given(st.lists(st.tuples(st.integers(1, 30), st.sets(st.sampled_from("abc"))), max_size=60))
def test_every_trouble_is_told_in_order_and_no_end_comes_without_its_beginning(looks):
    at, told = 0, {}
    known = {}
    for pause, names in looks:
        at += pause
        decided = decide([situation(connection=name) for name in names], known, now=NOW + at, rules=RULES)
        known = decided.standings
        for one in decided.notices:
            before = told.get(one.situation.key)
            if one.phase == "begun":
                assert before in {None, "settled"}
            else:
                assert before in {"begun", "again"}
            told[one.situation.key] = one.phase
    open_ones = {key for key, phase in told.items() if phase != "settled"}
    assert open_ones == {key for key, one in known.items() if one.told_at}


def test_two_messages_in_one_keep_the_newest_line_of_each_trouble():
    def line(phase, connection):
        return Notice(phase=phase, situation=situation(connection=connection), at=NOW)

    lines = folded(
        [line("begun", "a"), line("begun", "b"), line("again", "c")],
        [line("settled", "a"), line("again", "b"), line("begun", "d")],
    )

    assert [("settled", "a"), ("begun", "b"), ("again", "c"), ("begun", "d")] == [
        (one.phase, one.situation.connection) for one in lines
    ]


# --- series of errors


def outcomes(text, *, step=10.0):
    """Newest first: `x` failed, `.` went well."""
    return [
        Outcome(NOW - number * step, "network.no_answer" if mark == "x" else "")
        for number, mark in enumerate(text)
    ]


@pytest.mark.parametrize(
    ("newest_first", "count"),
    [
        ("", None),
        ("x" * 9, None),
        ("x" * 10, 10),
        ("x" * 10 + "." * 90, 10),
        ("." + "x" * 40, 40),  # half of all, and it may fail again any moment
        ("." * 31 + "x" * 40, None),  # nothing has failed for five minutes
        ("x..." * 20, None),
        ("x." * 20, 20),
    ],
)
def test_a_series_is_many_in_a_row_or_half_of_many(newest_first, count):
    found = series_of("shop", outcomes(newest_first), now=NOW, rule=Series(errors=10))

    assert count == (None if found is None else found.count)


def test_a_poll_once_an_hour_that_always_fails_is_a_series_as_well():
    found = series_of("shop", outcomes("x" * 10, step=3600.0), now=NOW, rule=Series(errors=10))

    assert found is not None
    assert found.since == NOW - 9 * 3600.0


# --- nothing personal


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (200, "", ""),
        (0, "network.unreachable", "network.unreachable"),
        (503, "", "HTTP 503"),
        (0, "", "no_answer"),
        (200, "wrong login Соколова", "refused"),
        (200, "buyer@mail.test", "refused"),
        (403, "i.petrov", "HTTP 403"),
    ],
)
def test_of_an_error_only_codes_are_told(status, error, code):
    assert code == outcome_code(status, error)


@pytest.mark.parametrize("number", ["17", "A-1017", "BX-5/2", "ИП00-000017", "00000000017", "#8"])
def test_numbers_of_orders_are_told(number):
    assert number == order_number(number, 3)


@pytest.mark.parametrize(
    "number",
    [
        "+79031234567",
        "8 903 123-45-67",
        "89031234567",
        "Соколова",
        "Соколова1",
        "a@b.ru",
        "",
        None,
        17,
        "1" * 30,
    ],
)
def test_what_could_be_somebody_is_called_by_the_number_of_the_hub(number):
    assert order_number(number, 3) == "#3"


@given(st.text(max_size=40))
def test_no_text_gets_through_but_codes(text):
    assert outcome_code(200, text) == ("refused" if text else "")
