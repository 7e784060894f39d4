"""A document and the books it goes to, as small as they can be, and what a test has its steps do.

Left alone, a paper behaves as the real steps do: it is validated, valued, mapped and posted at the version it has. A
test scripts what is different: what a step answers in turn, and what happens right before or right after it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from activities.api import (
    Amended,
    AmendStep,
    Course,
    Decided,
    DecisionStep,
    FetchStep,
    HoldStep,
    Posted,
    PostStep,
    RateStep,
    RateUsed,
    RateWanted,
    Recorded,
    Reversed,
    ReverseStep,
    StepDone,
)
from domain import holds
from domain.documents import DocumentKey, DocumentState, Hold, SkipReason

DAY = date(2026, 9, 4)
Hook = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Call:
    """One try of a step. `at` is the server's time."""

    step: str
    argument: Any
    attempt: int
    queue: str
    local: bool
    at: datetime


class SecondBill(AssertionError):
    """The books were about to hold two bills of one document."""


@dataclass
class Paper:
    """See the module.

    Attributes:
        version: of the source's latest snapshot.
        gaps: mapping keys that are missing now.
        bill: version of the bill in the books; None when there is none.
        on_record: version of the bill our own record knows of; a lost reply leaves it behind.
        attempted: version that was about to be written when last heard of.
        settled: version a person has decided on.
        written: every change of the books, in order: ``+v1`` posted, ``-v1`` taken out.
        recorded: holds put on record, in order; `hold` is the one in force.
    """

    key: DocumentKey
    version: str = "v1"
    taken_back_at_source: bool = False
    rate_known: bool = True
    gaps: list[str] = field(default_factory=list)
    bill: str | None = None
    on_record: str | None = None
    attempted: str | None = None
    settled: str | None = None
    state: DocumentState = DocumentState.RECEIVED
    hold: Hold | None = None
    recorded: list[Hold] = field(default_factory=list)
    decided: list[DecisionStep] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)
    _answers: dict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    _before: dict[str, deque[Hook]] = field(default_factory=lambda: defaultdict(deque))
    _after: dict[str, deque[Hook]] = field(default_factory=lambda: defaultdict(deque))

    def __post_init__(self) -> None:
        self.book(self.bill)

    # ── what a test says ────────────────────────────────────────────────────────────────────────────────────────

    def book(self, version: str | None) -> None:
        """Its bill is in the books at this version, and we know it."""
        self.bill = self.on_record = self.attempted = version

    def answers(self, step: str, *answers: Any) -> None:
        """What the next calls of a step return, or raise when it is an exception; then it behaves as usual again.

        A post may be answered with a hold alone.
        """
        self._answers[step].extend(answers)

    def before(self, step: str, *hooks: Hook) -> None:
        """What happens when the next calls of a step begin, one hook a call."""
        self._before[step].extend(hooks)

    def after(self, step: str, *hooks: Hook) -> None:
        """What happens once the next calls of a step have had their effect and before anybody hears of it."""
        self._after[step].extend(hooks)

    # ── what a test sees ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def steps(self) -> list[str]:
        return [call.step for call in self.calls]

    def count(self, step: str) -> int:
        return self.steps.count(step)

    def tries(self, step: str) -> list[Call]:
        return [call for call in self.calls if call.step == step]

    def minutes_between(self, step: str) -> list[int]:
        """Minutes of the server's time between the tries of a step."""
        tries = self.tries(step)
        return [round((b.at - a.at).total_seconds() / 60) for a, b in itertools.pairwise(tries)]

    # ── how its steps go ────────────────────────────────────────────────────────────────────────────────────────

    async def until(self, said: Callable[[], bool]) -> None:
        """Wait until something is so; looked at whenever a step begins or ends."""
        async with self._moved:
            await self._moved.wait_for(said)

    async def take(self, call: Call) -> Any:
        """One try of a step."""
        self.calls.append(call)
        await self._tell()
        try:
            return await self._taken(call)
        finally:
            await self._tell()

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def _taken(self, call: Call) -> Any:
        if self._before[call.step]:
            await self._before[call.step].popleft()()
        if self._answers[call.step]:
            answer = self._answers[call.step].popleft()
            if isinstance(answer, BaseException):
                raise answer
            if isinstance(answer, Hold):
                answer = self._held(answer)
        else:
            answer = getattr(self, f"_{call.step}")(call.argument)
        if self._after[call.step]:
            await self._after[call.step].popleft()()
        if call.step in ("post", "reverse"):
            self.on_record = self.bill
        return answer

    def found(self, course: Course, **given: Any) -> Posted:
        """What a post finds of the document as it is now."""
        facts = {"version": self.version, "bill_number": f"KP-{self.key.number}"} | given
        return Posted(course=course, **facts)

    def _held(self, hold: Hold) -> Posted:
        return self.found(Course.HOLD, hold=hold)

    def _post(self, step: PostStep) -> Posted:
        written = self.on_record is not None or self.attempted is not None
        if not step.take_back and self.settled == self.version:
            return self.found(Course.NOTHING, state=self.state)
        if (step.take_back or self.taken_back_at_source) and written:
            return self.found(Course.REVERSE)
        if step.take_back or self.taken_back_at_source:
            self.state = DocumentState.SKIPPED
            self.settled = self.version if step.take_back else self.settled
            reason = SkipReason.BY_PERSON if step.take_back else SkipReason.TAKEN_BACK
            return self.found(Course.SKIP, skip_reason=reason)
        if self.on_record == self.version:
            return self.found(Course.NOTHING)
        if any(version not in (None, self.version) for version in (self.on_record, self.attempted)):
            return self.found(Course.REPOST)
        if not self.rate_known and step.rated != self.version:
            return self.found(Course.RATE, rate=RateWanted(currency="USD", day=DAY))
        if self.gaps:
            return self._held(self._gap_hold())
        return self._write()

    def _write(self) -> Posted:
        self.attempted = self.version
        if self.bill not in (None, self.version):
            raise SecondBill(f"{self.bill} is in the books, {self.version} was about to be")
        if self.bill is None:
            self.bill = self.version
            self.written.append(f"+{self.version}")
        self.state = DocumentState.POSTED
        return self.found(Course.POSTED)

    def _gap_hold(self) -> Hold:
        return holds.mapping_missing([("sku", self.gaps[0])])

    def _find_rate(self, step: RateStep) -> RateUsed:
        self.rate_known = True
        return RateUsed(value="7.1", source="chinamoney")

    def _reverse(self, step: ReverseStep) -> Reversed:
        existed = self.bill is not None
        if existed:
            self.written.append(f"-{self.bill}")
        self.bill = self.attempted = None
        if step.final:
            self.state = DocumentState.REVERSED if existed else DocumentState.SKIPPED
        if step.by_person:
            self.settled = self.version
        return Reversed(existed=existed)

    def _hold(self, step: HoldStep) -> Recorded:
        self.state, self.hold = DocumentState.HELD, step.hold
        self.recorded.append(step.hold)
        return Recorded()

    def _decide(self, step: DecisionStep) -> DocumentState:
        self.decided.append(step)
        self.hold = None
        self.state = DocumentState.RUNNING
        if step.decided is Decided.SKIP and self.on_record is not None:
            self.state = DocumentState.POSTED
        elif step.decided is Decided.SKIP and self.attempted is None:
            self.state, self.settled = DocumentState.SKIPPED, step.step.version
        return self.state

    def _amend(self, step: AmendStep) -> Amended:
        if step.step.version != self.version:
            return Amended(field="(document)", expected="the latest version")
        self.version = f"amended-{self.count('amend')}"
        return Amended(version=self.version)

    def _fetch(self, step: FetchStep) -> StepDone:
        return StepDone()
