"""Named, typed conversions: what the rules of a flow file cannot say, said in Python. A flow names them by key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""Kingdee stores dates in server local time, which is China's (kingdee-galaxy.md §10)."""


class ConversionError(ValueError):
    """A value that a conversion cannot take."""


def _day(value: Any) -> str:
    """The calendar day in China of a moment or a day: ``2026-09-01``."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ConversionError(f"expected a time with a zone, got {value.isoformat()}")
        return value.astimezone(SHANGHAI).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise ConversionError(f"expected a date, got {value!r}")


def _text(value: Any) -> str:
    return str(value)


def _is_zero(value: Any) -> bool:
    if not isinstance(value, (Decimal, int)):
        raise ConversionError(f"expected a number, got {value!r}")
    return value == 0


def _negative(value: Any) -> Any:
    """The same quantity the other way round, as red bills want it."""
    if not isinstance(value, (Decimal, int)):
        raise ConversionError(f"expected a number, got {value!r}")
    return -value


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "day": _day,
    "text": _text,
    "is_zero": _is_zero,
    "negative": _negative,
}
"""Every conversion a flow file may name. None never reaches one: an absent value stays absent."""
