"""How a run is to be, and the settings it runs with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chaos.troubles import LONGEST_UNANSWERED, TIME_LIMIT
from demo.configuring import Sections
from settings import DEMO_FILE

FOLDER = DEMO_FILE.parent / "chaos"
PORTS = 6
"""Ports a run takes: Temporal and its Web UI, four simulators."""


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        minutes: how long everything fails; settling afterwards takes as long as it takes.
        workers: worker processes, two at least.
        port_base: first of `PORTS` ports; free ones by default.
        store_url: an empty PostgreSQL database; None is a SQLite file in the folder.
        report: where the result goes as JSON.
        folder: state of the run: databases and logs. Emptied first.
    """

    documents: int
    seed: int
    minutes: float
    workers: int = 2
    port_base: int | None = None
    store_url: str | None = None
    report: Path | None = None
    folder: Path = FOLDER


def hurried(sections: Sections) -> Sections:
    """The product's configuration with its patience cut short, so that minutes show what otherwise takes hours.

    Pages are small, so that reading one thing takes several calls between which something can happen.
    """
    unhurried_by_limits = {"per_second": 1000, "per_minute": 60_000}
    return {
        **sections,
        "": {**sections[""], "secret_key": "of a run that is thrown away"},
        "worker": {"every": 2, "overlap": 6, "batch": 6},
        "patience": {
            "transient_tries": 4,
            "transient_wait": 1,
            "throttled_wait": 0.5,
            "probe_wait": 1,
            "probe_most": 4,
            "rate_tries": 4,
            "rate_wait": 1,
            "unanswered": LONGEST_UNANSWERED,
        },
        "rates": {**sections["rates"], "timeout": TIME_LIMIT},
        "galaxy.main": {
            **sections["galaxy.main"],
            "read_timeout": TIME_LIMIT,
            "calls_per_second": 200,
            "parallel": 8,
            "page_size": 50,
            "in_list": 20,
        },
        "jushuitan.main": {
            **sections["jushuitan.main"],
            **unhurried_by_limits,
            "read_timeout": TIME_LIMIT,
            "page_size": 20,
        },
    }
