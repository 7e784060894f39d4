"""The steps of a document's life, carried out. Each writes its own journal row in the same go (requirement D6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from temporalio import activity

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
    Posted,
    PostStep,
    RateStep,
    RateUsed,
    Recorded,
    Reversed,
    ReverseStep,
    StepDone,
)
from activities.carried_on import overtaken
from activities.entries import entry_of, while_it_stands
from activities.gate import Gate, vendor_step
from activities.mapper import Mapper
from activities.posting import Poster, Posting
from activities.preparing import Preparer, Ready
from activities.rating import is_settled, rate_row
from activities.retrying import rate_step, step
from activities.subject import Subjects, gaps_closed
from activities.taking import Taker, Taking
from activities.waking import wake
from activities.workshop import Workshop
from domain import holds, jsontext
from domain.conversions import SHANGHAI
from domain.documents import DocumentKey, DocumentState, SkipReason
from domain.exchanges import Exchange, exchange_log
from domain.faults import Fault, FaultKind
from domain.journal import DocumentChange, DocumentRecord, Outcome, Step
from domain.keys import reach_gap
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

    @activity.defn(name="hold")
    @step
    async def hold(self, step: HoldStep) -> Recorded:
        hold = step.hold

        async def put(record: DocumentRecord) -> Recorded:
            change = DocumentChange(only_if=record.stand, state=DocumentState.HELD, hold=hold)
            await self._write(record, Step.HOLD, Outcome.HELD, hold.zh, hold.en, change, code=hold.reason.value)
            return Recorded(revision=record.revision + 1)

        return await self._unless_late(step.step, put, lambda record: record.state.is_final, otherwise=Recorded())

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

        return await self._unless_late(
            step.step, put, lambda record: record.state is not DocumentState.HELD, otherwise=DocumentState.RUNNING
        )

    @activity.defn(name="amend")
    @step
    async def amend(self, step: AmendStep) -> Amended:
        record, scheme = await self._shop.subject(step.step.key)
        try:
            sighting = corrected(record, scheme.model, step.corrections)
        except Uncorrectable as error:
            return Amended(field=error.field, expected=error.expected)
        if record.version not in (step.step.version, sighting.version):
            return Amended(field="(document)", expected="expected the latest version, the source has changed meanwhile")
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
        # Who corrected it is on record first; a try that finds its correction made already has nothing else to do.
        await self._shop.store.take_in([sighting], cursor=None)
        # The workflow that asked knows of it; intake need not tell it.
        await self._shop.store.started([(sighting.key, sighting.version)])
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
        # Whoever waits for one that is not kept has to ask for it as this one did.
        await wake(self._shop, [holds.rate_gap(rate, step.day.isoformat()) for rate in {*standing, step.currency}])
        return RateUsed(value=str(used.value), source=used.source)

    # ── the ERP's queue ─────────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="post")
    @step
    async def post(self, step: PostStep) -> Posted:
        attempt = _attempt()
        ready = await self._preparer.prepare(step, attempt)
        if isinstance(ready, Posted):
            # What needs no vendor is answered whether or not the connection is paused.
            return await self._as_it_stands(ready, step.key)
        async with self.gate.passing(activity.info().task_queue):
            posted = await self._write_bill(step.erp, ready, attempt)
        return posted if posted.course is Course.POSTED else await self._as_it_stands(posted, step.key)

    @activity.defn(name="reverse")
    @vendor_step
    async def reverse(self, step: ReverseStep) -> Reversed:
        record, scheme = await self._shop.subject(step.step.key)
        if record.version != step.step.version:
            return Reversed(stale=True)
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

    async def _as_it_stands(self, posted: Posted, key: DocumentKey) -> Posted:
        """For whoever goes on from there."""
        record, _ = await self._shop.subject(key)
        return posted.model_copy(update={"revision": record.revision})

    async def _write_bill(self, erp: str, ready: Ready, attempt: int) -> Posted:
        try:
            mapped = await self._preparer.map(ready, erp, attempt) if ready.wanted is None else ready
        except Overtaken:
            raise overtaken(ready.number) from None
        if isinstance(mapped, Posted):
            return mapped
        if mapped.wanted is None:
            raise AssertionError(f"{mapped.number} has not been mapped")
        posting = Posting(
            record=mapped.record,
            wanted=mapped.wanted,
            rows=mapped.rows,
            # Whoever waits because the ERP could not be reached has his sign, too.
            closes=(*gaps_closed(mapped.scheme, mapped.document), reach_gap(activity.info().task_queue)),
            attempt=attempt,
        )
        hold = await self._poster(erp, mapped.scheme).post(posting)
        return mapped.say(Course.POSTED) if hold is None else mapped.say(Course.HOLD, hold=hold)

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

    async def _unless_late(
        self,
        step: DocumentStep,
        put: Callable[[DocumentRecord], Awaitable[R]],
        elsewhere: Callable[[DocumentRecord], bool],
        *,
        otherwise: R,
    ) -> R:
        """Put something on record that rests on how the document stands, again whenever that changes in between.

        A step that slept until others had brought the document `elsewhere` puts nothing; the result is `otherwise`.
        """
        known = step.revision
        while True:
            record, _ = await self._shop.subject(step.key)
            known = record.revision if known is None else known
            if record.revision != known and elsewhere(record):
                return otherwise
            try:
                return await put(record)
            except Overtaken:
                continue

    async def _keep_rate(self, step: DocumentStep, rate: Rate, exchanges: list[Exchange]) -> None:
        """The rate of another version's day says nothing about the document."""
        while True:
            record, _ = await self._shop.subject(step.key)
            row = rate_row(record, rate, _attempt(), exchanges)
            rows = (
                while_it_stands(record.stand, [row]) if record.version == step.version else [row._replace(change=None)]
            )
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
