"""A worker process: the workflows, and the activities of every connection, each vendor account on its own task queue.

Run as ``python worker.py`` or ``kingpost worker``. Any number of them may run, on any number of machines.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import builds
import logs
import settings as configuration
from activities.api import Queues
from activities.backfilling import BackfillActivities
from activities.connections import ConnectionActivities
from activities.document import DocumentActivities
from activities.intake import IntakeActivities
from activities.mending import MendingActivities
from activities.nightly import NIGHTLY, nightly_schedule
from activities.reconciling import ReconcileActivities
from activities.starting import WORKFLOW_QUEUE
from activities.workshop import Batching, Route, Stream, Workshop
from connectors.flagship.client import FlagshipErp
from connectors.galaxy.client import GalaxyErp
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.streams import MODELS, streams_of
from connectors.rates.chain import open_rate_chain
from domain.connections import Account
from domain.erp import Erp
from flows.catalogue import Catalogue, load_catalogue
from leaving import leave
from settings import Settings, WorkerSettings
from store.migrate import migrate
from store.pace import StoredPace
from store.store import Store
from store.vault import StoredTokens
from workflows import attributes
from workflows.backfill import BackfillWorkflow
from workflows.connection import ConnectionWorkflow
from workflows.document import DocumentWorkflow
from workflows.intake import IntakeStart, IntakeWorkflow
from workflows.nightly import NightlyWorkflow
from workflows.reconciliation import ReconciliationWorkflow

log = structlog.get_logger()

RATES_QUEUE = "rates"
WORKFLOWS = (
    DocumentWorkflow,
    IntakeWorkflow,
    ConnectionWorkflow,
    BackfillWorkflow,
    ReconciliationWorkflow,
    NightlyWorkflow,
)
"""Everything that lives on the queue of workflows."""
GRACE = timedelta(seconds=20)
"""How long a stopping worker lets its activities finish; what is cut off is found again by the next try."""


class Unreachable(Exception):
    """Temporal does not answer. The text is one sentence that names its address."""


def catalogue() -> Catalogue:
    """All flows, checked against the source models and the forms. Raises FlowFileError."""
    return load_catalogue(MODELS)


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """A Temporal client that speaks our payloads. `lazy`: the connection is made at the first call.

    Raises:
        Unreachable: nobody answers there (not when lazy).
    """
    temporal = settings.temporal
    try:
        return await Client.connect(
            temporal.address,
            namespace=temporal.namespace,
            data_converter=pydantic_data_converter,
            tls=temporal.tls,
            lazy=lazy,
            api_key=temporal.api_key.get_secret_value() if temporal.api_key else None,
        )
    except RuntimeError as error:
        where = f"Temporal cannot be reached at {temporal.address}"
        raise Unreachable(f"{where}: expected its server there, see setting temporal.address.") from error


@asynccontextmanager
async def workshop(settings: Settings, client: Client) -> AsyncIterator[Workshop]:
    """Store, flows and connections, opened and closed together."""
    async with AsyncExitStack() as stack:
        url = settings.store_url.get_secret_value()
        store = await stack.enter_async_context(await Store.open(url, secret_key=settings.secret_key))
        erps: dict[str, Erp] = {}
        accounts: dict[str, Account] = {}
        for name, target in settings.galaxy.items():
            account = f"galaxy.{name}"
            galaxy = await stack.enter_async_context(GalaxyErp(target, pace=StoredPace(store, account)))
            erps[name] = accounts[account] = galaxy
        for name, flagship_target in settings.flagship.items():
            account = f"flagship.{name}"
            flagship = await stack.enter_async_context(FlagshipErp(flagship_target, pace=StoredPace(store, account)))
            erps[name] = accounts[account] = flagship
        streams: dict[tuple[str, str], Stream] = {}
        routes: dict[str, Route] = {}
        for name, source in settings.jushuitan.items():
            account = f"jushuitan.{name}"
            vault = StoredTokens(store, account) if settings.secret_key is not None else None
            pace = StoredPace(store, account)
            jushuitan = await stack.enter_async_context(JushuitanClient(source, vault=vault, pace=pace))
            accounts[account] = jushuitan
            streams |= {(name, key): stream for key, stream in streams_of(name, jushuitan, source.since).items()}
            system = settings.erp_system(source.erp)
            routes[name] = Route(
                system="jushuitan",
                erp=source.erp,
                erp_system=system,
                bill_prefix=source.bill_prefix,
                queues=Queues(source=account, erp=f"{system}.{source.erp}", rates=RATES_QUEUE),
            )
        chain = await stack.enter_async_context(open_rate_chain(settings.rates))
        tuning = settings.worker
        yield Workshop(
            store=store,
            catalogue=catalogue(),
            streams=streams,
            routes=routes,
            erps=erps,
            rates=chain,
            accounts=accounts,
            client=client,
            patience=settings.patience,
            batching=Batching(linger=tuning.linger, most=tuning.batch, lanes=tuning.lanes),
            overlap=tuning.overlap,
            window_rows=tuning.window_rows,
        )


def workers(shop: Workshop, settings: Settings) -> list[Worker]:
    """One worker for the workflows with their local activities, and one for each system's queue."""
    document, intake, connection = DocumentActivities(shop), IntakeActivities(shop), ConnectionActivities(shop)
    backfill, reconciling, mending = BackfillActivities(shop), ReconcileActivities(shop), MendingActivities(shop)
    tuning = settings.worker
    rates = queue_rates(settings)
    queues: dict[str, list[Callable[..., Any]]] = {RATES_QUEUE: [document.find_rate]}
    # Probes on the accounts' queues: those that an older build has asked for.
    for route in shop.routes.values():
        queues[route.queues.source] = [
            *(document.fetch, intake.poll, intake.start_documents, backfill.bring_in, connection.probe),
            *(reconciling.read_day, reconciling.trace, mending.mend, mending.count_unsettled),
        ]
        queues[route.queues.erp] = [
            *(document.post, document.reverse, connection.probe),
            *(reconciling.scan_bills, reconciling.compare),
        ]
    local: list[Callable[..., Any]] = [
        document.hold,
        document.decide,
        document.amend,
        reconciling.begin,
        reconciling.finish,
        connection.pause,
        connection.lift,
    ]
    workflows = worker_on(
        shop.client,
        tuning,
        WORKFLOW_QUEUE,
        workflows=WORKFLOWS,
        activities=[*local, connection.wake_waiting, connection.probe],
    )
    return [
        workflows,
        *(
            worker_on(shop.client, tuning, queue, activities=found, per_second=rates.get(queue))
            for queue, found in queues.items()
        ),
    ]


