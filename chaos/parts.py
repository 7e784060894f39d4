"""A process of the product that may die at any moment and is started again, as a service manager would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from demo.embedded import NotUp

Start = Callable[[str], AbstractAsyncContextManager[Any]]
"""Starts the process under a name (of its log) and yields it once it is up."""
_AGAIN_AFTER = 0.5
_TRIES = 5
"""Starts in a row that may fail: what was just killed may still have its port."""


class Part:
    """One process, kept alive.

    Attributes:
        kills: how often it was killed by `kill`.
        deaths: exit statuses it ended with by itself.
    """

    def __init__(self, name: str, start: Start) -> None:
        self.name = name
        self.kills = 0
        self.deaths: list[int] = []
        self._start = start
        self._child: Any = None
        self._up = asyncio.Event()
        self._killed = False
        self._lives = 0

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Part]:
        """It is up at the beginning, and started again whenever it ends; stopped at the end.

        Raises:
            NotUp: it does not come up any more.
        """
        keeper = asyncio.create_task(self._keep(), name=self.name)
        up = asyncio.create_task(self._up.wait())
        try:
            await asyncio.wait({keeper, up}, return_when=asyncio.FIRST_COMPLETED)
            if keeper.done():
                keeper.result()
            yield self
            if keeper.done():
                keeper.result()
        finally:
            up.cancel()
            keeper.cancel()
            with suppress(asyncio.CancelledError, NotUp):
                await keeper

    @property
    def pid(self) -> int | None:
        """The process id while it is up."""
        return self._child.pid if self._up.is_set() else None

    async def is_up(self) -> None:
        """Wait until it is up (again)."""
        await self._up.wait()

    def kill(self) -> bool:
        """SIGKILL. False when there is nothing to kill at this moment."""
        if not self._up.is_set():
            return False
        self._killed = True
        self._up.clear()
        self._child.kill()
        self.kills += 1
        return True

    async def _keep(self) -> None:
        failed = 0
        while True:
            try:
                await self._live()
                failed = 0
            except NotUp:
                failed += 1
                if failed == _TRIES:
                    raise
            await asyncio.sleep(_AGAIN_AFTER)

    async def _live(self) -> None:
        """One life, from its start to its end."""
        self._lives += 1
        async with self._start(f"{self.name}-{self._lives}") as child:
            self._child, self._killed = child, False
            self._up.set()
            status = await child.wait()
            self._up.clear()
        if not self._killed:
            self.deaths.append(status)
