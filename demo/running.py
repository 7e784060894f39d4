"""Play a trading day: bring everything up, let the day flow, watch it settle, have the books audited."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.live import Live
from temporalio.client import Client

from demo import embedded
from demo.configuring import sections_for, write
from demo.report import Report, fates
from demo.rest import at_rest, read_since
from demo.view import board, ending
from domain.journal import DocumentRecord, MappingRow
from sandbox.world.ledger import ErpSystem
from settings import DEMO_FILE
from store.migrate import migrate
from store.store import Store
from worker import catalogue

FOLDER = DEMO_FILE.parent / "demo"
_TICK = 0.4
_PORTIONS = 12
"""The day appears at the source in so many portions, so that there is something to watch."""


@dataclass(frozen=True)
class Plan:
    """What to play.

    Attributes:
        once: end when the day is done instead of staying up.
        orders: Online Retail CSV files; none means the sample day.
        documents: no more than so many documents.
        erp: where bills go.
        port_base: first of the ports used; free ones by default.
        report: where the result goes as JSON.
        folder: state of the run: databases and logs. Emptied first.
    """

    once: bool = False
    orders: tuple[Path, ...] = ()
    documents: int | None = None
    seed: int = 1
    erp: ErpSystem = ErpSystem.GALAXY
    port_base: int | None = None
    report: Path | None = None
    folder: Path = FOLDER
    config: Path = DEMO_FILE


@dataclass
class Stage:
    """Everything that is up."""

    store: Store
    client: Client
    world: httpx.AsyncClient
    web: str
    fed: int = 0
    started: float = field(default_factory=time.monotonic)


async def play(plan: Plan) -> int:
    """The whole day. Returns the exit status: 0 only if the books balance."""
    embedded.end_on_signals()
    console = Console()
    async with _stage(plan) as stage:
        with Live(console=console, refresh_per_second=4) as live:
            await _flow(plan, stage, live)
            report, records = await _report(stage, plan.erp)
        console.print(ending(report, records, stage.web))
        if plan.report is not None:
            await asyncio.to_thread(plan.report.write_text, report.model_dump_json(indent=2), encoding="utf-8")
        if not plan.once:
            console.print(
                "\n按 Ctrl-C 结束；另开一个终端可以试：kingpost documents search …，kingpost documents show …"
            )
            await _until_interrupted()
    return 0 if report.balanced else 1


@asynccontextmanager
async def _stage(plan: Plan) -> AsyncIterator[Stage]:
    shutil.rmtree(plan.folder, ignore_errors=True)
    plan.folder.mkdir(parents=True)
    base = plan.port_base
    port, ui_port = (base, base + 1) if base is not None else (embedded.free_port(), embedded.free_port())
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(embedded.temporal_server(plan.folder, port, ui_port))
        ports = base + 2 if base is not None else None
        systems = await stack.enter_async_context(embedded.simulators(plan.folder, ports, plan.erp))
        web = f"http://127.0.0.1:{ui_port}"
        url = f"sqlite:///{(plan.folder / 'kingpost.db').resolve()}"
        await asyncio.to_thread(migrate, url)
        # The day is played in seconds, so the source is looked at every two.
        config = {**sections_for(systems, url, address, web, plan.erp), "worker": {"every": 2, "overlap": 4}}
        write(plan.config, config)
        stack.callback(plan.config.unlink, missing_ok=True)
        store = await stack.enter_async_context(await Store.open(url))
        world = await stack.enter_async_context(httpx.AsyncClient(base_url=systems["world"]["url"], timeout=120))
        client = await Client.connect(address)
        stage = Stage(store=store, client=client, world=world, web=web)
        stage.fed = await _feed(plan, stage)
        await stack.enter_async_context(embedded.worker(plan.folder, plan.config))
        yield stage


async def _feed(plan: Plan, stage: Stage) -> int:
    if plan.orders:
        files = [str(file.resolve()) for file in plan.orders]
        fed = await _ask(stage, "/feed/retail", {"files": files, "documents": plan.documents})
    else:
        fed = await _ask(stage, "/feed/sample", {"seed": plan.seed, "documents": plan.documents})
    rows = (await stage.world.get("/mappings")).json()
    await stage.store.put_mappings([MappingRow.model_validate(row) for row in rows])
    return int(fed["documents"])


async def _ask(stage: Stage, path: str, body: dict[str, Any]) -> Any:
    answer = await stage.world.post(path, json=body)
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        raise BadFeed(answer.json()["detail"])
    answer.raise_for_status()
    return answer.json()


class BadFeed(Exception):
    """The order files cannot be played; the text names file, line, column and what was expected."""


async def _flow(plan: Plan, stage: Stage, live: Live) -> None:
    flows = catalogue()
    stage.started = time.monotonic()
    portion = max(1, -(-stage.fed // _PORTIONS))
    left = stage.fed

    async def look() -> bool:
        counts = await stage.store.counts()
        live.update(board(flows, counts, stage.fed, stage.web, plan.erp))
        await asyncio.sleep(_TICK)
        seen = sum(count.documents for count in counts)
        return seen >= stage.fed

    async def all_done(moment: datetime) -> None:
        while not (
            await look() and await read_since(stage.client, moment) and await at_rest(stage.client, stage.store)
        ):
            pass

    while left > 0:
        await _ask(stage, "/release", {"documents": portion})
        left -= portion
        await look()
    await all_done(datetime.now(UTC))
    await _ask(stage, "/later", {"kinds": ["cancel", "receive"]})
    await all_done(datetime.now(UTC))


async def _records(stage: Stage) -> list[DocumentRecord]:
    return await stage.store.list_documents(limit=1_000_000)


async def _report(stage: Stage, erp: ErpSystem) -> tuple[Report, list[DocumentRecord]]:
    seconds = round(time.monotonic() - stage.started, 1)
    records = await _records(stage)
    counted = fates(records)
    excused = [*counted["held_documents"], *counted["skipped_documents"]]
    audit = await _ask(stage, "/audit", {"excused": excused})
    stats = (await stage.world.get("/stats")).json()
    report = Report(
        **counted,
        posted_totals=audit.pop("totals"),
        audit={name: audit[name] for name in ("missing", "duplicated", "quantity_off", "amount_off", "unaudited")},
        erp_calls=stats[erp.value]["calls"],
        history_events_per_document=await _events(stage),
        seconds=seconds,
    )
    return report, records


async def _events(stage: Stage) -> float:
    lengths = [
        execution.history_length
        async for execution in stage.client.list_workflows(
            'WorkflowType = "Document" AND DocumentState = "posted" AND ExecutionStatus = "Completed"'
        )
    ]
    return round(sum(lengths) / len(lengths), 1) if lengths else 0.0


async def _until_interrupted() -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return
