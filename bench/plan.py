"""What a run measures: sizes, rounds, and the course on which measurements report how they go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.laps import Lap

FOLDER = Path(".kingpost/bench")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is carried.

    Attributes:
        warm_up: documents, and floor workflows, before anything is measured.
        lot: documents of an ordinary lap.
    """

    warm_up: int = 100
    lot: int = 500


QUICK = Sizes(warm_up=5, lot=20)
"""Only to see that everything runs: figures of such sizes mean nothing."""


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        only: names of measurements or figures; none means all.
        port_base: first of the ports used; free ones by default.
        json: where the result goes.
        folder: state of the run: databases and logs. Emptied first.
    """

    rounds: int = 3
    sizes: Sizes = field(default_factory=Sizes)
    only: tuple[str, ...] = ()
    port_base: int | None = None
    json: Path | None = None
    folder: Path = FOLDER


@dataclass
class Course:
    """One measurement under way.

    Attributes:
        say: tells the person who waits what was just found.
        laps: what was carried, for the account of how busy the machine was.
    """

    sizes: Sizes
    rounds: int
    say: Callable[[str], None]
    laps: list[Lap] = field(default_factory=list)

    def note(self, *laps: Lap) -> None:
        self.laps += laps
