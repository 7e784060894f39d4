"""Reading single values leniently: numbers and booleans may come as strings, dates in three spellings."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from sandbox.galaxy.base_data import number_in


def as_bool(raw: Any, default: bool = False) -> bool:
    if raw is None or raw == "":
        return default
    if isinstance(raw, str):
        return raw.strip().casefold() in ("true", "1")
    return bool(raw)


def as_decimal(raw: Any) -> Decimal:
    """Raises ValueError when it is no number."""
    if type(raw) is Decimal:
        return raw
    try:
        number = Decimal(str(raw).strip())
    except InvalidOperation as error:
        raise ValueError(raw) from error
    if not number.is_finite():
        raise ValueError(raw)
    return number


def as_int(raw: Any, default: int = 0) -> int:
    """Raises ValueError when it is no whole number."""
    return default if raw is None or raw == "" else int(str(raw).strip())


@lru_cache(maxsize=4096)
def as_date(raw: str) -> str:
    """``YYYY-MM-DDTHH:MM:SS`` and a fraction where one was given. Raises ValueError when it is no date."""
    moment = datetime.fromisoformat(raw.strip().replace("/", "-"))
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def as_text(raw: Any) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, dict):
        return number_in(raw) or ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return "" if raw is None else str(raw)


def as_flex(raw: Any) -> dict[str, str]:
    """``{"FSTOCKLOCID__FF100001": {"FNumber": "A-01"}}`` as ``{"ff100001": "A-01"}``."""
    if not isinstance(raw, dict):
        return {}
    numbers = {key.rsplit("__", 1)[-1].casefold(): number_in(value) for key, value in raw.items()}
    return {key: number for key, number in numbers.items() if number is not None}


def as_list(raw: Any) -> list[str]:
    """An array, or a string separated by commas."""
    if isinstance(raw, str):
        return [part.strip() for part in raw.split(",") if part.strip()]
    if isinstance(raw, list):
        return [str(part) for part in raw]
    return [] if raw is None else [str(raw)]
