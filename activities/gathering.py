"""Company for small requests: what many activities ask at the same moment travels in one vendor call.

A request that nobody else is known to follow waits `linger` at the most. Whoever will ask soon can be announced: then
those who are there wait for them, up to `longest`, so that a backlog travels in full batches however slowly it comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Gatherer(Generic[T, R]):
    """Collects items and hands them on together; each gets back its own answer.

    Args:
        run: carries out a batch; returns a result or an exception for each item, in order. If it raises, every item
            of the batch fails with that.
        linger: seconds the first item of a batch waits for company that may come by chance.
        longest: seconds it waits for company that was announced; an announcement is good for as long.
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
        self._announced: dict[Hashable, float] = {}
        """Until when each is expected; the dict's order is also theirs."""
        self._busy = 0
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def announce(self, who: Hashable) -> None:
        """Somebody will ask soon, or not at all: who waits for company waits for them."""
        self._announced.pop(who, None)
        self._announced[who] = asyncio.get_running_loop().time() + self._longest

    async def add(self, item: T, who: Hashable = None) -> R:
        """The answer for `item`, once its batch is done. `who`: as announced."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._announced.pop(who, None)
        self._waiting.append((item, future, loop.time()))
        self._consider()
        return await future

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
            self._timer = loop.call_later(max(0.0, self._deadline(loop.time()) - loop.time()), self._leave)

    def _deadline(self, now: float) -> float:
        came = self._waiting[0][2]
        while self._announced and next(iter(self._announced.values())) <= now:
            self._announced.pop(next(iter(self._announced)))
        if not self._announced:
            return came + self._linger
        last = next(reversed(self._announced.values()))
        return max(came + self._linger, min(came + self._longest, last))

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
