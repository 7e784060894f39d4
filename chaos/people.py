"""What people do in a run, the way the commands do it: resume held documents, renew connections, add mapping rows."""

from __future__ import annotations

from contextlib import suppress

from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.gate import connection_start
from activities.waking import wake
from activities.workshop import Workshop
from domain.decisions import Answer, Resume
from domain.documents import HoldReason
from domain.journal import DocumentRecord, MappingRow
from domain.keys import mapping_gap
from workflows.connection import ConnectionWorkflow

PASSING = frozenset(
    (
        HoldReason.STOCK_SHORT,
        HoldReason.ERP_REFUSED,
        HoldReason.REVERSAL_REFUSED,
        HoldReason.SYSTEM_UNREACHABLE,
        HoldReason.CREDENTIALS_REFUSED,
        HoldReason.RATE_UNAVAILABLE,
    )
)
"""Reasons that may pass without the document, the mapping tables or another document changing."""


class Unheard(Exception):
    """A document is held on record, but nobody is there who could be told to go on."""


async def held_in_passing(shop: Workshop) -> list[DocumentRecord]:
    """Documents held for a reason that may have passed."""
    held = await shop.store.held(1_000_000)
    return [record for record in held if record.hold is not None and record.hold.reason in PASSING]


async def resume(shop: Workshop, record: DocumentRecord, why: str, *, refetch: bool = False) -> bool:
    """Let a held document go on. False: it goes on already.

    Raises:
        Unheard: its workflow is not running although it is still held.
    """
    handle = shop.client.get_workflow_handle(record.key.workflow_id)
    wish = Resume(actor="chaos", reason=why, refetch=refetch)
    try:
        await handle.execute_update("resume", wish, result_type=Answer)
    except WorkflowUpdateFailedError:
        return False
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        now = await shop.store.document(record.key)
        if now is not None and now.hold is not None and now.changed_at == record.changed_at:
            raise Unheard(f"{record.key.workflow_id} is held, but its workflow is not running") from None
        return False
    return True


async def renew_connections(shop: Workshop) -> int:
    """Say of every paused connection that it may be asked again; answers how many are paused."""
    pauses = await shop.store.pauses()
    for pause in pauses:
        start = connection_start(shop, pause.connection, pause)
        # One that was opened this very moment says so; one that still refuses stays paused.
        with suppress(WorkflowUpdateFailedError):
            await shop.client.execute_update_with_start_workflow(
                ConnectionWorkflow.renewed, start_workflow_operation=start
            )
    return len(pauses)


async def add_mapping(shop: Workshop, row: MappingRow) -> int:
    """Add a row and wake who waits for it; answers how many documents that were."""
    await shop.store.put_mappings([row])
    return await wake(shop, [mapping_gap(row.collection, row.key)])
