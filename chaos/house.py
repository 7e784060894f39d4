"""Everything that is up in a run: the embedded parts, of which most may be killed, and ways to talk to them."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

import settings as configuration
import worker as product
from activities.workshop import Workshop
from chaos.acts import System
from chaos.parts import Part
from chaos.plan import Plan, hurried
from chaos.store_cuts import StoreCuts, store_cuts
from demo import embedded
from demo.configuring import sections_for, write
from demo.rest import read_since
from domain.journal import MappingRow
from store.migrate import migrate

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_LOOKS = 600


@dataclass(frozen=True)
class House:
    """What is up.

    Attributes:
        world: the sandbox world's own endpoints.
        sandboxes: the endpoints of each simulator.
        shop: store, flows and connections as a worker has them; for what people do.
        server: the Temporal server.
        web: address of its Web UI.
        numbers: platform numbers of the documents, in the order in which they appear.
    """

    world: httpx.AsyncClient
    sandboxes: Mapping[System, httpx.AsyncClient]
    shop: Workshop
    cuts: StoreCuts
    server: Part
    workers: tuple[Part, ...]
    web: str
    numbers: tuple[str, ...]


@asynccontextmanager
async def open_house(plan: Plan) -> AsyncIterator[House]:
    """Bring everything up, the documents waiting to appear. Raises NotUp: a part does not come up."""
    folder = plan.folder
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    await asyncio.to_thread(folder.mkdir, parents=True)
    base = plan.port_base
    port, ui_port = (base, base + 1) if base is not None else (embedded.free_port(), embedded.free_port())
    server = Part("temporal", lambda name: embedded.temporal_process(name, folder, port, ui_port))
    web = f"http://127.0.0.1:{ui_port}"
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server.kept())
        systems = await stack.enter_async_context(embedded.simulators(folder, base + 2 if base is not None else None))
        url = plan.store_url or f"sqlite:///{(folder / 'kingpost.db').resolve()}"
        await asyncio.to_thread(migrate, url)
        config = folder / "kingpost.toml"
        write(config, hurried(sections_for(systems, url, f"127.0.0.1:{port}", web)))
        _only(config)
        settings = configuration.load()
        shop = await stack.enter_async_context(product.workshop(settings, await product.connect(settings)))
        world = await stack.enter_async_context(_client(systems["world"]["url"]))
        sandboxes = {
            System.GALAXY: await stack.enter_async_context(_client(_root(systems["galaxy"]["url"]))),
            System.JUSHUITAN: await stack.enter_async_context(_client(systems["jushuitan"]["url"])),
            System.RATES: await stack.enter_async_context(_client(systems["rates"]["url"])),
        }
        # What counts here is what happens to calls, not how many of them a second are allowed.
        await ask(sandboxes[System.JUSHUITAN], "/_sandbox/limits", {"per_second": None, "per_minute": None})
        numbers = await _feed(plan, world, shop)
        workers = tuple(Part(f"worker-{n}", partial(_worker, folder, config)) for n in range(1, plan.workers + 1))
        for worker in workers:
            await stack.enter_async_context(worker.kept())
        await _work(shop, folder)
        yield House(
            world=world,
            sandboxes=sandboxes,
            shop=shop,
            cuts=store_cuts(url),
            server=server,
            workers=workers,
            web=web,
            numbers=numbers,
        )


async def ask(client: httpx.AsyncClient, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """Post to a simulator's own endpoint. Raises httpx.HTTPStatusError: it does not like the body."""
    answer = await client.post(path, json=body or {})
    answer.raise_for_status()
    return answer.json()


def _worker(folder: Path, config: Path, name: str) -> Any:
    return embedded.worker(folder, config, name)


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=120, trust_env=False)


def _root(url: str) -> str:
    return str(httpx.URL(url).copy_with(path="/"))


def _only(config: Path) -> None:
    """From now on this file alone says where anything is, here and in processes started from here."""
    for name in [name for name in os.environ if name.startswith("KINGPOST_")]:
        del os.environ[name]
    os.environ["KINGPOST_CONFIG"] = str(config)


async def _work(shop: Workshop, folder: Path) -> None:
    """Wait until the workers have read every source once: what happens before they work happens to nobody.

    Raises:
        NotUp: they do not.
    """
    for _ in range(_LOOKS):
        if await read_since(shop.client, _LONG_AGO):
            return
        await asyncio.sleep(0.2)
    raise embedded.NotUp(f"The workers do not work, see {folder}.")


async def _feed(plan: Plan, world: httpx.AsyncClient, shop: Workshop) -> tuple[str, ...]:
    fed = await ask(world, "/feed/busy", {"documents": plan.documents, "seed": plan.seed})
    rows = (await world.get("/mappings")).json()
    await shop.store.put_mappings([MappingRow.model_validate(row) for row in rows])
    return tuple(fed["platform_numbers"])
