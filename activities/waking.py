"""Waking the documents that wait for something somebody has just brought about (requirement L5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from temporalio.service import RPCError, RPCStatusCode

from activities.workshop import Workshop
from domain.decisions import GapClosed


async def wake(workshop: Workshop, gaps: Sequence[str]) -> int:
    """Tell every document held for one of these gaps that it is closed. Returns how many were told.

    The hold is in the store before its document looks at the gap again, and the gap is closed before we look for
    holds: so no document is missed.
    """
    waiting = await workshop.store.waiting_for(list(dict.fromkeys(gaps))) if gaps else []
    records = await workshop.store.documents(waiting) if waiting else {}
    holds = [(key, record.hold.gap) for key, record in records.items() if record.hold and record.hold.gap]
    return sum(await asyncio.gather(*(_tell(workshop, key.workflow_id, gap) for key, gap in holds)))


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
