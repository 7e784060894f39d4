"""The whole product on a stage: real Temporal server, real store, real worker; the vendors are the simulators.

Everything is looked at from outside: documents by the store, bills by the simulated ERP, the books by its audit.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus

import settings as configuration
import worker
from activities.starting import WORKFLOW_QUEUE, start_due
from activities.waking import wake
from activities.workshop import Workshop
from demo.embedded import process
from domain import jsontext
from domain.decisions import Answer
from domain.documents import DocumentKey, DocumentState, Frozen, HoldReason
from domain.journal import DocumentRecord
from flows.catalogue import Catalogue
from sandbox.faults import ANY_OPERATION, FaultName, FaultRule
from sandbox.flagship.app import create_app as create_flagship
from sandbox.galaxy.app import create_app as create_galaxy
from sandbox.galaxy.state import GalaxyState
from sandbox.jushuitan.app import create_app as create_jushuitan
from sandbox.jushuitan.config import JushuitanConfig
from sandbox.jushuitan.state import JushuitanState
from sandbox.rates.app import create_app as create_rates
from sandbox.rates.state import RatesState
from sandbox.world.ledger import ErpSystem
from sandbox.world.world import World
from settings import Settings
from store.migrate import migrate
from store.store import Store
from tests.end_to_end.retail import Row, write_orders
from tests.end_to_end.simulators import serving
from workflows.intake import IntakeEnd, IntakeStart, IntakeWorkflow

OUTBOUND, RETURN = "sales_outbound", "sales_return"
FORMS = {OUTBOUND: "SAL_OUTSTOCK", RETURN: "SAL_RETURNSTOCK"}
REPO = Path(__file__).parents[2]
_LOOK_AGAIN = 0.05
_LIMIT = 60.0
"""Seconds after which a condition that never came true fails the test."""
T = TypeVar("T")

Sections = dict[str, dict[str, Any]]
"""A configuration file: tables by name, "" for the top."""


def unlimited_world(
    galaxy: GalaxyState | None = None, rates: RatesState | None = None, erp: ErpSystem = ErpSystem.GALAXY
) -> World:
    """A merchant whose vendors count no calls: tests are in a hurry."""
    world = World(JushuitanState(JushuitanConfig(per_second=None, per_minute=None)), galaxy, rates, erp=erp)
    world.flagship.switches.calls_per_minute = world.flagship.switches.calls_per_second = None
    return world


async def until(look: Callable[[], Awaitable[T | None]], what: str, *, limit: float = _LIMIT) -> T:
    """Look until something true is seen. Fails, saying what was awaited, when it never is."""
    try:
        async with asyncio.timeout(limit):
            while not (seen := await look()):
                await asyncio.sleep(_LOOK_AGAIN)
            return seen
    except TimeoutError:
        raise AssertionError(f"it never came true that {what}") from None


async def new_namespace(address: str) -> str:
    """A Temporal namespace of its own, with our search attributes: nothing of other tests is seen there."""
    name = f"test-{uuid4().hex[:12]}"
    client = await Client.connect(address)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=Duration(seconds=86_400))
    )
    await worker.ensure_search_attributes(await Client.connect(address, namespace=name))
    return name


@dataclass(frozen=True)
class Source:
    """One merchant's account at the OMS, as the product knows it."""

    world: World
    bill_prefix: str = ""


