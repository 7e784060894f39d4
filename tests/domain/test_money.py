"""Money adds up: every split to the cent, every rounding at the half, and no float anywhere."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from domain.money import Amount, allocate, currency_digits, exact, round_half_up

steady = settings(derandomize=True, database=None, deadline=None, max_examples=100)
DIGITS = st.integers(0, 4)
WEIGHTS = st.lists(st.decimals(min_value=0, max_value=10**6, places=3), min_size=1, max_size=12)


@st.composite
def splits(draw: st.DrawFn) -> tuple[Decimal, list[Decimal], int]:
    digits = draw(DIGITS)
    total = Decimal(draw(st.integers(-(10**9), 10**9))).scaleb(-digits)
    return total, draw(WEIGHTS), digits


@steady
@given(splits())
def test_the_parts_add_up_exactly(split: tuple[Decimal, list[Decimal], int]) -> None:
    total, weights, digits = split
    parts = allocate(total, weights, digits)
    assert len(parts) == len(weights)
    assert sum(parts, Decimal(0)) == total
    assert all(part == round_half_up(part, digits) for part in parts)


@steady
@given(splits())
def test_each_part_is_its_fair_share_by_the_largest_remainder(split: tuple[Decimal, list[Decimal], int]) -> None:
    """Reckoned again in whole units with exact fractions."""
    total, weights, digits = split
    units = int(total.scaleb(digits))
    shares = [Fraction(w) for w in weights] if any(weights) else [Fraction(1)] * len(weights)
    fair = [abs(units) * share / sum(shares) for share in shares]
    whole = [floor(part) for part in fair]
    left = abs(units) - sum(whole)
    lucky = sorted(range(len(fair)), key=lambda i: (whole[i] - fair[i], i))[:left]
    expected = [(part + (i in lucky)) * (1 if units >= 0 else -1) for i, part in enumerate(whole)]
    assert [int(part.scaleb(digits)) for part in allocate(total, weights, digits)] == expected


@steady
@given(splits())
def test_a_credit_is_split_like_its_debit(split: tuple[Decimal, list[Decimal], int]) -> None:
    total, weights, digits = split
    assert allocate(-total, weights, digits) == [-part for part in allocate(total, weights, digits)]


@pytest.mark.parametrize(
    ("total", "weights", "digits", "parts"),
    [
        ("10.00", "1 1 1", 2, "3.34 3.33 3.33"),  # the first line wins a tie
        ("-10.00", "1 1 1", 2, "-3.34 -3.33 -3.33"),
        ("0.05", "1 1 1", 2, "0.02 0.02 0.01"),
        ("100", "1 2", 0, "33 67"),
        ("10.00", "3 0 1", 2, "7.50 0.00 2.50"),  # nothing for a line that weighs nothing
        ("0.01", "0 1", 2, "0.00 0.01"),
        ("10.00", "0 0 0", 2, "3.34 3.33 3.33"),  # no weight at all: evenly
        ("0.00", "5 7", 2, "0.00 0.00"),
        ("0.001", "1 1", 3, "0.001 0.000"),
        ("1E+1", "1", 2, "10.00"),
        ("9.99", "0.1 0.2 0.7", 2, "1.00 2.00 6.99"),
    ],
)
def test_allocate(total: str, weights: str, digits: int, parts: str) -> None:
    split = allocate(Decimal(total), [Decimal(w) for w in weights.split()], digits)
    assert [str(part) for part in split] == parts.split()


@pytest.mark.parametrize(
    ("total", "weights", "digits", "complaint"),
    [
        ("1.00", "", 2, "over no lines"),
        ("1.00", "1 -0.01", 2, "negative"),
        ("1.005", "1", 2, "1.005 has more than 2 decimals"),
        ("0.5", "1 1", 0, "0.5 has more than 0 decimals"),
    ],
)
def test_allocate_refuses(total: str, weights: str, digits: int, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        allocate(Decimal(total), [Decimal(w) for w in weights.split()], digits)


@pytest.mark.parametrize(
    ("amount", "digits", "rounded"),
    [
        ("0.005", 2, "0.01"),
        ("0.015", 2, "0.02"),
        ("0.025", 2, "0.03"),  # bankers would say 0.02
        ("-0.005", 2, "-0.01"),  # away from zero
        ("-0.025", 2, "-0.03"),
        ("0.00499999", 2, "0.00"),
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("1.2345", 3, "1.235"),
        ("7", 2, "7.00"),
    ],
)
def test_round_half_up(amount: str, digits: int, rounded: str) -> None:
    assert str(round_half_up(Decimal(amount), digits)) == rounded


@steady
@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6), DIGITS)
def test_rounding_is_the_nearest_and_settles(amount: Decimal, digits: int) -> None:
    rounded = round_half_up(amount, digits)
    assert abs(rounded - amount) * 2 <= Decimal(1).scaleb(-digits)
    assert round_half_up(rounded, digits) == rounded
    assert round_half_up(-amount, digits) == -rounded


@pytest.mark.parametrize(
    ("currencies", "digits"), [("CNY USD EUR HKD XXX", 2), ("JPY KRW VND CLP ISK", 0), ("BHD KWD OMR JOD TND", 3)]
)
def test_currency_digits(currencies: str, digits: int) -> None:
    assert {currency: currency_digits(currency) for currency in currencies.split()} == dict.fromkeys(
        currencies.split(), digits
    )


class Priced(BaseModel):
    price: Amount


@pytest.mark.parametrize("value", [Decimal("0.10"), 3, "19.90", "-1", Decimal("1E+2")])
def test_an_amount_takes_what_is_exact(value: object) -> None:
    assert exact(value) is value
    assert Priced.model_validate({"price": value}).price == Decimal(str(value))


@pytest.mark.parametrize("value", [0.1, 1.0, float("nan"), True, False, None, [1]])
def test_an_amount_refuses_what_may_have_lost_cents(value: object) -> None:
    with pytest.raises(ValueError, match=f"expected a decimal number, got {type(value).__name__}"):
        exact(value)
    with pytest.raises(ValidationError):
        Priced.model_validate({"price": value})


@pytest.mark.parametrize("value", ["", "1,000.00", "NaN", "Infinity", "12 元"])
def test_an_amount_refuses_text_that_is_no_number(value: str) -> None:
    with pytest.raises(ValidationError):
        Priced.model_validate({"price": value})
