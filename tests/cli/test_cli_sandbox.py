"""`kingpost sandbox`: one line says where everything is; SIGTERM ends it in order."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import ExitStack, closing

import httpx

from domain import jsontext
from tests.end_to_end.stage import REPO

KEYS = {
    "galaxy": {"url", "acct_id", "user_name", "app_id", "app_secret", "password"},
    "jushuitan": {"url", "app_key", "app_secret", "access_token", "refresh_token"},
    "rates": {"url", "backup_url", "frankfurter_url"},
    "world": {"url"},
    "flagship": {"url", "app_id", "app_secret", "account_id", "user"},
}


def five_ports() -> int:
    """The first of five free ports in a row, below those the system gives out by itself."""
    for base in range(20_000 + os.getpid() % 1000 * 10, 32_000, 5):
        with ExitStack() as held:
            try:
                for port in range(base, base + 5):
                    held.enter_context(closing(socket.create_server(("127.0.0.1", port))))
            except OSError:
                continue
            return base
    raise AssertionError("no five free ports in a row")


async def test_announces_itself_in_one_line_and_stops_in_order() -> None:
    base = five_ports()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "sandbox", "--port-base", str(base)),
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(60):
            announced = jsontext.loads(await child.stdout.readline())
        assert {name: set(values) for name, values in announced.items()} == KEYS
        assert [httpx.URL(announced[name]["url"]).port for name in KEYS] == list(range(base, base + 5))
        async with httpx.AsyncClient() as http:
            for name in ("galaxy", "jushuitan", "rates", "flagship"):
                port = httpx.URL(announced[name]["url"]).port
                assert (await http.get(f"http://127.0.0.1:{port}/_sandbox/stats")).status_code == 200
            assert (await http.get(f"{announced['world']['url']}/stats")).json()["fed"] == 0
        child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            rest, errors = await child.communicate()
        assert (child.returncode, rest, errors) == (0, b"", b"")
    finally:
        if child.returncode is None:
            child.kill()
            await child.communicate()
