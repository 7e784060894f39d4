"""Whether a document costs more when many wait, and whether a worker keeps something of every document it posted."""

from __future__ import annotations

from bench.figures import Measured, measured
from bench.house import House
from bench.laps import Lap, documents_lap
from bench.machine import Memory
from bench.plan import Course


async def growth(house: House, course: Course) -> list[Measured]:
    """A small and a large backlog in turn, all carried by one worker."""
    sizes = course.sizes
    async with house.worker() as worker:
        laps: dict[int, list[Lap]] = {sizes.small: [], sizes.large: []}
        await house.take_in(sizes.warm_up)
        await documents_lap(house, {"worker": worker})
        memory = Memory(worker)
        for documents in course.turns(*laps):
            await house.take_in(documents)
            laps[documents].append(await documents_lap(house, {"worker": worker}))
            memory.note(documents)
            course.say(laps[documents][-1].told(f"documents of a backlog of {documents}"))
    small, large = laps.values()
    course.note(*small, *large)
    costs = [many.seconds_each / few.seconds_each for few, many in zip(small, large, strict=True)]
    return [
        measured("growth", costs),
        measured("cpu_growth", [many.cpu_ms_each / few.cpu_ms_each for few, many in zip(small, large, strict=True)]),
        measured("memory_mb_before", [memory.first]),
        measured("memory_mb_after_posted", [memory.last]),
        # By the large backlogs alone: a small one is too little to tell memory that is kept from memory in passing.
        measured("memory_mb_per_1000_posted", memory.each_thousand(sizes.large)),
    ]
