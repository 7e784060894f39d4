"""Fixtures for every folder of tests that needs the whole product. One Temporal server serves a whole test process;
each test has its own namespace, store and simulators on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from demo import embedded
from tests.end_to_end.stage import Stage, Wish, open_stage

SetUp = Callable[[Wish], Awaitable[Stage]]


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Address of the server."""
    folder = tmp_path_factory.mktemp("temporal")
    async with embedded.temporal_server(folder, embedded.free_port(), embedded.free_port()) as address:
        yield address


@pytest.fixture
async def set_up(temporal: str, tmp_path: Path) -> AsyncIterator[SetUp]:
    """Brings up a stage as wished; it is taken down with the test."""
    async with AsyncExitStack() as stack:

        async def up(wish: Wish) -> Stage:
            return await stack.enter_async_context(open_stage(temporal, tmp_path / "stage", wish))

        yield up


@pytest.fixture
async def stage(temporal: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """The product as it is, with a worker in this process."""
    async with open_stage(temporal, tmp_path / "stage", Wish()) as stage:
        yield stage
