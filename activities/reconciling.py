"""Reconciliation carried out, a portion at a time: what is looked at lies in the store, never a whole day in memory.

Each step goes on where an earlier try of it stopped.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from temporalio import activity

from activities.api_reconcile import (
    CompareStep,
    Counted,
    DayRef,
    ReadDay,
    ReadDayStep,
    Reconciled,
    ReconcileSteps,
    ScanStep,
    TraceStep,
)
from activities.facts import Facts, Words
from activities.gate import Gate, vendor_step
from activities.retrying import step
from activities.windows import has_too_many, stream_of
from activities.workshop import Workshop
from domain.documents import DocumentKey
from domain.journal import DocumentRecord, Sighting
from domain.reconciliation import BillSide, Compared, Expectation, Item, JournalSide, SourceSide, compare
from flows.catalogue import Scheme

_AT_A_TIME = 100
_GONE = SourceSide(expectation=Expectation.GONE)
_ELSEWHERE = SourceSide(expectation=Expectation.ELSEWHERE)


class ReconcileActivities(ReconcileSteps):
    """See `ReconcileSteps` for which queue runs what."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop, self.gate = workshop, Gate(workshop)
        self._book = workshop.store.reconciliations
        self.patience = workshop.patience

    @activity.defn(name="begin_reconciliation")
    @step
    async def begin(self, ref: DayRef) -> None:
        await self._book.begin(ref.run, ref.flow, ref.connection, ref.day)

    # ── the source's queue ──────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="read_day")
    @vendor_step
    async def read_day(self, step: ReadDayStep) -> ReadDay:
        ref, span = step.ref, step.span
        stream = stream_of(self._shop, ref.flow, ref.connection)
        if await has_too_many(self._shop, stream, span):
            return ReadDay(too_many=True)
        documents = 0
        async for sightings in stream.dated(ref.flow, span.begin, span.end):
            await self._put_sources(ref, sightings)
            documents += len(sightings)
        return ReadDay(documents=documents)

    @activity.defn(name="trace")
    @vendor_step
    async def trace(self, step: TraceStep) -> Counted:
        ref, traced = step.ref, 0
        if step.again:
            await self._book.doubt(ref.run)
        tracer = _Tracer(self._shop, ref)
        while items := await self._book.unsourced(ref.run, _AT_A_TIME):
            numbers = await tracer.numbers(items)
            rows = await tracer.unordered([item for item in items if item.bill_number not in numbers])
            sides = await self._several(ref, sorted(set(numbers.values())))
            rows += [(bill_number, number, sides.get(number, _GONE)) for bill_number, number in numbers.items()]
            await self._book.put_sources(ref.run, rows)
            traced += len(items)
        return Counted(items=traced)

    async def _several(self, ref: DayRef, numbers: Sequence[str]) -> dict[str, SourceSide]:
        """The documents of these numbers that the source has."""
        if not numbers:
            return {}
        facts = Facts(self._shop, self._shop.scheme(ref.flow, ref.connection), ref.connection)
        sightings = await stream_of(self._shop, ref.flow, ref.connection).several(ref.flow, numbers)
        sides = await asyncio.gather(*(facts.of_sighting(sighting) for sighting in sightings))
        return {sighting.key.number: side for sighting, side in zip(sightings, sides, strict=True)}

    async def _put_sources(self, ref: DayRef, sightings: Sequence[Sighting]) -> None:
        facts = Facts(self._shop, self._shop.scheme(ref.flow, ref.connection), ref.connection)
        records = await self._shop.store.documents([sighting.key for sighting in sightings])
        sides = await asyncio.gather(*(facts.of_sighting(sighting) for sighting in sightings))
        rows = [
            (self._shop.number_of(sighting.key, records.get(sighting.key)), sighting.key.number, side)
            for sighting, side in zip(sightings, sides, strict=True)
        ]
        await self._book.put_sources(ref.run, rows)

    # ── the ERP's queue ─────────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="scan_bills")
    @vendor_step
    async def scan_bills(self, step: ScanStep) -> Counted:
        ref, bills = step.ref, 0
        scheme = self._shop.scheme(ref.flow, ref.connection)
        facts = Facts(self._shop, scheme, ref.connection)
        words = await facts.words()
        async for page in self._shop.erps[ref.erp].dated(scheme.readback, ref.day):
            await self._book.put_bills(ref.run, [facts.of_bill(d.bill, d.content, words) for d in page])
            bills += len(page)
        return Counted(items=bills)

    @activity.defn(name="compare")
    @vendor_step
    async def compare(self, step: CompareStep) -> Counted:
        ref, compared = step.ref, 0
        comparing = _Comparing(self._shop, ref)
        while items := await self._book.uncompared(ref.run, _AT_A_TIME):
            results = await comparing.compare(items, again=step.again)
            await self._book.put_compared(ref.run, results)
            compared += len(results)
        return Counted(items=compared, suspects=await self._book.count_suspects(ref.run))

    # ── store only ──────────────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="finish_reconciliation")
    @step
    async def finish(self, ref: DayRef) -> Reconciled:
        header = await self._book.finish(ref.run)
        differences = await self._book.differences(ref.run)
        return Reconciled(
            run=ref.run,
            documents=header.documents,
            bills=header.bills,
            left=sum(difference.is_left for difference in differences),
            kinds=dict(Counter(difference.kind for difference in differences)),
        )


