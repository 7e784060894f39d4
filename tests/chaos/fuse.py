"""Where the steps of a worker can be stopped: right before and right after every call to a vendor and every write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx
from starlette.types import ASGIApp

from connectors.http import Transport
from domain.exchanges import Exchange
from domain.faults import Fault, FaultKind
from domain.journal import DocumentChange, JournalEntry
from store.errors import NotRecorded
from store.store import Store


class Blow(StrEnum):
    """What happens at the place where the fuse blows."""

    FREEZE = "freeze"
    """The worker stands still: for ever, as if it were dead, or until it is woken, behind its successor's back."""
    FAIL = "fail"
    """The call or the write fails there: before the place it had no effect, behind it only the answer is lost."""
    LATE = "late"
    """The call fails, but it is still on its way and takes effect later; with a write it is as FAIL."""


Call = Callable[[], Coroutine[Any, Any, object]]


@dataclass
class Fuse:
    """Blows once, after it was passed `left` more times.

    Attributes:
        late: calls that were given up and are still on their way.
        frozen: set while the worker stands still.
    """

    late: list[Call]
    blow: Blow | None = None
    left: int = 0

    def __post_init__(self) -> None:
        self.frozen = asyncio.Event()
        self._woken = asyncio.Event()

    def arm(self, blow: Blow | None, left: int) -> None:
        self.blow, self.left = blow, left

    def wake(self) -> None:
        """Let a worker that stands still go on."""
        self.frozen.clear()
        self._woken.set()
        self._woken = asyncio.Event()

    async def at(self, failure: Callable[[], Exception], call: Call | None = None) -> None:
        """One of the places. Raises what `failure` makes when the fuse blows by failing.

        Args:
            call: what is about to be done at a vendor.
        """
        if self.blow is None:
            return
        if self.left > 0:
            self.left -= 1
            return
        blow, self.blow = self.blow, None
        if blow is Blow.LATE and call is not None:
            self.late.append(call)
        if blow is not Blow.FREEZE:
            raise failure()
        self.frozen.set()
        await self._woken.wait()


class FusedTransport(Transport):
    """Calls a simulator in this process."""

    def __init__(self, system: str, app: ASGIApp, fuse: Fuse) -> None:
        super().__init__(system)
        self._fuse = fuse
        self._inside = httpx.AsyncClient(transport=httpx.ASGITransport(app))

    async def _send(self, method: str, url: str, body: bytes | None, params: Any, headers: Any) -> httpx.Response:
        target = httpx.URL(url).copy_merge_params(dict(params)) if params else httpx.URL(url)

        async def call() -> httpx.Response:
            return await self._inside.request(method, target, content=body, headers=headers)

        await self._fuse.at(self._timeout, call)
        response = await call()
        await self._fuse.at(self._timeout)
        return response

    def _timeout(self) -> Fault:
        return self.fault(FaultKind.TRANSIENT, "timeout", "no answer in time")


class FusedStore(Store):
    """A store of a worker's own on a file that all share; `fuse` is given to it after it was opened."""

    fuse: Fuse

    async def record_many(
        self, items: Sequence[tuple[JournalEntry, DocumentChange | None, Sequence[Exchange]]]
    ) -> None:
        await self.fuse.at(_not_recorded)
        await super().record_many(items)
        await self.fuse.at(_not_recorded)


def _not_recorded() -> NotRecorded:
    return NotRecorded("the database could not take the write")