@dataclass
class Stage:
    """A product that is up.

    Attributes:
        sources: by connection name; they share one ERP.
        config: the configuration file of this product, for workers and commands in other processes.
        shop: what the worker in this process shares; None while none runs here.
    """

    sources: Mapping[str, Source]
    folder: Path
    config: Path
    settings: Settings
    client: Client
    store: Store
    urls: Mapping[str, str]
    shop: Workshop | None = None
    _files: int = field(default=0)

    # ── the vendors ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def world(self) -> World:
        return self.sources["main"].world

    @property
    def galaxy(self) -> GalaxyState:
        return self.world.galaxy

    async def feed(self, *rows: Row, source: str = "main", unmapped: Collection[str] = ()) -> list[str]:
        """Queue invoices at the source, with everything the ERP and the mapping tables need for them.

        Args:
            unmapped: keys that nobody has put into the mapping tables yet.
        """
        self._files += 1
        world = self.sources[source].world
        numbers = world.feed_retail([write_orders(self.folder / f"orders-{self._files}.csv", rows)])
        await self.store.put_mappings(row for row in world.mappings() if row.key not in unmapped)
        return numbers

    async def show(self, *rows: Row, source: str = "main", unmapped: Collection[str] = ()) -> list[str]:
        """Feed invoices and let them all appear."""
        numbers = await self.feed(*rows, source=source, unmapped=unmapped)
        self.sources[source].world.release()
        return numbers

    def lose(
        self, operation: str = ANY_OPERATION, kind: FaultName = FaultName.LOSE_REPLY, *, skip: int = 0, **more: Any
    ) -> None:
        """Let a call to the ERP go wrong: the one after `skip` others of the operation."""
        self.world.ledger.faults.add(FaultRule(kind=kind, operation=operation, skip=skip, **more))

    async def fault_hit(self, kind: FaultName, times: int = 1) -> None:
        """Wait until so many calls to the ERP went wrong in this way."""

        async def hit() -> bool:
            return self.world.ledger.faults.injected[kind.value] >= times

        await until(hit, f"{times} calls to the ERP went wrong by {kind.value}")

    def bills(self, form: str, number: str | None = None) -> list[dict[str, Any]]:
        """The ERP's bills of a form, or those with a number."""
        return [bill for bill in self.galaxy.bills(form) if number in (None, bill["number"])]

    # ── documents ───────────────────────────────────────────────────────────────────────────────────────────────

    def key(self, number: str, source: str = "main") -> DocumentKey:
        """The document behind a platform number."""
        ids = self.sources[source].world.source_ids(number)
        flow, ident = (RETURN, ids["as_id"]) if "as_id" in ids else (OUTBOUND, ids["io_id"])
        return DocumentKey(flow=flow, connection=source, number=str(ident))

    def bill_number(self, number: str, source: str = "main") -> str:
        return self.sources[source].bill_prefix + self.key(number, source).number

    def bills_of(self, number: str, source: str = "main") -> list[dict[str, Any]]:
        """Every bill the ERP has for a document, cancelled ones included."""
        return self.bills(FORMS[self.key(number, source).flow], self.bill_number(number, source))

    async def record(self, number: str, source: str = "main") -> DocumentRecord:
        record = await self.store.document(self.key(number, source))
        assert record is not None, f"{number} was never taken in"
        return record

    async def intake(self, *flows: str, source: str = "main") -> list[IntakeEnd]:
        """Poll the source once for each flow, as the schedule does."""
        return [await self._poll(flow, source) for flow in flows or (OUTBOUND, RETURN)]

    async def _poll(self, flow: str, source: str) -> IntakeEnd:
        return await self.client.execute_workflow(
            IntakeWorkflow.run,
            IntakeStart(flow=flow, connection=source, queue=f"jushuitan.{source}"),
            id=f"intake:{flow}:{source}:{uuid4().hex[:8]}",
            task_queue=WORKFLOW_QUEUE,
        )

    async def take_in(self, flow: str, source: str = "main") -> None:
        """Read the source into the store without starting anything, so that a test may start documents one by one."""
        assert self.shop is not None
        stream = self.shop.streams[source, self.shop.catalogue[flow].flow.source.stream]
        async for window in stream.windows(flow, None, datetime.now(UTC), 0):
            await self.store.take_in(window.sightings, cursor=None)

    async def start(self, *numbers: str, source: str = "main") -> None:
        """Start documents that were taken in."""
        assert self.shop is not None
        keys = {self.key(number, source) for number in numbers}
        due = [document for document in await self.store.due(10_000) if document.key in keys]
        assert len(due) == len(keys)
        await start_due(self.shop, due)

    async def comes_to(
        self,
        number: str,
        state: DocumentState,
        *,
        reason: HoldReason | None = None,
        source: str = "main",
        limit: float = _LIMIT,
    ) -> DocumentRecord:
        """Wait until the latest version of a document has come to a state (and, if held, for that reason)."""
        key = self.key(number, source)

        async def there() -> DocumentRecord | None:
            record = await self.store.document(key)
            if record is None or record.state is not state:
                return None
            if state is DocumentState.POSTED and record.bill_version != record.version:
                return None
            if reason is not None and (record.hold is None or record.hold.reason is not reason):
                return None
            return record

        wanted = f"{number} is {state.value}{f' for {reason.value}' if reason else ''}"
        try:
            return await until(there, wanted, limit=limit)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{await self._told(key)}") from None

    async def posted(self, *numbers: str, source: str = "main", limit: float = _LIMIT) -> None:
        """Wait until documents are posted, each with exactly one audited bill, and their workflows have ended."""
        for number in numbers:
            await self.comes_to(number, DocumentState.POSTED, source=source, limit=limit)
            [bill] = self.bills_of(number, source)
            assert (bill["status"], bill["cancelled"]) == ("C", False)
        for number in numbers:
            await self.ended(number, source)

    async def held(
        self, number: str, reason: HoldReason, *, source: str = "main", limit: float = _LIMIT
    ) -> DocumentRecord:
        """Wait until a document is held for a reason and its workflow listens."""
        record = await self.comes_to(number, DocumentState.HELD, reason=reason, source=source, limit=limit)
        handle = self.client.get_workflow_handle(record.key.workflow_id)

        async def listens() -> bool:
            told = await handle.query("status", result_type=dict)
            return bool(told["state"] == DocumentState.HELD.value)

        await until(listens, f"the workflow of {number} waits")
        return record

    async def ended(self, number: str, source: str = "main") -> None:
        """Wait until nothing is under way for a document any more."""
        handle = self.client.get_workflow_handle(self.key(number, source).workflow_id)

        async def closed() -> bool:
            return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED

        await until(closed, f"the workflow of {number} has ended")

    async def decide(self, number: str, update: str, decision: Frozen, source: str = "main") -> None:
        """What a person decides on a document: resume, amend, skip or cancel."""
        handle = self.client.get_workflow_handle(self.key(number, source).workflow_id)
        await handle.execute_update(update, decision, result_type=Answer)

    async def map(self, key: str) -> int:
        """Add a mapping row that was left out, as `kingpost mappings set` does; answers how many documents it woke."""
        assert self.shop is not None
        known = (*self.world.mappings(), *self.world.withheld_mappings())
        rows = [row for row in known if row.key == key]
        return await wake(self.shop, await self.store.put_mappings(rows))

    async def steps(self, number: str, source: str = "main") -> list[str]:
        """The journal of a document as ``step outcome``."""
        rows = await self.store.timeline(self.key(number, source))
        return [f"{row.entry.step.value} {row.entry.outcome.value}" for row in rows]

    async def _told(self, key: DocumentKey) -> str:
        record = await self.store.document(key)
        rows = await self.store.timeline(key)
        journal = "\n".join(f"  {row.entry.step.value} {row.entry.outcome.value}: {row.entry.en}" for row in rows)
        return f"{record and record.state} {record and record.hold}\n{journal}"

    # ── the books ───────────────────────────────────────────────────────────────────────────────────────────────

    def assert_books_right(self, excused: Collection[str] = ()) -> None:
        """The sandbox's own audit: every source document against every bill, stock against both."""
        findings = self.world.audit(excused)
        assert findings.clean, findings.as_dict()
        assert self.world.stock_off() == []


