"""Exchange rates as the books need them: CNY per one unit, with source and date (requirement F04)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from domain.documents import Frozen
from domain.money import Amount

NOT_PUBLISHED = "not_published"
"""Fault code for: the day's own rate is still to come today."""


class Rate(Frozen):
    """The rate a document is booked at.

    Attributes:
        currency: ISO code of the document's currency.
        value: functional currency (CNY) per one unit of `currency`, at least 10 significant digits if indirect.
        day: the day it was asked for.
        source: e.g. ``central_parity``, ``safe``, ``frankfurter_cfets``.
        source_date: the day the publisher published it for (≤ `day`).
        official: True when it is the PBOC number.
    """

    currency: str
    value: Amount
    day: date
    source: str
    source_date: date
    official: bool


class RateSource(Protocol):
    """One publisher. Answers for all pairs of a day at once."""

    name: str

    async def rates(self, day: date) -> Mapping[str, Rate]:
        """The newest published rates with a date ≤ `day` and not older than 14 days, by currency.

        Raises `Fault`: transient when the source is down or answers nonsense; invalid (code ``no_publication``) when
        it has published nothing in that time.
        """
        ...