def trusting_sandbox(workflows: Sequence[type]) -> SandboxedWorkflowRunner:
    """The workflow sandbox without loading our own modules anew for every run, which is half of what a document costs.

    What it would find in them (a clock, a random number, a file) is found by the tests, which run in the full one.
    """
    ours = {workflow.__module__.partition(".")[0] for workflow in workflows} | {"activities", "domain"}
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*sorted(ours)))


def worker_on(
    client: Client,
    tuning: WorkerSettings,
    queue: str,
    *,
    workflows: Sequence[type] = (),
    activities: Sequence[Callable[..., Any]] = (),
    per_second: float | None = None,
) -> Worker:
    """A worker on one task queue, with the slots in force. The benchmark's floor runs on the very same.

    Args:
        per_second: steps the server hands out a second, to all workers of the queue together; None is no limit.
    """
    return Worker(
        client,
        task_queue=queue,
        workflows=workflows,
        activities=activities,
        workflow_runner=trusting_sandbox(workflows),
        max_concurrent_workflow_tasks=tuning.workflow_tasks,
        max_cached_workflows=tuning.cached,
        max_concurrent_local_activities=tuning.activities,
        max_concurrent_activities=tuning.activities,
        max_task_queue_activities_per_second=per_second,
        graceful_shutdown_timeout=GRACE,
        deployment_config=builds.versioned(tuning.build_id),
    )


