"""A connection whose vendor says what a test wants, on a server with workers of its own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from activities.api_connections import ConnectionStep, ConnectionSteps, PauseStep, Probed
from domain.connections import Pause, Refusal
from domain.keys import connection_gap
from tests.workflows.house import PATIENCE, House
from workflows.connection import ConnectionStart, ConnectionWorkflow

REFUSAL = Refusal(system="galaxy", code="session_lost", message="会话信息已丢失")
REFUSED = Probed(accepted=False, code="session_lost", message="会话信息已丢失")
ACCEPTED = Probed(accepted=True)
UNKNOWN = Probed(accepted=None, code="timeout", message="no answer")
COUNTED = Probed(accepted=False, code="login_refused", message="用户名或密码错误", counts_refusals=True)
_NUMBERS = itertools.count()

Hook = Callable[[], Awaitable[None]]


class ScriptedConnection(ConnectionSteps):
    """Keeps the pause as the store does, answers probes in turn (the last answer stays), and notes what was done."""

    def __init__(self, house: House, name: str, *answers: Probed) -> None:
        self.house, self.name, self.answers = house, name, list(answers)
        self.workflows_queue = f"connections of {name}"
        self.on_record: Pause | None = None
        self.done: list[str] = []
        self.probed_at: list[datetime] = []
        self.before: dict[str, list[Hook]] = {}

    @activity.defn(name="pause")
    async def pause(self, step: PauseStep) -> None:
        await self._do("pause")
        self.on_record = step.pause

    @activity.defn(name="lift")
    async def lift(self, step: ConnectionStep) -> None:
        await self._do("lift")
        self.on_record = None

    @activity.defn(name="probe")
    async def probe(self, step: ConnectionStep) -> Probed:
        assert activity.info().task_queue == self.workflows_queue
        self.probed_at.append(activity.info().started_time)
        await self._do("probe")
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @activity.defn(name="wake_waiting")
    async def wake_waiting(self, step: ConnectionStep) -> int:
        await self._do("wake")
        return 7

    async def _do(self, what: str) -> None:
        hooks = self.before.get(what)
        if hooks:
            await hooks.pop(0)()
        self.done.append(what)

    # ── what others say to it ───────────────────────────────────────────────────────────────────────────────────

    def start(self, **given: Any) -> WithStartWorkflowOperation[ConnectionWorkflow, None]:
        begin = ConnectionStart(connection=self.name, probe_wait=60, probe_most=900).model_copy(update=given)
        return WithStartWorkflowOperation(
            ConnectionWorkflow.run,
            begin,
            id=connection_gap(self.name),
            task_queue=self.workflows_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            execution_timeout=self.house.lifetime,
        )

    async def refuse(self, refusal: Refusal = REFUSAL, **given: Any) -> bool:
        """A step was refused; whether the connection is paused."""
        return await self.house.client.execute_update_with_start_workflow(
            ConnectionWorkflow.refused, refusal, start_workflow_operation=self.start(**given)
        )

    async def renew(self) -> Probed:
        """A person has renewed the credentials."""
        return await self.handle.execute_update(ConnectionWorkflow.renewed)

    @property
    def handle(self) -> WorkflowHandle[ConnectionWorkflow, None]:
        return self.house.client.get_workflow_handle_for(ConnectionWorkflow.run, connection_gap(self.name))

    async def ended(self) -> None:
        """Wait for its end; on a server that skips time, none of it passes for that."""
        async with asyncio.timeout(PATIENCE):
            await self.handle.result()

    @property
    def waits(self) -> list[int]:
        """Seconds between the probes."""
        return [round((b - a).total_seconds()) for a, b in itertools.pairwise(self.probed_at)]


@asynccontextmanager
async def connected(house: House, *answers: Probed, name: str | None = None) -> AsyncIterator[ScriptedConnection]:
    """A connection of its own, open, whose vendor answers probes like this."""
    steps = ScriptedConnection(house, name or f"galaxy.test{next(_NUMBERS)}", *answers)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            Worker(
                house.client,
                task_queue=steps.workflows_queue,
                workflows=[ConnectionWorkflow],
                activities=[steps.pause, steps.lift, steps.wake_waiting, steps.probe],
                max_heartbeat_throttle_interval=timedelta(milliseconds=50),
            )
        )
        yield steps
