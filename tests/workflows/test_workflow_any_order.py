"""Whatever happens, and whenever: in the end the books hold what the source says, once, or somebody is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from domain.documents import DocumentState, HoldReason
from domain.faults import Fault, FaultKind
from tests.workflows.house import House

LOCAL = ["hold", "decide"]
VENDOR = ["find_rate", "post", "post", "post", "reverse"]
TROUBLE = [
    Fault(FaultKind.TRANSIENT, system="galaxy", code="timeout", message="no answer"),
    Fault(FaultKind.THROTTLED, system="galaxy", code="busy", message="slow down"),
    Fault(FaultKind.EXPIRED, system="galaxy", code="session", message="会话丢失"),
]


class Storm:
    """Things that happen to one document, drawn from a seed."""

    def __init__(self, house: House, seed: int) -> None:
        self._house, self._dice = house, Random(seed)
        self.cancelled = self.skipped = False
        self.paper = house.paper(
            rate_known=self._dice.random() < 0.5,
            gaps=[f"SKU{n}" for n in range(self._dice.choice([0, 0, 1, 2]))],
        )
        for _ in range(self._dice.randint(2, 6)):
            self._brew()

    def _brew(self) -> None:
        """One thing that will happen, at one call of one step."""
        vendor = self._dice.random() < 0.6
        step = self._dice.choice(VENDOR if vendor else LOCAL)
        things: list[Callable[[], Awaitable[None]]] = [self._edit, self._edit, self._open_gap, self._take_back]
        if vendor:
            fault = self._dice.choice(TROUBLE)

            async def fail() -> None:
                raise fault

            things += [self._cancel, fail, fail]
        calm = [_calm] * self._dice.randint(0, 1)
        hook = self._dice.choice(things)
        (self.paper.before if self._dice.random() < 0.5 else self.paper.after)(step, *calm, hook)

    async def _edit(self) -> None:
        await self._house.edit(self.paper, f"v{len(self.paper.calls) + 1}")

    async def _take_back(self) -> None:
        self.paper.taken_back_at_source = True
        await self._edit()

    async def _open_gap(self) -> None:
        self.paper.gaps.append(f"LATE{len(self.paper.calls)}")

    async def _cancel(self) -> None:
        await self._house.cancel(self.paper)
        self.cancelled = True

    async def free(self) -> None:
        """Somebody does something about a held document."""
        if self.paper.gaps and self._dice.random() < 0.8 and await self._house.close_gap(self.paper):
            return
        match self._dice.choice(["resume", "resume", "amend", "skip"]):
            case "resume":
                await self._house.resume(self.paper, refetch=self._dice.random() < 0.3)
            case "amend":
                await self._house.amend(self.paper)
            case _:
                await self._house.skip(self.paper)
                self.skipped = True


async def _calm() -> None:
    """A call at which nothing happens."""


def _is_right(storm: Storm, state: DocumentState, version: str) -> None:
    paper = storm.paper
    assert all(hold.reason is not HoldReason.DEFECT for hold in paper.recorded), paper.recorded
    if state is DocumentState.POSTED and not storm.skipped:
        assert paper.bill == paper.version == version
    if state is not DocumentState.POSTED:
        assert paper.bill is None
    if storm.cancelled and not storm.skipped:
        assert state is not DocumentState.POSTED
    signs = [change[0] for change in paper.written]
    assert signs == ["+" if n % 2 == 0 else "-" for n in range(len(signs))], paper.written


@pytest.mark.parametrize("seed", range(30))
async def test_any_order_ends_with_one_right_bill_or_none(hasty: House, seed: int) -> None:
    storm = Storm(hasty, seed)
    handle = await hasty.start(storm.paper)
    ended = asyncio.create_task(hasty.end(handle))
    seen = 0
    while not ended.done():
        held = asyncio.create_task(hasty.until_held(storm.paper, seen + 1))
        await asyncio.wait({ended, held}, return_when=asyncio.FIRST_COMPLETED)
        if not held.done():
            held.cancel()
        if await asyncio.gather(held, return_exceptions=True) and ended.done():
            break
        held_so_far = len(storm.paper.recorded)
        with suppress(WorkflowUpdateFailedError, RPCError):
            # Refused when something else was faster; then it is tried again.
            await storm.free()
            seen = held_so_far
    end = await ended
    _is_right(storm, end.state, end.version)
