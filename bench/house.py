"""The embedded parts brought up for one measurement, and everything a measurement does with them.

Each measurement has a house of its own: nothing it finds depends on what was measured before.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

import settings as configuration
import worker as product
from activities.workshop import Workshop
from bench.orders import write_orders
from demo import embedded
from demo.configuring import Sections, sections_for, write
from domain import jsontext
from domain.documents import DocumentKey, DocumentState
from domain.journal import DueDocument, MappingRow
from settings import Settings
from store.migrate import migrate

FLOW, CONNECTION, FORM = "sales_outbound", "main", "SAL_OUTSTOCK"
SHOPS = ("Harbour", "Orchard", "Meadow", "Quarry", "Lantern")
PORTS = 7
"""Ports a house takes: Temporal and its Web UI, four simulators, the floor's server."""
_COMES_UP = 60.0


class WrongBooks(Exception):
    """The sandbox's audit found differences; a figure measured with wrong books means nothing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a house differs from the product's own settings.

    Attributes:
        worker, galaxy: settings of workers and of the connection to the ERP.
        erp_delay: processing time of the simulated ERP, see `sandbox.galaxy.switches`.
    """

    worker: Mapping[str, Any] = field(default_factory=dict)
    galaxy: Mapping[str, Any] = field(default_factory=dict)
    erp_delay: Mapping[str, int] = field(default_factory=dict)


UNLIMITED = Wish(galaxy={"calls_per_second": 1000})
"""Without our own limit of calls a second, since the floor has none either."""


@dataclass
class House:
    """Everything that is up.

    Attributes:
        parts: process ids of the embedded parts by name, workers not included.
        shop: store, flows and connections as a worker has them, for what is done from this process.
        sink: address of the trivial server.
    """

    folder: Path
    settings: Settings
    client: Client
    shop: Workshop
    world: httpx.AsyncClient
    erp: httpx.AsyncClient
    sink: str
    parts: Mapping[str, int]
    sections: Sections
    _orders: int = 0
    _floors: int = 0
    _given: int = 0
    _workers: int = 0
    _excused: set[str] = field(default_factory=set)

    # ── workers ─────────────────────────────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def worker(self, **tuning: Any) -> AsyncIterator[int]:
        """A worker process of the product, ready to work; yields its process id. `tuning`: other worker settings."""
        queues = {"kingpost": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW}
        queues[self.shop.routes[CONNECTION].queues.erp] = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
        async with self._process("worker", queues, tuning) as pid:
            yield pid

    @asynccontextmanager
    async def floor_worker(self) -> AsyncIterator[int]:
        """A worker process of the floor, ready to work; yields its process id."""
        queues = {
            "floor": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            "floor.posts": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        }
        async with self._process("bench.floor_worker", queues, {}) as pid:
            yield pid

    @asynccontextmanager
    async def _process(
        self, module: str, queues: Mapping[str, TaskQueueType.ValueType], tuning: Mapping[str, Any]
    ) -> AsyncIterator[int]:
        self._workers += 1
        name = f"{module}-{self._workers}"
        config = self.folder / f"{name}.toml"
        write(config, {**self.sections, "worker": {**self.sections["worker"], **tuning}})
        env = {"KINGPOST_CONFIG": str(config)}
        async with embedded.process(name, self.folder, sys.executable, "-m", module, env=env) as child:
            await self._polls(child, queues, name)
            yield child.pid

    async def _polls(self, child: Any, queues: Mapping[str, TaskQueueType.ValueType], name: str) -> None:
        """Wait until Temporal knows the process as a poller of these queues."""
        identity = f"{child.pid}@{socket.gethostname()}"
        waiting = dict(queues)
        async with asyncio.timeout(_COMES_UP):
            while waiting and child.returncode is None:
                for queue, kind in tuple(waiting.items()):
                    ask = DescribeTaskQueueRequest(
                        namespace=self.client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
                    )
                    told = await self.client.workflow_service.describe_task_queue(ask)
                    if any(poller.identity == identity for poller in told.pollers):
                        del waiting[queue]
                await asyncio.sleep(0.05)
        if waiting:
            raise embedded.NotUp(f"{name} did not come up, see {self.folder / name}.log.")

    # ── documents ───────────────────────────────────────────────────────────────────────────────────────────────

    async def take_in(self, documents: int, shops: Sequence[str] = SHOPS, *, unmapped: Collection[str] = ()) -> None:
        """Let orders appear at the source and take them into the store; they wait there to be started.

        Args:
            shops: whose orders they are, in turn.
            unmapped: keys that nobody has put into the mapping tables; documents that need one will be held.
        """
        first = self._orders
        self._orders += documents
        numbers = [f"B{number:07d}" for number in range(first, first + documents)]
        file = self.folder / "orders.csv"
        await asyncio.to_thread(write_orders, file, numbers, shops)
        await ask(self.world, "/feed/retail", {"files": [str(file.resolve())], "release": True})
        rows = [MappingRow.model_validate(row) for row in (await self.world.get("/mappings")).json()]
        await self.shop.store.put_mappings(row for row in rows if row.key not in unmapped)
        self._excused.update(
            number for position, number in enumerate(numbers) if shops[position % len(shops)] in unmapped
        )
        stream = self.shop.streams[CONNECTION, self.shop.catalogue[FLOW].flow.source.stream]
        cursor = await self.shop.store.cursor(FLOW, CONNECTION)
        async for window in stream.windows(FLOW, cursor, datetime.now(UTC), 0):
            moved = (FLOW, CONNECTION, window.cursor) if window.cursor is not None else None
            await self.shop.store.take_in(window.sightings, cursor=moved)

    def next_floor(self) -> int:
        """The number of the next workflow of the floor."""
        self._floors += 1
        return self._floors

    async def due(self) -> list[DueDocument]:
        """What is taken in and not started."""
        return await self.shop.store.due(self._orders + 1)

    async def give_away(self) -> list[DocumentKey]:
        """Leave what is due to somebody else: the product will not start it. Returns whose bills they have to write."""
        due = await self.due()
        await self.shop.store.started([(document.key, document.version) for document in due])
        self._given += len(due)
        return [document.key for document in due]

    async def erp_calls(self) -> int:
        """Requests the ERP was asked so far."""
        return int((await self.erp.get("/_sandbox/stats")).json()["calls"])

    # ── the books ───────────────────────────────────────────────────────────────────────────────────────────────

    async def audit(self) -> int:
        """Have the world compare its orders with the bills; returns how many documents are posted.

        Raises:
            WrongBooks: what is wrong, and with which documents.
        """
        found = await ask(self.world, "/audit", {"excused": sorted(self._excused)})
        booked = found.pop("totals")["sales"]["documents"]
        wrong = {name: numbers[:5] for name, numbers in found.items() if numbers}
        if wrong:
            raise WrongBooks(f"The books are wrong: {jsontext.dumps(wrong)}; see {self.folder}.")
        counts = await self.shop.store.counts()
        posted = sum(count.documents for count in counts if count.state is DocumentState.POSTED)
        wanted = self._orders - len(self._excused)
        if not booked == wanted == posted + self._given:
            raise WrongBooks(f"Of {wanted} documents {booked} have a bill, {posted} are on record; see {self.folder}.")
        return wanted


