"""Shared reads: callers that wait at the same time are answered by one statement.

A look-up costs some milliseconds of threads and round trips and next to nothing per row. The first caller reads at
once; those who come while that read is under way share the next one, never the running one: it may have begun before
something that they have just written.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True, eq=False)
class _Call(Generic[Key, Value]):
    keys: Sequence[Key]
    answer: asyncio.Future[dict[Key, Value]]


class SharedReads(Generic[Key, Value]):
    """One reader for many callers.

    Args:
        read: the values that exist, by key.
        most: keys in one read (a single call may bring more).
    """

    def __init__(self, read: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]], *, most: int = 200) -> None:
        self._read = read
        self._most = most
        self._waiting: deque[_Call[Key, Value]] = deque()
        self._reader: asyncio.Task[None] | None = None

    async def get(self, keys: Sequence[Key]) -> dict[Key, Value]:
        """The values that exist, by key. Raises whatever the read raised; all who shared it hear of it."""
        if not keys:
            return {}
        call = _Call[Key, Value](keys, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._reader is None:
            self._reader = asyncio.create_task(self._run(), name="store reader")
        return await call.answer

    async def close(self) -> None:
        """Wait until everybody has an answer."""
        if self._reader is not None:
            await self._reader

    async def _run(self) -> None:
        try:
            while group := self._next_group():
                await self._answer(group)
        finally:
            self._reader = None
            for call in self._waiting:  # only when the loop is being torn down
                call.answer.cancel()

    def _next_group(self) -> list[_Call[Key, Value]]:
        group: list[_Call[Key, Value]] = []
        size = 0
        while self._waiting and (not group or size + len(self._waiting[0].keys) <= self._most):
            call = self._waiting.popleft()
            if not call.answer.done():  # else: its caller was cancelled while waiting
                group.append(call)
                size += len(call.keys)
        return group

    async def _answer(self, group: Sequence[_Call[Key, Value]]) -> None:
        try:
            found = await self._read(list(dict.fromkeys(key for call in group for key in call.keys)))
        except Exception as error:
            for call in group:
                if not call.answer.done():
                    call.answer.set_exception(error)
        except BaseException:
            for call in group:
                call.answer.cancel()
            raise
        else:
            for call in group:
                if not call.answer.done():
                    call.answer.set_result({key: found[key] for key in call.keys if key in found})
