"""Intake carried out: read what changed at a source, store it, then start what is due (L1, pains 3 to 6)."""

from __future__ import annotations

from collections.abc import Set

from temporalio import activity

from activities.api import IntakeStep, IntakeSteps, Polled, Started, StartStep
from activities.gate import Gate
from activities.retrying import step
from activities.starting import start_due
from activities.workshop import Workshop
from domain.documents import DocumentKey
from domain.journal import DueDocument

AT_A_TIME = 500
"""Documents read from the store and started in one go."""


class IntakeActivities(IntakeSteps):
    """Both steps may be repeated at any point: what is stored twice is one, what is started twice is told."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop, self._gate = workshop, Gate(workshop)
        self.patience = workshop.patience

    @activity.defn(name="poll")
    @step
    async def poll(self, step: IntakeStep) -> Polled:
        account = self._shop.routes[step.connection].queues.source
        if await self._gate.pause_of(account) is not None:
            # No news: whoever can end the pause has been told. The cursor stays where it is.
            return Polled(seen=0, new=0, changed=0, paused=True)
        async with self._gate.passing(account):
            return await self._read(step)

    async def _read(self, step: IntakeStep) -> Polled:
        source = self._shop.catalogue[step.flow].flow.source
        stream = self._shop.streams[(step.connection, source.stream)]
        overlap = self._shop.overlap if self._shop.overlap is not None else source.overlap
        cursor = await self._shop.store.cursor(step.flow, step.connection)
        seen = new = changed = 0
        async for window in stream.windows(step.flow, cursor, step.until, overlap):
            moved = (step.flow, step.connection, window.cursor) if window.cursor is not None else None
            taken = await self._shop.store.take_in(window.sightings, cursor=moved)
            seen, new, changed = seen + taken.seen, new + taken.new, changed + taken.changed
        return Polled(seen=seen, new=new, changed=changed)

    @activity.defn(name="start_documents")
    @step
    async def start_documents(self, step: StartStep) -> Started:
        started = told = 0
        refused: set[DocumentKey] = set()
        while due := await self._due(step, refused):
            starts = await start_due(self._shop, due)
            started, told = started + starts.started, told + starts.told
            refused.update(starts.refused)
        return Started(started=started, told=told)

    async def _due(self, step: StartStep, refused: Set[DocumentKey]) -> list[DueDocument]:
        """What is due still; those that were refused stay due, and have had their try."""
        limit = AT_A_TIME + len(refused)
        due = await self._shop.store.due(limit, flow=step.flow, connection=step.connection)
        return [document for document in due if document.key not in refused]
