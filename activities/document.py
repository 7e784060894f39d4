"""The steps of a document's life, carried out. Each writes its own journal row in the same go (requirement D6)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError
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
    RateStep,
    RateUsed,
    Reversed,
    ReverseStep,
    StepDone,
    Validated,
    ValidateStep,
)
from activities.linking import Linker, not_linked
from activities.posting import Desk, Posting, Taking
from activities.retrying import rate_step, step
from activities.subject import Subjects, fill, gaps_closed, invalid, problems, value_at
from activities.waking import wake
from activities.workshop import Workshop
from domain import holds, jsontext, mapping
from domain.conversions import SHANGHAI
from domain.documents import DocumentKey, DocumentState, Hold, SkipReason
from domain.exchanges import Exchange, exchange_log
from domain.faults import Fault, FaultKind
from domain.journal import DocumentChange, DocumentRecord, JournalEntry, Outcome, Step
from domain.mapping import Links, Missing, Tables
from domain.rates import NOT_PUBLISHED, Rate
from flows.catalogue import BillFacts, Scheme
from flows.flow import Fate, Then

_FRIDAY, _SATURDAY = 4, 5
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
        self._shop = workshop
        self.patience = workshop.patience
        self._subjects = Subjects()
        self._desks: dict[tuple[str, str], Desk] = {}
        self._linkers: dict[tuple[str, str, str], Linker] = {}

    # ── local: store only ───────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="validate")
    @step
    async def validate(self, step: ValidateStep) -> Validated:
        record, scheme = await self._record(step.key)
        number = self._number(record)
        plain = partial(Validated, version=record.version, bill_number=number, form=scheme.form.form)
        wrong = None
        document: Any = None
        try:
            document = self._subjects.parse(scheme, record)
        except ValidationError as error:
            wrong = invalid(error, scheme)
        written = record.bill_version is not None or record.attempted_version is not None
        if step.take_back:
            if written:
                return plain(course=Course.REVERSE)
            # Nothing of ours can be in the ERP; a bill of that number is somebody else's and stays.
            return await self._to_skip(record, plain, SkipReason.BY_PERSON, actor=step.actor, why=step.reason)
        if await self._decided_by_person(record):
            return plain(course=Course.NOTHING, state=record.state)
        fate = None if wrong else _fate(scheme, document)
        if fate is not None and fate.then in (Then.SKIP, Then.REVERSE):
            if written:
                return plain(course=Course.REVERSE)
            return await self._to_skip(record, plain, fate.skip or SkipReason.TAKEN_BACK)
        if fate is not None and fate.then is Then.WAIT and written:
            # What the bill was made for is not true any more; it goes first, then the document waits.
            return plain(course=Course.REPOST)
        if wrong is None and fate is not None:
            wrong = await self._wrong(scheme, document, fate)
        if wrong is not None:
            return plain(course=Course.POST, hold=wrong)
        if record.bill_version == record.version and record.state is DocumentState.POSTED:
            return plain(course=Course.NOTHING)
        day = rate_day(scheme, document)
        if day is None:
            field = scheme.flow.rate.day.removeprefix("document.")
            return plain(course=Course.POST, hold=holds.source_invalid(field, "a date", "nothing", scheme.flow.owners))
        # A bill of another version is there, or may be: it goes first, since the two may differ in more than lines.
        older = any(v not in (None, record.version) for v in (record.bill_version, record.attempted_version))
        await self._write(
            record,
            Step.VALIDATE,
            Outcome.DONE,
            "来源单据校验通过",
            "The source document is valid",
            DocumentChange(state=DocumentState.RUNNING, form=scheme.form.form, bill_number=number)
            if record.state is not DocumentState.HELD
            else DocumentChange(form=scheme.form.form, bill_number=number),
        )
        return plain(
            course=Course.REPOST if older else Course.POST,
            currency=value_at(document, scheme.flow.rate.currency),
            day=day,
            linked=bool(scheme.flow.links),
        )

    async def _wrong(self, scheme: Scheme, document: BaseModel, fate: Fate) -> Hold | None:
        if fate.then is Then.WAIT and fate.hold is not None:
            gap = fill(fate.gap, document) if fate.gap else None
            zh = f"{holds.REASON_ZH[fate.hold]}，等到后自动继续。"
            en = f"Waiting: {fate.hold.value.replace('_', ' ')}; goes on by itself."
            return holds.make(fate.hold, zh, en, owners=scheme.flow.owners, gap=gap)
        if fate.then is Then.POST:
            return problems(scheme, document)
        return None

    async def _decided_by_person(self, record: DocumentRecord) -> bool:
        """Whether a person skipped or cancelled this very version: that stands, however often it is seen again."""
        if record.state not in (DocumentState.SKIPPED, DocumentState.REVERSED):
            return False
        return any(
            row.entry.actor is not None and row.entry.version == record.version
            for row in await self._shop.store.timeline(record.key)
            if row.entry.step in (Step.SKIP, Step.CANCEL)
        )

    async def _to_skip(
        self, record: DocumentRecord, plain: Any, reason: SkipReason | None, *, actor: str = "", why: str = ""
    ) -> Validated:
        zh, en = {
            SkipReason.REFUND_ONLY: (
                "仅退款，没有货物退回，无需单据",
                "Refund only: no goods came back, no bill is due",
            ),
            SkipReason.NO_GOODS_BACK: ("该类售后没有货物退回", "This kind of after-sales brings no goods back"),
            SkipReason.NOT_DUE: ("来源尚未确认，确认后会再处理", "Not confirmed at the source; it comes again then"),
            SkipReason.TAKEN_BACK: ("过账前来源已取消", "Taken back at the source before it was posted"),
        }.get(reason or SkipReason.BY_PERSON, ("人工跳过", "Skipped by a person"))
        await self._write(
            record,
            Step.SKIP,
            Outcome.DONE,
            f"{zh}：{why}" if why else zh,
            f"{en}: {why}" if why else en,
            DocumentChange(state=DocumentState.SKIPPED, skip_reason=reason),
            actor=actor or None,
        )
        return Validated.model_validate(plain(course=Course.SKIP, skip_reason=reason))

    @activity.defn(name="rate")
    @step
    async def rate_known(self, step: RateStep) -> RateUsed | None:
        if step.currency == "CNY":
            found: Rate | None = Rate(
                currency="CNY",
                value=Decimal(1),
                day=step.day,
                source="functional",
                source_date=step.day,
                official=True,
            )
        else:
            found = await self._shop.store.rate(step.currency, step.day)
        return None if found is None else await self._keep_rate(step, found)

    async def _keep_rate(
        self, step: RateStep, rate: Rate, attempt: int = 1, exchanges: list[Exchange] | None = None
    ) -> RateUsed:
        record, _ = await self._record(step.step.key)
        await self._write(
            record,
            Step.RATE,
            Outcome.DONE,
            f"{rate.currency} 汇率 {rate.value}（{rate.source}，{rate.source_date}）",
            f"{rate.currency} at {rate.value} ({rate.source}, {rate.source_date})",
            DocumentChange(rate=rate.model_dump_json()),
            attempt=attempt,
            exchanges=exchanges,
        )
        return RateUsed(value=str(rate.value), source=rate.source)

    @activity.defn(name="map")
    @step
    async def map_bill(self, step: DocumentStep) -> StepDone:
        return await self._map(step)

    @activity.defn(name="hold")
    @step
    async def hold(self, step: HoldStep) -> None:
        record, _ = await self._record(step.step.key)
        hold = step.hold
        await self._write(
            record,
            Step.HOLD,
            Outcome.HELD,
            hold.zh,
            hold.en,
            DocumentChange(state=DocumentState.HELD, hold=hold),
            code=hold.reason.value,
        )

    @activity.defn(name="decide")
    @step
    async def decide(self, step: DecisionStep) -> DocumentState:
        record, _ = await self._record(step.step.key)
        kind, zh, en = _DECISION_ZH[step.decided]
        change = DocumentChange(state=DocumentState.RUNNING)
        if step.decided is Decided.SKIP and record.bill_version is not None:
            # Skipping a document whose bill stays in the books does not unmake the bill.
            change = DocumentChange(state=DocumentState.POSTED)
        elif step.decided is Decided.SKIP and record.attempted_version is None:
            change = DocumentChange(state=DocumentState.SKIPPED, skip_reason=SkipReason.BY_PERSON)
        because = (f"：{step.reason}", f": {step.reason}") if step.reason else ("", "")
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
        return change.state or DocumentState.RUNNING

    @activity.defn(name="amend")
    @step
    async def amend(self, step: AmendStep) -> Amended:
        record, scheme = await self._record(step.step.key)
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
    @step
    async def fetch(self, step: FetchStep) -> StepDone:
        key = step.step.key
        record, scheme = await self._record(key)
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
        settled = [r for r in (*found.values(), rate) if _is_settled(r, step.day, today)]
        standing = {r.currency: r for r in await self._shop.store.put_rates(settled)}
        used = await self._keep_rate(step, standing.get(step.currency, rate), _attempt(), exchanges)
        await wake(self._shop, [holds.rate_gap(currency, step.day.isoformat()) for currency in standing])
        return used

    # ── the ERP's queue ─────────────────────────────────────────────────────────────────────────────────────────

    @activity.defn(name="map_linked")
    @step
    async def map_linked(self, step: DocumentStep) -> StepDone:
        return await self._map(step)

    @activity.defn(name="post")
    @step
    async def post(self, step: DocumentStep) -> StepDone:
        record, scheme = await self._record(step.key)
        if record.version != step.version:
            return StepDone(stale=True)
        document = self._subjects.parse(scheme, record)
        posting = Posting(
            record=record,
            wanted=bills.wanted(scheme, record),
            closes=tuple(gaps_closed(scheme, document)),
            attempt=_attempt(),
        )
        return StepDone(hold=await self._desk(step.erp, scheme).post(posting))

    @activity.defn(name="reverse")
    @step
    async def reverse(self, step: ReverseStep) -> Reversed:
        record, scheme = await self._record(step.step.key)
        if step.by_person:
            zh, en = f"人工取消：{step.reason}", f"Cancelled by a person: {step.reason}"
            await self._write(
                record, Step.CANCEL, Outcome.BEGUN, zh, en, None, attempt=_attempt(), actor=step.actor or "?"
            )
        number = self._number(record)
        final = (SkipReason.BY_PERSON if step.by_person else SkipReason.TAKEN_BACK) if step.final else None
        taking = Taking(record=record, number=number, final=final, attempt=_attempt())
        taken = await self._desk(step.step.erp, scheme).take_back(taking)
        return Reversed(existed=taken.existed, hold=taken.hold)

    # ── mapping ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _map(self, step: DocumentStep) -> StepDone:
        record, scheme = await self._record(step.key)
        if record.version != step.version:
            return StepDone(stale=True)
        document = self._subjects.parse(scheme, record)
        tables = await self.tables(scheme, document, step.key.connection)
        with exchange_log() as exchanges:
            links, missing = await self.links(step.erp, scheme, document, tables)
        gaps = _mapping_gaps(scheme, document, tables)
        if missing is not None and not gaps:
            return StepDone(hold=missing)
        mapped = mapping.apply(
            scheme.flow.fields,
            document,
            rate=Rate.model_validate_json(record.rate) if record.rate else None,
            bill=BillFacts(number=record.bill_number or ""),
            tables=tables,
            links=links,
        )
        hold = _missing_hold(scheme, mapped.missing)
        if hold is not None:
            return StepDone(hold=hold)
        await self._write(
            record,
            Step.MAP,
            Outcome.DONE,
            f"已映射为{scheme.form.title.zh}",
            f"Mapped to {scheme.form.title.en}",
            DocumentChange(model=jsontext.dumps(mapped.model)),
            attempt=_attempt(),
            exchanges=exchanges,
        )
        return StepDone()

    async def tables(self, scheme: Scheme, document: BaseModel, connection: str) -> Tables:
        """The mapping rows a document needs, read in one go for each collection."""
        tables: dict[tuple[str, str], dict[str, str]] = {}
        for collection, keys in mapping.keys_needed(scheme.lookups, document).items():
            rows = await self._shop.store.mapping(collection, connection, sorted(keys))
            tables.update({(collection, key): values for key, values in rows.items()})
        return tables

    async def links(self, erp: str, scheme: Scheme, document: BaseModel, tables: Tables) -> tuple[Links, Hold | None]:
        """The ERP entries the document's lines go back to, and the hold if some are not there."""
        links: dict[tuple[str, int], Any] = {}
        hold = None
        for name, rule in scheme.flow.links.items():
            at = (erp, scheme.flow.flow, name)
            if at not in self._linkers:
                self._linkers[at] = Linker(self._shop.erps[erp], scheme, name, self._shop.batching)
            found, missing = await self._linkers[at].find(document, tables)
            links.update(found)
            if missing and hold is None:
                hold = not_linked(rule, missing, scheme)
        return links, hold

    def _number(self, record: DocumentRecord) -> str:
        """The document's bill number; one that may be in the ERP keeps it, whatever prefix is set today."""
        written = record.bill_version is not None or record.attempted_version is not None
        if written and record.bill_number is not None:
            return record.bill_number
        return bills.bill_number(self._shop.routes[record.key.connection].bill_prefix, record.key)

    # ── plumbing ────────────────────────────────────────────────────────────────────────────────────────────────

    def _desk(self, erp: str, scheme: Scheme) -> Desk:
        at = (erp, scheme.flow.flow)
        if at not in self._desks:
            self._desks[at] = Desk(self._shop, erp, scheme)
        return self._desks[at]

    async def _record(self, key: DocumentKey) -> tuple[DocumentRecord, Scheme]:
        record = await self._shop.store.document(key)
        if record is None:
            raise LookupError(f"{key.workflow_id} is not in the store")
        return record, self._shop.catalogue[key.flow]

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
        entry = JournalEntry(
            key=record.key,
            step=kind,
            outcome=outcome,
            version=version or record.version,
            zh=zh,
            en=en,
            attempt=attempt,
            code=code,
            detail=detail,
            actor=actor,
        )
        await self._shop.store.record(entry, change, exchanges or ())


