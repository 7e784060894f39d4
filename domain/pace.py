"""How fast an account of a vendor may be called, whatever the number of processes that call it (requirement O6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CallRate:
    """So many `calls` in so many `seconds` in the long run; after a pause `burst` of them may go at once."""

    calls: float
    seconds: int
    burst: float = 1

    @property
    def interval(self) -> float:
        """Seconds from one call to the next."""
        return self.seconds / self.calls


class Pace(Protocol):
    """The line in which all processes stand that call an account."""

    async def turn(self, rates: Sequence[CallRate]) -> float:
        """Take the next place in the line. Returns how many seconds from now it is; 0 is at once."""
        ...
