"""How often may be called, and what counts as the same call again (sections 9 and 10)."""

from __future__ import annotations

from collections import defaultdict, deque

from sandbox.flagship import texts
from sandbox.flagship.clock import Clock
from sandbox.flagship.config import Switches
from sandbox.flagship.replies import Code, Refusal

REPEAT_SECONDS = 30
"""Window of the switch that refuses byte-equal parameters."""
LONGEST_WINDOW = 90 * 86_400
"""Most an `Idempotency-Timeout` may ask for, in seconds."""


class Rates:
    """Counts calls by account and second, and token calls by the minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def refuse_too_many(self, name: str, limit: int | None, seconds: float) -> None:
        """Note a call. Raises Refusal 429 when there were `limit` within so many seconds."""
        if limit is None:
            return
        now, calls = self._clock().timestamp(), self._calls[name]
        while calls and now - calls[0] >= seconds:
            calls.popleft()
        if len(calls) >= limit:
            raise Refusal(Code.RATE, texts.RATE)
        calls.append(now)


class Repeats:
    """Remembers calls that must not be made twice; the first answer is not kept."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._until: dict[tuple[str, str | bytes], float] = {}

    def refuse_repeat(self, path: str, key: str | None, timeout: str | None, body: bytes) -> None:
        """Note a call. Raises Refusal 604 when it was made within its window, 603 for a window that is none."""
        if key:
            self._once((path, key), self._window(timeout))
        if self._switches.refuse_repeats:
            self._once((path, body), REPEAT_SECONDS)

    def _window(self, timeout: str | None) -> float:
        if timeout is None:
            return self._switches.idempotency_seconds
        if not timeout.isdigit() or not 0 < int(timeout) <= LONGEST_WINDOW:
            raise Refusal(Code.INVALID, texts.bad_value("Idempotency-Timeout", timeout))
        return int(timeout)

    def _once(self, call: tuple[str, str | bytes], seconds: float) -> None:
        now = self._clock().timestamp()
        if self._until.get(call, 0.0) > now:
            raise Refusal(Code.REPEATED, texts.REPEATED)
        self._until[call] = now + seconds