def _attempt() -> int:
    return activity.info().attempt


def rate_day(scheme: Scheme, document: BaseModel) -> date | None:
    """The day, in China, whose central parity values the document; None when the source does not tell it."""
    day = value_at(document, scheme.flow.rate.day)
    if isinstance(day, datetime):
        return day.astimezone(SHANGHAI).date()
    return day if isinstance(day, date) else None


def _is_settled(rate: Rate, day: date, today: date) -> bool:
    """Whether nothing newer can come out for that day: it is the day's own, or the last before a weekend that is over.

    The eve of a holiday looks the same as a source that lags, so it is asked for again each time.
    """
    weekend = day.weekday() >= _SATURDAY and day < today and (day - rate.source_date).days <= day.weekday() - _FRIDAY
    return rate.source_date == day or weekend


def _fate(scheme: Scheme, document: BaseModel) -> Fate:
    """The first case of the flow that fits; the last one always does."""
    for case in scheme.flow.fate:
        if case.path is None or value_at(document, case.path) in case.values:
            return case
    raise LookupError(f"flow {scheme.flow.flow} leaves a document without a fate")


def _mapping_gaps(scheme: Scheme, document: BaseModel, tables: Tables) -> bool:
    needed = mapping.keys_needed(scheme.lookups, document)
    return any((collection, key) not in tables for collection, keys in needed.items() for key in keys)


def _missing_hold(scheme: Scheme, missing: tuple[Missing, ...]) -> Hold | None:
    if not missing:
        return None
    owners = scheme.flow.owners
    gaps = list(dict.fromkeys((m.name, m.key) for m in missing if m.kind == "mapping"))
    if gaps:
        target = next(m.target for m in missing if m.kind == "mapping")
        return holds.mapping_missing(gaps, owners, target=target)
    first = missing[0]
    return holds.source_invalid(first.name, first.message or "a value", first.key, owners)
