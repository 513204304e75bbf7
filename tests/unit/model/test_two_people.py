"""When two people may be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.model.people import may_be_one_name, share_one

NAMES = st.lists(st.sampled_from(["Пётр", "Петр", "ИВАНОВ", "Сергеевич", "Анна"]), max_size=3).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Иванов Пётр", "ПЕТР ИВАНОВ"),
        ("Иванов Пётр Сергеевич", "Пётр Иванов"),
        ("Пётр", "Иванов Пётр"),
        ("", "Иванов Пётр"),
        (None, "Иванов Пётр"),
        (["Иванов Пётр"], "Пётр"),
    ],
)
def test_names_that_say_no_more_than_each_other_may_be_one(one, other):
    assert may_be_one_name(one, other)
    assert may_be_one_name(other, one)


@pytest.mark.parametrize("other", ["Иванова Анна", "Анна", "Иванов Сергей"])
def test_names_that_contradict_each_other_are_two_people(other):
    assert not may_be_one_name("Иванов Пётр", other)


@given(NAMES, NAMES)
def test_it_does_not_matter_who_is_asked_about_whom(one, other):
    assert may_be_one_name(one, other) == may_be_one_name(other, one)
    assert may_be_one_name(one, one)


def test_lists_share_an_element_or_nothing():
    assert share_one(["1", "2"], ("2", "3"))
    assert not share_one(["1"], ["2"])
    assert not share_one(None, [""])
