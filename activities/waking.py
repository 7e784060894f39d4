"""Waking the documents that wait for something somebody has just brought about (requirement L5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice

from temporalio.service import RPCError, RPCStatusCode

from activities.workshop import Workshop
from domain.decisions import GapClosed
from domain.documents import DocumentKey

_AT_A_TIME = 200
"""Documents looked up and told together: a gap of a whole connection may hold many thousands."""
_AT_ONCE = 32


async def wake(workshop: Workshop, gaps: Sequence[str]) -> int:
    """Tell every document held for one of these gaps that it is closed. Returns how many were told.

    The hold is in the store before its document looks at the gap again, and the gap is closed before we look for
    holds: so no document is missed.
    """
    keys = await workshop.store.waiting_for(list(dict.fromkeys(gaps))) if gaps else []
    waiting = iter(keys)
    told, gate = 0, asyncio.Semaphore(_AT_ONCE)
    while portion := list(islice(waiting, _AT_A_TIME)):
        told += await _wake(workshop, portion, gate)
    return told


async def _wake(workshop: Workshop, waiting: Sequence[DocumentKey], gate: asyncio.Semaphore) -> int:
    records = await workshop.store.documents(waiting)

    async def one(workflow_id: str, gap: str) -> bool:
        async with gate:
            return await _tell(workshop, workflow_id, gap)

    holds = [(key, record.hold.gap) for key, record in records.items() if record.hold and record.hold.gap]
    return sum(await asyncio.gather(*(one(key.workflow_id, gap) for key, gap in holds)))


async def _tell(workshop: Workshop, workflow_id: str, gap: str) -> bool:
    handle = workshop.client.get_workflow_handle(workflow_id)
    try:
        await handle.signal("gap_closed", GapClosed(gap=gap))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        # Its run has just ended, so it waits no more.
        return False
    return True