async def ask(client: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> Any:
    """Post to a simulator's own endpoint. Raises httpx.HTTPStatusError: it does not like the body."""
    answer = await client.post(path, json=body)
    answer.raise_for_status()
    return answer.json()


@asynccontextmanager
async def open_house(folder: Path, port_base: int | None, wish: Wish = UNLIMITED) -> AsyncIterator[House]:
    """Bring everything up but workers. `folder` is emptied first; `port_base`: the first of `PORTS` ports."""
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    await asyncio.to_thread(folder.mkdir, parents=True)
    port, web_port = (port_base, port_base + 1) if port_base else (embedded.free_port(), embedded.free_port())
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(embedded.temporal_server(folder, port, web_port))
        systems = await stack.enter_async_context(embedded.simulators(folder, port_base + 2 if port_base else None))
        sink = await stack.enter_async_context(_sink(folder, port_base + 6 if port_base else 0))
        url = f"sqlite:///{(folder / 'kingpost.db').resolve()}"
        await asyncio.to_thread(migrate, url)
        sections = _sections(sections_for(systems, url, address, f"http://127.0.0.1:{web_port}"), wish)
        config = folder / "kingpost.toml"
        write(config, sections)
        _only(config)
        settings = configuration.load()
        client = await product.connect(settings)
        shop = await stack.enter_async_context(product.workshop(settings, client))
        galaxy = httpx.URL(systems["galaxy"]["url"]).copy_with(path="/")
        world, erp, source = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=base, timeout=120, trust_env=False))
            for base in (systems["world"]["url"], galaxy, systems["jushuitan"]["url"])
        ]
        # Taking documents in is not what is measured.
        await ask(source, "/_sandbox/limits", {"per_second": None, "per_minute": None})
        await ask(erp, "/_sandbox/delay", wish.erp_delay)
        yield House(
            folder=folder,
            settings=settings,
            client=client,
            shop=shop,
            world=world,
            erp=erp,
            sink=sink,
            parts={
                "temporal": _pid(folder, "temporal"),
                "simulators": _pid(folder, "sandbox"),
                "sink": _pid(folder, "sink"),
                "bench": os.getpid(),
            },
            sections=sections,
        )


def _only(config: Path) -> None:
    """From now on this file alone says where anything is, here and in processes started from here: whatever else this
    machine is configured for is none of our business."""
    for name in [name for name in os.environ if name.startswith("KINGPOST_")]:
        del os.environ[name]
    os.environ["KINGPOST_CONFIG"] = str(config)


def _sections(sections: Sections, wish: Wish) -> Sections:
    unhurried = {"per_second": 1000, "per_minute": 60_000}
    return {
        **sections,
        "worker": {"schedules": False, **wish.worker},
        "galaxy.main": {**sections["galaxy.main"], **wish.galaxy},
        "jushuitan.main": {**sections["jushuitan.main"], **unhurried},
    }


def _pid(folder: Path, name: str) -> int:
    return int((folder / f"{name}.pid").read_text(encoding="ascii"))


@asynccontextmanager
async def _sink(folder: Path, port: int) -> AsyncIterator[str]:
    command = (sys.executable, "-m", "bench.sink", str(port))
    async with embedded.process("sink", folder, *command, speaks=True) as child:
        async with asyncio.timeout(_COMES_UP):
            line: bytes = await child.stdout.readline()
        if not line:
            raise embedded.NotUp(f"The floor's server did not come up, see {folder / 'sink.log'}.")
        yield line.decode().strip()
