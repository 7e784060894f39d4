"""Company for small requests: what many activities ask at about the same time travels in one vendor call.

A request that comes out of the blue waits `linger` for others. Where requests come thick and fast, or a batch is under
way already, others are sure to follow: then those who are there wait for them, up to `longest`, so that a backlog
travels in full batches however slowly it comes, and a second lane is for full batches and for a first one that hangs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE = 8
"""Mean gaps between requests after which nobody seems to follow. They come in bursts, so single gaps are long."""
_THICK = 0.5
"""A stream is thick when the wait for a follower is no more than this part of `longest`."""


class Gatherer(Generic[T, R]):
    """Collects items and hands them on together; each gets back its own answer.

    Args:
        run: carries out a batch; returns a result or an exception for each item, in order. If it raises, every item
            of the batch fails with that.
        linger: seconds an item waits for company that may come by chance.
        longest: seconds it waits where others are sure to follow.
        most: items a batch may have.
        lanes: batches under way at once.
    """

    def __init__(
        self,
        run: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        *,
        linger: float,
        most: int,
        lanes: int,
        longest: float = 0,
    ) -> None:
        self._run, self._linger, self._longest, self._most, self._lanes = run, linger, longest, most, lanes
        self._waiting: list[tuple[T, asyncio.Future[R], float]] = []
        """With each item its future and the loop's time when it came."""
        self._lately: deque[float] = deque()
        """When those came that came within `longest`."""
        self._busy = 0
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, item: T) -> R:
        """The answer for `item`, once its batch is done."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, future, loop.time()))
        self._note(loop.time())
        self._consider()
        return await future

    def _note(self, now: float) -> None:
        self._lately.append(now)
        while self._lately[0] < now - self._longest:
            self._lately.popleft()

    def _consider(self) -> None:
        """Leave now, or set the alarm for when to leave."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._busy >= self._lanes or not self._waiting:
            return
        if len(self._waiting) >= self._most:
            self._leave()
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, self._deadline() - loop.time()), self._leave)

    def _deadline(self) -> float:
        """When to leave if nobody else comes."""
        first, last = self._waiting[0][2], self._waiting[-1][2]
        soonest, latest = first + self._linger, first + max(self._linger, self._longest)
        if self._busy:
            return latest
        pause = _PATIENCE * self._longest / len(self._lately)
        return max(soonest, min(last + pause, latest)) if pause <= _THICK * self._longest else soonest

    def _leave(self) -> None:
        self._timer = None
        batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        # Whoever gave up waiting (a cancelled activity) is not asked for any more.
        going = [(item, future) for item, future, _ in batch if not future.done()]
        if going:
            self._busy += 1
            task = asyncio.create_task(self._carry(going))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._consider()

    async def _carry(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._run([item for item, _ in batch])
            for (_, future), result in zip(batch, results, strict=True):
                if future.done():
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        finally:
            self._busy -= 1
            self._consider()
