"""What a worker holds in memory for documents that wait for a person."""

from __future__ import annotations

from bench.figures import Measured, measured
from bench.house import House
from bench.laps import documents_lap, start_documents, until
from bench.machine import Memory
from bench.plan import Course

_NOWHERE = "Nowhere"
"""A shop that nobody has put into the mapping tables."""
_WAITING = 'DocumentState = "held"'


async def held(house: House, course: Course) -> list[Measured]:
    """Round after round of documents that cannot be mapped, all held by one worker at the same time."""
    sizes = course.sizes
    async with house.worker() as worker:
        await house.take_in(sizes.warm_up)
        await documents_lap(house, {"worker": worker})
        memory = Memory(worker)
        for number in range(course.rounds):
            await house.take_in(sizes.held, (_NOWHERE,), unmapped={_NOWHERE})
            await start_documents(house)
            await until(house, _WAITING, sizes.held * (number + 1))
            memory.note(sizes.held)
            course.say(f"{memory.last:.1f} MB with {sizes.held * (number + 1)} documents held")
    return [measured("memory_mb_per_1000_held", memory.each_thousand(sizes.held))]
