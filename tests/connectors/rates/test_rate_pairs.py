from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.rates.pairs import CENTRAL_PARITY_CURRENCIES, CENTRAL_PARITY_PAIRS, Pair
from connectors.rates.safe import as_cfets
from domain.money import round_half_up
from sandbox.rates.data import LABELS, PUBLISHED
from sandbox.rates.safe import in_hundreds

LABEL_OF = {Pair.parse(label).currency: label for label in LABELS}

published_numbers = st.decimals(min_value="0.0001", max_value="99999", places=5)
labels = st.sampled_from(LABELS)


def test_the_pairs_are_the_publishers() -> None:
    assert tuple(Pair.parse(label) for label in LABELS) == CENTRAL_PARITY_PAIRS
    assert len(CENTRAL_PARITY_CURRENCIES) == 25


@pytest.mark.parametrize(
    ("amount", "currency", "cny"),
    [
        ("100", "USD", "677.87"),
        ("10000", "JPY", "431.35"),
        ("100", "HKD", "86.46"),
        ("1000000", "KRW", "4948.78"),
        ("100", "MYR", "167.27"),
        ("100", "THB", "20.44"),
        ("100", "TRY", "13.94"),
    ],
)
def test_worked_conversions(amount: str, currency: str, cny: str) -> None:
    label = LABEL_OF[currency]
    rate = Pair.parse(label).cny_per_unit(Decimal(PUBLISHED[date(2026, 9, 4)][label]))
    assert round_half_up(Decimal(amount) * rate, 2) == Decimal(cny)


@pytest.mark.parametrize(
    ("label", "published", "rate"),
    [
        ("100JPY/CNY", "4.3135", "0.043135"),
        ("CNY/KRW", "202.07", "0.0049487801"),
        ("CNY/MYR", "0.59784", "1.6726883447"),
        ("CNY/THB", "4.8918", "0.2044237295"),
        ("CNY/TRY", "7.17587", "0.1393559248"),
    ],
)
def test_worked_rates(label: str, published: str, rate: str) -> None:
    assert round_half_up(Pair.parse(label).cny_per_unit(Decimal(published)), 10) == Decimal(rate)


@given(label=labels, published=published_numbers)
def test_a_rate_leads_back_to_the_published_number(label: str, published: Decimal) -> None:
    pair = Pair.parse(label)
    rate = pair.cny_per_unit(published)
    back = rate * pair.unit if pair.is_direct else pair.unit / rate
    assert abs(back / published - 1) < Decimal("1e-15")


@given(label=labels.filter(lambda label: label.endswith("/CNY")), published=published_numbers)
def test_a_direct_rate_is_exact(label: str, published: Decimal) -> None:
    pair = Pair.parse(label)
    assert pair.cny_per_unit(published) * pair.unit == published


@given(label=labels, low=published_numbers, high=published_numbers)
def test_direct_rates_rise_and_indirect_rates_fall_with_the_number(label: str, low: Decimal, high: Decimal) -> None:
    pair = Pair.parse(label)
    low, high = sorted((low, high))
    first, second = pair.cny_per_unit(low), pair.cny_per_unit(high)
    assert first <= second if pair.is_direct else first >= second


@given(label=labels, published=published_numbers)
def test_safes_unit_and_back(label: str, published: Decimal) -> None:
    assert as_cfets(Pair.parse(label), Decimal(in_hundreds(label, f"{published:f}"))) == published


@pytest.mark.parametrize(
    "label", ["USD", "USDCNY", "usd/CNY", "0USD/CNY", "USD/EUR", "CNY/CNY", "USD/100CNY", "１USD/CNY"]
)
def test_not_a_pair(label: str) -> None:
    with pytest.raises(ValueError, match="pair"):
        Pair.parse(label)
