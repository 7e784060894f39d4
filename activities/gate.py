"""The gate before a vendor: shut while the vendor does not accept us (pain 15).

The first call that is refused for who we are has its connection paused, by the connection's workflow; from then on
nobody calls, and whoever would waits for the connection. A step passes the gate right before it calls, so a document
that looks again after a pause was lifted gets through.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from temporalio import activity
from temporalio.client import (
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy

from activities.retrying import step
from activities.starting import WORKFLOW_QUEUE
from activities.workshop import Workshop
from domain.connections import Pause, Paused, Refusal
from domain.faults import Fault, FaultKind
from domain.keys import connection_gap
from workflows.connection import ConnectionStart, ConnectionWorkflow

_STAYS_OPEN = 0.5
"""Seconds for which a gate that was found open is not looked at again. That it is shut is looked up each time, so that
who goes on after a pause gets through."""

S = TypeVar("S")
A = TypeVar("A")
R = TypeVar("R")


class Gate:
    """The gates of all connections, as one process sees them."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._reports: dict[str, asyncio.Task[bool]] = {}
        self._open_until: dict[str, float] = {}

    async def pause_of(self, connection: str) -> Pause | None:
        """The pause a connection is in now."""
        return await self._shop.store.paused(connection)

    @asynccontextmanager
    async def passing(self, connection: str) -> AsyncIterator[None]:
        """Around the calls to a connection.

        Raises:
            Paused: the connection is paused, or is so now since it has just refused us.
            Fault: as raised inside; transient when the vendor refused us but accepts us again.
        """
        await self._check(connection)
        try:
            yield
        except Fault as fault:
            if fault.kind is not FaultKind.EXPIRED:
                raise
            raise await self._refused(connection, fault) from fault

    async def _check(self, connection: str) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._open_until.get(connection, 0):
            return
        pause = await self.pause_of(connection)
        if pause is not None:
            raise Paused(pause)
        self._open_until[connection] = loop.time() + _STAYS_OPEN

    async def _refused(self, connection: str, fault: Fault) -> Fault:
        """What a refusal becomes once the connection's workflow has looked into it."""
        self._open_until.pop(connection, None)
        refusal = Refusal(system=fault.system, code=fault.code, message=fault.message)
        if await self._report(connection, refusal):
            return Paused(await self.pause_of(connection) or self._just_now(connection, refusal))
        # It was refused, and yet the vendor accepts us: an old token under way, or trouble on the vendor's side.
        return Fault(FaultKind.TRANSIENT, system=fault.system, code=fault.code, message=fault.message)

    def _just_now(self, connection: str, refusal: Refusal) -> Pause:
        """The pause has been lifted since; the document looks once more and finds the gate open."""
        return Pause(connection=connection, since=activity.info().started_time, refusal=refusal)

    async def _report(self, connection: str, refusal: Refusal) -> bool:
        """Tell the connection's workflow, once for all in this process who are refused at the same time."""
        report = self._reports.get(connection)
        if report is None:
            report = asyncio.create_task(self._tell(connection, refusal), name=f"refused by {connection}")
            self._reports[connection] = report
            report.add_done_callback(lambda _: self._reports.pop(connection))
        return await asyncio.shield(report)

    async def _tell(self, connection: str, refusal: Refusal) -> bool:
        """Whether the connection is paused. Starts its workflow when there is none. Raises OSError: it cannot say."""
        try:
            return await self._shop.client.execute_update_with_start_workflow(
                ConnectionWorkflow.refused,
                refusal,
                start_workflow_operation=connection_start(self._shop, connection),
            )
        except (WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise ConnectionError(f"{connection}: {error}") from error


def connection_start(
    workshop: Workshop, connection: str, pause: Pause | None = None
) -> WithStartWorkflowOperation[ConnectionWorkflow, None]:
    """How the workflow of a connection is started when it does not run; `pause`: the one it is in already."""
    patience = workshop.patience
    return WithStartWorkflowOperation(
        ConnectionWorkflow.run,
        ConnectionStart(
            connection=connection, probe_wait=patience.probe_wait, probe_most=patience.probe_most, pause=pause
        ),
        id=connection_gap(connection),
        task_queue=WORKFLOW_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"连接 {connection} · connection",
    )


def vendor_step(method: Callable[[S, A], Coroutine[Any, Any, R]]) -> Callable[[S, A], Coroutine[Any, Any, R]]:
    """As `step`, for an activity that calls a vendor: behind the gate of its connection.

    The object the method belongs to has a `gate`. Each account has a task queue of its own, which bears its name.
    """

    @functools.wraps(method)
    async def behind_gate(self: Any, argument: A) -> R:
        async with self.gate.passing(activity.info().task_queue):
            return await method(self, argument)

    return step(behind_gate)
