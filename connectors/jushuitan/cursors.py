"""How far a feed has been read, in the vendor's row versions (`ts`), with an overlap in time.

Row versions are given out before their transaction is visible, so reading on from the largest one seen can pass a row
that comes late (jushuitan.md §7). Each poll is therefore remembered with when it read and the largest version it saw,
and the next one starts from a poll old enough.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field

from domain.documents import Frozen

_FIRST = timedelta(days=1)
"""How far the first poll reaches back when the settings do not say."""


class Mark(Frozen):
    """Everything up to row version `ts` had been read when the poll of `at` stopped reading, at `read`.

    Attributes:
        at: upper bound of the poll; it began to read then or later, minutes later when it was tried again.
        read: None in a position that an older version of ours wrote; it meant `at` then.
    """

    at: AwareDatetime
    ts: int
    read: AwareDatetime | None = None

    @property
    def known_at(self) -> datetime:
        """When it was known for sure that row versions up to `ts` are given out."""
        return self.read or self.at


class Feed(Frozen):
    """The marks of one feed, oldest first. None of them yet: nothing has ever been seen."""

    marks: tuple[Mark, ...] = ()

    def start(self, overlap: int) -> int | None:
        """The row version to read from; None while no mark is old enough, then a window of time is read.

        Old enough is counted from the latest poll, not from now: what showed up since then nobody has read. From one
        poll's last page to the other one's first, that is: in between a row of the first may have shown up late.
        """
        old = [mark for mark in self.marks if mark.known_at <= self.marks[-1].at - timedelta(seconds=overlap)]
        return old[-1].ts if old else None

    def window_start(self, overlap: int, since: datetime) -> datetime:
        """Where a window of time begins: at the first mark less the overlap, or at `since` before there is any."""
        first = next(iter(self.marks), None)
        return since if first is None else max(since, first.at - timedelta(seconds=overlap))

    def after(self, until: datetime, read: datetime, overlap: int, seen: int | None) -> Feed:
        """The feed after a poll up to `until` that read until `read` and saw row versions up to `seen`."""
        last = self.marks[-1].ts if self.marks else None
        if seen is None and last is None:
            return self
        top = max(ts for ts in (seen, last) if ts is not None)
        horizon = until - timedelta(seconds=overlap)
        old = [mark for mark in self.marks if mark.known_at <= horizon]
        young = [mark for mark in self.marks if mark.known_at > horizon]
        return Feed(marks=(*old[-1:], *young, Mark(at=until, read=max(until, read), ts=top)))


class Position(Frozen):
    """How far each feed of a stream has been read; stored as JSON.

    Attributes:
        since: what changed before is left alone; kept from the first poll on, since workers come and go meanwhile.
    """

    feeds: dict[str, Feed] = Field(default_factory=dict)
    since: AwareDatetime | None = None

    @classmethod
    def of(cls, cursor: str | None) -> Position:
        """The position as stored; None before the first poll."""
        return cls.model_validate_json(cursor) if cursor else cls()

    def beginning(self, wanted: datetime | None, until: datetime) -> datetime:
        """What changed before this is left alone: as the settings want it, else from a day before the first poll on.

        Args:
            until: upper bound of this poll.
        """
        return wanted or self.since or until - _FIRST

    def feed(self, name: str) -> Feed:
        """One feed, empty if it was never read."""
        return self.feeds.get(name, Feed())