def queue_rates(settings: Settings) -> dict[str, float]:
    """Steps a second that Temporal hands out on each account's task queue."""
    batch = settings.worker.batch
    galaxy = {f"galaxy.{name}": target.queue_rate(batch) for name, target in settings.galaxy.items()}
    flagship = {f"flagship.{name}": target.queue_rate(batch) for name, target in settings.flagship.items()}
    return galaxy | flagship | {f"jushuitan.{name}": source.queue_rate() for name, source in settings.jushuitan.items()}


async def ensure_search_attributes(client: Client) -> None:
    """Register our search attributes; a namespace that has them keeps them."""
    wanted = {
        key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST
        if key in (attributes.SKUS, attributes.GAP)
        else IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        for key in attributes.ALL
    }
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
    )


async def ensure_schedules(shop: Workshop, settings: Settings) -> None:
    """One intake schedule for each flow and source connection, and the nightly reconciliation. Existing ones take the
    times in force."""
    for scheme in shop.catalogue:
        source = scheme.flow.source
        for connection in shop.connections_of(source.stream):
            every = timedelta(seconds=settings.worker.every or source.every)
            await _ensure_intake(shop, scheme.flow.flow, connection, every)
    await _ensure_schedule(shop, NIGHTLY, nightly_schedule(shop, settings.worker.reconcile_at), at_once=False)


async def _ensure_intake(shop: Workshop, flow: str, connection: str, every: timedelta) -> None:
    ident = f"intake:{flow}:{connection}"
    title = shop.catalogue[flow].flow.title
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            IntakeWorkflow.run,
            IntakeStart(flow=flow, connection=connection, queue=shop.routes[connection].queues.source),
            id=ident,
            task_queue=WORKFLOW_QUEUE,
            static_summary=f"拉取 {title.zh} · {connection}",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )
    await _ensure_schedule(shop, ident, schedule, at_once=True)


async def _ensure_schedule(shop: Workshop, ident: str, schedule: Schedule, *, at_once: bool) -> None:
    try:
        await shop.client.create_schedule(ident, schedule, trigger_immediately=at_once)
    except ScheduleAlreadyRunningError:

        def renew(found: ScheduleUpdateInput) -> ScheduleUpdate:
            # A person may have paused it; that stays.
            schedule.state = found.description.schedule.state
            return ScheduleUpdate(schedule)

        await shop.client.get_schedule_handle(ident).update(renew)


async def run(settings: Settings) -> None:
    """Work until told to stop by SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await asyncio.to_thread(migrate, settings.store_url.get_secret_value())
    client = await connect(settings)
    async with workshop(settings, client) as shop, AsyncExitStack() as stack:
        if settings.worker.schedules:
            await ensure_search_attributes(client)
        for worker in workers(shop, settings):
            await stack.enter_async_context(worker)
        if settings.worker.build_id is not None:
            await builds.ensure_current(client, settings.worker.build_id)
        if settings.worker.schedules:
            await ensure_schedules(shop, settings)
        log.info(
            "worker is ready",
            build=settings.worker.build_id,
            queues=[WORKFLOW_QUEUE, *sorted({r.queues.erp for r in shop.routes.values()})],
        )
        await stop.wait()
        log.info("worker is stopping")


def main() -> None:
    """The command. Exit status 2 and one sentence when the configuration is wrong, 1 when Temporal is not there."""
    logs.configure()
    try:
        settings = configuration.required(configuration.load())
    except configuration.Misconfigured as error:
        leave(2, str(error))
    try:
        asyncio.run(run(settings))
    except Unreachable as error:
        leave(1, str(error))
    leave(0)


if __name__ == "__main__":
    main()
