"""Call limits of the platform: so many calls per second and per minute (vendor document section 6)."""

from __future__ import annotations

from datetime import datetime

from sandbox.jushuitan.codes import Code, Refusal


class CallLimits:
    """Counts calls per caller in calendar seconds and minutes; a refused call is not counted.

    How the vendor cuts its windows is not documented; "wait for the next minute" suggests calendar minutes.
    """

    def __init__(self, per_second: int | None, per_minute: int | None) -> None:
        self.per_second = per_second
        self.per_minute = per_minute
        self._seconds: dict[str, tuple[int, int]] = {}
        self._minutes: dict[str, tuple[int, int]] = {}

    def count(self, caller: str, now: datetime) -> None:
        """Note one call. Raises Refusal 199 or 200 when it is one too many."""
        second = int(now.timestamp())
        in_second = _counted(self._seconds.get(caller), second)
        in_minute = _counted(self._minutes.get(caller), second // 60)
        if self.per_second is not None and in_second >= self.per_second:
            raise Refusal(Code.PER_SECOND, f"接口调用超过频率限制,每秒{self.per_second}次")
        if self.per_minute is not None and in_minute >= self.per_minute:
            raise Refusal(Code.PER_MINUTE, f"接口调用超过频率限制,每分钟{self.per_minute}次")
        self._seconds[caller] = (second, in_second + 1)
        self._minutes[caller] = (second // 60, in_minute + 1)


def _counted(entry: tuple[int, int] | None, window: int) -> int:
    return entry[1] if entry is not None and entry[0] == window else 0
