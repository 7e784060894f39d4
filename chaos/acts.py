"""What can happen in a run: each act is data, so that a script can be written down, compared and replayed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sandbox.faults import FaultRule
from sandbox.world.changes import Change


class System(StrEnum):
    """A simulator whose calls can fail."""

    GALAXY = "galaxy"
    JUSHUITAN = "jushuitan"
    RATES = "rates"


@dataclass(frozen=True, slots=True)
class Appear:
    """The next documents appear at the source."""

    documents: int


@dataclass(frozen=True, slots=True)
class GoodsArrive:
    """Returned goods that were on their way are received."""


@dataclass(frozen=True, slots=True)
class Weather:
    """From now on calls of a vendor fail in these ways, and no longer as before."""

    system: System
    rules: tuple[FaultRule, ...]


@dataclass(frozen=True, slots=True)
class ChangeAtSource:
    """A clerk changes a document.

    Attributes:
        draw: which one (0 to 1), of those that have appeared; near 1 are the latest.
        then_after: seconds until `then` is done to the same document.
    """

    kind: Change
    draw: float
    then: Change | None = None
    then_after: float = 0


@dataclass(frozen=True, slots=True)
class LockBill:
    """Somebody opens a document's bill in Kingdee and closes it after `seconds`."""

    draw: float
    seconds: float


@dataclass(frozen=True, slots=True)
class ClosePeriod:
    """Kingdee's stock period is closed by mistake, up to the last day of the feed, and opened again."""

    seconds: float


@dataclass(frozen=True, slots=True)
class TakeStock:
    """Somebody else takes all there is of some goods out of a warehouse, and brings it back."""

    draw: float
    seconds: float


@dataclass(frozen=True, slots=True)
class KillWorker:
    """SIGKILL; the worker is started again by whoever watches over it."""

    worker: int


@dataclass(frozen=True, slots=True)
class KillServer:
    """SIGKILL of the Temporal server; it is started again on its database file."""


@dataclass(frozen=True, slots=True)
class CutStore:
    """SQLite: another writer holds the lock for `seconds`. PostgreSQL: every connection is terminated."""

    seconds: float


@dataclass(frozen=True, slots=True)
class FillMapping:
    """A person adds one of the mapping rows that were left out."""

    draw: float


@dataclass(frozen=True, slots=True)
class ResumeSome:
    """A person resumes some held documents without having mended anything."""

    draw: float
    refetch: bool


Act = (
    Appear
    | GoodsArrive
    | Weather
    | ChangeAtSource
    | LockBill
    | ClosePeriod
    | TakeStock
    | KillWorker
    | KillServer
    | CutStore
    | FillMapping
    | ResumeSome
)


@dataclass(frozen=True, slots=True)
class Cue:
    """An act and when it happens, in seconds from the start."""

    at: float
    act: Act
