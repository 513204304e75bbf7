"""Values in their one spelling."""

from decimal import Decimal

import pytest

from obmen.model import BadValue, vat_percent, vat_rate


@pytest.mark.parametrize(
    ("written", "meant", "percent"),
    [
        ("22%", "22", 22),
        ("НДС 10", "10", 10),
        ("5,0", "5", 5),
        ("0", "0", 0),
        ("Без НДС", "none", 0),
        ("НДС 22/122", "22/122", 22),
        ("5/105", "5/105", 5),
    ],
)
def test_a_vat_rate_has_one_spelling_and_says_what_it_puts_on_top(written, meant, percent):
    assert vat_rate(written) == meant
    assert vat_percent(meant) == Decimal(percent)


@pytest.mark.parametrize("written", ["19", "22/120", "", "НДС"])
def test_there_is_no_other_vat_rate_and_no_default(written):
    with pytest.raises(BadValue, match="not a VAT rate"):
        vat_rate(written)
