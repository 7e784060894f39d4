"""From a fault to what Temporal does next, by kind alone (requirement L7). The only place that decides on retries."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from pydantic import Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError

from domain.connections import Paused
from domain.documents import Frozen
from domain.faults import Fault, FaultKind
from store.errors import NotRecorded

log = structlog.get_logger()
S = TypeVar("S")
A = TypeVar("A")
R = TypeVar("R")


class Patience(Frozen):
    """How often and how long apart a step is tried, by kind of fault.

    Attributes:
        transient_tries: tries of a step that meets network trouble, the first one included.
        transient_wait: seconds between them (requirement: 5 minutes, configurable).
        throttled_wait: seconds to wait when a vendor throttles without saying for how long; never uses up a try.
        probe_wait: seconds until a connection that refused us is asked again; each further wait is twice as long.
        probe_most: seconds that wait never exceeds.
        rate_tries: tries for an exchange rate, the first one included (requirement: 3 more after the first).
        rate_wait: seconds between them.
        unanswered: seconds for which a write that was never answered may still take effect at the ERP; longer than
            the connection waits for answers. Until then, that a bill is not there does not mean that none will be.
    """

    transient_tries: int = Field(default=3, ge=1)
    transient_wait: float = Field(default=300, ge=0)
    throttled_wait: float = Field(default=2, ge=0)
    probe_wait: float = Field(default=60, gt=0)
    probe_most: float = Field(default=900, gt=0)
    rate_tries: int = Field(default=4, ge=1)
    rate_wait: float = Field(default=300, ge=0)
    unanswered: float = Field(default=300, ge=0)


@asynccontextmanager
async def beating(tries: int) -> AsyncIterator[None]:
    """Heartbeat while the block runs, so that a dead worker is noticed; the beat carries the tries used so far."""
    timeout = activity.info().heartbeat_timeout
    if timeout is None:
        yield
        return

    async def beat() -> None:
        while True:
            # Most steps are over before the first beat is due, and cost the server none.
            await asyncio.sleep(timeout.total_seconds() / 3)
            activity.heartbeat(tries)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _tries_used() -> int:
    details = activity.info().heartbeat_details
    return int(details[0]) if details else 0


def verdict(fault: Fault, tries_used: int, tries: int, wait: float, throttled_wait: float) -> ApplicationError:
    """The error a fault becomes: the kind is its type, so that the workflow decides on data.

    Its details are system, code, message and, if it is paused, the connection.

    Args:
        tries_used: tries that failed before this one, throttled ones not counted.
    """
    throttled = fault.kind is FaultKind.THROTTLED
    paused = (fault.connection,) if isinstance(fault, Paused) else ()
    delay = fault.retry_after or throttled_wait if throttled else max(wait, fault.retry_after or 0)
    final = fault.kind not in (FaultKind.TRANSIENT, FaultKind.THROTTLED) or (not throttled and tries_used + 1 >= tries)
    return ApplicationError(
        fault.message,
        fault.system,
        fault.code,
        fault.message,
        *paused,
        type=fault.kind.value,
        non_retryable=final,
        next_retry_delay=None if final else timedelta(seconds=delay),
        category=ApplicationErrorCategory.BENIGN if throttled else ApplicationErrorCategory.UNSPECIFIED,
    )


def step(method: Callable[[S, A], Coroutine[Any, Any, R]]) -> Callable[[S, A], Coroutine[Any, Any, R]]:
    """Wraps an activity method: heartbeats, faults by kind, and a defect of ours fails the step instead of looping.

    The object the method belongs to has a `patience`. Store trouble is left to the server's retry policy.
    """
    return _wrapped(method, lambda patience: (patience.transient_tries, patience.transient_wait))


def rate_step(method: Callable[[S, A], Coroutine[Any, Any, R]]) -> Callable[[S, A], Coroutine[Any, Any, R]]:
    """As `step`, with the tries and waits of exchange rates (requirement F04)."""
    return _wrapped(method, lambda patience: (patience.rate_tries, patience.rate_wait))


def _wrapped(
    method: Callable[[S, A], Coroutine[Any, Any, R]], limits: Callable[[Patience], tuple[int, float]]
) -> Callable[[S, A], Coroutine[Any, Any, R]]:
    @functools.wraps(method)
    async def run(self: Any, argument: A) -> R:
        used = _tries_used()
        try:
            async with beating(used):
                return await method(self, argument)
        except Fault as fault:
            tries, wait = limits(self.patience)
            if fault.kind is not FaultKind.THROTTLED and activity.info().heartbeat_timeout is not None:
                activity.heartbeat(used + 1)
            raise verdict(fault, used, tries, wait, self.patience.throttled_wait) from None
        except (ApplicationError, RPCError, DBAPIError, NoConnectionFree, NotRecorded, OSError):
            # Temporal or the store cannot be used now: the server's own retry policy knows what to do.
            raise
        except Exception as error:
            name = activity.info().activity_type
            # The text may hold data, so it stays in the log: a cause would be written to history with its message.
            log.exception("defect", step=name)
            raise ApplicationError(
                "see the worker's log", name, type=type(error).__name__, non_retryable=True
            ) from None

    return run
