"""The Temporal server is killed with documents in flight and comes back on its database file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client

from demo.embedded import BIN, free_port, process
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, Stage, Wish, open_stage, until, worker_process

ORDERS = 12
LIMIT = 100.0


class Power:
    """A Temporal server whose plug can be pulled."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"127.0.0.1:{self.port}"
        folder.mkdir()

    @asynccontextmanager
    async def on(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The server is up on its database file. Killing it is up to the test."""
        command = (str(BIN / "temporal"), "server", "start-dev", "--headless", "--ip", "127.0.0.1")
        state = ("--port", str(self.port), "--db-filename", str(self.folder / "temporal.db"), "--log-level", "error")
        async with process("temporal", self.folder, *command, *state) as child:

            async def answers() -> bool:
                try:
                    await Client.connect(self.address)
                except RuntimeError:
                    return False
                return True

            await until(answers, "the Temporal server is up")
            yield child


async def some_are_posted(stage: Stage) -> None:
    """Wait until the work is well under way and far from done."""

    async def under_way() -> bool:
        return len(stage.bills("SAL_OUTSTOCK")) >= 3

    await until(under_way, "some documents are posted")
    assert len(stage.bills("SAL_OUTSTOCK")) < ORDERS


def slow(*, works: bool = True) -> Wish:
    """Bills go to the ERP one at a time."""
    return Wish(worker={"batch": 1, "lanes": 1}, works=works)


@pytest.mark.timeout(240)
async def test_worker_survives_a_restart_of_the_server(tmp_path: Path) -> None:
    power = Power(tmp_path / "temporal")
    async with AsyncExitStack() as servers:
        server = await servers.enter_async_context(power.on())
        async with open_stage(power.address, tmp_path / "stage", slow()) as stage:
            numbers = await stage.show(*[Row(f"{54000 + i}") for i in range(ORDERS)])
            stage.galaxy.switches.call_ms = 60
            await stage.intake(OUTBOUND)
            await some_are_posted(stage)
            server.kill()
            await server.wait()
            await servers.enter_async_context(power.on())
            await stage.posted(*numbers, limit=LIMIT)
            stage.assert_books_right()


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(240)
async def test_power_cut_of_server_and_worker(tmp_path: Path) -> None:
    power = Power(tmp_path / "temporal")
    async with AsyncExitStack() as servers:
        server = await servers.enter_async_context(power.on())
        async with open_stage(power.address, tmp_path / "stage", slow(works=False)) as stage:
            numbers = await stage.show(*[Row(f"{54000 + i}") for i in range(ORDERS)])
            stage.galaxy.switches.call_ms = 60
            async with worker_process(stage, "first") as first:
                await stage.intake(OUTBOUND)
                await some_are_posted(stage)
                first.kill()
                server.kill()
            await server.wait()
            await servers.enter_async_context(power.on())
            async with worker_process(stage, "second"):
                await stage.posted(*numbers, limit=LIMIT)
            stage.assert_books_right()
