"""Company for small requests: what many activities ask at the same moment travels in one vendor call.

At a backlog the calls fill up by themselves, since what comes while all lanes are busy waits for the next one; on an
idle system a request waits `linger` at the most. Each gets back its own answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Gatherer(Generic[T, R]):
    """Collects items and hands them on together.

    Args:
        run: carries out a batch; returns a result or an exception for each item, in order. If it raises, every item
            of the batch fails with that.
        linger: seconds the first item of a batch waits for company.
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
    ) -> None:
        self._run, self._linger, self._most, self._lanes = run, linger, most, lanes
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._busy = 0
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, item: T) -> R:
        """The answer for `item`, once its batch is done."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._consider()
        return await future

    def _consider(self) -> None:
        if self._busy >= self._lanes or not self._waiting:
            return
        if len(self._waiting) >= self._most:
            self._leave()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._linger, self._leave)

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._busy >= self._lanes or not self._waiting:
            return
        batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        # Whoever gave up waiting (a cancelled activity) is not asked for any more.
        batch = [(item, future) for item, future in batch if not future.done()]
        if batch:
            self._busy += 1
            task = asyncio.create_task(self._carry(batch))
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
            # A lane is free: what has gathered meanwhile has waited long enough.
            self._leave()
