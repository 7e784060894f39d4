"""Bills on their way into the ERP and out of it: gathered into common calls, journalled, answered one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from activities import bills
from activities.entries import JournalRow, entry_of, failed
from activities.gathering import Gatherer
from activities.waking import wake
from activities.workshop import Workshop
from domain import holds, jsontext
from domain.convergence import Ending, Verdict, Wanted, converge, dissolve
from domain.documents import DocumentKey, DocumentState, Hold, SkipReason
from domain.erp import BillContent
from domain.exchanges import Exchange, exchange_log
from domain.faults import Fault, FaultKind
from domain.journal import DocumentChange, DocumentRecord, JournalEntry, Outcome, Step
from domain.masking import mask
from flows.catalogue import Scheme


@dataclass(frozen=True, slots=True)
class Posting:
    """A mapped document whose bill has to be in the ERP. `closes`: gap keys that are closed then."""

    record: DocumentRecord
    wanted: Wanted
    closes: tuple[str, ...]
    attempt: int


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


class Desk:
    """One form at one ERP connection. Everything that concerns its bills passes here."""

    def __init__(self, workshop: Workshop, erp: str, scheme: Scheme) -> None:
        self._shop, self._scheme = workshop, scheme
        self._erp, self._form = workshop.erps[erp], scheme.form.readback()
        batching = workshop.batching
        self._posting: Gatherer[Posting, Hold | None] = Gatherer(
            self._post, linger=batching.linger, longest=batching.longest, most=batching.most, lanes=batching.lanes
        )
        self._taking: Gatherer[Taking, Taken] = Gatherer(
            self._take, linger=batching.linger, most=batching.most, lanes=1
        )

    def announce(self, key: DocumentKey) -> None:
        """The document's bill is ready: its post is on the way, to this worker or another."""
        self._posting.announce(key)

    async def post(self, posting: Posting) -> Hold | None:
        """None: the bill is audited and on record as such. Raises Fault when a later try has to find out."""
        return await self._posting.add(posting, posting.record.key)

    async def take_back(self, taking: Taking) -> Taken:
        """The bill is gone, or a hold says why not. Raises Fault when a later try has to find out."""
        return await self._taking.add(taking)

    # ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _post(self, batch: Sequence[Posting]) -> list[Hold | Fault | None]:
        by_number = {posting.wanted.bill.number: posting for posting in batch}
        if len({posting.record.key for posting in by_number.values()}) < len({posting.record.key for posting in batch}):
            # Settings keep numbers of different documents apart; should they fail to, nobody may get another's verdict.
            raise LookupError("two documents with one bill number in a batch")

        async def remember(numbers: Sequence[str]) -> None:
            """Written before the first write: from now on a bill of that number may be ours.

            A try that slept while another one carried the document on must not write behind its back.
            """
            now = await self._shop.store.documents([by_number[number].record.key for number in numbers])
            for number in numbers:
                record = now.get(by_number[number].record.key)
                if record is None or record.state.is_final:
                    raise Fault(
                        FaultKind.TRANSIENT, system="kingpost", code="overtaken", message=f"{number} is settled"
                    )
            await self._shop.store.record_many([self._begun(by_number[number]) for number in numbers])

        with exchange_log() as exchanges:
            try:
                verdicts = await converge(
                    self._erp,
                    self._form,
                    [posting.wanted for posting in batch],
                    submit_and_audit=self._scheme.flow.target.submit_and_audit,
                    options=self._scheme.flow.target.options,
                    before_write=remember,
                )
            except Fault as fault:
                await self._all_failed([(p.record, p.attempt) for p in batch], Step.POST, fault, exchanges)
                raise
        return await self._settle(batch, verdicts, exchanges)

    async def _settle(
        self, batch: Sequence[Posting], verdicts: dict[str, Verdict], exchanges: list[Exchange]
    ) -> list[Hold | Fault | None]:
        answers: list[Hold | Fault | None] = []
        rows: list[JournalRow] = []
        closed: list[str] = []
        for posting in batch:
            verdict = verdicts[posting.wanted.bill.number]
            answer = self._answer(posting, verdict)
            answers.append(answer)
            rows.append(JournalRow(*self._entry(posting, verdict, answer), exchanges))
            if answer is None:
                closed += posting.closes
        await self._shop.store.record_many(rows)
        await wake(self._shop, closed)
        return answers

    def _answer(self, posting: Posting, verdict: Verdict) -> Hold | Fault | None:
        number, owners = posting.wanted.bill.number, self._scheme.flow.owners
        match verdict.ending:
            case Ending.AUDITED:
                return None
            case Ending.CONFLICT:
                return holds.conflict(number, owners)
            case Ending.AGAIN if verdict.fault is not None:
                return verdict.fault
            case Ending.STUCK if verdict.undo_fault is not None:
                return holds.reversal_refused(number, verdict.undo_fault, owners)
        if verdict.fault is None:
            raise AssertionError(f"{verdict.ending} without the ERP's words")
        return holds.refused(verdict.fault, owners)

    def _entry(
        self, posting: Posting, verdict: Verdict, answer: Hold | Fault | None
    ) -> tuple[JournalEntry, DocumentChange | None]:
        record, number = posting.record, posting.wanted.bill.number
        form = self._scheme.form
        if isinstance(answer, Fault):
            return failed(record, Step.POST, posting.attempt, answer), None
        sent = {"form": form.form, "sent": mask(posting.wanted.bill.model), "bill_id": verdict.bill_id}
        detail = jsontext.dumps(sent)
        if answer is not None:
            code = answer.code or answer.reason.value
            entry = entry_of(
                record,
                Step.POST,
                Outcome.HELD,
                answer.zh,
                answer.en,
                attempt=posting.attempt,
                code=code,
                detail=detail,
            )
            # Refused, or somebody else's: nothing of ours is there (any more), so a bill of that number is not ours.
            gone = verdict.ending in (Ending.REFUSED, Ending.CONFLICT)
            return entry, DocumentChange(attempted_version=None) if gone else None
        zh, en = f"{form.title.zh} {number} 已审核", f"{form.title.en} {number} is audited"
        entry = entry_of(record, Step.POST, Outcome.DONE, zh, en, attempt=posting.attempt, detail=detail)
        change = DocumentChange(state=DocumentState.POSTED, bill_id=verdict.bill_id, bill_version=record.version)
        return entry, change

    # ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _take(self, batch: Sequence[Taking]) -> list[Taken | Exception]:
        with exchange_log() as exchanges:
            try:
                existing = await self._ours(batch)
                results = await dissolve(self._erp, self._form, sorted(existing))
            except Fault as fault:
                await self._all_failed([(t.record, t.attempt) for t in batch], Step.REVERSE, fault, exchanges)
                raise
        answers: list[Taken | Exception] = []
        rows: list[JournalRow] = []
        for taking in batch:
            # What an earlier try deleted without hearing of it was there, too.
            existed = taking.number in existing or taking.record.bill_version is not None
            answer, entry, change = self._gone(taking, results.get(taking.number), existed=existed)
            answers.append(answer)
            rows.append(JournalRow(entry, change, exchanges))
        await self._shop.store.record_many(rows)
        return answers

    async def _ours(self, batch: Sequence[Taking]) -> set[str]:
        """Which of the bills are there and ours: the very bill we audited, or one that carries our reference."""
        found = await self._erp.find(self._form, [taking.number for taking in batch])
        unsure = [t for t in batch if t.number in found and found[t.number].id != t.record.bill_id]
        contents = await self._erp.read(self._form, [t.number for t in unsure]) if unsure else {}
        foreign = {t.number for t in unsure if not self._carries_reference(t, contents.get(t.number))}
        return set(found) - foreign

    def _carries_reference(self, taking: Taking, content: BillContent | None) -> bool:
        model = jsontext.loads(taking.record.model) if taking.record.model else {}
        reference = bills.reference_of(self._scheme.form, model)
        return bool(reference) and content is not None and content.head.get(self._scheme.form.reference) == reference

    def _gone(
        self, taking: Taking, fault: Fault | None, *, existed: bool
    ) -> tuple[Taken | Exception, JournalEntry, DocumentChange | None]:
        record, number = taking.record, taking.number
        form = self._scheme.form
        if fault is not None and fault.kind not in (FaultKind.REFUSED, FaultKind.INVALID):
            return fault, failed(record, Step.REVERSE, taking.attempt, fault), None
        if fault is not None:
            hold = holds.reversal_refused(number, fault, self._scheme.flow.owners)
            entry = entry_of(
                record, Step.REVERSE, Outcome.HELD, hold.zh, hold.en, attempt=taking.attempt, code=fault.code
            )
            return Taken(existed, hold), entry, None
        zh = f"{form.title.zh} {number} 已反审核并删除" if existed else f"金蝶中没有 {number}，无需冲回"
        en = f"{form.title.en} {number} is un-audited and deleted" if existed else f"No bill {number} in Kingdee"
        entry = entry_of(record, Step.REVERSE, Outcome.DONE, zh, en, attempt=taking.attempt)
        return Taken(existed), entry, self._after(taking, existed=existed)

    @staticmethod
    def _after(taking: Taking, *, existed: bool) -> DocumentChange:
        if taking.final is None:
            return DocumentChange(bill_id=None, bill_version=None, attempted_version=None)
        state, skipped = (DocumentState.REVERSED, None) if existed else (DocumentState.SKIPPED, taking.final)
        return DocumentChange(state=state, skip_reason=skipped, bill_id=None, bill_version=None, attempted_version=None)

    # ── journal ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _begun(self, posting: Posting) -> JournalRow:
        form, number = self._scheme.form, posting.wanted.bill.number
        entry = entry_of(
            posting.record,
            Step.POST,
            Outcome.BEGUN,
            f"向金蝶写入{form.title.zh} {number}",
            f"Writing {form.title.en} {number} to Kingdee",
            attempt=posting.attempt,
        )
        return JournalRow(entry, DocumentChange(attempted_version=posting.record.version))

    async def _all_failed(
        self, tries: Sequence[tuple[DocumentRecord, int]], step: Step, fault: Fault, exchanges: Sequence[Exchange]
    ) -> None:
        await self._shop.store.record_many(
            [JournalRow(failed(record, step, attempt, fault), None, exchanges) for record, attempt in tries]
        )
