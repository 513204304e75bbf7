"""Money of an order to the kopeck, and the one spelling of its parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.model import BadValue
from obmen.model.order import inherit, normal_money, normal_part, pieces, round_kopecks, spread

kopecks = st.integers(0, 10_000_000).map(lambda n: Decimal(n) / 100)


def line(offer: int, quantity: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"offer": offer, "quantity": quantity, "sum": f"{amount} RUB", **more}


def money(*lines: dict[str, Any], total: str, delivery: str | None = None) -> dict[str, Any]:
    priced = {} if delivery is None else {"delivery": {"sum": f"{delivery} RUB"}}
    return {"currency": "RUB", "lines": [*lines], "total": f"{total} RUB", **priced}


def test_three_for_a_hundred_become_two_prices_a_kopeck_apart():
    assert pieces(Decimal(3), Decimal(100)) == [
        (Decimal(2), Decimal("33.33")),
        (Decimal(1), Decimal("33.34")),
    ]


def test_a_weighed_line_keeps_one_price_that_rounds_to_its_sum():
    [(quantity, price)] = pieces(Decimal("0.35"), Decimal("119.97"))

    assert round_kopecks(quantity * price) == Decimal("119.97")


@given(st.integers(1, 5000), kopecks)
def test_pieces_of_a_whole_quantity_multiply_to_exactly_the_sum(quantity: int, amount: Decimal):
    cut = pieces(Decimal(quantity), amount)

    assert sum(number * price for number, price in cut) == amount
    assert sum(number for number, _ in cut) == quantity
    assert all(number > 0 and price == round_kopecks(price) for number, price in cut)
    assert len(cut) <= 2


@given(st.integers(1, 50_000), kopecks)
def test_pieces_of_a_weighed_quantity_round_to_the_sum(grams: int, amount: Decimal):
    cut = pieces(Decimal(grams) / 1000, amount)

    assert round_kopecks(sum((number * price for number, price in cut), Decimal(0))) == amount


@given(st.integers(-1_000_000, 1_000_000), st.lists(kopecks, min_size=1, max_size=30))
def test_a_discount_spread_over_lines_adds_up_to_the_kopeck(discount: int, weights: list[Decimal]):
    amount = Decimal(discount) / 100
    shares = spread(amount, weights)

    assert sum(shares) == amount
    assert all(share == round_kopecks(share) for share in shares)
    if sum(weights):
        fair = [amount * weight / sum(weights) for weight in weights]
        assert all(abs(share - due) <= Decimal("0.01") for share, due in zip(shares, fair, strict=True))


@given(st.integers(1, 300), kopecks)
def test_pieces_of_a_line_read_back_are_the_line(quantity: int, amount: Decimal):
    whole = money(line(7, str(quantity), f"{amount:.2f}", vat="22"), total=f"{amount:.2f}")
    cut = money(
        *[line(7, str(q), f"{q * price:.2f}", vat="22") for q, price in pieces(Decimal(quantity), amount)],
        total=f"{amount:.2f}",
    )

    assert normal_money(cut) == normal_money(whole)


def test_a_gift_beside_a_bought_piece_stays_a_line_of_its_own():
    value = money(line(7, "1", "100.00"), line(7, "1", "0.00"), total="100.00")

    assert len(normal_money(value)["lines"]) == 2  # type: ignore[call-overload, arg-type, index]


@given(
    st.permutations([line(1, "1", "10.00"), line(2, "2", "5.00"), line(2, "1", "9.00"), line(3, "1", "1.00")])
)
def test_the_order_of_lines_means_nothing(lines: list[dict[str, Any]]):
    assert normal_money(money(*lines, total="25.00")) == normal_money(
        money(*sorted(lines, key=str), total="25.00")
    )
    assert normal_part({"lines": lines}) == normal_part({"lines": sorted(lines, key=str)})


def test_lines_that_do_not_make_the_total_are_a_contradiction_with_both_sums():
    with pytest.raises(BadValue, match=r"450 ≠ 440 RUB"):
        normal_money(money(line(1, "1", "100.00"), total="440.00", delivery="350.00"))


def test_a_line_in_another_currency_is_a_contradiction():
    with pytest.raises(BadValue, match=r"USD ≠ RUB"):
        normal_money(
            {"currency": "RUB", "lines": [line(1, "1", "1") | {"sum": "1.00 USD"}], "total": "1.00 RUB"}
        )


def test_a_line_taken_from_a_system_that_knows_no_names_keeps_its_name():
    old = money(line(1, "2", "20.00", name="Сапоги", vat="20"), total="20.00")
    new = money(line(1, "3", "30.00", vat="20"), total="30.00")

    taken = inherit(old, new)

    assert taken == money(line(1, "3", "30.00", name="Сапоги", vat="20"), total="30.00")


def test_of_two_lines_of_one_offer_the_one_with_the_same_sum_lends_its_name():
    old = money(line(1, "1", "20.00", name="платный"), line(1, "1", "0.00", name="подарок"), total="20.00")

    taken = inherit(old, money(line(1, "1", "0.00"), line(1, "1", "20.00"), total="20.00"))

    assert [item["name"] for item in taken["lines"]] == ["подарок", "платный"]  # type: ignore[call-overload, index, union-attr]


def test_a_line_whose_sum_changed_does_not_keep_its_old_discount():
    old = money(line(1, "2", "18.00", discount="2.00 RUB"), total="18.00")

    taken = inherit(old, money(line(1, "1", "9.00"), total="9.00"))

    assert taken == money(line(1, "1", "9.00"), total="9.00")
