"""What processes and the machine used, from Linux's /proc: CPU seconds and resident memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1024 * 1024
_IDLE = slice(3, 5)
"""Idle and waiting for a disk, among the columns of /proc/stat."""
_COLUMNS = 8
"""What follows is time of guests, which is counted among the first columns already."""


def cpu_seconds(pid: int) -> float:
    """CPU time a process has used so far, in user and kernel mode."""
    # The name of the program may hold blanks; what we want stands behind its closing bracket.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident_megabytes(pid: int) -> float:
    """Memory a process holds in RAM now."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * _PAGE / _MEGABYTE


def busy_seconds() -> float:
    """CPU time the whole machine has spent on anything since it was started, all cores together."""
    columns = [int(field) for field in Path("/proc/stat").read_text(encoding="utf-8").split("\n")[0].split()[1:]]
    columns = columns[:_COLUMNS]
    return (sum(columns) - sum(columns[_IDLE])) / _TICK


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds at a moment, or between two: of our parts by name, and of the whole machine."""

    parts: Mapping[str, float]
    busy: float

    @classmethod
    def now(cls, pids: Mapping[str, int]) -> Self:
        return cls({name: cpu_seconds(pid) for name, pid in pids.items()}, busy_seconds())

    def since(self, before: Usage) -> Usage:
        return Usage({name: used - before.parts[name] for name, used in self.parts.items()}, self.busy - before.busy)

    @property
    def others(self) -> float:
        """What somebody else used meanwhile."""
        return max(0.0, self.busy - sum(self.parts.values()))


class Memory:
    """Resident memory of a process while it takes on more and more. Megabytes."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.first = self.last = resident_megabytes(pid)
        self._grown: list[tuple[int, float]] = []

    def note(self, documents: int) -> None:
        """So many more documents have been taken on."""
        now = resident_megabytes(self._pid)
        self._grown.append((documents, now - self.last))
        self.last = now

    def each_thousand(self, documents: int) -> list[float]:
        """What each portion of that size added, reckoned for a thousand documents."""
        return [grown * 1000 / size for size, grown in self._grown if size == documents]
