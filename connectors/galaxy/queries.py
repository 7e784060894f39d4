"""Texts of ExecuteBillQuery: filters, order, pages (section 7.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any, TypeVar

from connectors.bills import chunks
from domain.erp import Match

Item = TypeVar("Item")

SAFE_PAGE = 2000
"""Rows every server gives per page; a longer page may be cut to fewer without a word."""


def in_list(key: str, values: Sequence[str]) -> str:
    """The condition that `key` is one of `values`; quotes inside a value are doubled."""
    quoted = ",".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{key} in ({quoted})"


def filters(matches: Sequence[Match], size: int) -> list[str]:
    """Filter texts that together select what all `matches` select, no list longer than `size`.

    No row answers to two of them: each value is in one list only. A match without values selects nothing.
    """
    parts = [
        [in_list(match.key, part) for part in chunks(tuple(dict.fromkeys(match.values)), size)] for match in matches
    ]
    return [" and ".join(conditions) for conditions in product(*parts)]


def on_day(key: str, day: date) -> str:
    """The condition that a date is that day, whatever time of day it carries."""
    return f"{key}>='{day}' and {key}<'{day + timedelta(days=1)}'"


def behind(row_key: str, bill: Any, row: Any) -> str:
    """The condition of all rows that come after one, by the ids of bill and row: no page shifts under such a reader."""
    return f"(FID>{bill} or (FID={bill} and {row_key}>{row}))" if row else f"FID>{bill}"


def page(form: str, fields: Sequence[str], condition: str, order: str, start: int, limit: int) -> Mapping[str, Any]:
    """The `data` of an ExecuteBillQuery for the rows from `start` on."""
    return {
        "FormId": form,
        "FieldKeys": ",".join(fields),
        "FilterString": condition,
        "OrderString": order,
        "TopRowCount": 0,
        "StartRow": start,
        "Limit": limit,
    }
