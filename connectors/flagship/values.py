"""Values as Flagship writes them: dates in four forms, numbers with ten decimals, ids as texts (section 8)."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connectors.flagship.envelope import bad_reply

_CHINA = ZoneInfo("Asia/Shanghai")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MIDNIGHT = " 00:00:00"


def text(value: Any) -> str:
    """A value as text; nothing is the empty text, a number has no needless zeros."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    return str(value).lower() if isinstance(value, bool) else str(value)


def decimal(value: Any, key: str) -> Decimal:
    """A number; nothing is 0. Raises `Fault` ``bad_reply``."""
    if value in (None, ""):
        return Decimal(0)
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise bad_reply(f"{key} is no number: {value!r}") from error
    return number


def day_text(value: Any) -> str:
    """A short date as ``YYYY-MM-DD`` in China, whichever of the four forms it has; other texts as they are."""
    given = text(value)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        return given
    return (moment if moment.tzinfo is None else moment.astimezone(_CHINA)).date().isoformat()


def written_day(value: Any) -> Any:
    """A day as a save wants it, with an empty time."""
    if isinstance(value, date):
        return f"{value.isoformat()[:10]}{_MIDNIGHT}"
    return f"{value}{_MIDNIGHT}" if isinstance(value, str) and _DAY.fullmatch(value) else value
