"""Which writes of a document nobody has answered, by its journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activities.unanswered import unanswered_since
from domain.documents import DocumentKey
from domain.journal import JournalEntry, Outcome, Step, TimelineRow

START = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
KEY = DocumentKey(flow="sales_outbound", connection="main", number="1")
BEGUN, FAILED, HELD, DONE = Outcome.BEGUN, Outcome.FAILED, Outcome.HELD, Outcome.DONE


def journal(*steps: Outcome | tuple[Step, Outcome]) -> list[TimelineRow]:
    """One row a minute."""
    rows = []
    for minute, given in enumerate(steps):
        step, outcome = given if isinstance(given, tuple) else (Step.POST, given)
        entry = JournalEntry(key=KEY, step=step, outcome=outcome, version="v1", zh="…", en="…")
        rows.append(TimelineRow(at=START + timedelta(minutes=minute), entry=entry))
    return rows


@pytest.mark.parametrize(
    ("steps", "minute"),
    [
        ((), None),
        ((BEGUN,), 0),
        ((BEGUN, DONE), None),
        ((BEGUN, HELD), None),
        ((BEGUN, FAILED), 1),
        ((FAILED,), 0),
        ((BEGUN, FAILED, BEGUN, DONE), None),  # the number is taken now, by whichever of the two
        ((BEGUN, FAILED, BEGUN, HELD), 1),  # the second was refused, the first may still come
        ((BEGUN, BEGUN, HELD), 0),  # the worker of the first one died
        ((BEGUN, FAILED, BEGUN), 2),
        ((BEGUN, DONE, (Step.REVERSE, DONE)), None),
        ((BEGUN, DONE, (Step.REVERSE, FAILED)), None),
        ((BEGUN, DONE, (Step.REVERSE, DONE), BEGUN, FAILED, (Step.HOLD, HELD)), 4),
    ],
)
def test_since_when(steps: tuple[Outcome | tuple[Step, Outcome], ...], minute: int | None) -> None:
    expected = None if minute is None else START + timedelta(minutes=minute)
    assert unanswered_since(journal(*steps)) == expected


@pytest.mark.parametrize(
    ("steps", "minute"), [((BEGUN,), None), ((BEGUN, FAILED, BEGUN), 1), ((BEGUN, BEGUN), 0), ((FAILED, BEGUN), 0)]
)
def test_the_last_try_has_just_been_answered(steps: tuple[Outcome, ...], minute: int | None) -> None:
    expected = None if minute is None else START + timedelta(minutes=minute)
    assert unanswered_since(journal(*steps), answered=True) == expected
