"""The signature of a back-fill's one step, and what goes in and out (requirement O8)."""

from __future__ import annotations

from temporalio import activity

from domain.documents import Frozen
from domain.spans import Span


class BringInStep(Frozen):
    """Brings in the documents of a window. `dry_run`: only counts what it would bring, and changes nothing."""

    flow: str
    connection: str
    span: Span
    dry_run: bool


class Brought(Frozen):
    """What windows brought, counted.

    Attributes:
        seen: documents the source has.
        new, changed: not in the store before, or with another content. The others are known: nothing is done for them.
        started, told: workflows started, and running ones that were told of a change.
        too_many: the window has more than one window may have; nothing was read, halve it.
    """

    seen: int = 0
    new: int = 0
    changed: int = 0
    started: int = 0
    told: int = 0
    too_many: bool = False

    @property
    def known(self) -> int:
        """Documents that the store had already, with this very content."""
        return self.seen - self.new - self.changed

    def plus(self, other: Brought) -> Brought:
        """Both together."""
        return Brought(
            seen=self.seen + other.seen,
            new=self.new + other.new,
            changed=self.changed + other.changed,
            started=self.started + other.started,
            told=self.told + other.told,
        )


class BackfillSteps:
    """`activities.backfilling` carries it out, on the source's queue."""

    @activity.defn(name="bring_in")
    async def bring_in(self, step: BringInStep) -> Brought:
        raise NotImplementedError
