"""What carrying a document costs over the least that Temporal costs, side by side on the same server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bench.figures import Measured, measured
from bench.house import House
from bench.laps import Lap, documents_lap, floor_lap
from bench.plan import Course


async def ratio(house: House, course: Course) -> list[Measured]:
    """A lap of the floor and a lap of documents in turn, both workers up all the time."""
    lot = course.sizes.lot
    floors: list[Lap] = []
    laps: list[Lap] = []
    async with house.worker() as worker, house.floor_worker() as floor_worker:
        pids = {"worker": worker, "floor": floor_worker}

        async def documents() -> None:
            await house.take_in(lot)
            laps.append(await documents_lap(house, pids))
            course.say(laps[-1].told("documents"))

        async def floor() -> None:
            floors.append(await floor_lap(house, pids, lot))
            course.say(floors[-1].told("floor workflows"))

        await house.take_in(course.sizes.warm_up)
        await documents_lap(house, pids)
        await floor_lap(house, pids, course.sizes.warm_up)
        sides: tuple[Callable[[], Awaitable[None]], ...] = (documents, floor)
        for side in course.turns(*sides):
            await side()
    course.note(*floors, *laps)
    return [
        measured("floor_per_second", [lap.per_second for lap in floors]),
        measured("documents_per_second", [lap.per_second for lap in laps]),
        # Each round's own pair, so that noise which hits a round hits both sides of its quotient.
        measured("ratio", [lap.per_second / floor.per_second for lap, floor in zip(laps, floors, strict=True)]),
        # A busy machine distorts the clock, not the CPU time of a process.
        measured("cpu_ratio", [floor.cpu_ms_each / lap.cpu_ms_each for lap, floor in zip(laps, floors, strict=True)]),
        measured("history_events_per_document", [lap.events for lap in laps]),
        measured("worker_cpu_ms_per_document", [lap.cpu_ms("worker") for lap in laps]),
        measured("floor_cpu_ms", [lap.cpu_ms("floor") for lap in floors]),
        measured("temporal_cpu_ms_per_document", [lap.cpu_ms("temporal") for lap in laps]),
        measured("floor_temporal_cpu_ms", [lap.cpu_ms("temporal") for lap in floors]),
        measured("simulators_cpu_ms_per_document", [lap.cpu_ms("simulators") for lap in laps]),
        measured("fast_erp_calls_per_document", [lap.erp_calls / lap.workflows for lap in laps]),
    ]
