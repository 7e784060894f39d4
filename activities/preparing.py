"""From the stored snapshot to the bill as it has to be: course, checks, rate and mapping, in one go.

The journal still tells each part (D6); it is written together with what comes of the bill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError

from activities import bills
from activities.api import Course, Posted, PostStep, RateWanted
from activities.decided import decided_by_person
from activities.entries import JournalRow, entry_of, while_it_stands
from activities.mapper import Mapper
from activities.rating import FUNCTIONAL, functional_rate, rate_day, rate_of, rate_row
from activities.subject import Subjects, fate_of, fill, invalid, problems, value_at
from activities.workshop import Workshop
from domain import holds
from domain.convergence import Wanted
from domain.documents import DocumentState, Hold, SkipReason
from domain.journal import DocumentChange, DocumentRecord, Outcome, Step
from domain.rates import Rate
from flows.catalogue import Scheme
from flows.flow import Fate, Then
from store.errors import Overtaken

_SKIPPED = {
    SkipReason.REFUND_ONLY: ("仅退款，没有货物退回，无需单据", "Refund only: no goods came back, no bill is due"),
    SkipReason.NO_GOODS_BACK: ("该类售后没有货物退回", "This kind of after-sales brings no goods back"),
    SkipReason.NOT_DUE: ("来源尚未确认，确认后会再处理", "Not confirmed at the source; it comes again then"),
    SkipReason.TAKEN_BACK: ("过账前来源已取消", "Taken back at the source before it was posted"),
}
_BY_PERSON = ("人工跳过", "Skipped by a person")


@dataclass(frozen=True, slots=True)
class _Case:
    """A document with the number its bill has or will have."""

    record: DocumentRecord
    scheme: Scheme
    number: str

    @property
    def written(self) -> bool:
        """A bill of it is in the ERP, or may be."""
        return self.record.bill_version is not None or self.record.attempted_version is not None

    @property
    def is_posted(self) -> bool:
        return self.record.bill_version == self.record.version and self.record.state is DocumentState.POSTED

    @property
    def is_older_written(self) -> bool:
        """A bill of another version is in the ERP, or may be."""
        written = (self.record.bill_version, self.record.attempted_version)
        return any(version not in (None, self.record.version) for version in written)

    def say(self, course: Course, **more: Any) -> Posted:
        return Posted(version=self.record.version, course=course, bill_number=self.number, **more)

    def wait(self, hold: Hold) -> Posted:
        return self.say(Course.HOLD, hold=hold)


@dataclass(frozen=True, slots=True)
class Ready:
    """A document that nothing keeps from being posted.

    Attributes:
        record: as it was read.
        document: its typed content.
        wanted: its bill; None while that is still to be linked to bills in the ERP.
        rows: what is to be put on record before the bill is written. Empty when all of it stands there already.
    """

    record: DocumentRecord
    scheme: Scheme
    number: str
    document: BaseModel
    rate: Rate
    wanted: Wanted | None
    rows: tuple[JournalRow, ...]

    def say(self, course: Course, **more: Any) -> Posted:
        """What came of it."""
        return _Case(self.record, self.scheme, self.number).say(course, **more)


class Preparer:
    """Says what has to happen with a document, and gets its bill ready when that is to post it."""

    def __init__(self, workshop: Workshop, subjects: Subjects, mapper: Mapper) -> None:
        self._shop, self._subjects, self._mapper = workshop, subjects, mapper

    async def prepare(self, step: PostStep, attempt: int) -> Posted | Ready:
        """What there is to do instead of posting, or the document ready to be posted.

        What was made of a document that has moved on meanwhile is made anew.
        """
        while True:
            try:
                return await self._prepare(step, attempt)
            except Overtaken:
                continue

    async def map(self, ready: Ready, erp: str, attempt: int) -> Posted | Ready:
        """Map the bill; or the document has to wait. Of a flow with links the ERP is asked, so it may raise Fault.

        Raises:
            Overtaken: it has moved on, and would have had to wait.
        """
        mapped = await self._mapper.bill(
            ready.record, ready.document, erp=erp, rate=ready.rate, number=ready.number, attempt=attempt
        )
        found = mapped if isinstance(mapped, Hold) else _with_bill(ready, mapped)
        if isinstance(found, Hold):
            await self._write(ready.record, ready.rows)
            return ready.say(Course.HOLD, hold=found)
        return found

    async def _prepare(self, step: PostStep, attempt: int) -> Posted | Ready:
        record, scheme = await self._shop.subject(step.key)
        case = _Case(record, scheme, self._shop.bill_number(record))
        try:
            document = self._subjects.parse(scheme, record)
        except ValidationError as error:
            return await self._course(step, case, None, None) or case.wait(invalid(error, scheme))
        fate = fate_of(scheme, document)
        wrong = _wrong(scheme, document, fate)
        return await self._course(step, case, fate, wrong) or await self._ready(step, case, document, attempt)

    async def _course(self, step: PostStep, case: _Case, fate: Fate | None, wrong: Hold | None) -> Posted | None:
        """What has to happen with the document; None: its bill is to be got ready. `fate` None: it is unreadable."""
        if step.take_back:
            # Where nothing of ours can be in the ERP, a bill of that number is somebody else's and stays.
            return case.say(Course.REVERSE) if case.written else await self._skip(case, SkipReason.BY_PERSON, step)
        if await decided_by_person(self._shop.store, case.record):
            # A bill that was on its way when the person decided may have come after all.
            return case.say(Course.REVERSE) if case.written else case.say(Course.NOTHING, state=case.record.state)
        if fate is not None and fate.then in (Then.SKIP, Then.REVERSE):
            return case.say(Course.REVERSE) if case.written else await self._skip(case, fate.skip)
        if fate is not None and fate.then is Then.WAIT and case.written:
            # What the bill was made for is not true any more; it goes first, then the document waits.
            return case.say(Course.REPOST)
        if wrong is not None:
            return case.wait(wrong)
        if fate is not None and case.is_posted:
            return case.say(Course.NOTHING)
        return None

    async def _ready(self, step: PostStep, case: _Case, document: BaseModel, attempt: int) -> Posted | Ready:
        """Get the bill of a document ready that nothing keeps from being posted."""
        record, scheme = case.record, case.scheme
        day = rate_day(scheme, document)
        if day is None:
            field = scheme.flow.rate.day.removeprefix("document.")
            return case.wait(holds.source_invalid(field, "a date", "nothing", scheme.flow.owners))
        rated = step.rated == record.version
        rows = [] if rated else [_valid_row(case, attempt)]
        if case.is_older_written:
            # It goes first, since the two may differ in more than lines.
            await self._write(record, rows)
            return case.say(Course.REPOST)
        currency = value_at(document, scheme.flow.rate.currency)
        rate = rate_of(record) if rated else await self._known_rate(currency, day)
        if rate is None:
            await self._write(record, rows)
            return case.say(Course.RATE, rate=RateWanted(currency=currency, day=day))
        if not rated:
            rows.append(rate_row(record, rate, attempt))
        ready = Ready(record, scheme, case.number, document, rate, None, tuple(rows))
        return ready if scheme.flow.links else await self.map(ready, step.erp, attempt)

    async def _known_rate(self, currency: str, day: date) -> Rate | None:
        return functional_rate(day) if currency == FUNCTIONAL else await self._shop.store.rate(currency, day)

    async def _skip(self, case: _Case, given: SkipReason | None, by: PostStep | None = None) -> Posted:
        reason = given or SkipReason.TAKEN_BACK
        zh, en = _SKIPPED.get(reason, _BY_PERSON)
        entry = entry_of(
            case.record,
            Step.SKIP,
            Outcome.DONE,
            f"{zh}：{by.reason}" if by and by.reason else zh,
            f"{en}: {by.reason}" if by and by.reason else en,
            actor=(by.actor or None) if by else None,
        )
        change = DocumentChange(state=DocumentState.SKIPPED, skip_reason=reason)
        await self._write(case.record, [JournalRow(entry, change)])
        return case.say(Course.SKIP, skip_reason=reason)

    async def _write(self, record: DocumentRecord, rows: Sequence[JournalRow]) -> None:
        await self._shop.store.record_many(while_it_stands(record.stand, rows))


def _with_bill(ready: Ready, mapped: JournalRow) -> Ready | Hold:
    form, model = ready.scheme.form, mapped.change.model if mapped.change is not None else None
    if model is None:
        raise AssertionError("a mapped bill changes the record")
    ours = ready.record.attempted_version is not None
    wanted = bills.wanted(ready.scheme, ready.number, model, ours=ours)
    if not wanted.reference:
        # Without it nobody could tell our bill from somebody else's of the same number.
        return holds.source_invalid(form.reference, "the source's own number", "nothing", ready.scheme.flow.owners)
    rows = (*ready.rows, mapped)
    return replace(ready, wanted=wanted, rows=() if _is_on_record(ready.record, rows) else rows)


def _is_on_record(record: DocumentRecord, rows: Sequence[JournalRow]) -> bool:
    """Whether an earlier try has said all of it; the journal need not say it again with every try."""
    changes = [row.change for row in rows if row.change is not None]
    return all(getattr(record, name) == getattr(change, name) for change in changes for name in change.model_fields_set)


def _valid_row(case: _Case, attempt: int) -> JournalRow:
    form = case.scheme.form.form
    change = DocumentChange(form=form, bill_number=case.number)
    if case.record.state is not DocumentState.HELD:
        # A held one is looked at in passing; it goes on being held until something frees it.
        change = DocumentChange(state=DocumentState.RUNNING, form=form, bill_number=case.number)
    zh, en = "来源单据校验通过", "The source document is valid"
    return JournalRow(entry_of(case.record, Step.VALIDATE, Outcome.DONE, zh, en, attempt=attempt), change)


def _wrong(scheme: Scheme, document: BaseModel, fate: Fate | None) -> Hold | None:
    """What keeps a readable document from being posted now."""
    if fate is None or fate.then is Then.POST:
        return problems(scheme, document)
    if fate.then is Then.WAIT and fate.hold is not None:
        gap = fill(fate.gap, document) if fate.gap else None
        zh = f"{holds.REASON_ZH[fate.hold]}，等到后自动继续。"
        en = f"Waiting: {fate.hold.value.replace('_', ' ')}; goes on by itself."
        return holds.make(fate.hold, zh, en, owners=scheme.flow.owners, gap=gap)
    return None
