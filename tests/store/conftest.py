"""Every test of the store runs on SQLite and on a real PostgreSQL, on a fresh database each."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url, text

from store.engine import create_engine
from store.migrate import migrate
from store.store import Store
from tests.postgres_server import postgres_server
from tests.store.samples import Clock


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str | None:
    """URL of the PostgreSQL server this test runs on; None: it runs on SQLite."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a server with a migrated database ``migrated`` to copy."""
    with postgres_server() as url:
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, whoever asks for the server first
            thread.submit(asyncio.run, _execute(url, "CREATE DATABASE migrated")).result()
        migrate(_database(url, "migrated"))
        yield url


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
async def empty_url(server: str | None, tmp_path: Path) -> AsyncIterator[str]:
    """A database without tables."""
    if server is None:
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    async with _fresh(server, "template1") as url:
        yield url


@pytest.fixture
async def url(server: str | None, sqlite_file: Path, tmp_path: Path) -> AsyncIterator[str]:
    """A migrated database of this test's own."""
    if server is None:
        path = tmp_path / "kingpost.db"
        shutil.copy(sqlite_file, path)
        yield f"sqlite:///{path}"
        return
    async with _fresh(server, "migrated") as url:
        yield url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(url: str, clock: Clock) -> AsyncIterator[Store]:
    async with await Store.open(url, secret_key=SecretStr("correct horse battery staple"), clock=clock) as opened:
        yield opened


@asynccontextmanager
async def _fresh(server: str, template: str) -> AsyncIterator[str]:
    name = f"kingpost_{uuid4().hex}"
    await _execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _database(server, name)
    await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def _execute(url: str, statement: str) -> None:
    engine = create_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()
