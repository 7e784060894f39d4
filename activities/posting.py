"""Bills on their way into the ERP: gathered into common calls, journalled, answered one by one."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from activities.carried_on import is_carried_on, is_settled_otherwise, overtaken
from activities.entries import JournalRow, entry_of, failed, while_it_stands
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
from domain.journal import DocumentChange, DocumentRecord, Outcome, Step
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
        by_number = {posting.number: posting for posting in batch}
        if len({posting.record.key for posting in by_number.values()}) < len({posting.record.key for posting in batch}):
            # Settings keep numbers of different documents apart; should they fail to, nobody may get another's verdict.
            raise LookupError("two documents with one bill number in a batch")

        told: set[str] = set()

        async def remember(numbers: Sequence[str]) -> dict[str, Fault]:
            left = await self._remember([by_number[number] for number in numbers], told)
            told.update(number for number in numbers if number not in left)
            return left

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
                rows = [JournalRow(failed(p.record, Step.POST, p.attempt, fault), None, exchanges) for p in batch]
                await self._shop.store.record_many(rows)
                raise
        return await self._settle(batch, verdicts, exchanges, told)

    async def _remember(self, postings: Sequence[Posting], told: Set[str]) -> dict[str, Fault]:
        """Written before the first write: what the bill was made of, and that one of that number may be ours now.

        A try that slept while another one carried the document on must not write behind its back.
        """
        while True:
            now = await self._shop.store.documents([posting.record.key for posting in postings])
            stands = [(posting, now.get(posting.record.key)) for posting in postings]
            left = {p.number: overtaken(p.number) for p, record in stands if is_carried_on(p.record, record)}
            rows: list[JournalRow] = []
            for posting, record in stands:
                if record is not None and posting.number not in left:
                    before = () if posting.number in told else posting.rows
                    rows += while_it_stands(record, [*before, self._begun(posting)])
            try:
                await self._shop.store.record_many(rows)
            except Overtaken:
                continue
            return left

    def _begun(self, posting: Posting) -> JournalRow:
        form, number = self._scheme.form, posting.number
        zh, en = f"向金蝶写入{form.title.zh} {number}", f"Writing {form.title.en} {number} to Kingdee"
        entry = entry_of(posting.record, Step.POST, Outcome.BEGUN, zh, en, attempt=posting.attempt)
        return JournalRow(entry, DocumentChange(attempted_version=posting.record.version))

    async def _settle(
        self, batch: Sequence[Posting], verdicts: dict[str, Verdict], exchanges: list[Exchange], told: Set[str]
    ) -> list[Answer]:
        """Put on record what became of each bill. Who slept while others settled its document changes nothing of it."""
        while True:
            late: list[DocumentRecord] = []
            answers: list[Answer] = []
            rows: list[JournalRow] = []
            closed: list[str] = []
            now = await self._shop.store.documents([posting.record.key for posting in batch])
            for posting in batch:
                verdict, record = verdicts[posting.number], now.get(posting.record.key, posting.record)
                if is_settled_otherwise(posting.record, record):
                    answer: Answer = overtaken(posting.number)
                    rows.append(self._too_late(posting, verdict, record, exchanges))
                else:
                    answer = self._answer(posting, verdict)
                    # A bill that was there already is the first thing to be told of this try.
                    before = () if posting.number in told or record.stand != posting.record.stand else posting.rows
                    row = await self._row(posting, verdict, answer, exchanges)
                    rows += while_it_stands(record, [*before, row])
                if verdict.ending is Ending.AUDITED and (isinstance(answer, Fault) or record.hold is not None):
                    late.append(record)
                answers.append(answer)
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
        if verdict.ending is not Ending.AUDITED or now.bill_version is not None:
            return JournalRow(entry, None, exchanges)
        left_behind = DocumentChange(only_if=now.stand, attempted_version=posting.record.version)
        return JournalRow(entry, left_behind, exchanges)
