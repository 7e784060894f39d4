from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.connectors.scripted import ScriptedVendor


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedVendor]:
    vendor = ScriptedVendor()
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    vendor.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield vendor
        server.close()
