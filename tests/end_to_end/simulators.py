"""The simulators in the test's own event loop, so that a test may look at and change their state between two awaits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    """Uvicorn that leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(**apps: ASGIApp) -> AsyncIterator[dict[str, str]]:
    """Serve apps on free ports; yields the base URL of each by name, without a trailing slash."""
    listeners: dict[str, socket.socket] = {}
    servers: list[_Server] = []
    running: list[asyncio.Task[None]] = []
    try:
        for name, app in apps.items():
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            listeners[name] = listener
            listener.bind(("127.0.0.1", 0))
            listener.listen(512)
            config = uvicorn.Config(app, ws="none", log_config=None, log_level="critical", timeout_graceful_shutdown=1)
            server = _Server(config)
            servers.append(server)
            running.append(asyncio.create_task(server.serve(sockets=[listener])))
        yield {name: f"http://127.0.0.1:{listener.getsockname()[1]}" for name, listener in listeners.items()}
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*running)
        for listener in listeners.values():
            listener.close()