@dataclass(frozen=True)
class Wish:
    """How a stage is to be.

    Attributes:
        erp: the ERP its bills go to, whose books the main world audits.
        galaxy, flagship, jushuitan, worker, patience: settings other than the quick ones tests use.
        catalogue: other flows than the product's own.
        works: a worker runs in this process from the start.
    """

    sources: Mapping[str, Source] = field(default_factory=lambda: {"main": Source(unlimited_world())})
    erp: ErpSystem = ErpSystem.GALAXY
    galaxy: Mapping[str, Any] = field(default_factory=dict)
    flagship: Mapping[str, Any] = field(default_factory=dict)
    jushuitan: Mapping[str, Any] = field(default_factory=dict)
    worker: Mapping[str, Any] = field(default_factory=dict)
    patience: Mapping[str, Any] = field(default_factory=dict)
    catalogue: Catalogue | None = None
    store_url: str | None = None
    works: bool = True


@asynccontextmanager
async def open_stage(temporal: str, folder: Path, wish: Wish) -> AsyncIterator[Stage]:
    """Bring a product up against its own namespace, store and simulators."""
    folder.mkdir(parents=True, exist_ok=True)
    worlds = {name: source.world for name, source in wish.sources.items()}
    main = worlds["main"]
    apps = {f"jushuitan.{name}": create_jushuitan(world.jushuitan) for name, world in worlds.items()}
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(
            serving(
                galaxy=create_galaxy(main.galaxy),
                flagship=create_flagship(main.flagship),
                rates=create_rates(main.rates),
                **apps,
            )
        )
        store_url = wish.store_url or f"sqlite:///{folder / 'kingpost.db'}"
        await asyncio.to_thread(migrate, store_url)
        sections = _sections(wish, urls)
        sections[""]["store_url"] = store_url
        sections["temporal"] = {"address": temporal, "namespace": await new_namespace(temporal)}
        config = write_config(folder / "kingpost.toml", sections)
        settings = load_settings(config)
        store = await stack.enter_async_context(await Store.open(store_url, secret_key=settings.secret_key))
        client = await worker.connect(settings)
        stage = Stage(wish.sources, folder, config, settings, client, store, urls)
        if wish.works:
            await stack.enter_async_context(working(stage, wish.catalogue))
        yield stage


