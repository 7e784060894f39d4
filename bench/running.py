"""Run measurements one after the other, each in a house of its own, and have its books audited."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from bench.figures import FIGURES, Measured
from bench.house import UNLIMITED, House, Wish, open_house
from bench.laps import Lap
from bench.measures.company import company
from bench.measures.fairness import fairness
from bench.measures.growth import growth
from bench.measures.held import held
from bench.measures.naive import SLOW_ERP, naive
from bench.measures.ratio import ratio
from bench.measures.two_workers import two_workers
from bench.plan import Course, Plan
from bench.report import Busy, Report
from bench.view import result
from demo import embedded


class UnknownFigure(Exception):
    """Nothing of that name is measured; names what is."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Figures that are measured together. `wish`: how their house is to be."""

    name: str
    figures: tuple[str, ...]
    measure: Callable[[House, Course], Awaitable[list[Measured]]]
    wish: Wish = UNLIMITED


MEASUREMENTS = (
    Measurement(
        "ratio",
        (
            "floor_per_second",
            "documents_per_second",
            "ratio",
            "cpu_ratio",
            "history_events_per_document",
            "worker_cpu_ms_per_document",
            "floor_cpu_ms",
            "temporal_cpu_ms_per_document",
            "floor_temporal_cpu_ms",
            "simulators_cpu_ms_per_document",
            "fast_erp_calls_per_document",
        ),
        ratio,
    ),
    Measurement(
        "naive",
        ("erp_calls_per_document", "naive_per_second", "slow_erp_documents_per_second", "naive_speedup"),
        naive,
        SLOW_ERP,
    ),
    Measurement("company", ("company_wait_ms", "single_document_ms"), company),
    Measurement(
        "growth",
        ("growth", "cpu_growth", "memory_mb_before", "memory_mb_after_posted", "memory_mb_per_1000_posted"),
        growth,
    ),
    Measurement("held", ("memory_mb_per_1000_held",), held),
    Measurement("two_workers", ("two_workers",), two_workers),
    Measurement("fairness", ("fairness_delay_seconds", "fairness_crowd"), fairness),
)


def chosen(only: tuple[str, ...]) -> list[Measurement]:
    """The measurements that have one of these names or give one of these figures; all of them for no names.

    Raises:
        UnknownFigure: a name that is neither.
    """
    known = {measurement.name for measurement in MEASUREMENTS} | FIGURES.keys()
    strange = next((name for name in only if name not in known), None)
    if strange is not None:
        raise UnknownFigure(f"Nothing called {strange} is measured, expected one of {', '.join(sorted(known))}.")
    return [m for m in MEASUREMENTS if not only or {m.name, *m.figures}.intersection(only)]


async def run(plan: Plan, console: Console) -> Report:
    """The whole run. Raises WrongBooks when a single document is not booked as it should be."""
    embedded.end_on_signals()
    measurements = chosen(plan.only)
    began = time.monotonic()
    figures: list[Measured] = []
    laps: list[Lap] = []
    audited = 0
    for measurement in measurements:
        course = Course(plan.sizes, plan.rounds, say=partial(_say, console, measurement.name))
        async with open_house(plan.folder / measurement.name, plan.port_base, measurement.wish) as house:
            figures += await measurement.measure(house, course)
            audited += await house.audit()
        laps += course.laps
    report = Report(tuple(figures), Busy.of(laps), plan.sizes, audited, time.monotonic() - began)
    console.print(result(report))
    if plan.json is not None:
        await asyncio.to_thread(plan.json.write_text, report.as_json(), encoding="utf-8")
    return report


def _say(console: Console, measurement: str, told: str) -> None:
    console.print(f"{measurement}: {told}", style="dim", highlight=False)
