"""Back-fill: the documents of a range of days, window by window, behind everything that happens now (requirement O8).

Progress is the workflow's own, so that whoever dies (the command, a worker, the server) takes nothing of it along.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.api_backfill import BackfillSteps, BringInStep, Brought
    from domain.documents import Frozen, Hold, HoldReason
    from domain.spans import Span, day_at, halves, next_day, span_of
    from workflows import policies
    from workflows.failures import hold_of

_WINDOWS = 300
"""Windows of one run; then a fresh history is started."""
_LOOK_AGAIN = timedelta(minutes=15)
"""After which a source that was out of reach, or whose connection was paused, is tried again by itself."""


class BackfillProgress(Frozen):
    """How far it has come.

    Attributes:
        left: spans still to be read, the next one last.
        brought: what has been brought in up to now.
    """

    left: tuple[Span, ...]
    brought: Brought = Brought()


class BackfillStart(Frozen):
    """Which documents: those of a flow and connection whose goods moved on these days, both included.

    Attributes:
        queue: task queue of the source connection.
        dry_run: only count what it would bring.
        progress: carried over into a fresh history.
    """

    flow: str
    connection: str
    queue: str
    first: date
    last: date
    dry_run: bool = False
    progress: BackfillProgress | None = None


class BackfillStatus(Frozen):
    """Where it stands, for queries.

    Attributes:
        at: everything that moved before this moment is in; None when all is.
        seconds, of_seconds: business time that is done, and all of it: the measure of a progress bar.
        waits_for: why it stands still; None while it goes on.
    """

    at: datetime | None
    seconds: int
    of_seconds: int
    brought: Brought
    waits_for: Hold | None = None


def backfill_id(flow: str, connection: str, first: date, last: date, *, dry_run: bool = False) -> str:
    """One workflow for each flow, connection and range, however often it is asked for."""
    return f"backfill:{flow}:{connection}:{first}:{last}" + (":dry-run" if dry_run else "")


@workflow.defn(name="Backfill")
class BackfillWorkflow:
    """See the module. `go_on` is said by whoever calls for the same range again."""

    @workflow.init
    def __init__(self, start: BackfillStart) -> None:
        self._start = start
        self._whole = span_of(start.first, start.last)
        progress = start.progress or BackfillProgress(left=(self._whole,))
        self._left, self._brought = list(progress.left), progress.brought
        self._waits_for: Hold | None = None
        self._go_on = False

    @workflow.run
    async def run(self, start: BackfillStart) -> Brought:
        windows = 0
        self._show()
        while self._left:
            if windows >= _WINDOWS or workflow.info().is_continue_as_new_suggested():
                progress = BackfillProgress(left=tuple(self._left), brought=self._brought)
                workflow.continue_as_new(start.model_copy(update={"progress": progress}))
            span, rest = next_day(self._left.pop())
            self._left += [span] if rest is None else [rest, span]
            await self._read(span)
            windows += 1
            self._show()
        return self._brought

    async def _read(self, span: Span) -> None:
        """One window, the last on the pile. It stays there when it could not be read; too large, its halves do."""
        start = self._start
        step = BringInStep(flow=start.flow, connection=start.connection, span=span, dry_run=start.dry_run)
        try:
            brought = await workflow.execute_activity_method(
                BackfillSteps.bring_in, step, task_queue=start.queue, **policies.long()
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await self._wait(hold_of(error))
            return
        self._left.pop()
        if not brought.too_many:
            self._brought = self._brought.plus(brought)
            return
        parts = halves(span)
        if parts is None:
            raise AssertionError("a window that cannot be halved was not read")
        self._left += reversed(parts)

    async def _wait(self, hold: Hold) -> None:
        """Wait visibly: for the next call of the command, or for a while, when the source may come back by itself."""
        self._waits_for, self._go_on = hold, False
        self._show()
        # A paused connection is a gap that others close; a refusal without one is for a person.
        comes_back = hold.reason is HoldReason.SYSTEM_UNREACHABLE or hold.gap is not None
        timeout = _LOOK_AGAIN if comes_back else None
        try:
            await workflow.wait_condition(lambda: self._go_on, timeout=timeout)
        except TimeoutError:
            workflow.logger.info("trying the source again")
        self._waits_for = None

    @workflow.signal
    def go_on(self) -> None:
        self._go_on = True

    @workflow.query
    def status(self) -> BackfillStatus:
        left = sum(span.seconds for span in self._left)
        return BackfillStatus(
            at=self._left[-1].begin if self._left else None,
            seconds=self._whole.seconds - left,
            of_seconds=self._whole.seconds,
            brought=self._brought,
            waits_for=self._waits_for,
        )

    def _show(self) -> None:
        status, brought = self.status(), self._brought
        percent = status.seconds * 100 // status.of_seconds
        begun = f"{percent}% · 已到 {day_at(status.at)}" if status.at is not None else "100%"
        lines = [
            f"**{begun}** · {self._start.first} ～ {self._start.last}{'（试算）' if self._start.dry_run else ''}",
            f"读到 {brought.seen}，新 {brought.new}，有变化 {brought.changed}，已有 {brought.known}，"
            f"启动 {brought.started}，通知 {brought.told}",
        ]
        if self._waits_for is not None:
            lines += [f"**等待处理**：{self._waits_for.zh}", self._waits_for.en, "处理后再次运行同一命令即可继续。"]
        workflow.set_current_details("\n\n".join(lines))
