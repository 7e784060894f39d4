"""How fast and how wide one connection may call its vendor (requirement O6: the second line, in this process)."""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter


class Limits:
    """Calls per second, calls per minute and calls at the same time; a call waits until all three allow it.

    Vendors count calls in windows, so an idle connection must not save up a whole window's worth and spend it on top
    of the next one. Calls therefore go out evenly spaced but for a small burst: any second sees at most
    ``burst + per_second`` of them, any minute at most ``1.1 x per_minute``.

    Args:
        per_second: calls per second in the long run; None for no limit.
        per_minute: calls per minute in the long run; None for no limit.
        parallel: calls under way at the same time; None for no limit.
        burst: calls that may go out at once after a pause, as far as the second is concerned.
    """

    def __init__(
        self,
        *,
        per_second: float | None = None,
        per_minute: float | None = None,
        parallel: int | None = None,
        burst: int = 1,
    ) -> None:
        self._rates = []
        if per_minute is not None:
            spare = max(1.0, per_minute / 10)
            self._rates.append(AsyncLimiter(spare, 60 * spare / per_minute))
        if per_second is not None:
            self._rates.append(AsyncLimiter(burst, burst / per_second))
        self._parallel = Semaphore(parallel) if parallel is not None else None

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
        for rate in self._rates:
            await rate.acquire()
