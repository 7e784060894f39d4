"""Rates, on a clock that jumps instead of waiting."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from connectors.limits import Limits


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
