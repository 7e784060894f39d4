"""Money is `Decimal` from the first byte. Floats are refused, rounding happens once, at a named place."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import BeforeValidator

_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}
"""Minor digits of the currencies that do not have two (ISO 4217)."""


def exact(value: object) -> object:
    """Refuse a float: by the time it is one, cents may already be lost."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise ValueError(f"expected a decimal number, got {type(value).__name__} {value!r}")
    return value


Amount = Annotated[Decimal, BeforeValidator(exact)]
"""A decimal number that was never a float: money, price, quantity or rate."""


def currency_digits(currency: str) -> int:
    """Number of minor digits of an ISO 4217 currency, e.g. 2 for CNY, 0 for JPY."""
    return _DIGITS.get(currency, 2)


def round_half_up(amount: Decimal, digits: int) -> Decimal:
    """Round to `digits` decimals, halves away from zero: the commercial rule Kingdee uses for amounts."""
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def allocate(total: Decimal, weights: Sequence[Decimal], digits: int) -> list[Decimal]:
    """Split `total` over lines in proportion to `weights` so that the parts add up to it exactly.

    Largest remainder: each part is cut to `digits` decimals towards zero, then the units that are left go to the
    largest remainders, the first line winning a tie. Without any weight the split is even.

    Raises:
        ValueError: no line to take the amount, a negative weight, or a total finer than `digits`.
    """
    if not weights:
        raise ValueError("cannot split an amount over no lines")
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    unit = Decimal(1).scaleb(-digits)
    if total != total.quantize(unit):
        raise ValueError(f"{total} has more than {digits} decimals")
    whole = sum(weights, Decimal(0))
    shares = list(weights) if whole else [Decimal(1)] * len(weights)
    whole = whole or Decimal(len(weights))
    exact_parts = [total * share / whole for share in shares]
    parts = [part.quantize(unit, rounding=ROUND_DOWN) for part in exact_parts]
    left = int((total - sum(parts, Decimal(0))) / unit)
    step = unit if left >= 0 else -unit
    by_remainder = sorted(range(len(parts)), key=lambda i: -abs(exact_parts[i] - parts[i]))
    for i in by_remainder[: abs(left)]:
        parts[i] += step
    return parts
