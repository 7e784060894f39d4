"""What a run measures: sizes, rounds, and the course on which measurements report how they go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bench.laps import Lap

FOLDER = Path(".kingpost/bench")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many documents are carried.

    Attributes:
        warm_up: before anything is measured, by every worker.
        lot: of an ordinary lap, and workflows of a floor lap.
        backlog: against the slow ERP.
        naive: by the plain script, which is slow.
        singles: one after the other, on an idle system.
        small, large: the two backlogs whose cost for each document is compared.
        held: held in each round.
        flood: of the one shop that floods the others.
    """

    warm_up: int = 40
    lot: int = 200
    backlog: int = 500
    naive: int = 12
    singles: int = 15
    small: int = 100
    large: int = 1000
    held: int = 200
    flood: int = 300


FULL = Sizes(warm_up=100, lot=500, backlog=500, naive=20, singles=20, small=500, large=5000, held=1000, flood=10_000)
"""For an evening on which the machine has nothing else to do."""
QUICK = Sizes(warm_up=2, lot=6, backlog=6, naive=2, singles=1, small=3, large=6, held=4, flood=6)
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

    def turns(self, *sides: T) -> Iterator[T]:
        """Each side once a round; the order turns around with every round, so that noise hits all sides alike."""
        for number in range(self.rounds):
            yield from reversed(sides) if number % 2 else sides

    def note(self, *laps: Lap) -> None:
        """These were measured."""
        self.laps += laps
