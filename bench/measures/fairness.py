"""How long a shop's next document takes while another shop floods the system."""

from __future__ import annotations

from datetime import UTC, datetime

from bench.figures import Measured, measured
from bench.house import House
from bench.laps import DOCUMENT_TYPE, alone, documents_lap, ended_since, start_documents, until
from bench.plan import Course

_FLOODING, _OTHER = "Torrent", "Brook"
_WAITING = f'WorkflowType = "{DOCUMENT_TYPE}" AND ExecutionStatus = "Running"'


async def fairness(house: House, course: Course) -> list[Measured]:
    """One flood; into it, one after the other, single documents of another shop."""
    sizes = course.sizes
    delays: list[float] = []
    crowds: list[float] = []
    async with house.worker() as worker:
        await house.take_in(sizes.warm_up)
        await documents_lap(house, {"worker": worker})
        await house.take_in(sizes.flood, (_FLOODING,))
        began = datetime.now(UTC)
        await start_documents(house)
        for _ in range(course.rounds):
            crowds.append((await house.client.count_workflows(_WAITING)).count)
            delays.append(await alone(house, _OTHER))
            course.say(f"posted after {delays[-1]:.1f} s, with {crowds[-1]:.0f} of the other shop waiting")
        await until(house, ended_since(began), sizes.flood + course.rounds)
    return [measured("fairness_delay_seconds", delays), measured("fairness_crowd", crowds)]
