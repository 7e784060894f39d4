"""What all commands share: the terminal, the open store, and one sentence instead of a traceback."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

import settings as configuration
import worker as worker_process
from activities.workshop import Workshop
from demo.embedded import NotUp
from demo.running import BadFeed
from flows.yamltree import FlowFileError
from store.migrate import migrate

_PIPED = 240
"""Columns when nobody looks: whoever reads a pipe wants whole values, not a narrow table."""

_ENDED_BY_SIGNAL = 128 + signal.SIGTERM

out = Console(width=None if sys.stdout.isatty() else _PIPED)
err = Console(stderr=True, soft_wrap=True)
T = TypeVar("T")


class Refused(Exception):
    """A command that cannot be carried out; the text says why in one sentence."""


def stop(sentence: str, status: int) -> NoReturn:
    """End the command: 2 for a wrong call or configuration, 1 for everything else that is in the way."""
    err.print(escape(sentence), style="red", highlight=False)
    raise typer.Exit(status)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command; what the user can do something about ends in one sentence, not in a traceback."""
    try:
        return asyncio.run(work)
    except configuration.Misconfigured as error:
        stop(str(error), 2)
    except (Refused, FlowFileError, NotUp, worker_process.Unreachable) as error:
        stop(str(error), 1)
    except BadFeed as error:
        stop(str(error), 2)
    except asyncio.CancelledError:
        raise typer.Exit(_ENDED_BY_SIGNAL) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        stop(
            "Temporal 未及时应答，请先查看单据状态 / no answer in time: look at the document before you say it again.",
            1,
        )
    except RPCError as error:
        stop(f"Temporal ({error.status.name}): {error.message}", 1)


@asynccontextmanager
async def open_shop(*, temporal: bool = False) -> AsyncIterator[Workshop]:
    """Store, flows and connections.

    Args:
        temporal: the command has to talk to Temporal, so it must be there before anything else is done.
    """
    settings = configuration.required(configuration.load())
    await asyncio.to_thread(migrate, settings.store_url.get_secret_value())
    client = await worker_process.connect(settings, lazy=not temporal)
    async with worker_process.workshop(settings, client) as shop:
        yield shop
