"""The result of a run: figures, how busy the machine was, and what was audited. Also written as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.figures import Measured
from bench.laps import Lap
from bench.plan import Sizes

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Busy:
    """What the machine did while laps ran. `others`: the share of its cores that was used by somebody else."""

    cores: int
    python: str
    others: float

    @classmethod
    def of(cls, laps: Sequence[Lap]) -> Busy:
        cores = os.cpu_count() or 1
        whole = sum(lap.seconds for lap in laps) * cores
        others = sum(lap.usage.others for lap in laps) / whole if whole else 0.0
        return cls(cores, platform.python_version(), others)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. `audited`: documents whose bills the sandbox's audit compared with the source."""

    figures: tuple[Measured, ...]
    machine: Busy
    sizes: Sizes
    audited: int
    seconds: float

    def as_json(self) -> str:
        """The figures by name, then everything one needs to judge them."""
        tree: dict[str, Any] = {found.figure.name: round(found.value, _DIGITS) for found in self.figures}
        goals = {f.figure.name: {"goal": str(f.figure.goal), "met": f.met} for f in self.figures if f.figure.goal}
        tree |= {
            "goals": goals,
            "rounds": {f.figure.name: [round(value, _DIGITS) for value in f.rounds] for f in self.figures},
            "sizes": asdict(self.sizes),
            "machine": {**asdict(self.machine), "others": round(self.machine.others, _DIGITS)},
            "documents_audited": self.audited,
            "seconds": round(self.seconds, 1),
        }
        return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
