"""Intake carried out: read what changed at a source, store it, then start what is due (L1, pains 3 to 6)."""

from __future__ import annotations

from temporalio import activity

from activities.api import IntakeStep, IntakeSteps, Polled, Started, StartStep
from activities.gate import Gate
from activities.retrying import step
from activities.starting import start_due
from activities.workshop import Workshop

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
        while due := await self._shop.store.due(AT_A_TIME, flow=step.flow, connection=step.connection):
            one, other = await start_due(self._shop, due)
            started, told = started + one, told + other
        return Started(started=started, told=told)
