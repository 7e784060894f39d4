"""A lap: a number of workflows, from the start of the first to the end of the last, with what that took."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean

from activities.intake import AT_A_TIME
from activities.starting import start_due
from bench.floor import FLOOR_TYPE, start_floor
from bench.house import House
from bench.machine import Usage

_LOOK_AGAIN = 0.2
_STALLED = 120.0
"""Seconds without any workflow ending, after which something must be wrong."""


class Stalled(Exception):
    """Workflows do not come to their end; says how many, and where the logs are."""


@dataclass(frozen=True, slots=True)
class Lap:
    """What a lap took.

    Attributes:
        seconds: from the first start to the last end, by Temporal's own record of it.
        events: history events of a workflow, mean.
        usage: CPU seconds of our parts and of the machine meanwhile.
        erp_calls: requests the ERP was asked meanwhile.
    """

    workflows: int
    seconds: float
    events: float
    usage: Usage
    erp_calls: int

    @property
    def per_second(self) -> float:
        return self.workflows / self.seconds

    def cpu_ms(self, part: str) -> float:
        """CPU milliseconds of a part of ours for each workflow."""
        return self.usage.parts[part] * 1000 / self.workflows


async def documents_lap(house: House, workers: Mapping[str, int]) -> Lap:
    """Start every document that is taken in, as intake does, and see all of them to their end."""
    due = len(await house.due())

    async def start() -> None:
        while documents := await house.shop.store.due(AT_A_TIME):
            await start_due(house.shop, documents)

    return await _lap(house, workers, "Document", due, start)


async def floor_lap(house: House, workers: Mapping[str, int], workflows: int) -> Lap:
    """Start so many workflows of the floor, in portions like documents, and see all of them to their end."""
    numbers = [f"{house.next_floor():07d}" for _ in range(workflows)]

    async def start() -> None:
        for first in range(0, workflows, AT_A_TIME):
            await start_floor(house.client, numbers[first : first + AT_A_TIME], house.sink)

    return await _lap(house, workers, FLOOR_TYPE, workflows, start)


async def _lap(
    house: House, workers: Mapping[str, int], kind: str, workflows: int, start: Callable[[], Awaitable[None]]
) -> Lap:
    pids = {**house.parts, **workers}
    calls, before, began = await house.erp_calls(), Usage.now(pids), datetime.now(UTC)
    query = f'WorkflowType = "{kind}" AND StartTime >= "{began.isoformat()}" AND ExecutionStatus = "Completed"'
    starting = asyncio.ensure_future(start())
    await _all_ended(house, query, workflows)
    await starting
    usage = Usage.now(pids).since(before)
    ended = [execution async for execution in house.client.list_workflows(query, page_size=1000)]
    last = max(execution.close_time for execution in ended if execution.close_time is not None)
    return Lap(
        workflows=workflows,
        seconds=(last - began).total_seconds(),
        events=fmean(execution.history_length for execution in ended),
        usage=usage,
        erp_calls=await house.erp_calls() - calls,
    )


async def _all_ended(house: House, query: str, workflows: int) -> None:
    loop = asyncio.get_running_loop()
    ended, moved_at = 0, loop.time()
    while ended < workflows:
        await asyncio.sleep(_LOOK_AGAIN)
        now = (await house.client.count_workflows(query)).count
        if now > ended:
            ended, moved_at = now, loop.time()
        elif loop.time() - moved_at > _STALLED:
            states = {count.state.value: count.documents for count in await house.shop.store.counts()}
            raise Stalled(f"{ended} of {workflows} workflows ended, then nothing moved ({states}); see {house.folder}.")
