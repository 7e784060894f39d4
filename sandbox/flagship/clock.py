"""The tenant's time: China's, as aware datetimes; and the four ways dates are written (section 8.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
Clock = Callable[[], datetime]


def china_now() -> datetime:
    return datetime.now(CHINA)


def read_moment(text: str) -> datetime:
    """Any of the four forms; without a zone it is China's. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment.astimezone(CHINA)


def read_day(text: str) -> str:
    """The day as ``YYYY-MM-DD``. Raises ValueError."""
    return read_moment(text).date().isoformat()


def shown_day(day: str, *, zones: bool) -> str:
    """A short date in an answer; `zones`: the tenant has several time zones."""
    return day if zones else f"{day} 00:00:00"


def shown_moment(moment: datetime, *, zones: bool) -> str:
    """A long date in an answer."""
    local = moment.astimezone(CHINA)
    return local.isoformat(timespec="milliseconds") if zones else plain(local)


def plain(moment: datetime) -> str:
    """``YYYY-MM-DD HH:MM:SS`` in China."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def read_token_timestamp(text: str) -> datetime:
    """`timestamp` of getToken: server-local, or zero zone with a Z. Raises ValueError."""
    if text.endswith("Z"):
        return datetime.fromisoformat(text).astimezone(UTC)
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
