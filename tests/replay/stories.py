"""What is recorded: the lives of documents whose histories every later version of the workflows has to replay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

from temporalio.client import WorkflowHistory

from activities.api import Polled, Started
from domain import holds
from domain.connections import Pause, Paused
from domain.decisions import GapClosed
from domain.documents import HoldReason
from domain.faults import Fault, FaultKind
from tests.workflows import backfilling, reconciling
from tests.workflows.connections import ACCEPTED, REFUSAL, REFUSED, connected
from tests.workflows.house import QUEUES, WORKFLOWS, House
from tests.workflows.paper import Paper
from workflows.backfill import BackfillWorkflow
from workflows.document import DocumentWorkflow
from workflows.intake import IntakeStart, IntakeWorkflow
from workflows.nightly import NightlyStart, NightlyWorkflow
from workflows.reconciliation import Mend

Story = Callable[[House], Awaitable[WorkflowHistory]]

SHORT = holds.make(HoldReason.STOCK_SHORT, "缺货", "Short", gap="stock:A")
PAUSED = Paused(Pause(connection="galaxy.main", since=datetime(2026, 9, 1, tzinfo=UTC), refusal=REFUSAL))
DOWN = Fault(FaultKind.TRANSIENT, system="rates", code="503", message="maintenance")


async def _lived(house: House, paper: Paper) -> WorkflowHistory:
    """The history of a paper whose workflow was started and ends now by itself."""
    handle = house.handle(paper)
    await house.end(handle)
    return await handle.fetch_history()


async def posted(house: House) -> WorkflowHistory:
    """The usual way of an order."""
    paper = house.paper()
    await house.start(paper)
    return await _lived(house, paper)


async def held_and_resumed(house: House) -> WorkflowHistory:
    """Stock was short; a person resumes it by update and has the source read again."""
    paper = house.paper()
    paper.answers("post", SHORT)
    await house.hold(paper)
    await house.resume(paper, reason="goods are in", refetch=True)
    return await _lived(house, paper)


async def held_and_gap_closed(house: House) -> WorkflowHistory:
    """A mapping row is missing, is looked for twice, and is added."""
    paper = house.paper(gaps=["ABC"])
    await house.hold(paper)
    await house.close_gap(paper)
    return await _lived(house, paper)


async def gap_closed_unheard(house: House) -> WorkflowHistory:
    """The missing row is added before the hold is on record; the second look finds it."""
    paper = house.paper(gaps=["ABC"])

    async def close() -> None:
        await house.close_gap(paper)

    paper.before("hold", close)
    await house.start(paper)
    return await _lived(house, paper)


async def amended(house: House) -> WorkflowHistory:
    """A person corrects a field of a document that breaks its model."""
    paper = house.paper()
    paper.answers("post", holds.source_invalid("items.0.qty", "a number", "x"))
    await house.hold(paper)
    await house.amend(paper)
    return await _lived(house, paper)


async def skipped(house: House) -> WorkflowHistory:
    """A person says that no bill is needed."""
    paper = house.paper()
    paper.answers("post", SHORT)
    await house.hold(paper)
    await house.skip(paper)
    return await _lived(house, paper)


async def skipped_after_lost_replies(house: House) -> WorkflowHistory:
    """The bill may have been written, so a skip takes it out."""
    paper = house.paper()

    async def lose_the_reply() -> None:
        raise DOWN

    paper.after("post", *[lose_the_reply] * 3)
    await house.hold(paper)
    await house.skip(paper)
    return await _lived(house, paper)


async def reversed_by_source(house: House) -> WorkflowHistory:
    """The source takes a posted order back."""
    paper = house.paper(bill="v1", version="v2", taken_back_at_source=True)
    await house.start(paper)
    return await _lived(house, paper)


async def cancelled_while_posting(house: House) -> WorkflowHistory:
    """A person takes it back while its bill is being written."""
    paper = house.paper()

    async def cancel() -> None:
        await house.cancel(paper)

    paper.before("post", cancel)
    await house.start(paper)
    return await _lived(house, paper)


async def reposted(house: House) -> WorkflowHistory:
    """The source changes while the bill is being written: it is taken out and posted anew."""
    paper = house.paper()

    async def edit() -> None:
        await house.edit(paper, "v2")

    paper.after("post", edit)
    await house.start(paper)
    return await _lived(house, paper)


async def rate_found_after_an_outage(house: House) -> WorkflowHistory:
    """No publisher answers twice, then one does."""
    paper = house.paper(rate_known=False)
    paper.answers("find_rate", DOWN, DOWN)
    await house.start(paper)
    return await _lived(house, paper)


async def rate_held(house: House) -> WorkflowHistory:
    """No publisher answers at all; finance resumes it."""
    paper = house.paper(rate_known=False)
    paper.answers("find_rate", *[DOWN] * 4)
    await house.hold(paper)
    await house.resume(paper)
    return await _lived(house, paper)


async def defect(house: House) -> WorkflowHistory:
    """A local step fails in our own code; an engineer resumes it."""
    paper = house.paper()
    paper.answers("post", KeyError("x"))
    await house.hold(paper)
    await house.resume(paper)
    return await _lived(house, paper)


async def resumed_in_a_new_run(house: House) -> WorkflowHistory:
    """It has waited so long that its history was started anew."""
    paper = house.paper()
    await house.start(paper, waiting=SHORT, version="v1")
    await house.until_held(paper, times=0)
    await house.resume(paper)
    return await _lived(house, paper)


async def connection_renewed(house: House) -> WorkflowHistory:
    """The ERP refuses our credentials; nobody calls it until a person has renewed them."""
    async with connected(house, REFUSED, ACCEPTED, name="galaxy.second") as connection:
        await connection.refuse()
        await connection.renew()
        await connection.ended()
        return await connection.handle.fetch_history()


async def connection_asked_by_itself(house: House) -> WorkflowHistory:
    """The same, and it is asked twice until it accepts us again."""
    async with connected(house, REFUSED, REFUSED, ACCEPTED, name="galaxy.third") as connection:
        await connection.refuse(probe_wait=0.001)
        await connection.ended()
        return await connection.handle.fetch_history()


async def connection_not_paused(house: House) -> WorkflowHistory:
    """It accepts us after all."""
    async with connected(house, ACCEPTED, name="galaxy.fourth") as connection:
        await connection.refuse()
        await connection.ended()
        return await connection.handle.fetch_history()


async def held_by_a_paused_connection(house: House) -> WorkflowHistory:
    """Nobody may call the ERP; the document waits with all the others and goes on with them."""
    paper = house.paper()
    paper.answers("post", PAUSED, PAUSED)
    handle = await house.hold(paper)
    await handle.signal(DocumentWorkflow.gap_closed, GapClosed(gap="connection:galaxy.main"))
    return await _lived(house, paper)


async def intake_paused(house: House) -> WorkflowHistory:
    """A tick of intake while its connection is paused."""
    house.intake.polls["sales_return"] = [Polled(seen=0, new=0, changed=0, paused=True)]
    house.intake.starts["sales_return"] = [Started(started=0, told=0)]
    handle = await house.client.start_workflow(
        IntakeWorkflow.run,
        IntakeStart(flow="sales_return", connection="main", queue=QUEUES.source),
        id="intake:sales_return:main",
        task_queue=WORKFLOWS,
    )
    await handle.result()
    return await handle.fetch_history()


async def intake(house: House) -> WorkflowHistory:
    """One tick of intake."""
    house.intake.polls["sales_outbound"] = [Polled(seen=7, new=3, changed=2)]
    house.intake.starts["sales_outbound"] = [Started(started=4, told=1)]
    handle = await house.client.start_workflow(
        IntakeWorkflow.run,
        IntakeStart(flow="sales_outbound", connection="main", queue=QUEUES.source),
        id="intake:sales_outbound:main",
        task_queue=WORKFLOWS,
    )
    await handle.result()
    return await handle.fetch_history()


async def backfilled(house: House) -> WorkflowHistory:
    """Two days, one of them with too many documents for one window, and a source whose credentials had run out."""
    noon = datetime(2026, 9, 1, 4, tzinfo=UTC)
    expired = Fault(FaultKind.EXPIRED, system="jushuitan", code="100", message="token")
    source = backfilling.SourceOfMoments([noon, noon.replace(hour=18), noon.replace(day=2)], most=1, fails=[expired])
    async with backfilling.working(house.client, source):
        handle = await backfilling.start(house.client, date(2026, 9, 1), date(2026, 9, 2))
        while (await handle.query(BackfillWorkflow.status)).waits_for is None:
            pass
        await handle.signal(BackfillWorkflow.go_on)
        await handle.result()
    return await handle.fetch_history()


async def reconciled(house: House) -> WorkflowHistory:
    """A day in two windows, with differences that are looked at once more, and mended since somebody asks."""
    steps = reconciling.ScriptedReconciling(suspects=[2, 1], unsettled=[1], most=12)
    async with reconciling.working(house.client, steps):
        handle = await reconciling.start(house.client, date(2026, 9, 1), mend=Mend(actor="clerk", reason="checked"))
        await handle.result()
    return await handle.fetch_history()


async def reconciled_every_night(house: House) -> WorkflowHistory:
    """Two connections, one after the other."""
    async with reconciling.working(house.client, reconciling.ScriptedReconciling()):
        handle = await house.client.start_workflow(
            NightlyWorkflow.run,
            NightlyStart(subjects=(reconciling.subject("main"), reconciling.subject("second"))),
            id="reconcile",
            task_queue=reconciling.QUEUE,
        )
        await handle.result()
    return await handle.fetch_history()


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        *(posted, held_and_resumed, held_and_gap_closed, gap_closed_unheard, amended),
        *(skipped, skipped_after_lost_replies, reversed_by_source, cancelled_while_posting, reposted),
        *(rate_found_after_an_outage, rate_held, defect, resumed_in_a_new_run, intake, intake_paused),
        *(connection_renewed, connection_asked_by_itself, connection_not_paused, held_by_a_paused_connection),
        *(backfilled, reconciled, reconciled_every_night),
    )
}
