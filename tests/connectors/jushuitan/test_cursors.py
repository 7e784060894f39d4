"""How far a feed has been read: row versions, and what becomes visible late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.jushuitan.cursors import Feed, Mark, Position

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
OVERLAP = 300
INTERVAL = 60


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def feed(*marks: tuple[int, int]) -> Feed:
    return Feed(marks=tuple(Mark(at=at(seconds), ts=ts) for seconds, ts in marks))


def marks(read: Feed) -> list[tuple[int, int]]:
    return [(round((mark.at - NOON).total_seconds()), mark.ts) for mark in read.marks]


@pytest.mark.parametrize(
    ("seen", "start"),
    [
        ([], None),
        ([(0, 10)], None),  # nothing is old enough yet: a window of time is read
        ([(0, 10), (60, 20), (299, 30)], None),
        ([(0, 10), (60, 20), (300, 30)], 10),  # just old enough
        ([(0, 10), (60, 20), (360, 30)], 20),
        ([(0, 10), (60, 20), (9000, 30)], 20),
    ],
)
def test_a_poll_starts_where_one_long_enough_before_the_latest_had_got_to(
    seen: Sequence[tuple[int, int]], start: int | None
) -> None:
    assert feed(*seen).start(OVERLAP) == start


def test_a_window_reaches_back_over_the_first_mark_but_not_behind_the_beginning() -> None:
    assert Feed().window_start(OVERLAP, at(-900)) == at(-900)
    assert feed((0, 10), (60, 20)).window_start(OVERLAP, at(-900)) == at(-OVERLAP)
    assert feed((0, 10)).window_start(OVERLAP, at(-30)) == at(-30)


def test_a_poll_that_read_late_counts_from_its_last_page_to_the_next_ones_first() -> None:
    """Tried again for ten minutes, it has row versions given out a moment ago, and rows of theirs still come late."""
    late = feed((0, 10)).after(at(60), at(660), OVERLAP, 20)
    assert late.after(at(720), at(721), OVERLAP, 30).start(OVERLAP) == 10
    assert late.after(at(960), at(961), OVERLAP, 30).start(OVERLAP) == 20
    # The first page counts, at the poll's upper bound or later, however long it went on reading.
    assert late.after(at(720), at(3000), OVERLAP, 30).start(OVERLAP) == 10


def test_a_window_reaches_back_to_the_upper_bound_of_the_first_poll_however_late_it_read() -> None:
    assert Feed().after(at(0), at(9000), OVERLAP, 10).window_start(OVERLAP, at(-900)) == at(-OVERLAP)


def test_nothing_ever_seen_leaves_no_mark() -> None:
    assert Feed().after(at(0), at(0), OVERLAP, None) == Feed()


@pytest.mark.parametrize(
    ("before", "now", "seen", "after"),
    [
        ([], 0, 10, [(0, 10)]),
        ([(0, 10)], 60, 20, [(0, 10), (60, 20)]),
        ([(0, 10)], 60, None, [(0, 10), (60, 10)]),  # nothing new is known too
        ([(0, 10)], 60, 7, [(0, 10), (60, 10)]),  # never backwards
        ([(0, 10), (60, 20), (120, 30)], 361, 40, [(60, 20), (120, 30), (361, 40)]),  # the newest old one stays
        ([(0, 10), (60, 20)], 9000, 30, [(60, 20), (9000, 30)]),
    ],
)
def test_a_poll_is_remembered_and_what_is_too_old_forgotten(
    before: Sequence[tuple[int, int]], now: int, seen: int | None, after: list[tuple[int, int]]
) -> None:
    assert marks(feed(*before).after(at(now), at(now), OVERLAP, seen)) == after


def test_marks_do_not_pile_up() -> None:
    read = Feed()
    for poll in range(500):
        read = read.after(at(poll * INTERVAL), at(poll * INTERVAL + 5), OVERLAP, poll)
        assert len(read.marks) <= OVERLAP // INTERVAL + 2


@dataclass(frozen=True)
class Row:
    """A row gets its version when it is written and shows up some time later."""

    written: int
    late: int


@dataclass(frozen=True)
class Poll:
    """A poll begins some time after the last one ended, reads its first page after a delay, and its last one later."""

    pause: int
    delay: int
    length: int


SELDOM_LONG = st.integers(0, 4).flatmap(lambda n: st.integers(0, 3 * OVERLAP) if n == 0 else st.integers(0, 5))
POLLS = st.lists(st.builds(Poll, st.integers(1, 3 * INTERVAL), SELDOM_LONG, SELDOM_LONG), min_size=10, max_size=40)
LATE = st.sampled_from((0, 0, 0, OVERLAP // 2, OVERLAP))
ROWS = st.lists(LATE, min_size=100, max_size=100).map(
    lambda late: [Row(written=number * INTERVAL // 2, late=late) for number, late in enumerate(late)]
)
QUICK = [Poll(INTERVAL, 0, 0)] * (3 * OVERLAP // INTERVAL)


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(ROWS, POLLS)
def test_no_row_is_passed_over(rows: list[Row], polls: list[Poll]) -> None:
    """However irregular and slow the polls, a row that shows up at most the overlap late is read."""
    read, seen, now = Feed(), set[int](), 0
    visible_at = {ts: row.written + row.late for ts, row in enumerate(rows, 1)}
    for poll in [*polls, Poll(rows[-1].written, 0, 0), *QUICK]:
        until = now + poll.pause
        first = until + poll.delay
        now = first + poll.length
        start = read.start(OVERLAP)
        if start is None:
            begin = (read.window_start(OVERLAP, at(0)) - NOON).total_seconds()
            page = [ts for ts, row in enumerate(rows, 1) if begin <= row.written <= until and visible_at[ts] <= first]
        else:
            page = [ts for ts in visible_at if ts >= start and visible_at[ts] <= first]
            page += [ts for ts in visible_at if ts > max(page, default=start) and visible_at[ts] <= now]
        seen.update(page)
        read = read.after(at(until), at(now), OVERLAP, max(page, default=None))
    assert seen == set(visible_at)


def test_a_position_is_kept_as_json() -> None:
    position = Position(feeds={"refund": feed((0, 10), (60, 2**40)), "received": Feed()})
    assert Position.model_validate_json(position.model_dump_json()) == position
    assert position.feed("refund").start(60) == 10
    assert position.feed("never read") == Feed()


def test_a_mark_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        Mark.model_validate({"at": "2026-09-01T12:00:00", "ts": 1})
