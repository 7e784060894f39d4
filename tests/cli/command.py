"""Runs `kingpost` in this process, as Typer runs it, on the configuration of a stage."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from typer.testing import CliRunner, Result

import cli


async def kingpost(config: Path | None, *arguments: str) -> Result:
    """Run a command on a configuration file; it has an event loop of its own, so it runs in a thread."""
    env: dict[str, str | None] = {name: None for name in os.environ if name.startswith("KINGPOST_")}
    if config is not None:
        env["KINGPOST_CONFIG"] = str(config)

    def invoke() -> Result:
        return CliRunner().invoke(cli.app, arguments, env=env)

    return await asyncio.to_thread(invoke)


def sentence(result: Result) -> str:
    """The one sentence a refused command ends with."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    [line] = result.stderr.strip().splitlines()
    return str(line)
