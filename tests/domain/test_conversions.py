"""Named conversions, each to the letter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from domain.conversions import CONVERSIONS, SHANGHAI, ConversionError


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("day", datetime(2026, 9, 1, 15, 59, 59, tzinfo=UTC), "2026-09-01"),
        ("day", datetime(2026, 9, 1, 16, 0, tzinfo=UTC), "2026-09-02"),  # midnight in China
        ("day", datetime(2026, 9, 1, 0, 0, tzinfo=SHANGHAI), "2026-09-01"),
        ("day", datetime(2026, 12, 31, 23, 0, tzinfo=timezone(timedelta(hours=-5))), "2027-01-01"),
        ("day", date(2026, 2, 28), "2026-02-28"),
        ("text", 10203, "10203"),
        ("text", Decimal("1.50"), "1.50"),
        ("text", "老店", "老店"),
        ("is_zero", Decimal("0.00"), True),
        ("is_zero", 0, True),
        ("is_zero", Decimal("-0"), True),
        ("is_zero", Decimal("0.0001"), False),
        ("is_zero", -1, False),
    ],
)
def test_conversion(name: str, value: Any, result: Any) -> None:
    converted = CONVERSIONS[name](value)
    assert (converted, type(converted)) == (result, type(result))


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("day", datetime(2026, 9, 1, 12, 0), "expected a time with a zone, got 2026-09-01T12:00:00"),  # noqa: DTZ001
        ("day", "2026-09-01", "expected a date, got '2026-09-01'"),
        ("day", 20260901, "expected a date, got 20260901"),
        ("is_zero", "0", "expected a number, got '0'"),
        ("is_zero", 0.0, "expected a number, got 0.0"),
    ],
)
def test_a_value_that_cannot_be_taken(name: str, value: Any, complaint: str) -> None:
    with pytest.raises(ConversionError, match=complaint):
        CONVERSIONS[name](value)
