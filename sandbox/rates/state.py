"""What the rate simulators know and how they are told to misbehave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sandbox.faults import Faults
from sandbox.http import CallCounter
from sandbox.rates.data import LABELS, MISSING, PUBLISHED, Values

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRANKFURT = ZoneInfo("Europe/Berlin")
PUBLISHED_AT = time(9, 15)
"""CFETS publishes at this Shanghai time (section 1)."""
FIXED_AT = time(16)
"""The ECB fixes at this Frankfurt time (section 7)."""


class Site(StrEnum):
    """A publisher that can be switched off."""

    CHINAMONEY = "chinamoney"
    SAFE = "safe"
    FRANKFURTER = "frankfurter"


class Refusal(StrEnum):
    """How a reply without records looks; observers disagree (section 4)."""

    RECORDS_ABSENT = "records_absent"
    RECORDS_EMPTY = "records_empty"


class RatesState:
    """Publications, clock and switches of all three sites.

    Attributes:
        publications: what is or will be published, by day; each appears at 09:15 +08:00 of its day.
        refusal: how `CcprHisNew` refuses a span of a year or more.
        largest_page: above this `pageSize` `CcprHisNew` answers without records.
        down: sites that answer every call with HTTP 503.
    """

    def __init__(self, publications: Mapping[date, Mapping[str, str]] = PUBLISHED, *, seed: int = 0) -> None:
        self.publications: dict[date, Values] = {day: dict(values) for day, values in publications.items()}
        self.refusal = Refusal.RECORDS_ABSENT
        self.largest_page = 50
        self.down: set[Site] = set()
        self.faults = Faults(seed)
        self.calls = CallCounter()
        self._now: datetime | None = None

    @property
    def now(self) -> datetime:
        """The simulators' time: the one that was set, else the real one."""
        return self._now or datetime.now(UTC)

    def set_clock(self, now: datetime | None) -> None:
        """Stop the clock at an aware time; None lets it run with the real one."""
        if now is not None and now.tzinfo is None:
            raise ValueError("the clock needs a time zone")
        self._now = now

    def publish(self, day: date, values: Mapping[str, str]) -> None:
        """Add or replace a day. Pairs not given get no value.

        Raises:
            ValueError: a label that is none of the 25.
        """
        if unknown := values.keys() - set(LABELS):
            raise ValueError(f"no such pair: {', '.join(sorted(unknown))}")
        self.publications[day] = {label: values.get(label, MISSING) for label in LABELS}

    def published(self, first: date = date.min, last: date = date.max) -> dict[date, Values]:
        """What is out by now for the days from `first` to `last`, newest first."""
        return self._out(PUBLISHED_AT, SHANGHAI, first, last)

    def fixed(self, first: date = date.min, last: date = date.max) -> dict[date, Values]:
        """The same for days whose ECB fixing is out by now; the numbers are still the central parities."""
        return self._out(FIXED_AT, FRANKFURT, first, last)

    def _out(self, at: time, zone: ZoneInfo, first: date, last: date) -> dict[date, Values]:
        now = self.now
        return {
            day: self.publications[day]
            for day in sorted(self.publications, reverse=True)
            if first <= day <= last and datetime.combine(day, at, zone) <= now
        }


def is_year_or_more(first: date, last: date) -> bool:
    """Whether a span reaches the same calendar day of the next year (section 4: such a span is refused)."""
    try:
        anniversary = first.replace(year=first.year + 1)
    except ValueError:  # 29 February
        anniversary = first + timedelta(days=366)
    return last >= anniversary
