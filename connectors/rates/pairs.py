"""The 25 pairs of the central parity and what their published numbers mean (exchange-rates.md section 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

FUNCTIONAL_CURRENCY = "CNY"

SIGNIFICANT_DIGITS = 16
"""Digits kept where a rate has to be divided out; only the amount is rounded to money."""

_EXACT = Context(prec=SIGNIFICANT_DIGITS, rounding=ROUND_HALF_EVEN)
_LABEL = re.compile(r"([0-9]*)([A-Z]{3})/([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Pair:
    """`unit` of `base` cost so many of `quote`. One of the two is CNY."""

    base: str
    quote: str
    unit: int = 1

    @classmethod
    def parse(cls, label: str) -> Pair:
        """The pair of a publisher's label, e.g. ``100JPY/CNY``.

        Raises:
            ValueError: not such a label, or not exactly one side is CNY.
        """
        match = _LABEL.fullmatch(label)
        if match is None:
            raise ValueError(f"not a currency pair: {label!r}")
        digits, base, quote = match.groups()
        unit = int(digits or 1)
        if unit == 0 or (base == FUNCTIONAL_CURRENCY) == (quote == FUNCTIONAL_CURRENCY):
            raise ValueError(f"not a pair with {FUNCTIONAL_CURRENCY}: {label!r}")
        return cls(base, quote, unit)

    @property
    def is_direct(self) -> bool:
        """True when the number is CNY per foreign unit."""
        return self.quote == FUNCTIONAL_CURRENCY

    @property
    def currency(self) -> str:
        """The foreign side."""
        return self.base if self.is_direct else self.quote

    def cny_per_unit(self, published: Decimal) -> Decimal:
        """CNY per one unit of the foreign currency; exact where the pair is direct, else `SIGNIFICANT_DIGITS`."""
        if self.is_direct:
            return _EXACT.divide(published, Decimal(self.unit))
        return _EXACT.divide(Decimal(self.unit), published)


CENTRAL_PARITY_PAIRS = tuple(
    Pair.parse(label)
    for label in (
        "USD/CNY",
        "EUR/CNY",
        "100JPY/CNY",
        "HKD/CNY",
        "GBP/CNY",
        "AUD/CNY",
        "NZD/CNY",
        "SGD/CNY",
        "CHF/CNY",
        "CAD/CNY",
        "CNY/MOP",
        "CNY/MYR",
        "CNY/RUB",
        "CNY/ZAR",
        "CNY/KRW",
        "CNY/AED",
        "CNY/SAR",
        "CNY/HUF",
        "CNY/PLN",
        "CNY/DKK",
        "CNY/SEK",
        "CNY/NOK",
        "CNY/TRY",
        "CNY/MXN",
        "CNY/THB",
    )
)
"""In the publisher's order, which is also the column order of SAFE."""

CENTRAL_PARITY_CURRENCIES = frozenset(pair.currency for pair in CENTRAL_PARITY_PAIRS)

YOUNGEST_CURRENCY = "MOP"
"""Joined last; old lists have 24 pairs without it."""
