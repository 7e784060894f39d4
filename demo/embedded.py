"""The embedded parts as processes of their own: Temporal's dev server, the simulators, a worker.

Each writes its log into the state folder and is stopped with the demo. Nothing here is for production.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from temporalio.client import Client

from domain import jsontext
from sandbox.world.ledger import ErpSystem
from workflows import attributes

BIN = Path(sys.executable).parent
SERVER_SETTINGS = {"matching.enableFairness": True}
"""What Kingpost needs of a Temporal server: among steps of equal urgency, each shop in turn (urgency it knows by
itself). The same as ``deploy/temporal/dynamicconfig.yaml``."""
_PATIENCE = 60.0
"""Seconds an embedded part has to come up."""


class NotUp(RuntimeError):
    """An embedded part did not come up; names it and where its log is."""


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def end_on_signals() -> None:
    """A closed terminal or a `kill` ends this task as Ctrl-C does: with its parts, which would outlive it otherwise."""
    playing = asyncio.current_task()
    if playing is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, playing.cancel)


@asynccontextmanager
async def process(
    name: str, folder: Path, *command: str, env: dict[str, str] | None = None, speaks: bool = False
) -> AsyncIterator[Any]:
    """Run a command with its log in ``<folder>/<name>.log``; stopped by SIGTERM, then by force, at the end.

    Its process id stands in ``<folder>/<name>.pid``.

    Args:
        speaks: its standard output is a pipe for the caller to read; else it goes to the log, since a pipe that nobody
            reads stops whoever writes to it once it is full.
    """
    log = (folder / f"{name}.log").open("wb")
    child = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE if speaks else log,
        stderr=log,
        env={**os.environ, **(env or {})},
        # Ctrl-C is for the demo; it stops its parts itself, in order.
        start_new_session=True,
    )
    (folder / f"{name}.pid").write_text(str(child.pid), encoding="ascii")
    try:
        yield child
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(child.wait(), 30)
            except TimeoutError:
                child.kill()
                await child.wait()
        # The pipe closes with the loop still running, or the interpreter complains at its end.
        await child.communicate()
        log.close()


def dynamic_config(settings: Mapping[str, object]) -> list[str]:
    """Settings of a server as arguments of its development version."""
    pairs = (f"{name}={jsontext.dumps(value)}" for name, value in settings.items())
    return [part for pair in pairs for part in ("--dynamic-config-value", pair)]


@asynccontextmanager
async def temporal_server(folder: Path, port: int, ui_port: int) -> AsyncIterator[str]:
    """The real server with a database file and its Web UI. Yields its address."""
    async with temporal_process("temporal", folder, port, ui_port):
        yield f"127.0.0.1:{port}"


@asynccontextmanager
async def temporal_process(name: str, folder: Path, port: int, ui_port: int) -> AsyncIterator[Any]:
    """The process of that server, once it answers; on the database file of an earlier one it goes on from there."""
    fields = []
    for key in attributes.ALL:
        kind = "KeywordList" if key in (attributes.SKUS, attributes.GAP) else "Keyword"
        fields += ["--search-attribute", f"{key.name}={kind}"]
    command = (
        str(_tool("temporal")),
        *("server", "start-dev", "--ip", "127.0.0.1", "--port", str(port), "--ui-port", str(ui_port)),
        *("--db-filename", str(folder / "temporal.db"), "--log-level", "error", "--ui-disable-news-fetch"),
        # A write-ahead log survives a kill just as well and costs the server half the time.
        *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"),
        *dynamic_config(SERVER_SETTINGS),
        *fields,
    )
    async with process(name, folder, *command) as child:
        await _answers(child, f"127.0.0.1:{port}", folder / f"{name}.log")
        yield child


async def _answers(child: Any, address: str, log: Path) -> None:
    async with asyncio.timeout(_PATIENCE):
        while child.returncode is None:
            try:
                await Client.connect(address)
            except RuntimeError:
                await asyncio.sleep(0.1)
            else:
                return
    raise NotUp(f"Temporal did not come up, see {log}.")


def _tool(name: str) -> Path:
    """A program of a package of ours, else of the machine."""
    ours = BIN / name
    if ours.exists():
        return ours
    found = shutil.which(name)
    if found is None:
        raise NotUp(f"The program {name} is not installed; `make demo` installs it.")
    return Path(found)


@asynccontextmanager
async def simulators(
    folder: Path, port_base: int | None, erp: ErpSystem = ErpSystem.GALAXY
) -> AsyncIterator[dict[str, Any]]:
    """Every vendor's simulator. Yields where they are and with which credentials. `erp`: whose books are audited."""
    options = ["--erp", erp.value] + (["--port-base", str(port_base)] if port_base is not None else [])
    async with process("sandbox", folder, sys.executable, "-m", "cli", "sandbox", *options, speaks=True) as child:
        line = b""
        async with asyncio.timeout(_PATIENCE):
            line = await child.stdout.readline()
        if not line:
            raise NotUp(f"The simulators did not come up, see {folder / 'sandbox.log'}.")
        yield jsontext.loads(line)


@asynccontextmanager
async def worker(folder: Path, config: Path, name: str = "worker") -> AsyncIterator[Any]:
    """A worker process on a configuration file."""
    env = {"KINGPOST_CONFIG": str(config)}
    async with process(name, folder, sys.executable, "-m", "worker", env=env) as child:
        yield child
