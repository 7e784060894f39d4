"""Reconciling a stage, and what comes of it by document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from temporalio.client import WorkflowHandle

from activities.api_reconcile import Reconciled
from activities.starting import WORKFLOW_QUEUE
from domain.differences import Difference, DifferenceKind
from sandbox.galaxy.by_hand import ByHand
from sandbox.rates.data import PUBLISHED
from tests.end_to_end.stage import OUTBOUND, Stage
from workflows.reconciliation import Mend, ReconcileStart, ReconciliationWorkflow, reconciliation_id

DAY = sorted(PUBLISHED)[-1]
"""The day of an order file that has one day."""
MEND = Mend(actor="clerk", reason="checked with the warehouse")


def start_of(flow: str = OUTBOUND, source: str = "main", day: date = DAY) -> ReconcileStart:
    return ReconcileStart(
        flow=flow,
        connection=source,
        day=day,
        erp="main",
        source_queue=f"jushuitan.{source}",
        erp_queue="galaxy.main",
    )


async def begin(stage: Stage, start: ReconcileStart, mend: Mend | None = None) -> WorkflowHandle[Any, Reconciled]:
    """Start it as the command does."""
    return await stage.client.start_workflow(
        ReconciliationWorkflow.run,
        start,
        id=reconciliation_id(start.flow, start.connection, start.day),
        task_queue=WORKFLOW_QUEUE,
        start_signal="mend" if mend is not None else None,
        start_signal_args=[mend] if mend is not None else [],
    )


async def reconcile(
    stage: Stage, flow: str = OUTBOUND, source: str = "main", *, day: date = DAY, mend: Mend | None = None
) -> tuple[Reconciled, list[Difference]]:
    """What came of it."""
    result = await (await begin(stage, start_of(flow, source, day), mend)).result()
    return result, await stage.store.reconciliations.differences(result.run)


def by_bill(found: Sequence[Difference]) -> dict[str, set[DifferenceKind]]:
    """Kinds by bill number, of what was not mended."""
    kinds: defaultdict[str, set[DifferenceKind]] = defaultdict(set)
    for difference in found:
        if not difference.mended:
            kinds[difference.bill_number].add(difference.kind)
    return dict(kinds)


def hand(stage: Stage) -> ByHand:
    """A clerk at the ERP."""
    return ByHand(stage.galaxy)
