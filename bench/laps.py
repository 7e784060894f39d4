"""A lap: a number of workflows, from the start of the first to the end of the last, with what that took."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean

from activities.intake import AT_A_TIME
from activities.starting import start_due
from bench.floor import FLOOR_TYPE, start_floor
from bench.house import SHOPS, House
from bench.machine import Usage

DOCUMENT_TYPE = "Document"
_LOOK_AGAIN = 0.2
_STALLED = 120.0
"""Seconds without any change, after which something must be wrong."""


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

    @property
    def seconds_each(self) -> float:
        return self.seconds / self.workflows

    @property
    def cpu_ms_each(self) -> float:
        """CPU milliseconds of all our parts together for each workflow, starting it included."""
        return sum(self.usage.parts.values()) * 1000 / self.workflows

    def told(self, what: str) -> str:
        """For the person who waits."""
        busy = self.usage.others / (self.seconds * (os.cpu_count() or 1))
        return f"{self.per_second:.1f} {what} a second, others use {busy:.0%} of the machine"

    def cpu_ms(self, part: str) -> float:
        """CPU milliseconds of a part of ours for each workflow."""
        return self.usage.parts[part] * 1000 / self.workflows


async def start_documents(house: House) -> None:
    """Start every document that is taken in, in portions, as intake does."""
    while documents := await house.shop.store.due(AT_A_TIME):
        await start_due(house.shop, documents)


async def documents_lap(house: House, workers: Mapping[str, int]) -> Lap:
    """Start every document that is taken in and see all of them to their end."""
    due = len(await house.due())
    return await _lap(house, workers, DOCUMENT_TYPE, due, lambda: start_documents(house))


async def alone(house: House, shop: str = SHOPS[0]) -> float:
    """Carry one new document of a shop; returns the seconds from the start of its workflow to its end."""
    await house.take_in(1, (shop,))
    [due] = await house.due()
    await start_due(house.shop, [due])
    handle = house.client.get_workflow_handle(due.key.workflow_id)
    await handle.result()
    told = await handle.describe()
    if told.close_time is None:
        raise Stalled(f"{due.key.workflow_id} has a result and has not ended.")
    return (told.close_time - told.start_time).total_seconds()


def ended_since(began: datetime, kind: str = DOCUMENT_TYPE) -> str:
    """The visibility query for workflows that were started since then and have ended."""
    return f'WorkflowType = "{kind}" AND StartTime >= "{began.isoformat()}" AND ExecutionStatus = "Completed"'


async def until(house: House, query: str, workflows: int) -> None:
    """Wait until Temporal counts so many workflows that answer a visibility query.

    Raises:
        Stalled: for a long time there was not one more.
    """
    loop = asyncio.get_running_loop()
    seen, moved_at = 0, loop.time()
    while (now := (await house.client.count_workflows(query)).count) < workflows:
        if now > seen:
            seen, moved_at = now, loop.time()
        elif loop.time() - moved_at > _STALLED:
            states = {count.state.value: count.documents for count in await house.shop.store.counts()}
            raise Stalled(f"{seen} of {workflows} workflows came to {query}, then no more ({states}); {house.folder}.")
        await asyncio.sleep(_LOOK_AGAIN)


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
    query = ended_since(began, kind)
    await start()
    await until(house, query, workflows)
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
