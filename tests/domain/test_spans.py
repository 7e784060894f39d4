"""However a span is divided, its parts are the whole: no moment is in none of them, and none in two."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.spans import Span, day_at, halves, next_day, span_of

steady = settings(derandomize=True, database=None, deadline=None, max_examples=100)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
SPANS = st.builds(lambda begin, seconds: Span(begin=begin, end=begin + timedelta(seconds=seconds)),
                  MOMENTS, st.integers(1, 400_000))  # fmt: skip


def test_days_are_those_of_china() -> None:
    span = span_of(date(2026, 9, 1), date(2026, 9, 2))
    assert span.begin == datetime(2026, 8, 31, 16, tzinfo=UTC)
    assert span.end == datetime(2026, 9, 2, 16, tzinfo=UTC)
    assert (day_at(span.begin), day_at(span.end - timedelta(seconds=1))) == (date(2026, 9, 1), date(2026, 9, 2))
    assert span.seconds == 2 * 86_400


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-09-01 is before 2026-09-02"):
        span_of(date(2026, 9, 2), date(2026, 9, 1))


@steady
@given(SPANS)
def test_day_by_day_is_the_whole(span: Span) -> None:
    days: list[Span] = []
    left: Span | None = span
    while left is not None:
        day, left = next_day(left)
        days.append(day)
    assert (days[0].begin, days[-1].end) == (span.begin, span.end)
    assert all(one.end == two.begin for one, two in pairwise(days))
    assert all(day.begin < day.end for day in days)
    assert all(day_at(day.begin) == day_at(day.end - timedelta(seconds=1)) for day in days)
    assert len({day_at(day.begin) for day in days}) == len(days)


@steady
@given(SPANS)
def test_halves_are_the_whole_down_to_single_seconds(span: Span) -> None:
    parts = halves(span)
    if parts is None:
        assert span.seconds == 1
        return
    first, second = parts
    assert (first.begin, first.end, second.end) == (span.begin, second.begin, span.end)
    assert abs(first.seconds - second.seconds) <= 1
    assert min(first.seconds, second.seconds) >= 1
