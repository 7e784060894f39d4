"""Whether anything still moves: at the source, since an intake that began later has ended; among the documents, since
the store alone cannot tell: one that is held there may just have been woken."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio.client import Client

from domain.documents import DocumentState
from store.store import Store

_AT_ONCE = 16
_MOVING = (DocumentState.RECEIVED, DocumentState.RUNNING)


async def read_since(client: Client, moment: datetime) -> bool:
    """True when every source has been read to the end by an intake that began after `moment`.

    One that was under way at that moment may have read half of what happened then.
    """
    schedules = {schedule.id async for schedule in await client.list_schedules() if schedule.id.startswith("intake:")}
    since = moment.isoformat(timespec="microseconds")
    query = f'WorkflowType = "Intake" AND ExecutionStatus = "Completed" AND StartTime > "{since}"'
    # A schedule puts the time behind the id of what it starts.
    read = {run.id.rsplit("-", 3)[0] async for run in client.list_workflows(query)}
    return bool(schedules) and schedules <= read


async def at_rest(client: Client, store: Store) -> bool:
    """True when at one moment of the call no document had anything to do: each is done with, or waits for somebody.

    Temporal is asked twice. When nothing was pending and nothing has moved between the two answers, nothing was in
    flight in between, not even a word from one document to another.
    """
    if any(count.state in _MOVING for count in await store.counts()) or await store.due(1):
        return False
    first = await _waiting(client)
    return first is not None and first == await _waiting(client)


async def _waiting(client: Client) -> dict[str, int] | None:
    """The length of the history of each document that waits; None when one of them has something to do."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def length(workflow_id: str, run_id: str) -> int | None:
        async with slots:
            found = await client.get_workflow_handle(workflow_id, run_id=run_id).describe()
        raw = found.raw_description
        idle = not raw.pending_activities and not raw.HasField("pending_workflow_task")
        return found.history_length if idle and found.close_time is None else None

    running = client.list_workflows('WorkflowType = "Document" AND ExecutionStatus = "Running"')
    ids = [(execution.id, execution.run_id) async for execution in running]
    lengths = await asyncio.gather(*(length(*pair) for pair in ids))
    found = {workflow_id: size for (workflow_id, _), size in zip(ids, lengths, strict=True) if size is not None}
    return found if len(found) == len(ids) else None
