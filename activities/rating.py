"""The rate a document is booked at: of which day, how it is kept, when it stands for good (requirement F04)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel

from activities.entries import JournalRow, entry_of
from activities.subject import value_at
from domain.conversions import SHANGHAI
from domain.exchanges import Exchange
from domain.journal import DocumentChange, DocumentRecord, Outcome, Step
from domain.rates import Rate
from flows.catalogue import Scheme

_FRIDAY, _SATURDAY = 4, 5
FUNCTIONAL = "CNY"
"""The currency the books are kept in."""


def rate_day(scheme: Scheme, document: BaseModel) -> date | None:
    """The day, in China, whose central parity values the document; None when the source does not tell it."""
    day = value_at(document, scheme.flow.rate.day)
    if isinstance(day, datetime):
        return day.astimezone(SHANGHAI).date()
    return day if isinstance(day, date) else None


def functional_rate(day: date) -> Rate:
    """One is one."""
    return Rate(currency=FUNCTIONAL, value=Decimal(1), day=day, source="functional", source_date=day, official=True)


def is_settled(rate: Rate, day: date, today: date) -> bool:
    """Whether nothing newer can come out for that day: it is the day's own, or the last before a weekend that is over.

    The eve of a holiday looks the same as a source that lags, so it is asked for again each time.
    """
    weekend = day.weekday() >= _SATURDAY and day < today and (day - rate.source_date).days <= day.weekday() - _FRIDAY
    return rate.source_date == day or weekend


def rate_row(record: DocumentRecord, rate: Rate, attempt: int = 1, exchanges: Sequence[Exchange] = ()) -> JournalRow:
    """The rate with its source and date, put on the document's record."""
    entry = entry_of(
        record,
        Step.RATE,
        Outcome.DONE,
        f"{rate.currency} 汇率 {rate.value}（{rate.source}，{rate.source_date}）",
        f"{rate.currency} at {rate.value} ({rate.source}, {rate.source_date})",
        attempt=attempt,
    )
    return JournalRow(entry, DocumentChange(rate=rate.model_dump_json()), exchanges)


def rate_of(record: DocumentRecord) -> Rate | None:
    """The rate on the document's record."""
    return Rate.model_validate_json(record.rate) if record.rate else None
