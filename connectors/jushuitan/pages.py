"""What pages of rows have in common, whichever way they are read (section 7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any

from connectors.jushuitan.replies import bad_reply
from domain import jsontext

_PAGE_KEYS = frozenset(("page_index", "page_size", "has_next", "data_count"))
LONGEST_WINDOW = timedelta(days=6, hours=23, minutes=59)
"""The vendor allows 7 days; whether that includes both ends it does not say."""


class DateType(IntEnum):
    """Which time of a document a window is about (section 7, `date_type`)."""

    MODIFIED = 0
    SHIPPED = 2
    """`io_date` of an outbound or of another stock document."""
    MOVED = 4
    """`io_date` of a received return: when the goods came into stock."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as the vendor sent them, numbers exact.

    Attributes:
        next_ts: the largest row version seen so far, where a cursor goes on; None when no row has told any.
        has_next: more pages are to come.
    """

    rows: list[dict[str, Any]]
    next_ts: int | None
    has_next: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered query: its rows, whether it says there are more, and the announced total, if any."""

    rows: list[dict[str, Any]]
    has_next: bool
    total: int | None

    @classmethod
    def of(cls, data: Mapping[str, Any], name: str = "datas") -> Answer:
        """The page in an answer; `name` is that of its list of rows.

        Raises `Fault` ``bad_reply`` for what is no page: nothing found must not be concluded from nothing said.
        """
        if not data.keys() & {*_PAGE_KEYS, name}:
            raise bad_reply("a query was not answered with a page")
        rows = [] if data.get(name) is None else data[name]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise bad_reply("a query was not answered with rows")
        return cls(
            rows, str(data.get("has_next")).casefold() in ("true", "1"), _integer(data.get("data_count")) or None
        )


def ts_of(row: Mapping[str, Any]) -> int | None:
    """Row version of a row; some queries write it as text."""
    return _integer(row.get("ts"))


class Seen:
    """Drops rows that were given out already: of one id (`keys` together), only a newer version passes.

    A row without an id is known by its content; it must not keep the others from being read.
    """

    def __init__(self, *keys: str) -> None:
        self._keys = keys
        self._newest: dict[tuple[str, ...], tuple[int, str]] = {}
        self.top: int | None = None

    def __len__(self) -> int:
        """Documents seen so far."""
        return len(self._newest)

    def fresh(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows not seen yet, each document once, in its newest version, in the order of the vendor."""
        newer: dict[tuple[str, ...], dict[str, Any]] = {}
        for row in rows:
            ts = ts_of(row)
            if ts is not None:
                self.top = ts if self.top is None else max(self.top, ts)
            key = tuple(str(row.get(name) or "") for name in self._keys)
            known_by = key if all(key) else (jsontext.dumps(row, sort_keys=True),)
            version = (ts if ts is not None else -1, str(row.get("modified") or ""))
            known = self._newest.get(known_by)
            if known is None or version > known:
                self._newest[known_by] = version
                newer[known_by] = row
        return list(newer.values())


def spans(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A window in parts the vendor accepts; each begins where the one before ends, so that nothing falls between.

    Raises:
        ValueError: times without a zone, or the end before the begin.
    """
    if begin.tzinfo is None or end.tzinfo is None:
        raise ValueError("a window needs times with a zone")
    if end < begin:
        raise ValueError("a window ends before it begins")
    while end - begin > LONGEST_WINDOW:
        yield begin, begin + LONGEST_WINDOW
        begin += LONGEST_WINDOW
    yield begin, end


def _integer(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        return int(value)
    except ValueError:
        return None
