"""How fast and how wide one connection may call its vendor (requirement O6: the second line, behind the server's)."""

from __future__ import annotations

import asyncio
from asyncio import Semaphore
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter

from domain.pace import CallRate, Pace


class Limits:
    """Calls per second, calls per minute and calls at the same time; a call waits until all three allow it.

    Vendors count calls in windows, so an idle connection must not save up a whole window's worth and spend it on top
    of the next one. Calls therefore go out evenly spaced but for a small burst: any second sees at most
    ``burst + per_second`` of them, any minute at most ``1.1 x per_minute``.

    Args:
        per_second: calls per second in the long run; None for no limit.
        per_minute: calls per minute in the long run; None for no limit.
        parallel: calls under way at the same time in this process; None for no limit.
        burst: calls that may go out at once after a pause, as far as the second is concerned.
        pace: the line that all processes of this account share; by default the rates hold for this process alone.
    """

    def __init__(
        self,
        *,
        per_second: float | None = None,
        per_minute: float | None = None,
        parallel: int | None = None,
        burst: int = 1,
        pace: Pace | None = None,
    ) -> None:
        self._rates: list[CallRate] = []
        if per_minute is not None:
            self._rates.append(CallRate(per_minute, 60, burst=max(1.0, per_minute / 10)))
        if per_second is not None:
            self._rates.append(CallRate(per_second, 1, burst=burst))
        self._parallel = Semaphore(parallel) if parallel is not None else None
        self._pace = pace
        self._alone = [AsyncLimiter(rate.burst, rate.burst * rate.interval) for rate in self._rates]
        self._first_in_line = asyncio.Lock()

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Hold a place for one call: first one of the parallel places, then what the rates allow."""
        if self._parallel is None:
            await self._wait_for_rates()
            yield
            return
        async with self._parallel:
            await self._wait_for_rates()
            yield

    async def _wait_for_rates(self) -> None:
        if self._pace is not None and self._rates:
            await self._wait_in_line(self._pace, self._rates)
            return
        for rate in self._alone:
            await rate.acquire()

    async def _wait_in_line(self, pace: Pace, rates: Sequence[CallRate]) -> None:
        # One place per process at a time: a crowd in one process must not fill the line for all the others.
        async with self._first_in_line:
            wait = await pace.turn(rates)
            if wait > 0:
                await asyncio.sleep(wait)
