"""Intake: a schedule runs it for each flow and source connection; each run is one poll and the starts it leads to."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.api import IntakeStep, IntakeSteps, Polled, Started, StartStep
    from domain.documents import Frozen
    from workflows import policies


class IntakeStart(Frozen):
    """Which stream is polled, and the task queue of its source connection."""

    flow: str
    connection: str
    queue: str


class IntakeEnd(Frozen):
    """What the poll brought, counted: success is counts, not the absence of an exception.

    `paused`: nothing was read, since the connection does not accept us.
    """

    seen: int
    new: int
    changed: int
    started: int
    told: int
    paused: bool = False


@workflow.defn(name="Intake")
class IntakeWorkflow:
    """Poll, then start. What an earlier run stored but could not start is started by this one."""

    @workflow.run
    async def run(self, start: IntakeStart) -> IntakeEnd:
        # The upper bound is fixed before the first page, by the workflow's clock, so that a repeated poll reads alike.
        failed: ActivityError | None = None
        try:
            polled = await self._poll(start)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # What was stored before it failed, now or earlier, is started all the same.
            failed, polled = error, Polled(seen=0, new=0, changed=0)
        started: Started = await workflow.execute_activity_method(
            IntakeSteps.start_documents,
            StartStep(flow=start.flow, connection=start.connection),
            task_queue=start.queue,
            start_to_close_timeout=timedelta(hours=1),
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=policies.UNTIL_TOLD,
        )
        if failed is not None:
            raise failed
        if polled.paused:
            workflow.set_current_details(f"连接 {start.queue} 已暂停，未读取 / paused, nothing read")
            return IntakeEnd(seen=0, new=0, changed=0, started=started.started, told=started.told, paused=True)
        workflow.set_current_details(
            f"读到 {polled.seen}，新 {polled.new}，有变化 {polled.changed}，启动 {started.started}，通知 {started.told}"
        )
        return IntakeEnd(
            seen=polled.seen,
            new=polled.new,
            changed=polled.changed,
            started=started.started,
            told=started.told,
        )

    async def _poll(self, start: IntakeStart) -> Polled:
        return await workflow.execute_activity_method(
            IntakeSteps.poll,
            IntakeStep(flow=start.flow, connection=start.connection, until=workflow.now()),
            task_queue=start.queue,
            start_to_close_timeout=timedelta(hours=1),
            heartbeat_timeout=timedelta(seconds=30),
            # No limit of tries here: being throttled uses up none. The activity knows when enough is enough; then the
            # next tick of the schedule polls again from the same cursor.
            retry_policy=policies.UNTIL_TOLD,
        )
