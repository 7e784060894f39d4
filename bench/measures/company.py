"""What a single document on an idle system pays for the chance that others come along."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from bench.figures import Measured, measured
from bench.house import House
from bench.laps import alone
from bench.plan import Course

_SIDES: Mapping[str, Mapping[str, float]] = {"as shipped": {}, "waiting for nobody": {"linger": 0}}
"""Worker settings of each side. What the first takes longer than the second, it waits for company."""
_FIRST = 2
"""Documents that meet a worker whose connections are not open yet."""


async def company(house: House, course: Course) -> list[Measured]:
    """Single documents one after the other, by a worker as shipped and by one that waits for nobody, in turn."""
    found: dict[str, list[float]] = {side: [] for side in _SIDES}
    for side in course.turns(*_SIDES):
        found[side].append(await _single(house, course.sizes.singles, _SIDES[side]))
        course.say(f"{found[side][-1]:.0f} ms a document, {side}")
    shipped, hasty = found.values()
    return [
        measured("company_wait_ms", [slow - quick for slow, quick in zip(shipped, hasty, strict=True)]),
        measured("single_document_ms", shipped),
    ]


async def _single(house: House, documents: int, tuning: Mapping[str, float]) -> float:
    """Milliseconds from the start of a document's workflow to its end, median over several."""
    async with house.worker(**tuning):
        for _ in range(_FIRST):
            await alone(house)
        return median([await alone(house) for _ in range(documents)]) * 1000
