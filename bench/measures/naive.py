"""A backlog against an ERP that takes its time: how many calls it needs, and how much sooner it is done than by a
plain script."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.figures import Measured, measured
from bench.house import FORM, House, Wish
from bench.laps import Lap, documents_lap
from bench.plan import Course
from bench.ready_made import ready_made
from demo import embedded
from domain import jsontext

SLOW_ERP = Wish(erp_delay={"call_ms": 300, "bill_ms": 20, "parallel": 4})
"""An ERP as people know it, and all settings of the product as they are shipped."""


async def naive(house: House, course: Course) -> list[Measured]:
    """A backlog carried by the product, and a few documents by the script, in turn, never at the same time."""
    sizes = course.sizes
    script: list[float] = []
    laps: list[Lap] = []
    async with house.worker() as worker:
        pids = {"worker": worker}

        async def documents() -> None:
            await house.take_in(sizes.backlog)
            laps.append(await documents_lap(house, pids))
            calls = laps[-1].erp_calls / laps[-1].workflows
            course.say(f"{laps[-1].told('documents')}, {calls:.2f} ERP calls each")

        async def by_script() -> None:
            script.append(await _by_script(house, sizes.naive))
            course.say(f"{script[-1]:.2f} documents a second by the plain script")

        await house.take_in(sizes.warm_up)
        await documents_lap(house, pids)
        sides: tuple[Callable[[], Awaitable[None]], ...] = (documents, by_script)
        for side in course.turns(*sides):
            await side()
    course.note(*laps)
    return [
        measured("erp_calls_per_document", [lap.erp_calls / lap.workflows for lap in laps]),
        measured("naive_per_second", script),
        measured("slow_erp_documents_per_second", [lap.per_second for lap in laps]),
        measured("naive_speedup", [lap.per_second / rate for lap, rate in zip(laps, script, strict=True)]),
    ]


async def _by_script(house: House, documents: int) -> float:
    """Documents a second of the script, on documents of its own."""
    await house.take_in(documents)
    keys = await house.give_away()
    file = house.folder / "naive.json"
    work = {"account": house.sections["galaxy.main"], "form": FORM, "bills": await ready_made(house.shop, keys)}
    await asyncio.to_thread(_write, file, jsontext.dumps(work))
    command = (sys.executable, "-m", "bench.naive", str(file))
    async with embedded.process("naive", house.folder, *command, speaks=True) as child:
        told: bytes = await child.stdout.read()
        if await child.wait() != 0:
            raise embedded.NotUp(f"The plain script failed, see {house.folder / 'naive.log'}.")
    return documents / float(told)


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
