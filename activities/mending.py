"""Putting right what a reconciliation found, by going through just those documents again (requirement O7).

Nothing is written to the ERP here. A document is made to look at its bill afresh, and then goes the way it always goes:
it takes only the steps that are missing, and replaces a bill only where the journal says that it wrote one of that
number and the bill carries its reference. A bill that no document asks for is nobody's to touch.
"""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import activity

from activities.api_reconcile import Counted, DayRef, MendingSteps, MendStep
from activities.entries import JournalRow, entry_of
from activities.gate import Gate, vendor_step
from activities.retrying import step
from activities.starting import look_again, start_due
from activities.windows import stream_of
from activities.workshop import Workshop
from domain.differences import KIND_ZH, Difference
from domain.documents import DocumentKey, DocumentState
from domain.journal import DocumentChange, DocumentRecord, Outcome, Step
from domain.reconciliation import Item, Remedy, remedy_for
from store.errors import Overtaken

_AT_A_TIME = 50


class MendingActivities(MendingSteps):
    """Both may be repeated at any point."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop, self.gate = workshop, Gate(workshop)
        self._book = workshop.store.reconciliations
        self.patience = workshop.patience

    @activity.defn(name="mend")
    @vendor_step
    async def mend(self, step: MendStep) -> Counted:
        ref, gone_through = step.ref, 0
        while suspects := await self._book.suspects(ref.run, _AT_A_TIME):
            remedies = {item.bill_number: remedy_for(found) for item, found in suspects if item.number}
            by_remedy: dict[Remedy, list[tuple[Item, Sequence[Difference]]]] = {}
            for item, found in suspects:
                remedy = remedies.get(item.bill_number)
                if remedy is not None:
                    by_remedy.setdefault(remedy, []).append((item, found))
            await self._take_in(ref, [item for item, _ in by_remedy.get(Remedy.TAKE_IN, ())])
            await self._look_again(step, by_remedy.get(Remedy.LOOK_AGAIN, ()))
            await self._start(ref, [item for item, _ in by_remedy.get(Remedy.START, ())])
            mended = [item.bill_number for item, _ in suspects if remedies.get(item.bill_number) is not None]
            left = [item.bill_number for item, _ in suspects if remedies.get(item.bill_number) is None]
            await self._book.put_tried(ref.run, mended, gone_through=True)
            await self._book.put_tried(ref.run, left, gone_through=False)
            gone_through += len(mended)
        return Counted(items=gone_through)

    async def _take_in(self, ref: DayRef, items: Sequence[Item]) -> None:
        """What intake has missed goes the way of intake now."""
        if not items:
            return
        sightings = await stream_of(self._shop, ref.flow, ref.connection).several(ref.flow, [i.number for i in items])
        await self._shop.store.take_in(sightings, cursor=None)
        await start_due(self._shop, await self._shop.store.due_among([sighting.key for sighting in sightings]))

    async def _look_again(self, step: MendStep, found: Sequence[tuple[Item, Sequence[Difference]]]) -> None:
        """The journal forgets what it believes of the bills; that it may have written them, it remembers."""
        told = {item.number: differences for item, differences in found}
        while True:
            records = await self._records(step.ref, [item for item, _ in found])
            rows = [await self._forgetting(record, step, told[record.key.number]) for record in records]
            try:
                await self._shop.store.record_many(rows)
            except Overtaken:
                continue
            break
        await look_again(self._shop, records)

    async def _forgetting(self, record: DocumentRecord, step: MendStep, found: Sequence[Difference]) -> JournalRow:
        kinds = list(dict.fromkeys(difference.kind for difference in found if difference.is_left))
        why = f"：{step.reason}" if step.reason else ""
        entry = entry_of(
            record,
            Step.RECONCILE,
            Outcome.DONE,
            f"对账（{step.ref.day}）：{'、'.join(KIND_ZH[kind] for kind in kinds)}，重新核对金蝶单据{why}",
            f"Reconciliation of {step.ref.day}: {', '.join(kinds)}; the bill is looked at afresh",
            code=kinds[0].value if kinds else None,
            actor=step.actor or None,
        )
        attempted = record.attempted_version
        if attempted is None and await self._has_written(record):
            # Its bill was taken out, and is there all the same: a write that was late may have brought it back.
            attempted = record.version
        change = DocumentChange(only_if=record.stand, bill_id=None, bill_version=None, attempted_version=attempted)
        return JournalRow(entry, change)

    async def _has_written(self, record: DocumentRecord) -> bool:
        timeline = await self._shop.store.timeline(record.key)
        return any(row.entry.step is Step.POST and row.entry.outcome is Outcome.BEGUN for row in timeline)

    async def _start(self, ref: DayRef, items: Sequence[Item]) -> None:
        await look_again(self._shop, await self._records(ref, items))

    async def _records(self, ref: DayRef, items: Sequence[Item]) -> list[DocumentRecord]:
        keys = [DocumentKey(flow=ref.flow, connection=ref.connection, number=item.number) for item in items]
        records = await self._shop.store.documents(keys)
        return [records[key] for key in keys if key in records]

    @activity.defn(name="count_unsettled")
    @step
    async def count_unsettled(self, ref: DayRef) -> int:
        numbers, unsettled = await self._book.tried(ref.run), 0
        for i in range(0, len(numbers), _AT_A_TIME):
            keys = [
                DocumentKey(flow=ref.flow, connection=ref.connection, number=number)
                for number in numbers[i : i + _AT_A_TIME]
            ]
            records = await self._shop.store.documents(keys)
            unsettled += sum(not _is_settled(record) for record in records.values())
        return unsettled


def _is_settled(record: DocumentRecord) -> bool:
    """It has come to rest since it was made to look again: what it believes of its bill is on record anew."""
    if record.state is DocumentState.HELD:
        return True
    if record.state is DocumentState.POSTED:
        return record.bill_version == record.version
    return record.state.is_final and record.attempted_version is None
