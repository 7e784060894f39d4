"""Bills on their way into the ERP: gathered into common calls, journalled, answered one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from activities.carried_on import has_moved_on, overtaken
from activities.entries import JournalRow, changes_in, entry_of, failed, while_it_stands
from activities.gathering import Gatherer
from activities.starting import look_again
from activities.unanswered import still_out
from activities.waking import wake
from activities.workshop import Workshop
from domain import holds, jsontext
from domain.convergence import Ending, Verdict, Wanted, converge
from domain.documents import DocumentState, Hold
from domain.exchanges import Exchange, exchange_log
from domain.faults import Fault
from domain.journal import DocumentChange, DocumentRecord, Outcome, Stand, Step
from domain.masking import mask
from flows.catalogue import Scheme
from store.errors import Overtaken

Answer = Hold | Fault | None
"""None: the bill is audited. A fault: the next try has to find out."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A mapped document whose bill has to be in the ERP.

    Attributes:
        record: as it was read.
        rows: what is to be put on record before the bill is written, or with what came of it.
        closes: gap keys that are closed then.
    """

    record: DocumentRecord
    wanted: Wanted
    rows: tuple[JournalRow, ...]
    closes: tuple[str, ...]
    attempt: int

    @property
    def number(self) -> str:
        return self.wanted.bill.number


@dataclass(slots=True)
class _Try:
    """One batch on its way.

    Attributes:
        postings: by bill number. Of two tries of one document the later one counts; of two documents with one number
            neither, since nobody may get another's verdict.
        shared: numbers that two documents want.
        revisions: what each document's revision is if nobody but this try has changed it.
        told: those whose rows are on record.
    """

    postings: dict[str, Posting]
    shared: frozenset[str]
    revisions: dict[str, int]
    told: set[str]

    def __init__(self, batch: Sequence[Posting]) -> None:
        by_key = {posting.record.key: posting for posting in batch}
        owners = Counter(posting.number for posting in by_key.values())
        self.shared = frozenset(number for number, count in owners.items() if count > 1)
        self.postings = {p.number: p for p in by_key.values() if p.number not in self.shared}
        self.revisions = {number: posting.record.revision for number, posting in self.postings.items()}
        self.told = set()

    def stand(self, posting: Posting) -> Stand:
        """How its document has to stand for its bill to be written."""
        return Stand(revision=self.revisions[posting.number], version=posting.record.version)

    def untold(self, posting: Posting) -> tuple[JournalRow, ...]:
        """What the bill was made of, while that is not on record."""
        return () if posting.number in self.told else posting.rows

    def wrote(self, rows: Mapping[str, Sequence[JournalRow]]) -> None:
        """These are on record now."""
        self.told.update(rows)
        for number, some in rows.items():
            self.revisions[number] += changes_in(some)


class Poster:
    """One form at one ERP connection: what becomes of its bills until they are audited."""

    def __init__(self, workshop: Workshop, erp: str, scheme: Scheme) -> None:
        self._shop, self._scheme = workshop, scheme
        self._erp, self._form = workshop.erps[erp], scheme.form.readback()
        batching = workshop.batching
        self._gatherer: Gatherer[Posting, Hold | None] = Gatherer(
            self._post, linger=batching.linger, longest=batching.longest, most=batching.most, lanes=batching.lanes
        )

    async def post(self, posting: Posting) -> Hold | None:
        """None: the bill is audited and on record as such. Raises Fault when a later try has to find out."""
        return await self._gatherer.add(posting)

    async def _post(self, batch: Sequence[Posting]) -> list[Answer]:
        try_ = _Try(batch)
        with exchange_log() as exchanges:
            try:
                verdicts = await converge(
                    self._erp,
                    self._form,
                    [posting.wanted for posting in try_.postings.values()],
                    submit_and_audit=self._scheme.flow.target.submit_and_audit,
                    options=self._scheme.flow.target.options,
                    before_write=lambda numbers: self._remember(try_, numbers),
                )
            except Fault as fault:
                rows = [JournalRow(failed(p.record, Step.POST, p.attempt, fault), None, exchanges) for p in batch]
                await self._shop.store.record_many(rows)
                raise
        answers = await self._settle(try_, verdicts, exchanges)
        return [answers.get(id(posting), self._left_out(posting, try_)) for posting in batch]

    def _left_out(self, posting: Posting, try_: _Try) -> Answer:
        if posting.number in try_.shared:
            return holds.conflict(posting.number, self._scheme.flow.owners)
        return overtaken(posting.number)

    async def _remember(self, try_: _Try, numbers: Sequence[str]) -> dict[str, Fault]:
        """Written before the first write: what the bill was made of, and that one of that number may be ours now.

        A try that slept while another one carried the document on must not write behind its back.
        """
        postings = [try_.postings[number] for number in numbers]
        while True:
            now = await self._shop.store.documents([posting.record.key for posting in postings])
            left: dict[str, Fault] = {}
            rows: dict[str, list[JournalRow]] = {}
            for posting in postings:
                record, number = now.get(posting.record.key), posting.number
                if record is None or record.stand != try_.stand(posting):
                    left[number] = overtaken(number)
                else:
                    rows[number] = while_it_stands(record.stand, [*try_.untold(posting), self._begun(posting)])
            try:
                await self._shop.store.record_many([row for some in rows.values() for row in some])
            except Overtaken:
                continue
            try_.wrote(rows)
            return left

    def _begun(self, posting: Posting) -> JournalRow:
        form, number = self._scheme.form, posting.number
        zh, en = f"向金蝶写入{form.title.zh} {number}", f"Writing {form.title.en} {number} to Kingdee"
        entry = entry_of(posting.record, Step.POST, Outcome.BEGUN, zh, en, attempt=posting.attempt)
        return JournalRow(entry, DocumentChange(attempted_version=posting.record.version))

    async def _settle(self, try_: _Try, verdicts: dict[str, Verdict], exchanges: list[Exchange]) -> dict[int, Answer]:
        """Put on record what became of each bill. Who slept while others settled its document changes nothing of it."""
        while True:
            late: list[DocumentRecord] = []
            answers: dict[int, Answer] = {}
            rows: list[JournalRow] = []
            closed: list[str] = []
            now = await self._shop.store.documents([posting.record.key for posting in try_.postings.values()])
            for number, posting in try_.postings.items():
                verdict, record = verdicts[number], now.get(posting.record.key, posting.record)
                revision = try_.revisions[number]
                if has_moved_on(record, revision):
                    answer: Answer = overtaken(number)
                    rows.append(self._too_late(posting, verdict, record, exchanges))
                else:
                    answer = self._answer(posting, verdict)
                    row = await self._row(posting, verdict, answer, exchanges)
                    rows += while_it_stands(Stand(revision=revision), [*try_.untold(posting), row])
                if verdict.ending is Ending.AUDITED and (isinstance(answer, Fault) or record.hold is not None):
                    late.append(record)
                answers[id(posting)] = answer
                closed += posting.closes if answer is None else ()
            try:
                await self._shop.store.record_many(rows)
            except Overtaken:
                continue
            break
        await wake(self._shop, closed)
        # Whoever settled the document, or put it on hold, knew nothing of this bill.
        await look_again(self._shop, late)
        return answers

    def _answer(self, posting: Posting, verdict: Verdict) -> Answer:
        number, owners = posting.number, self._scheme.flow.owners
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

    async def _row(self, posting: Posting, verdict: Verdict, answer: Answer, exchanges: list[Exchange]) -> JournalRow:
        record, form, number, attempt = posting.record, self._scheme.form, posting.number, posting.attempt
        if isinstance(answer, Fault):
            return JournalRow(failed(record, Step.POST, attempt, answer), None, exchanges)
        sent = {"form": form.form, "sent": mask(posting.wanted.bill.model), "bill_id": verdict.bill_id}
        detail = jsontext.dumps(sent)
        if answer is not None:
            code = answer.code or answer.reason.value
            entry = entry_of(
                record, Step.POST, Outcome.HELD, answer.zh, answer.en, attempt=attempt, code=code, detail=detail
            )
            return JournalRow(entry, await self._forgotten(record, verdict), exchanges)
        zh, en = f"{form.title.zh} {number} 已审核", f"{form.title.en} {number} is audited"
        entry = entry_of(record, Step.POST, Outcome.DONE, zh, en, attempt=attempt, detail=detail)
        change = DocumentChange(state=DocumentState.POSTED, bill_id=verdict.bill_id, bill_version=record.version)
        return JournalRow(entry, change, exchanges)

    async def _forgotten(self, record: DocumentRecord, verdict: Verdict) -> DocumentChange | None:
        """Refused, or somebody else's: nothing of ours is there, so a bill of that number is not ours any more.

        Unless an earlier write is still on its way, that nobody has answered.
        """
        if verdict.ending not in (Ending.REFUSED, Ending.CONFLICT):
            return None
        if await still_out(self._shop, record, answered=True):
            return None
        return DocumentChange(attempted_version=None)

    def _too_late(
        self, posting: Posting, verdict: Verdict, now: DocumentRecord, exchanges: list[Exchange]
    ) -> JournalRow:
        """What a try that slept through the settling of its document may have left behind is put on record."""
        entry = failed(posting.record, Step.POST, posting.attempt, overtaken(posting.number))
        if verdict.ending is not Ending.AUDITED or now.bill_version or now.attempted_version:
            return JournalRow(entry, None, exchanges)
        stand = Stand(revision=now.revision)
        left_behind = DocumentChange(only_if=stand, attempted_version=posting.record.version)
        return JournalRow(entry, left_behind, exchanges)