class _Tracer:
    """Finds the documents behind bills that the day's documents did not explain."""

    def __init__(self, workshop: Workshop, ref: DayRef) -> None:
        self._shop, self._ref = workshop, ref
        self._form = workshop.scheme(ref.flow, ref.connection).form
        self._words: Words | None = None

    async def numbers(self, items: Sequence[Item]) -> dict[str, str]:
        """Document number by bill number, where a document of this flow and connection is behind it."""
        known = {item.bill_number: item.number for item in items if item.number}
        owners = await self._owners([item.bill_number for item in items if not item.number])
        ours = {bill: key.number for bill, keys in owners.items() for key in keys if self._is_ours(key)}
        return ours | known

    async def unordered(self, items: Sequence[Item]) -> list[tuple[str, str, SourceSide]]:
        """What the source says of bills that no document of this flow and connection is behind."""
        owners = await self._owners([item.bill_number for item in items])
        if self._words is None:
            self._words = await Facts(
                self._shop, self._shop.scheme(self._ref.flow, self._ref.connection), self._ref.connection
            ).words()
        partners = self._words.partners
        rest = [item for item in items if item.bill_number not in owners and self._is_for_us(item, partners)]
        references = [self._reference(item) for item in rest]
        named = await self._shop.store.named(self._ref.flow, self._ref.connection, references)
        of_today = await self._shop.store.reconciliations.referring(self._ref.run, references)
        repeated = {name: key.number for name, key in named.items()} | of_today
        sides = {
            item.bill_number: SourceSide(
                expectation=Expectation.NOBODY, repeats=repeated.get(self._reference(item), "")
            )
            for item in rest
        }
        return [(item.bill_number, "", sides.get(item.bill_number, _ELSEWHERE)) for item in items]

    async def _owners(self, bill_numbers: Sequence[str]) -> dict[str, list[DocumentKey]]:
        return await self._shop.store.owners(self._form.form, bill_numbers)

    def _is_ours(self, key: DocumentKey) -> bool:
        return (key.flow, key.connection) == (self._ref.flow, self._ref.connection)

    def _is_for_us(self, item: Item, partners: Mapping[str, str] | None) -> bool:
        head = item.bill.head if item.bill is not None else {}
        return partners is None or head.get(self._form.partner, "") in partners

    def _reference(self, item: Item) -> str:
        return item.bill.reference if item.bill is not None else ""


class _Comparing:
    """Brings the three sides of items together."""

    def __init__(self, workshop: Workshop, ref: DayRef) -> None:
        self._shop, self._ref = workshop, ref
        self._scheme: Scheme = workshop.scheme(ref.flow, ref.connection)
        self._facts = Facts(workshop, self._scheme, ref.connection)

    async def compare(self, items: Sequence[Item], *, again: bool) -> list[tuple[Item, Compared]]:
        """Compare; with each item comes the bill it was compared with."""
        bills = await self._bills([item.bill_number for item in items if again or item.bill is None])
        items = [
            item.model_copy(update={"bill": bills.get(item.bill_number)}) if again or item.bill is None else item
            for item in items
        ]
        records = await self._shop.store.documents([self._key(item) for item in items if item.number])
        journals = await asyncio.gather(*(self._journal(item, records) for item in items))
        foreign = await self._foreign(items, journals)
        return [
            (item, compare(self._ref.day, _without_bill(item) if item.bill_number in foreign else item, journal))
            for item, journal in zip(items, journals, strict=True)
        ]

    async def _bills(self, numbers: Sequence[str]) -> dict[str, BillSide]:
        if not numbers:
            return {}
        erp, form = self._shop.erps[self._ref.erp], self._scheme.form.readback()
        found = await erp.find(form, numbers)
        contents = await erp.read(form, sorted(found)) if found else {}
        words = await self._facts.words()
        return {n: self._facts.of_bill(found[n], content, words) for n, content in contents.items() if n in found}

    async def _journal(self, item: Item, records: Mapping[DocumentKey, DocumentRecord]) -> JournalSide | None:
        record = records.get(self._key(item)) if item.number else None
        if record is None or item.source is None:
            return None
        return await self._facts.of_journal(record, item.source)

    async def _foreign(self, items: Sequence[Item], journals: Sequence[JournalSide | None]) -> set[str]:
        """Bills of other documents that share a number with one of ours which has none: another flow of the stream."""
        unwritten = [
            item.bill_number
            for item, journal in zip(items, journals, strict=True)
            if item.number and item.bill is not None and not (journal is not None and journal.is_written)
        ]
        owners = await self._shop.store.owners(self._scheme.form.form, unwritten) if unwritten else {}
        return set(owners)

    def _key(self, item: Item) -> DocumentKey:
        return DocumentKey(flow=self._ref.flow, connection=self._ref.connection, number=item.number)


def _without_bill(item: Item) -> Item:
    return item.model_copy(update={"bill": None})
