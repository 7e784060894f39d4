"""Back-fill carried out: the documents of a window go the way of intake, without its cursor (requirement O8)."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import activity

from activities.api_backfill import BackfillSteps, BringInStep, Brought
from activities.gate import Gate, vendor_step
from activities.starting import start_due
from activities.windows import has_too_many, stream_of
from activities.workshop import Workshop
from domain.documents import Urgency
from domain.journal import Sighting


class BackfillActivities(BackfillSteps):
    """May be repeated at any point: what is stored already is known, what was not started is still due.

    A window that is read again after an interruption counts as known what the first try had stored.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._shop, self.gate = workshop, Gate(workshop)
        self.patience = workshop.patience

    @activity.defn(name="bring_in")
    @vendor_step
    async def bring_in(self, step: BringInStep) -> Brought:
        stream, span = stream_of(self._shop, step.flow, step.connection), step.span
        if await has_too_many(self._shop, stream, span):
            return Brought(too_many=True)
        brought = Brought()
        async for sightings in stream.dated(step.flow, span.begin, span.end):
            page = await (self._preview(sightings) if step.dry_run else self._take_in(sightings))
            brought = brought.plus(page)
        return brought

    async def _take_in(self, sightings: Sequence[Sighting]) -> Brought:
        taken = await self._shop.store.take_in(sightings, cursor=None)
        # Right away, page by page: what waits longer is found due by the next poll, and started as if it were live.
        due = await self._shop.store.due_among([sighting.key for sighting in sightings])
        starts = await start_due(self._shop, due, Urgency.BACKFILL)
        return Brought(seen=taken.seen, new=taken.new, changed=taken.changed, started=starts.started, told=starts.told)

    async def _preview(self, sightings: Sequence[Sighting]) -> Brought:
        known = await self._shop.store.documents([sighting.key for sighting in sightings])
        brought = Brought(seen=len(sightings))
        for sighting in sightings:
            record = known.get(sighting.key)
            if record is None:
                brought = brought.plus(Brought(new=1))
            elif sighting.version not in (record.source_version, record.version):
                brought = brought.plus(Brought(changed=1))
        return brought
