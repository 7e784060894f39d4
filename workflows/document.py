"""The life of one business document: post (validate, rate, map, write) ▸ done, or held until somebody unblocks it.

A run carries the latest version of the document to where it has to be, whatever state bill and journal are in. It is
started when intake sees a document that is new or has changed; the same document is always the same workflow id (L1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import Priority, SearchAttributeUpdate
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    # Pure modules and pydantic: loading them anew for every workflow costs time and gives no safety.
    from activities.api import (
        AmendStep,
        Course,
        Decided,
        DecisionStep,
        DocumentEnd,
        DocumentStart,
        DocumentStep,
        DocumentSteps,
        FetchStep,
        HoldStep,
        Posted,
        PostStep,
        RateStep,
        RateUsed,
        ReverseStep,
    )
    from domain import holds
    from domain.decisions import Amend, Answer, Cancel, GapClosed, Resume, Skip, SourceChanged, Status
    from domain.documents import DocumentState, Frozen, Hold, HoldReason, SkipReason, Urgency
    from domain.faults import FaultKind
    from workflows import attributes, policies
    from workflows.failures import hold_of
    from workflows.wording import details

T = TypeVar("T")


def _closed_by_others(hold: Hold) -> bool:
    """Whether somebody else may be closing the gap of a hold at this very moment."""
    if hold.reason is HoldReason.CREDENTIALS_REFUSED:
        return hold.gap is not None  # the connection is paused; what is not paused, nobody opens
    return hold.reason in (HoldReason.MAPPING_MISSING, HoldReason.OUTBOUND_NOT_POSTED, HoldReason.RATE_UNAVAILABLE)


class _Decision(Frozen):
    decided: Decided
    actor: str = ""
    reason: str = ""
    refetch: bool = False


@workflow.defn(name="Document")
class DocumentWorkflow:
    """See the module. Updates answer a person; signals are for machines and for Temporal Web UI."""

    @workflow.init
    def __init__(self, start: DocumentStart) -> None:
        self._start = start
        self._version = start.version
        self._revision: int | None = None
        """Of the document's record when it was last looked at; None while that is unknown."""
        self._news = False
        """Something was said that the run has not looked at yet; cleared right before the store is read."""
        self._was_held = start.waiting is not None
        self._state = DocumentState.HELD if start.waiting else DocumentState.RUNNING
        self._hold: Hold | None = start.waiting
        self._decision: _Decision | None = None
        self._gap_closed = False
        self._urgent = False
        """A person has let it go on and waits for it."""
        self._amending = False
        self._take_back: Cancel | None = None
        self._cancel_told = False
        """The cancel in force is on record as what freed the document."""
        if start.take_back:
            self._take_back = Cancel(actor=start.actor, reason=start.reason)

    @workflow.run
    async def run(self, start: DocumentStart) -> DocumentEnd:
        outcome = await self._wait(start.waiting) if start.waiting is not None else None
        while True:
            if isinstance(outcome, Hold):
                outcome = await self._held(outcome)
                continue
            if outcome is not None:
                # A handler may still be about to say something; only then is it known that nothing is left to do.
                await workflow.wait_condition(workflow.all_handlers_finished)
                if not self._news:
                    break
            outcome = await self._carry()
        self._end(outcome)
        return outcome

    # ── carrying ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _carry(self, known: Hold | None = None) -> DocumentEnd | Hold | None:
        """One try from the start with the latest version. None: the bill is gone or the source changed, try again.

        `known`: what it waits for already; a rate that is known to be missing is not looked for again.
        """
        try:
            return await self._steps(known)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            return hold_of(error, self._start.queues.erp)

    async def _steps(self, known: Hold | None) -> DocumentEnd | Hold | None:
        found = await self._post()
        while found.rate is not None:
            step = self._step
            if known is not None and known.gap == holds.rate_gap(found.rate.currency, found.rate.day.isoformat()):
                return known
            used = await self._find_rate(RateStep(step=step, currency=found.rate.currency, day=found.rate.day))
            if used.hold is not None:
                return used.hold
            found = await self._post(rated=found.version)
        if found.hold is not None:
            return found.hold
        if found.course is Course.SKIP:
            return DocumentEnd(state=DocumentState.SKIPPED, version=found.version, skip_reason=found.skip_reason)
        if found.course in (Course.REVERSE, Course.REPOST):
            return await self._reverse(self._step, found)
        return DocumentEnd(state=found.state, version=found.version, bill_number=found.bill_number)

    @property
    def _step(self) -> DocumentStep:
        """The document as it was last looked at."""
        return DocumentStep(key=self._start.key, version=self._version, erp=self._start.erp, revision=self._revision)

    async def _post(self, *, rated: str = "") -> Posted:
        """What came of the latest version, in whose light everything said before has been seen."""
        self._news, self._revision = False, None
        by = self._take_back
        found = await self._vendor(
            DocumentSteps.post,
            PostStep(
                key=self._start.key,
                erp=self._start.erp,
                take_back=by is not None,
                actor=by.actor if by else "",
                reason=by.reason if by else "",
                rated=rated,
            ),
            self._start.queues.erp,
        )
        self._version, self._revision = found.version, found.revision
        return found

    async def _reverse(self, step: DocumentStep, found: Posted) -> DocumentEnd | Hold | None:
        """Take the bill back. None: it is gone, and the document is looked at afresh."""
        final, by = found.course is Course.REVERSE, self._take_back
        back = await self._vendor(
            DocumentSteps.reverse,
            ReverseStep(
                step=step,
                final=final,
                by_person=by is not None,
                actor=by.actor if by else "",
                reason=by.reason if by else "",
            ),
            self._start.queues.erp,
        )
        if back.hold is not None:
            return back.hold
        if back.stale or not final:
            return None
        if back.existed:
            return DocumentEnd(state=DocumentState.REVERSED, version=step.version)
        reason = SkipReason.BY_PERSON if by else SkipReason.TAKEN_BACK
        return DocumentEnd(state=DocumentState.SKIPPED, version=step.version, skip_reason=reason)

    async def _find_rate(self, ask: RateStep) -> RateUsed:
        """From the publisher or the backups; when all tries are used up the document waits for finance (F04)."""
        try:
            return await self._vendor(DocumentSteps.find_rate, ask, self._start.queues.rates)
        except ActivityError as error:
            cause = error.cause
            if not (isinstance(cause, ApplicationError) and cause.type in tuple(FaultKind)):
                raise
            return RateUsed(hold=holds.rate_unavailable(ask.currency, ask.day.isoformat(), cause.message))

    # ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _held(self, hold: Hold) -> DocumentEnd | Hold | None:
        """Put the hold on record, look once more, then wait until something or somebody frees the document.

        The second look closes the race with whoever closes the gap: they look for holds after closing it, we look at
        the gap after recording the hold, so one of us always sees the other. A second look that finds another gap
        has to be followed by a third, for the same reason.
        """
        await self._put_on_record(hold)
        while _closed_by_others(hold) and not self._news:
            again = await self._carry(hold)
            if not isinstance(again, Hold):
                self._hold = None
                return again
            if again == hold:
                break
            same_gap = (again.reason, again.gap) == (hold.reason, hold.gap)
            hold = again
            await self._put_on_record(hold, keep_waking=same_gap)
            if same_gap:
                break
        return await self._wait(hold)

    async def _put_on_record(self, hold: Hold, *, keep_waking: bool = False) -> None:
        self._hold, self._gap_closed = hold, self._gap_closed and keep_waking
        try:
            recorded = await self._local(DocumentSteps.hold, HoldStep(step=self._step, hold=hold))
            self._revision = recorded.revision
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            # It waits all the same, visibly in Temporal, instead of failing with nobody to answer it.
            workflow.logger.error("the hold could not be put on record: %s", type(error).__name__)

    async def _wait(self, hold: Hold) -> DocumentEnd | Hold | None:
        self._show(DocumentState.HELD, hold)
        workflow.upsert_search_attributes(
            [
                attributes.DOCUMENT_STATE.value_set(DocumentState.HELD.value),
                attributes.HOLD_REASON.value_set(hold.reason.value),
                attributes.GAP.value_set([attributes.keyword(hold.gap)] if hold.gap else []),
            ]
        )
        await workflow.wait_condition(lambda: self._is_free or workflow.info().is_continue_as_new_suggested())
        if not self._is_free:
            await workflow.wait_condition(workflow.all_handlers_finished)
            if not self._is_free:
                workflow.continue_as_new(self._carried_over(hold))
        return await self._go_on()

    @property
    def _is_free(self) -> bool:
        return self._decision is not None or self._gap_closed or self._news

    def _carried_over(self, hold: Hold) -> DocumentStart:
        taken_back = self._take_back
        return self._start.model_copy(
            update={
                "waiting": hold,
                "version": self._version,
                "take_back": taken_back is not None,
                "actor": taken_back.actor if taken_back else "",
                "reason": taken_back.reason if taken_back else "",
            }
        )

    async def _go_on(self) -> DocumentEnd | Hold | None:
        # Stays set until it is on record, so that nobody else is told that theirs was accepted.
        decision = self._decision = self._decision or self._by_itself()
        self._gap_closed, self._was_held, self._urgent = False, True, bool(decision.actor)
        try:
            state = await self._durably(
                DocumentSteps.decide,
                DecisionStep(step=self._step, decided=decision.decided, actor=decision.actor, reason=decision.reason),
            )
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            if decision.decided is Decided.SKIP:
                self._decision = None
                return hold_of(error)
            workflow.logger.error("what freed it could not be put on record: %s", type(error).__name__)
            state = DocumentState.RUNNING
        self._decision = None
        if decision.decided is Decided.SKIP and state.is_final:
            self._take_back = None
            self._show(state, None)
            return DocumentEnd(state=state, version=self._version, skip_reason=SkipReason.BY_PERSON)
        if decision.decided is Decided.SKIP:
            # Whether a bill was written is unknown; skipping it means that none may stay behind.
            self._take_back, self._cancel_told = Cancel(actor=decision.actor, reason=decision.reason), True
        self._show(DocumentState.RUNNING, None)
        workflow.upsert_search_attributes([attributes.DOCUMENT_STATE.value_set(DocumentState.RUNNING.value)])
        if decision.refetch:
            await self._refetch(self._step)
        return None

    def _by_itself(self) -> _Decision:
        """What freed the document when it was nobody's resume, amend or skip."""
        if self._take_back is not None and not self._cancel_told:
            self._cancel_told = True
            return _Decision(decided=Decided.CANCEL, actor=self._take_back.actor, reason=self._take_back.reason)
        return _Decision(decided=Decided.SOURCE_CHANGED if self._news else Decided.GAP_CLOSED)

    async def _refetch(self, step: DocumentStep) -> None:
        try:
            await self._vendor(DocumentSteps.fetch, FetchStep(step=step), self._start.queues.source)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # The stored snapshot is still there; the document goes on with it and says what happened.
            workflow.logger.warning("refetch failed, going on with the stored version: %s", type(error.cause).__name__)

    # ── signals, updates, query ─────────────────────────────────────────────────────────────────────────────────

    @workflow.signal
    def source_changed(self, news: SourceChanged) -> None:
        self._news = self._news or news.version != self._version

    @workflow.signal
    def gap_closed(self, news: GapClosed) -> None:
        if self._hold is not None and self._hold.gap == news.gap:
            self._gap_closed = True

    @workflow.signal(name="resume")
    def resume_by_signal(self, resume: Resume) -> None:
        """For Temporal Web UI and scripts; a document that is not held ignores it."""
        if self._state is DocumentState.HELD and self._decision is None:
            self._decide(Decided.RESUME, resume.actor, resume.reason, refetch=resume.refetch)

    @workflow.update
    def resume(self, resume: Resume) -> Answer:
        return self._decide(Decided.RESUME, resume.actor, resume.reason, refetch=resume.refetch)

    @resume.validator
    def _may_resume(self, resume: Resume) -> None:
        self._must_be_held()

    @workflow.update
    async def amend(self, amend: Amend) -> Answer:
        self._amending = True
        try:
            amended = await self._durably(
                DocumentSteps.amend,
                AmendStep(step=self._step, corrections=amend.corrections, actor=amend.actor, reason=amend.reason),
            )
        finally:
            self._amending = False
        if amended.version is None:
            raise ApplicationError(f"{amended.field}: {amended.expected}", type="InvalidCorrection")
        # Something else may have freed the document meanwhile; the corrected version is looked at in any case.
        self._news = True
        if self._state is DocumentState.HELD and self._decision is None:
            return self._decide(Decided.AMEND, amend.actor, amend.reason)
        return Answer(accepted=True, state=self._state)

    @amend.validator
    def _may_amend(self, amend: Amend) -> None:
        self._must_be_held()
        if not amend.corrections:
            raise ApplicationError("nothing to correct: expected at least one field", type="InvalidCorrection")

    @workflow.update
    def skip(self, skip: Skip) -> Answer:
        return self._decide(Decided.SKIP, skip.actor, skip.reason)

    @skip.validator
    def _may_skip(self, skip: Skip) -> None:
        self._must_be_held()
        if not skip.reason.strip():
            raise ApplicationError("a skip needs a reason", type="ReasonMissing")

    @workflow.update
    def cancel(self, cancel: Cancel) -> Answer:
        if self._take_back is None or self._state is DocumentState.HELD:
            self._take_back, self._cancel_told = cancel, False
            self._news = True
        return Answer(accepted=True, state=self._state)

    @cancel.validator
    def _may_cancel(self, cancel: Cancel) -> None:
        if not cancel.reason.strip():
            raise ApplicationError("a cancel needs a reason", type="ReasonMissing")

    @workflow.query
    def status(self) -> Status:
        return Status(state=self._state, version=self._version, hold=self._hold)

    def _must_be_held(self) -> None:
        if self._state is not DocumentState.HELD or self._decision is not None:
            raise ApplicationError(f"the document is {self._state.value}, not held", type="NotHeld")
        if self._amending:
            raise ApplicationError("a correction is being made right now", type="CorrectionUnderWay")

    def _decide(self, decided: Decided, actor: str, reason: str, *, refetch: bool = False) -> Answer:
        self._decision = _Decision(decided=decided, actor=actor, reason=reason, refetch=refetch)
        return Answer(accepted=True, state=self._state)

    # ── plumbing ────────────────────────────────────────────────────────────────────────────────────────────────

    def _end(self, outcome: DocumentEnd) -> None:
        self._show(outcome.state, None)
        updates: list[SearchAttributeUpdate[Any]] = [attributes.DOCUMENT_STATE.value_set(outcome.state.value)]
        if outcome.bill_number is not None:
            updates.append(attributes.BILL_NO.value_set(attributes.keyword(outcome.bill_number)))
        if self._was_held:
            updates += [attributes.HOLD_REASON.value_unset(), attributes.GAP.value_unset()]
        workflow.upsert_search_attributes(updates)

    def _show(self, state: DocumentState, hold: Hold | None) -> None:
        self._state, self._hold = state, hold
        workflow.set_current_details(details(self._start.key, state, hold))

    async def _local(self, method: Callable[[Any, Any], Awaitable[T]], step: Any) -> T:
        return await workflow.execute_local_activity_method(method, step, **policies.local())

    async def _durably(self, method: Callable[[Any, Any], Awaitable[T]], step: Any) -> T:
        """A step of the store that what somebody has said leads to; on a queue, so that history has it first.

        An update is lost with the workflow task that has taken it. What a local step of that task had put on record by
        then would stay, and the document would wait although its record says that it goes on.
        """
        return await workflow.execute_activity_method(method, step, **policies.store())

    async def _vendor(self, method: Callable[[Any, Any], Awaitable[T]], step: Any, queue: str) -> T:
        # What it was started with otherwise; the shop it is fair to stays in any case.
        priority = Priority(priority_key=Urgency.PERSON.value) if self._urgent else Priority.default
        return await workflow.execute_activity_method(
            method, step, task_queue=queue, priority=priority, **policies.vendor()
        )
