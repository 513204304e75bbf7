from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from obmen.formats.commerceml.errors import Findings
from obmen.formats.commerceml.values import (
    Keys,
    Names,
    Numbers,
    decimal_separator,
    is_true,
    key,
    meaningful,
    moment,
    number,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("377", "377"),
        ("1,4", "1.4"),
        ("1.0000", "1"),
        ("1990.00", "1990"),
        ("231.7400", "231.74"),
        ("14\u00a0240", "14240"),
        ("14\u202f240,50", "14240.5"),
        ("14\u2009240", "14240"),
        (" 14 240 ", "14240"),
        ("-2", "-2"),
        ("−2,5", "-2.5"),
        ("- 2", "-2"),
        ("+3", "3"),
        ("007", "7"),
        ("0", "0"),
        ("0,000", "0"),
        ("-0", "0"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1E3", "1000"),
        ("1.5e-3", "0.0015"),
        ("", ""),
        ("\u00a0", ""),
        ("-999 999 999,9", ""),
        ("-999999999.9", ""),
        ("1,234.50", None),
        ("1.2.3", None),
        ("1,2,3", None),
        ("много", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999999999", None),
        ("٣", None),
        ("--1", None),
        (".", None),
        ("9" * 100, None),
    ],
)
def test_numbers_are_written_plainly(text, plain):
    assert plain == number(text)


@pytest.mark.parametrize(
    ("text", "separator", "plain"),
    [
        ("1,234.50", ".", "1234.5"),
        ("1,234", ".", "1234"),
        ("1,5", ".", "1.5"),
        ("1.234,50", ",", "1234.5"),
        ("1.234", ",", "1234"),
        ("1.5", ",", "1.5"),
        ("12-50", "-", "12.5"),
    ],
)
def test_the_separator_of_the_sender_is_honoured(text, separator, plain):
    assert plain == number(text, separator)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**8), max_value=10**12))
def test_any_decimal_survives_every_way_of_writing_it(value: Decimal):
    grouped = f"{value:,.4f}".replace(",", "\u00a0").replace(".", ",")

    for text in (str(value), f"{value:.4f}", grouped, f" {value:.4f} "):
        plain = number(text)
        assert value == Decimal(plain)
        assert "E" not in plain
        assert not ("." in plain and plain.endswith(("0", ".")))
        assert plain == number(plain)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_is_not(text: str):
    plain = number(text)

    assert plain is None or plain == "" or Decimal(plain).is_finite()


def test_a_bad_number_is_counted_each_time():
    findings = Findings()
    numbers = Numbers(None, findings)

    assert (numbers["x"], numbers["x"], numbers["1,5"], numbers[UNSET]) == (UNSET, UNSET, "1.5", UNSET)
    assert findings.report()[0].count == 2


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("796 ", "796"),
        ("{BD72D8F9-55BC-11D9-848A-00112F43529A}", "bd72d8f9-55bc-11d9-848a-00112f43529a"),
        ("BD72D8F9-55BC-11D9-848A-00112F43529A#B02E2814-720F-11DF-B436-0015E92F2802",
         "bd72d8f9-55bc-11d9-848a-00112f43529a#b02e2814-720f-11df-b436-0015e92f2802"),
        ("ORDER_DELIVERY", "ORDER_DELIVERY"),
        ("BASE", "BASE"),
        (" #", "#"),
        ("", ""),
    ],
)  # fmt: skip
def test_keys_are_trimmed_and_guids_made_alike(text, plain):
    assert plain == key(text)
    assert plain == Keys()[text]


def test_names_lose_their_namespace():
    names = Names()

    assert (names["{urn:1C.ru:commerceml_3}Ид"], names["Ид"], names["{urn:1C.ru:commerceml_3}Ид"]) == (
        "Ид",
        "Ид",
        "Ид",
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-999 999 999,9", ""),
        ("-999999999.9", ""),
        (" 1,4 ", "1,4"),
        ("-5", "-5"),
        ("-", "-"),
        ("- слово", "- слово"),
    ],
)
def test_placeholders_mean_nothing(text, value):
    assert value == meaningful(text)


@pytest.mark.parametrize(
    ("text", "flag"),
    [("true", True), (" Истина ", True), ("1", True), ("false", False), ("", False), ("нет", False)],
)
def test_flags_are_read_in_every_spelling(text, flag):
    assert flag is is_true(text)


@pytest.mark.parametrize(
    ("text", "separator"),
    [("ЧЦ=18; ЧДЦ=2; ЧРД=.", "."), ("ЧЦ=18; ЧРД=','", ","), ("ЧЦ=18", None), ("", None), ("ЧРД=", None)],
)
def test_the_separator_is_read_from_the_number_format(text, separator):
    assert separator == decimal_separator(text)


@pytest.mark.parametrize("text", ["2015-06-29T17:32:27", "12.02.2021 09:11:04", "2007-10-16 15:44:47"])
def test_moments_of_requisites_are_read(text):
    assert moment(text) is not None
