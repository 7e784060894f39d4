"""Processes that die and are started again, and the ways a store is cut off."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chaos.parts import Part
from chaos.store_cuts import store_cuts
from demo.embedded import NotUp, process
from store.engine import create_engine
from tests.postgres_server import postgres_server

SLEEP = "import time; time.sleep(600)"


def sleeper(folder: Path, program: str = SLEEP) -> Part:
    return Part("sleeper", lambda name: process(name, folder, sys.executable, "-c", program))


async def new_pid(part: Part, old: int | None) -> int:
    """Wait until it is up as another process."""
    while True:
        await part.is_up()
        if part.pid not in (None, old):
            assert part.pid is not None
            return part.pid
        await asyncio.sleep(0)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_killed_part_comes_back_and_is_stopped_at_the_end(tmp_path: Path) -> None:
    async with sleeper(tmp_path).kept() as part:
        first = part.pid
        assert first is not None
        assert part.kill()
        assert not part.kill(), "there is nothing to kill"
        assert part.pid is None
        second = await new_pid(part, first)
        assert not is_alive(first)
        assert is_alive(second)
    assert not is_alive(second)
    assert (part.kills, part.deaths) == (1, [])
    assert (tmp_path / "sleeper-1.log").exists()
    assert (tmp_path / "sleeper-2.log").exists()


async def test_a_part_that_ends_by_itself_is_noted_and_started_again(tmp_path: Path) -> None:
    flag = tmp_path / "been here"
    program = f"import sys, pathlib\nf = pathlib.Path({str(flag)!r})\nif f.exists(): {SLEEP}\nf.touch()\nsys.exit(3)"
    async with sleeper(tmp_path, program).kept() as part:
        while not part.deaths:
            await asyncio.sleep(0)
        await part.is_up()
    assert part.deaths == [3]
    assert part.kills == 0


async def test_a_part_that_never_comes_up_is_told() -> None:
    @asynccontextmanager
    async def never(name: str) -> AsyncIterator[Any]:
        raise NotUp("no")
        yield

    with pytest.raises(NotUp):
        async with Part("never", never).kept():
            pytest.fail("it must not get here")


async def test_nobody_writes_while_the_lock_is_held(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (a)")

    def write(timeout: float) -> None:
        with closing(sqlite3.connect(file, timeout=timeout, isolation_level=None)) as connection:
            connection.execute("INSERT INTO t VALUES (1)")

    cut = asyncio.create_task(store_cuts(f"sqlite:///{file}").cut(1.0))
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        while not cut.done():
            await asyncio.to_thread(write, 0)
    await cut
    write(0)


@pytest.fixture(scope="module")
def server() -> Any:
    with postgres_server() as url:
        yield url


async def test_every_connection_of_postgres_is_cut(server: str) -> None:
    engine = create_engine(server)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
            await store_cuts(server).cut(0)
            with pytest.raises(DBAPIError):
                await connection.execute(text("SELECT 1"))
    finally:
        await engine.dispose()
