"""What a second worker process adds."""

from __future__ import annotations

from contextlib import AsyncExitStack

from bench.figures import Measured, measured
from bench.house import House
from bench.laps import Lap, documents_lap
from bench.plan import Course


async def two_workers(house: House, course: Course) -> list[Measured]:
    """The same backlog by one worker and by two, in turn; the second one comes and goes, and is warmed up each time."""
    sizes = course.sizes
    laps: dict[int, list[Lap]] = {1: [], 2: []}

    async def carry(documents: int, pids: dict[str, int]) -> Lap:
        await house.take_in(documents)
        return await documents_lap(house, pids)

    async with house.worker() as first:
        await carry(sizes.warm_up, {"worker": first})
        for workers in course.turns(*laps):
            async with AsyncExitStack() as stack:
                pids = {"worker": first}
                if workers > 1:
                    pids["second"] = await stack.enter_async_context(house.worker())
                    await carry(sizes.warm_up, pids)
                laps[workers].append(await carry(sizes.lot, pids))
            course.say(f"{laps[workers][-1].told('documents')}, by {workers}")
    one, two = laps.values()
    course.note(*one, *two)
    return [measured("two_workers", [b.per_second / a.per_second for a, b in zip(one, two, strict=True)])]
