"""A run from beginning to end: everything up, everything fails, everything settles, the books are judged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from sqlalchemy.exc import SQLAlchemyError

from chaos.hands import Hands
from chaos.house import House, open_house
from chaos.plan import Plan
from chaos.report import Report, count_faults, make_report
from chaos.script import script
from chaos.settling import settle
from chaos.view import Moment, board, ending
from domain.documents import DocumentState

_REFRESH = 0.5
_PATIENCE, _PATIENCE_FOR_EACH = 180.0, 0.2
"""Seconds to come to rest: so many, and so many for each document."""


@dataclass
class _Course:
    """How far a run is."""

    plan: Plan
    house: House
    hands: Hands
    phase: str = "一切都在出错 everything fails"
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started


async def run(plan: Plan, console: Console) -> Report:
    """The whole run.

    Raises:
        NotUp: a part does not come up (any more).
        NeverAtRest: something still moves long after the last fault.
    """
    seconds = plan.minutes * 60
    cues = script(plan.seed, seconds=seconds, documents=plan.documents, workers=plan.workers)
    async with open_house(plan) as house:
        hands = Hands(house)
        course = _Course(plan, house, hands)
        async with _shown(course, console):
            await hands.play(cues)
            await hands.calm()
            under_fire = await _posted(house)
            course.phase = "平静，收尾 settling"
            await settle(house, _PATIENCE + _PATIENCE_FOR_EACH * plan.documents)
            report = await make_report(house, hands, seed=plan.seed, seconds=course.elapsed, under_fire=under_fire)
    console.print(ending(report))
    if plan.report is not None:
        await asyncio.to_thread(plan.report.write_text, report.model_dump_json(indent=2), encoding="utf-8")
    return report


async def _posted(house: House) -> int:
    counts = await house.shop.store.counts()
    return sum(count.documents for count in counts if count.state is DocumentState.POSTED)


@asynccontextmanager
async def _shown(course: _Course, console: Console) -> AsyncIterator[None]:
    with Live(console=console, refresh_per_second=4) as live:
        showing = asyncio.create_task(_show(course, live))
        try:
            yield
        finally:
            showing.cancel()
            with suppress(asyncio.CancelledError):
                await showing


async def _show(course: _Course, live: Live) -> None:
    while True:
        # The store is one of the things that fail; then the last picture stays.
        with suppress(SQLAlchemyError, OSError):
            live.update(board(await _look(course)))
        await asyncio.sleep(_REFRESH)


async def _look(course: _Course) -> Moment:
    house, hands = course.house, course.hands
    return Moment(
        phase=course.phase,
        elapsed=course.elapsed,
        length=course.plan.minutes * 60,
        fed=len(house.numbers),
        shown=hands.shown,
        counts=await house.shop.store.counts(),
        faults=await count_faults(house, hands),
        worker_kills=sum(worker.kills for worker in house.workers),
        server_kills=house.server.kills,
        web=house.web,
        seed=course.plan.seed,
    )
