"""All simulators in one process: announced in one line, answering, and gone when told."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from typing import Any

import httpx
import pytest

from domain.jsontext import loads
from sandbox.serve import serve

_CODE = "from sandbox.serve import run; run()"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_serve_until_told_to_stop(stop: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CODE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        told: dict[str, Any] = loads(await process.stdout.readline())
        assert set(told) == {"galaxy", "jushuitan", "rates", "world", "flagship"}
        assert set(told["galaxy"]) == {"url", "acct_id", "user_name", "app_id", "app_secret", "password"}
        assert set(told["jushuitan"]) == {"url", "app_key", "app_secret", "access_token", "refresh_token"}
        assert set(told["flagship"]) == {"url", "app_id", "app_secret", "account_id", "user"}
        assert set(told["rates"]) == {"url", "backup_url", "frankfurter_url"}
        async with httpx.AsyncClient() as http:
            root = told["galaxy"]["url"].removesuffix("/k3cloud/")
            for url in (root, *(told[name]["url"] for name in ("jushuitan", "rates", "flagship"))):
                assert (await http.get(f"{url}/_sandbox/stats")).json()["calls"] == 0
            assert (await http.get(f"{told['world']['url']}/stats")).json()["fed"] == 0
        process.send_signal(stop)
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_a_taken_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError):
            await serve(taken.getsockname()[1])
