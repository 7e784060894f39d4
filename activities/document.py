"""The steps of a document's life, carried out. Each writes its own journal row in the same go (requirement D6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from temporalio import activity

from activities import bills
from activities.amending import Uncorrectable, corrected
from activities.api import (
    Amended,
    AmendStep,
    Course,
    Decided,
    DecisionStep,
    DocumentStep,
    DocumentSteps,
    FetchStep,
    HoldStep,
    Prepared,
    PrepareStep,
    RateStep,
    RateUsed,
    Reversed,
    ReverseStep,
    StepDone,
)
from activities.entries import entry_of, while_it_stands
from activities.gate import Gate, vendor_step
from activities.mapper import Mapper
from activities.posting import Poster, Posting
from activities.preparing import Preparer
from activities.rating import is_settled, rate_of, rate_row
from activities.retrying import rate_step, step
from activities.subject import Subjects, gaps_closed
from activities.taking import Taker, Taking
from activities.waking import wake
from activities.workshop import Workshop
from domain import holds, jsontext
from domain.conversions import SHANGHAI
from domain.documents import DocumentKey, DocumentState, Hold, SkipReason
from domain.exchanges import Exchange, exchange_log
from domain.faults import Fault, FaultKind
from domain.journal import DocumentChange, DocumentRecord, Outcome, Step
from domain.rates import NOT_PUBLISHED, Rate
from flows.catalogue import Scheme
from store.errors import Overtaken

R = TypeVar("R")

_DECISION_ZH = {
    Decided.RESUME: (Step.RESUME, "人工恢复", "Resumed by a person"),
    Decided.AMEND: (Step.AMEND, "人工修正后恢复", "Amended and resumed by a person"),
    Decided.SKIP: (Step.SKIP, "人工跳过", "Skipped by a person"),
    Decided.CANCEL: (Step.CANCEL, "人工取消", "Cancelled by a person"),
    Decided.GAP_CLOSED: (Step.RESUME, "缺口已补齐，自动继续", "The gap is closed, going on by itself"),
    Decided.SOURCE_CHANGED: (Step.RESUME, "来源单据有变化，自动继续", "The source changed, going on by itself"),
}


class DocumentActivities(DocumentSteps):
    """See `DocumentSteps` for which queue runs what."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop, self.gate = workshop, Gate(workshop)
        self.patience = workshop.patience
        self._subjects = Subjects()
        self._mapper = Mapper(workshop)
        self._preparer = Preparer(workshop, self._subjects, self._mapper)
        self._desks: dict[tuple[str, str], tuple[Poster, Taker]] = {}

    # ── local: store only ───────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="prepare")
    @step
    async def prepare(self, step: PrepareStep) -> Prepared:
        prepared = await self._preparer.prepare(step)
        if prepared.course is Course.POST and prepared.hold is None and prepared.rate is None:
            self._announce(step.key, step.erp, linked=prepared.linked)
        return prepared

    @activity.defn(name="hold")
    @step
    async def hold(self, step: HoldStep) -> None:
        hold = step.hold

        async def put(record: DocumentRecord) -> None:
            change = DocumentChange(only_if=record.stand, state=DocumentState.HELD, hold=hold)
            await self._write(record, Step.HOLD, Outcome.HELD, hold.zh, hold.en, change, code=hold.reason.value)

        await self._unless_ended(step.step.key, put, otherwise=None)

    @activity.defn(name="decide")
    @step
    async def decide(self, step: DecisionStep) -> DocumentState:
        kind, zh, en = _DECISION_ZH[step.decided]
        because = (f"：{step.reason}", f": {step.reason}") if step.reason else ("", "")

        async def put(record: DocumentRecord) -> DocumentState:
            state = _after_decision(step.decided, record)
            skipped = SkipReason.BY_PERSON if state is DocumentState.SKIPPED else None
            change = DocumentChange(only_if=record.stand, state=state, skip_reason=skipped)
            await self._write(
                record,
                kind,
                Outcome.DONE,
                zh + because[0],
                en + because[1],
                change,
                actor=step.actor or None,
                # What was decided on is what the person saw, not what has come since.
                version=step.step.version,
            )
            return state

        return await self._unless_ended(step.step.key, put, otherwise=DocumentState.RUNNING)

    @activity.defn(name="amend")
    @step
    async def amend(self, step: AmendStep) -> Amended:
        record, scheme = await self._shop.subject(step.step.key)
        if record.version != step.step.version:
            return Amended(field="(document)", expected="expected the latest version, the source has changed meanwhile")
        try:
            sighting = corrected(record, scheme.model, step.corrections)
        except Uncorrectable as error:
            return Amended(field=error.field, expected=error.expected)
        await self._shop.store.take_in([sighting], cursor=None)
        # The workflow that asked knows of it; intake need not tell it.
        await self._shop.store.started([(sighting.key, sighting.version)])
        changed = jsontext.dumps(step.corrections)
        await self._write(
            record,
            Step.AMEND,
            Outcome.DONE,
            f"修正 {'、'.join(step.corrections)}：{step.reason}",
            f"Corrected {', '.join(step.corrections)}: {step.reason}",
            None,
            actor=step.actor,
            detail=changed,
        )
        return Amended(version=sighting.version)

    # ── the source's queue ──────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="fetch")
    @vendor_step
    async def fetch(self, step: FetchStep) -> StepDone:
        key = step.step.key
        record, scheme = await self._shop.subject(key)
        stream = self._shop.streams[(key.connection, scheme.flow.source.stream)]
        with exchange_log() as exchanges:
            sighting = await stream.one(key.flow, key.number)
        if sighting is None:
            zh, en = "来源系统中已查不到该单据，沿用已存内容", "The source no longer has it; the stored content is used"
        else:
            await self._shop.store.take_in([sighting], cursor=None)
            await self._shop.store.started([(sighting.key, sighting.version)])
            zh, en = "已从来源重新读取", "Read again from the source"
        await self._write(record, Step.FETCH, Outcome.DONE, zh, en, None, attempt=_attempt(), exchanges=exchanges)
        return StepDone()

    # ── the rates' queue ────────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="find_rate")
    @rate_step
    async def find_rate(self, step: RateStep) -> RateUsed:
        now = datetime.now(UTC)
        with exchange_log() as exchanges:
            try:
                found = await self._shop.rates.rates(step.day, now)
                # Absent: either nobody publishes it, or whoever does was down; asked alone, the fault tells which.
                rate = found.get(step.currency) or await self._shop.rates.rate(step.currency, step.day, now)
            except Fault as fault:
                if fault.code != NOT_PUBLISHED or fault.retry_after is None:
                    raise
                # The day's own rate comes out later today: waiting for it is no failure.
                raise Fault(
                    FaultKind.THROTTLED,
                    system=fault.system,
                    code=fault.code,
                    message=fault.message,
                    retry_after=fault.retry_after,
                ) from fault
        # Kept for good only when nothing newer can still come out for that day (exchange-rates.md §10.4). What stands
        # in the store is then the rate of the day for every document, whoever was first to ask.
        today = now.astimezone(SHANGHAI).date()
        settled = [r for r in (*found.values(), rate) if is_settled(r, step.day, today)]
        standing = {r.currency: r for r in await self._shop.store.put_rates(settled)}
        used = standing.get(step.currency, rate)
        await self._keep_rate(step.step, used, exchanges)
        await wake(self._shop, [holds.rate_gap(currency, step.day.isoformat()) for currency in standing])
        return RateUsed(value=str(used.value), source=used.source)

    # ── the ERP's queue ─────────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="map_linked")
    @vendor_step
    async def map_linked(self, step: DocumentStep) -> StepDone:
        record, scheme = await self._shop.subject(step.key)
        if record.version != step.version:
            return StepDone(stale=True)
        mapped = await self._mapper.bill(
            record,
            self._subjects.parse(scheme, record),
            erp=step.erp,
            rate=rate_of(record),
            number=self._shop.bill_number(record),
            attempt=_attempt(),
        )
        if isinstance(mapped, Hold):
            return StepDone(hold=mapped)
        try:
            await self._shop.store.record_many(while_it_stands(record, [mapped]))
        except Overtaken:
            return StepDone(stale=True)
        self._announce(step.key, step.erp)
        return StepDone()

    @activity.defn(name="post")
    @vendor_step
    async def post(self, step: DocumentStep) -> StepDone:
        record, scheme = await self._shop.subject(step.key)
        if record.version != step.version:
            return StepDone(stale=True)
        document = self._subjects.parse(scheme, record)
        posting = Posting(
            record=record,
            wanted=bills.wanted(scheme, record),
            closes=tuple(gaps_closed(scheme, document)),
            attempt=_attempt(),
        )
        return StepDone(hold=await self._poster(step.erp, scheme).post(posting))

    @activity.defn(name="reverse")
    @vendor_step
    async def reverse(self, step: ReverseStep) -> Reversed:
        record, scheme = await self._shop.subject(step.step.key)
        if step.by_person:
            zh, en = f"人工取消：{step.reason}", f"Cancelled by a person: {step.reason}"
            await self._write(
                record, Step.CANCEL, Outcome.BEGUN, zh, en, None, attempt=_attempt(), actor=step.actor or "?"
            )
        number = self._shop.bill_number(record)
        final = (SkipReason.BY_PERSON if step.by_person else SkipReason.TAKEN_BACK) if step.final else None
        taking = Taking(record=record, number=number, final=final, attempt=_attempt())
        taken = await self._taker(step.step.erp, scheme).take_back(taking)
        return Reversed(existed=taken.existed, hold=taken.hold)

    # ── plumbing ────────────────────────────────────────────────────────────────────────────────────────────────

    def _announce(self, key: DocumentKey, erp: str, *, linked: bool = False) -> None:
        """Tell those who wait for company at the document's next step that it is coming."""
        if linked:
            self._mapper.announce(key, erp)
        else:
            self._poster(erp, self._shop.scheme(key.flow, key.connection)).announce(key)

    def _poster(self, erp: str, scheme: Scheme) -> Poster:
        return self._desk(erp, scheme)[0]

    def _taker(self, erp: str, scheme: Scheme) -> Taker:
        return self._desk(erp, scheme)[1]

    def _desk(self, erp: str, scheme: Scheme) -> tuple[Poster, Taker]:
        """Those who write and take back the bills of one form at one ERP connection."""
        at = (erp, scheme.flow.flow)
        if at not in self._desks:
            self._desks[at] = Poster(self._shop, erp, scheme), Taker(self._shop, erp, scheme)
        return self._desks[at]

    async def _unless_ended(
        self, key: DocumentKey, put: Callable[[DocumentRecord], Awaitable[R]], *, otherwise: R
    ) -> R:
        """Put something on record that rests on how the document stands, again whenever that changes in between.

        A step that slept until others had brought the document to its end puts nothing; the result is `otherwise`.
        """
        first, _ = await self._shop.subject(key)
        record = first
        while not (record.state.is_final and record.stand != first.stand):
            try:
                return await put(record)
            except Overtaken:
                record, _ = await self._shop.subject(key)
        return otherwise

    async def _keep_rate(self, step: DocumentStep, rate: Rate, exchanges: list[Exchange]) -> None:
        """The rate of another version's day says nothing about the document."""
        while True:
            record, _ = await self._shop.subject(step.key)
            row = rate_row(record, rate, _attempt(), exchanges)
            rows = while_it_stands(record, [row]) if record.version == step.version else [row._replace(change=None)]
            try:
                await self._shop.store.record_many(rows)
            except Overtaken:
                continue
            return

    async def _write(
        self,
        record: DocumentRecord,
        kind: Step,
        outcome: Outcome,
        zh: str,
        en: str,
        change: DocumentChange | None,
        *,
        attempt: int = 1,
        code: str | None = None,
        detail: str | None = None,
        actor: str | None = None,
        exchanges: list[Exchange] | None = None,
        version: str | None = None,
    ) -> None:
        entry = entry_of(
            record, kind, outcome, zh, en, attempt=attempt, code=code, detail=detail, actor=actor, version=version
        )
        await self._shop.store.record(entry, change, exchanges or ())


def _after_decision(decided: Decided, record: DocumentRecord) -> DocumentState:
    if decided is Decided.SKIP and record.bill_version is not None:
        # Skipping a document whose bill stays in the books does not unmake the bill.
        return DocumentState.POSTED
    if decided is Decided.SKIP and record.attempted_version is None:
        return DocumentState.SKIPPED
    return DocumentState.RUNNING


def _attempt() -> int:
    return activity.info().attempt
