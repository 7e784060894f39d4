"""Stretches of business time that are read as one window, and how a long one becomes shorter ones."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from pydantic import AwareDatetime

from domain.conversions import SHANGHAI
from domain.documents import Frozen

_SECOND = timedelta(seconds=1)
"""The finest a source tells times apart (jushuitan.md §7)."""


class Span(Frozen):
    """From `begin` on and before `end`."""

    begin: AwareDatetime
    end: AwareDatetime

    @property
    def seconds(self) -> int:
        """Its length."""
        return int((self.end - self.begin).total_seconds())


def span_of(first: date, last: date) -> Span:
    """All of these calendar days in China, both included. Raises ValueError when the last is before the first."""
    if last < first:
        raise ValueError(f"{last} is before {first}")
    return Span(begin=_midnight(first), end=_midnight(last + timedelta(days=1)))


def day_at(moment: datetime) -> date:
    """The calendar day in China of a moment."""
    return moment.astimezone(SHANGHAI).date()


def next_day(span: Span) -> tuple[Span, Span | None]:
    """The part of a span up to the end of its first day in China, and what is left."""
    midnight = _midnight(day_at(span.begin) + timedelta(days=1))
    if span.end <= midnight:
        return span, None
    return Span(begin=span.begin, end=midnight), Span(begin=midnight, end=span.end)


def halves(span: Span) -> tuple[Span, Span] | None:
    """A span as two, in whole seconds; None when it is too short for that."""
    middle = span.begin + timedelta(seconds=span.seconds // 2)
    if span.seconds < 2 * _SECOND.total_seconds():
        return None
    return Span(begin=span.begin, end=middle), Span(begin=middle, end=span.end)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)
