"""Rates, on a clock that jumps instead of waiting."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from connectors.limits import Limits
from domain.pace import CallRate


class JumpingSelector(selectors.SelectSelector):
    """Where a loop would sleep, its clock is put forward instead."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += (timeout or 0) + 1e-6  # time never stands still, or a bucket waits for ever for its last drop
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = JumpingSelector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


def moments(make: Callable[[], Limits], calls: int) -> list[float]:
    """When each of many calls asked for at once may go, in seconds from the start."""

    async def ask() -> list[float]:
        limits, went, loop = make(), [], asyncio.get_running_loop()
        start = loop.time()

        async def one() -> None:
            async with limits.call():
                went.append(loop.time() - start)

        await asyncio.gather(*(one() for _ in range(calls)))
        return went

    return run(ask())


class Line:
    """A pace that gives out places one interval apart, and remembers when it was asked, on the loop's clock."""

    def __init__(self, interval: float) -> None:
        self.interval, self.next, self.asked = interval, 0.0, list[float]()

    async def turn(self, rates: Sequence[CallRate]) -> float:
        now = asyncio.get_running_loop().time()
        self.asked.append(now)
        self.next = max(self.next, now)
        wait, self.next = self.next - now, self.next + self.interval
        return wait


def run(work: Coroutine[Any, Any, list[float]]) -> list[float]:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work)


def busiest(went: list[float], seconds: float) -> int:
    """Most calls in any window of that length."""
    return max(sum(1 for other in went if at <= other < at + seconds - 1e-6) for at in went)


def test_no_limit_lets_all_go() -> None:
    assert moments(Limits, 500) == pytest.approx([0.0] * 500, abs=0.01)


@pytest.mark.parametrize(("per_second", "burst"), [(4, 1), (10, 4)])
def test_calls_per_second(per_second: int, burst: int) -> None:
    went = moments(lambda: Limits(per_second=per_second, burst=burst), 60)
    assert busiest(went, 1) <= per_second + burst
    assert went[-1] == pytest.approx((60 - burst) / per_second, rel=0.01)


def test_calls_per_minute_stay_below_the_vendors_hundred() -> None:
    went = moments(lambda: Limits(per_second=4, per_minute=90), 400)
    assert busiest(went, 60) <= 99
    assert busiest(went, 1) <= 5
    assert went[-1] == pytest.approx((400 - 9) / 90 * 60, rel=0.02)


def test_processes_of_one_account_share_its_pace() -> None:
    line = Line(interval=0.25)

    async def ask() -> list[float]:
        processes = [Limits(per_second=4, pace=line) for _ in range(3)]
        went, loop = list[float](), asyncio.get_running_loop()
        start = loop.time()

        async def one(limits: Limits) -> None:
            async with limits.call():
                went.append(loop.time() - start)

        await asyncio.gather(*(one(limits) for limits in processes for _ in range(8)))
        # A process takes one place at a time, so that its crowd does not stand before everybody else.
        assert all(sum(1 for at in line.asked if at <= moment) <= n + 4 for n, moment in enumerate(sorted(line.asked)))
        return went

    went = run(ask())
    assert busiest(went, 1) <= 4 + 1
    assert went[-1] == pytest.approx(23 * 0.25, rel=0.01)
