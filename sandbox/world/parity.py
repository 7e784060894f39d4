"""The central parity a document is worth in the books: published values only, by the last-published rule."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from decimal import Decimal
from functools import cache

from sandbox.rates.data import MISSING, PUBLISHED, foreign_currency

FUNCTIONAL = "CNY"

_DAYS = sorted(PUBLISHED)


@cache
def central_parity(currency: str, day: date) -> Decimal:
    """CNY per one unit of `currency` on `day`, else of the last publishing day before it.

    Raises:
        LookupError: nothing was published for the currency by then.
    """
    if currency == FUNCTIONAL:
        return Decimal(1)
    for published in reversed(_DAYS[: bisect_right(_DAYS, day)]):
        for label, value in PUBLISHED[published].items():
            if foreign_currency(label) == currency and value != MISSING:
                return _per_unit(label, Decimal(value))
    raise LookupError(f"no central parity for {currency} by {day}")


def _per_unit(label: str, value: Decimal) -> Decimal:
    """``100JPY/CNY`` is CNY per 100 JPY; ``CNY/KRW`` is KRW per one CNY."""
    base, _ = label.split("/")
    unit = Decimal(base[:-3] or 1)
    return unit / value if base.endswith(FUNCTIONAL) else value / unit
