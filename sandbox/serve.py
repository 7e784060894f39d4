"""All simulators in one process, on consecutive ports of this machine, over one shared world."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import uvicorn
from starlette.types import ASGIApp

from domain.jsontext import dumps
from sandbox.flagship.app import create_app as create_flagship
from sandbox.galaxy.app import create_app as create_galaxy
from sandbox.jushuitan.app import create_app as create_jushuitan
from sandbox.rates.app import create_app as create_rates
from sandbox.world.app import create_app as create_world
from sandbox.world.ledger import ErpSystem
from sandbox.world.world import World

_HOST = "127.0.0.1"
_GRACE_SECONDS = 1


class _Server(uvicorn.Server):
    """Uvicorn that leaves the process's signals to `serve`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(port_base: int | None = None, *, world: World | None = None) -> None:
    """Serve everything until SIGINT or SIGTERM.

    When all simulators listen, one JSON line on stdout says where, and with which credentials.

    Args:
        port_base: first of five consecutive ports; None takes free ones.

    Raises:
        OSError: a port is taken.
    """
    world = world or World()
    apps: dict[str, ASGIApp] = {
        "galaxy": create_galaxy(world.galaxy),
        "jushuitan": create_jushuitan(world.jushuitan),
        "rates": create_rates(world.rates),
        "world": create_world(world),
        "flagship": create_flagship(world.flagship),
    }
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(listen(0 if port_base is None else port_base + offset)) for offset in range(len(apps))
        ]
        urls = {
            name: f"http://{_HOST}:{listener.getsockname()[1]}" for name, listener in zip(apps, sockets, strict=True)
        }
        servers = [_Server(_config(app)) for app in apps.values()]
        running = [
            asyncio.create_task(server.serve(sockets=[listener]))
            for server, listener in zip(servers, sockets, strict=True)
        ]
        _stop_on_signal(servers)
        # A bound socket that listens takes calls at once; the apps answer as soon as the loop turns.
        sys.stdout.write(dumps(_announcement(world, urls)) + "\n")
        sys.stdout.flush()
        await asyncio.gather(*running)


def run(port_base: int | None = None, erp: ErpSystem = ErpSystem.GALAXY) -> None:
    """`serve` for the command line; returns when told to stop. `erp`: whose books the world audits."""
    asyncio.run(serve(port_base, world=World(erp=erp)))


def listen(port: int) -> socket.socket:
    """A listening socket of this machine; port 0 takes a free one. Raises OSError: the port is taken."""
    # asyncio sets TCP_NODELAY only on sockets that name TCP; without it every reply waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app, ws="none", log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS
    )


def _stop_on_signal(servers: list[_Server]) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


def _announcement(world: World, urls: dict[str, str]) -> dict[str, dict[str, str]]:
    galaxy, flagship, jushuitan = world.galaxy.config, world.flagship.config, world.jushuitan.config
    return {
        "galaxy": {
            "url": f"{urls['galaxy']}/k3cloud/",
            "acct_id": galaxy.acct_id,
            "user_name": galaxy.user_name,
            "app_id": galaxy.app_id,
            "app_secret": galaxy.app_secret,
            "password": galaxy.password,
        },
        "jushuitan": {
            "url": urls["jushuitan"],
            "app_key": jushuitan.app_key,
            "app_secret": jushuitan.app_secret,
            "access_token": jushuitan.access_token,
            "refresh_token": jushuitan.refresh_token,
        },
        "rates": {"url": urls["rates"], "backup_url": urls["rates"], "frankfurter_url": urls["rates"]},
        "world": {"url": urls["world"]},
        "flagship": {
            "url": urls["flagship"],
            "app_id": flagship.app_id,
            "app_secret": flagship.app_secret,
            "account_id": flagship.account_id,
            "user": flagship.user,
        },
    }
