"""Bills on their way out of the ERP: gathered into common calls, journalled, answered one by one (requirement L3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from activities import bills
from activities.carried_on import has_moved_on, overtaken
from activities.entries import JournalRow, entry_of, failed
from activities.gathering import Gatherer
from activities.starting import look_again
from activities.unanswered import answer_is_out, still_out
from activities.workshop import Workshop
from domain import holds, jsontext
from domain.convergence import dissolve
from domain.documents import DocumentState, Hold, SkipReason
from domain.erp import BillContent, VeryBills
from domain.exchanges import Exchange, exchange_log
from domain.faults import Fault, FaultKind
from domain.journal import DocumentChange, DocumentRecord, Outcome, Stand, Step
from flows.catalogue import Scheme
from store.errors import Overtaken

Results = dict[str, Fault | None]
"""By number; None: the bill is gone."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A document whose bill has to go. `final`: why it ends here; None when it is posted anew."""

    record: DocumentRecord
    number: str
    final: SkipReason | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Taken:
    """`existed`: there was a bill. `hold`: the ERP does not let go of it."""

    existed: bool
    hold: Hold | None = None


class Taker:
    """One form at one ERP connection: takes its bills back."""

    def __init__(self, workshop: Workshop, erp: str, scheme: Scheme) -> None:
        self._shop, self._scheme = workshop, scheme
        self._erp, self._form = workshop.erps[erp], scheme.form.readback()
        batching = workshop.batching
        self._gatherer: Gatherer[Taking, Taken] = Gatherer(
            self._take, linger=batching.linger, most=batching.most, lanes=1
        )

    async def take_back(self, taking: Taking) -> Taken:
        """The bill is gone, or a hold says why not. Raises Fault when a later try has to find out."""
        return await self._gatherer.add(taking)

    async def _take(self, batch: Sequence[Taking]) -> list[Taken | Exception]:
        # Of two tries for one document the later one counts.
        latest = {taking.record.key: taking for taking in batch}
        answers = dict(zip(latest, await self._take_all(tuple(latest.values())), strict=True))
        return [answers[t.record.key] if latest[t.record.key] is t else overtaken(t.number) for t in batch]

    async def _take_all(self, batch: Sequence[Taking]) -> list[Taken | Exception]:
        with exchange_log() as exchanges:
            try:
                existing = await self._ours(batch)
                results = await self._not_now(batch, existing)
                going = {number: ident for number, ident in existing.items() if number not in results}
                results |= await dissolve(self._erp, self._form, going)
            except Fault as fault:
                rows = [JournalRow(failed(t.record, Step.REVERSE, t.attempt, fault), None, exchanges) for t in batch]
                await self._shop.store.record_many(rows)
                raise
        return await self._settle(batch, existing, results, exchanges)

    async def _ours(self, batch: Sequence[Taking]) -> dict[str, str]:
        """The bills that are there and ours: the very bill we audited, or one that carries our reference."""
        found = await self._erp.find(self._form, [taking.number for taking in batch])
        unsure = [t for t in batch if t.number in found and found[t.number].id != t.record.bill_id]
        contents = await self._erp.read(self._form, [t.number for t in unsure]) if unsure else {}
        foreign = {t.number for t in unsure if not self._carries_reference(t, contents.get(t.number))}
        return {number: bill.id for number, bill in sorted(found.items()) if number not in foreign}

    def _carries_reference(self, taking: Taking, content: BillContent | None) -> bool:
        model = jsontext.loads(taking.record.model) if taking.record.model else {}
        reference = bills.reference_of(self._scheme.form, model)
        return bool(reference) and content is not None and content.head.get(self._scheme.form.reference) == reference

    async def _not_now(self, batch: Sequence[Taking], existing: VeryBills) -> Results:
        """Bills that must not be touched any more, and those that are not there but may still come."""
        now = await self._shop.store.documents([taking.record.key for taking in batch])
        results: Results = {}
        for taking in batch:
            if has_moved_on(now.get(taking.record.key), taking.record.revision):
                results[taking.number] = overtaken(taking.number)
            elif taking.number not in existing and taking.record.attempted_version is not None:
                seconds = await still_out(self._shop, taking.record)
                if seconds:
                    results[taking.number] = answer_is_out(taking.number, seconds)
        return results

    async def _settle(
        self, batch: Sequence[Taking], existing: VeryBills, results: Results, exchanges: list[Exchange]
    ) -> list[Taken | Exception]:
        """Put on record what became of each bill. Who slept while others carried its document on changes nothing."""
        while True:
            answers: list[Taken | Exception] = []
            rows: list[JournalRow] = []
            waiting: list[DocumentRecord] = []
            now = await self._shop.store.documents([taking.record.key for taking in batch])
            for taking in batch:
                # What an earlier try deleted without hearing of it was there, too.
                existed = taking.number in existing or taking.record.bill_version is not None
                record = now.get(taking.record.key)
                late = has_moved_on(record, taking.record.revision)
                fault = overtaken(taking.number) if late else results.get(taking.number)
                answer, row = self._gone(taking, fault, record or taking.record, exchanges, existed=existed)
                answers.append(answer)
                rows.append(row)
                if record is not None and record.hold is not None and isinstance(answer, Taken) and answer.hold is None:
                    waiting.append(record)
            try:
                await self._shop.store.record_many(rows)
            except Overtaken:
                continue
            # Whoever put them on hold knew nothing of this.
            await look_again(self._shop, waiting)
            return answers

    def _gone(
        self, taking: Taking, fault: Fault | None, now: DocumentRecord, exchanges: list[Exchange], *, existed: bool
    ) -> tuple[Taken | Exception, JournalRow]:
        record, number, form = taking.record, taking.number, self._scheme.form
        if fault is not None and fault.kind not in (FaultKind.REFUSED, FaultKind.INVALID):
            return fault, JournalRow(failed(record, Step.REVERSE, taking.attempt, fault), None, exchanges)
        if fault is not None:
            hold = holds.reversal_refused(number, fault, self._scheme.flow.owners)
            entry = entry_of(
                record, Step.REVERSE, Outcome.HELD, hold.zh, hold.en, attempt=taking.attempt, code=fault.code
            )
            return Taken(existed, hold), JournalRow(entry, None, exchanges)
        zh = f"{form.title.zh} {number} 已反审核并删除" if existed else f"金蝶中没有 {number}，无需冲回"
        en = f"{form.title.en} {number} is un-audited and deleted" if existed else f"No bill {number} in Kingdee"
        entry = entry_of(record, Step.REVERSE, Outcome.DONE, zh, en, attempt=taking.attempt)
        return Taken(existed), JournalRow(entry, _after(taking, now, existed=existed), exchanges)


def _after(taking: Taking, now: DocumentRecord, *, existed: bool) -> DocumentChange:
    gone = DocumentChange(only_if=Stand(revision=now.revision), bill_id=None, bill_version=None, attempted_version=None)
    if taking.final is None:
        return gone
    state, skipped = (DocumentState.REVERSED, None) if existed else (DocumentState.SKIPPED, taking.final)
    return gone.model_copy(update={"state": state, "skip_reason": skipped})
