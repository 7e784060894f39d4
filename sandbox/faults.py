"""Faults on demand: rules say which calls of a simulator fail, how, and how often; seeded, so a run can be repeated."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from domain.documents import Frozen
from domain.money import Amount

ANY_OPERATION = "*"


class FaultName(StrEnum):
    """What goes wrong with a call. Simulators take the ones their vendor knows and treat the rest as SERVER_ERROR."""

    LOSE_REPLY = "lose_reply"
    """The call takes effect, then the connection is cut without an answer."""
    HANG = "hang"
    """The call takes effect, the answer never comes; the client has to give up."""
    GATEWAY_TIMEOUT = "gateway_timeout"
    """The call takes effect, but a proxy in front of the vendor did not wait: HTTP 504 with an HTML body."""
    DELIVER_TWICE = "deliver_twice"
    """A proxy sends the request on twice; the client gets the second answer."""
    SLOW = "slow"
    """Nothing happens for `seconds`, then the call is handled as usual, whether or not the client still waits."""
    CUT_BEFORE = "cut_before"
    """The connection is cut before the call has any effect."""
    SERVER_ERROR = "server_error"
    """HTTP 502 with an HTML body, no effect."""
    HTML_PAGE = "html_page"
    """HTTP 200 with an HTML body (a proxy's page), no effect."""
    SERVER_EXCEPTION = "server_exception"
    """The vendor's way of reporting an unhandled exception, no effect."""
    THROTTLE = "throttle"
    """The vendor's "too many calls", no effect."""
    EXPIRE = "expire"
    """The session or token is no longer accepted at this call, no effect."""
    NO_PERMISSION = "no_permission"
    LOCKED = "locked"
    """A bill of the call is held by somebody else's edit lock, no effect."""
    PARTLY_LOCKED = "partly_locked"
    """Every other bill of the call, the first one included, is held by somebody else's edit lock; the rest is done."""
    BREAK_OFF = "break_off"
    """The vendor fails in the middle of the call: half of the bills (rounded up) are done, and nobody says which."""
    VENDOR = "vendor"
    """The vendor's own error `code`, no effect: room for whatever a vendor has besides."""


class FaultRule(Frozen):
    """One reason for calls to fail.

    Attributes:
        operation: the simulator's name of the call, compared without case; ``*`` is every call.
        times: how many calls it hits; None is for ever.
        skip: how many matching calls pass unharmed first.
        seconds: for SLOW, how long.
        probability: hit a matching call only this often (0 to 1), by the seeded generator of `Faults`.
        code, message: the vendor's error code and text, where the kind leaves them open.
    """

    kind: FaultName
    operation: str = ANY_OPERATION
    times: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    seconds: Amount = Field(default=Decimal(0), ge=0)
    probability: Amount = Field(default=Decimal(1), ge=0, le=1)
    code: str | None = None
    message: str | None = None

    @property
    def name(self) -> str:
        """What the fault is counted as: its kind, with the code where the kind says nothing by itself."""
        return f"{self.kind.value}:{self.code}" if self.kind is FaultName.VENDOR and self.code else self.kind.value


class _ArmedRule:
    """A rule and what is left of it."""

    __slots__ = ("left", "operation", "rule", "skip")

    def __init__(self, rule: FaultRule) -> None:
        self.rule = rule
        self.operation = rule.operation.casefold()
        self.left = rule.times
        self.skip = rule.skip

    def matches(self, names: frozenset[str]) -> bool:
        return self.operation == ANY_OPERATION or self.operation in names


class Faults:
    """The switchboard of one simulator. Meant for one asyncio loop: `take` is synchronous and never yields.

    Attributes:
        injected: how many faults were handed out, by `FaultRule.name`, since the start (`clear` does not reset it).
    """

    def __init__(self, seed: int = 0) -> None:
        self.injected: Counter[str] = Counter()
        self._rules: list[_ArmedRule] = []
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def add(self, rule: FaultRule) -> None:
        """Arm a rule. Rules are asked in the order they were added; the first that hits wins."""
        self._rules.append(_ArmedRule(rule))

    def add_all(self, rules: Iterable[FaultRule]) -> None:
        for rule in rules:
            self.add(rule)

    def clear(self) -> None:
        """Disarm everything."""
        self._rules.clear()

    @property
    def armed(self) -> tuple[FaultRule, ...]:
        """The rules that can still hit."""
        return tuple(armed.rule for armed in self._rules)

    def take(self, operation: str, *aliases: str) -> FaultRule | None:
        """The fault this call has to suffer, or None. Asking is using it up: ask once per call.

        A rule matches by the operation's name or by any of its `aliases` (a more exact name, say).
        """
        if not self._rules:
            return None
        names = frozenset(name.casefold() for name in (operation, *aliases))
        for armed in self._rules:
            if armed.matches(names) and self._hits(armed):
                self.injected[armed.rule.name] += 1
                return armed.rule
        return None

    def _hits(self, armed: _ArmedRule) -> bool:
        if armed.skip:
            armed.skip -= 1
            return False
        if armed.rule.probability < 1 and Decimal(str(self._random.random())) >= armed.rule.probability:
            return False
        if armed.left is not None:
            armed.left -= 1
            if armed.left == 0:
                self._rules.remove(armed)
        return True
