"""Group commit: calls that wait at the same time are written in one transaction, and each learns its own result.

A commit costs about the same for one row as for a hundred. While one is under way the next callers gather; nobody
waits for a timer. When a group fails because of something in it, it is halved until the culprit stands alone, so that
its neighbours are written and only its caller sees an error.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from store.errors import NotRecorded

Item = TypeVar("Item")


@dataclass(slots=True, eq=False)
class _Call(Generic[Item]):
    items: Sequence[Item]
    written: asyncio.Future[None]


class GroupCommit(Generic[Item]):
    """One writer task for many callers.

    Args:
        write: writes all items in one transaction, or none of them and raises.
        concerns_all: whether an error says the database cannot be used now; then halving the group is pointless.
        most: items in one transaction (a single call may bring more).
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[None]],
        *,
        concerns_all: Callable[[Exception], bool],
        most: int = 500,
    ) -> None:
        self._write = write
        self._concerns_all = concerns_all
        self._most = most
        self._waiting: deque[_Call[Item]] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._writer = asyncio.create_task(self._run(), name="store writer")

    async def put(self, items: Sequence[Item]) -> None:
        """Return when the items are durable. All items of one call are stored, or none.

        Raises:
            NotRecorded: the database could not be used; repeating is safe.
            Exception: whatever `write` said of these very items.
            RuntimeError: closed.
        """
        if self._closing:
            raise RuntimeError("the store is closed")
        if not items:
            return
        call = _Call(items, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        self._wake.set()
        await call.written

    async def close(self) -> None:
        """Write what is waiting, then stop."""
        self._closing = True
        self._wake.set()
        await self._writer

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            while group := self._next_group():
                await self._settle(group)
            if self._closing:
                return
            self._wake.clear()

    def _next_group(self) -> list[_Call[Item]]:
        group: list[_Call[Item]] = []
        size = 0
        while self._waiting and (not group or size + len(self._waiting[0].items) <= self._most):
            call = self._waiting.popleft()
            if not call.written.done():  # else: its caller was cancelled while waiting
                group.append(call)
                size += len(call.items)
        return group

    async def _settle(self, group: Sequence[_Call[Item]]) -> None:
        try:
            await self._write([item for call in group for item in call.items])
        except Exception as error:
            if self._concerns_all(error):
                self._fail(group, error)
            elif len(group) == 1:
                self._answer(group[0], error)
            else:
                middle = len(group) // 2
                await self._settle(group[:middle])
                await self._settle(group[middle:])
        except BaseException:
            self._fail([*group, *self._waiting], RuntimeError("the writer was stopped"))
            raise
        else:
            for call in group:
                self._answer(call, None)

    def _fail(self, group: Sequence[_Call[Item]], cause: Exception) -> None:
        for call in group:
            error = NotRecorded(f"the database could not take the write: {type(cause).__name__}")
            error.__cause__ = cause
            self._answer(call, error)

    @staticmethod
    def _answer(call: _Call[Item], error: Exception | None) -> None:
        if call.written.done():
            return
        if error is None:
            call.written.set_result(None)
        else:
            call.written.set_exception(error)
