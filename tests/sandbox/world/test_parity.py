"""The rate of the day, in both directions of quotation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sandbox.world.parity import central_parity


@pytest.mark.parametrize(
    ("currency", "day", "expected"),
    [
        ("USD", date(2026, 9, 4), "6.7787"),
        ("JPY", date(2026, 9, 4), "0.043135"),
        ("GBP", date(2026, 9, 1), "9.1431"),
        ("USD", date(2026, 9, 6), "6.7787"),
        ("CNY", date(1999, 1, 1), "1"),
    ],
)
def test_direct_quotes(currency: str, day: date, expected: str) -> None:
    assert central_parity(currency, day) == Decimal(expected)


def test_indirect_quotes() -> None:
    assert central_parity("KRW", date(2026, 9, 4)) == 1 / Decimal("202.07")


def test_sunday_takes_the_last_published() -> None:
    assert central_parity("USD", date(2026, 8, 30)) == central_parity("USD", date(2026, 8, 28))
    assert central_parity("USD", date(2026, 8, 30)) != central_parity("USD", date(2026, 8, 31))


@pytest.mark.parametrize(("currency", "day"), [("VND", date(2026, 9, 4)), ("USD", date(2000, 1, 1))])
def test_what_was_never_published(currency: str, day: date) -> None:
    with pytest.raises(LookupError, match=currency):
        central_parity(currency, day)