@asynccontextmanager
async def working(stage: Stage, catalogue: Catalogue | None = None) -> AsyncIterator[None]:
    """A worker in this process."""
    async with worker.workshop(stage.settings, stage.client) as shop, AsyncExitStack() as stack:
        stage.shop = replace(shop, catalogue=catalogue) if catalogue is not None else shop
        for each in worker.workers(stage.shop, stage.settings):
            await stack.enter_async_context(each)
        yield
        stage.shop = None


@asynccontextmanager
async def worker_process(
    stage: Stage, name: str, module: str = "worker", build: str | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process of its own, with its log in the stage's folder. `build`: the name of its build."""
    env = {"KINGPOST_WORKER__BUILD_ID": build} if build is not None else {}
    env |= {"KINGPOST_CONFIG": str(stage.config), "PYTHONPATH": str(REPO)}
    async with process(name, stage.folder, sys.executable, "-m", module, env=env) as child:
        yield child


def load_settings(config: Path) -> Settings:
    """The settings of a configuration file and of nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("KINGPOST_")]:
            patch.delenv(name)
        patch.setenv("KINGPOST_CONFIG", str(config))
        return configuration.load()


def write_config(file: Path, sections: Sections) -> Path:
    """A TOML file; JSON's texts, numbers and booleans are TOML's."""
    lines: list[str] = []
    for name, values in sections.items():
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {jsontext.dumps(value)}" for key, value in values.items()]
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return file


def _sections(wish: Wish, urls: Mapping[str, str]) -> Sections:
    galaxy, flagship = wish.sources["main"].world.galaxy.config, wish.sources["main"].world.flagship.config
    rates = urls["rates"]
    sections: Sections = {
        "": {"secret_key": "a passphrase for tests, long enough"},
        "rates": {"central_parity_url": rates, "safe_url": rates, "frankfurter_url": rates},
        "worker": {"overlap": 2, "linger": 0.005, "schedules": False, **wish.worker},
        "patience": {
            "transient_tries": 20,
            "transient_wait": 0.05,
            "throttled_wait": 0.05,
            "rate_wait": 0.05,
            "unanswered": 0.2,
            **wish.patience,
        },
        "galaxy.main": {
            "url": f"{urls['galaxy']}/k3cloud/",
            "acct_id": galaxy.acct_id,
            "user_name": galaxy.user_name,
            "app_id": galaxy.app_id,
            "app_secret": galaxy.app_secret,
            "calls_per_second": 1000,
            "parallel": 16,
            "read_timeout": 10,
            **wish.galaxy,
        },
        "flagship.cloud": {
            "url": urls["flagship"],
            "account_id": flagship.account_id,
            "app_id": flagship.app_id,
            "app_secret": flagship.app_secret,
            "user": flagship.user,
            "calls_per_second": 1000,
            "calls_per_minute": 60_000,
            "parallel": 16,
            "read_timeout": 10,
            **wish.flagship,
        },
    }
    since = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    for name, source in wish.sources.items():
        account = source.world.jushuitan.config
        sections[f"jushuitan.{name}"] = {
            "url": urls[f"jushuitan.{name}"],
            "app_key": account.app_key,
            "app_secret": account.app_secret,
            "access_token": account.access_token,
            "refresh_token": account.refresh_token,
            "per_second": 1000,
            "per_minute": 60_000,
            "erp": "main" if wish.erp is ErpSystem.GALAXY else "cloud",
            "bill_prefix": source.bill_prefix,
            "since": since,
            **wish.jushuitan,
        }
    return sections
