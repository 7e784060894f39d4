"""From a fault to what Temporal does next, without a server."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.retrying import Patience, rate_step, step, verdict
from domain.faults import Fault, FaultKind
from store.errors import NotRecorded

PATIENCE = Patience(transient_tries=3, transient_wait=300, throttled_wait=2, rate_tries=4, rate_wait=60)
FINAL = [FaultKind.EXPIRED, FaultKind.INVALID, FaultKind.REFUSED]


def _fault(kind: FaultKind, retry_after: float | None = None) -> Fault:
    return Fault(kind, system="galaxy", code="c", message="no", retry_after=retry_after)


class Bench:
    """A step whose vendor answers with one thing."""

    def __init__(self, answer: Exception | str, patience: Patience = PATIENCE) -> None:
        self.patience = patience
        self._answer = answer

    async def _ask(self) -> str:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    @step
    async def post(self, argument: str) -> str:
        """What a step does."""
        return f"{argument} {await self._ask()}"

    @rate_step
    async def rate(self, argument: str) -> str:
        return f"{argument} {await self._ask()}"


def _activity(used: int | None = None, heartbeat: float | None = 30) -> tuple[ActivityEnvironment, list[Any]]:
    """An activity in its next attempt after `used` tries that failed, and the beats it gives."""
    env, beats = ActivityEnvironment(), list[Any]()
    env.info = dataclasses.replace(
        env.info,
        heartbeat_details=[] if used is None else [used],
        heartbeat_timeout=None if heartbeat is None else timedelta(seconds=heartbeat),
    )
    env.on_heartbeat = lambda *details: beats.append(details[0])
    return env, beats


async def _error(env: ActivityEnvironment, answer: Exception, method: Any = Bench.post) -> ApplicationError:
    with pytest.raises(ApplicationError) as error:
        await env.run(method, Bench(answer), "x")
    return error.value


async def test_a_step_that_works_is_left_alone() -> None:
    env, _ = _activity()
    assert await env.run(Bench.post, Bench("y"), "x") == "x y"
    assert (Bench.post.__name__, Bench.post.__doc__) == ("post", "What a step does.")


@pytest.mark.parametrize("kind", FaultKind)
async def test_the_kind_system_and_code_travel_as_data(kind: FaultKind) -> None:
    env, _ = _activity()
    error = await _error(env, _fault(kind))
    assert (error.type, list(error.details)) == (kind.value, ["galaxy", "c", "no"])


@pytest.mark.parametrize("kind", FINAL)
async def test_what_trying_again_does_not_mend_is_final_at_once(kind: FaultKind) -> None:
    env, _ = _activity()
    error = await _error(env, _fault(kind))
    assert (error.non_retryable, error.next_retry_delay) == (True, None)


@pytest.mark.parametrize(("used", "final"), [(None, False), (1, False), (2, True), (3, True)])
async def test_a_transient_fault_is_tried_three_times(used: int | None, final: bool) -> None:
    env, beats = _activity(used)
    error = await _error(env, _fault(FaultKind.TRANSIENT))
    assert error.non_retryable is final
    assert error.next_retry_delay == (None if final else timedelta(seconds=300))
    assert beats[-1] == (used or 0) + 1


@pytest.mark.parametrize(("used", "final"), [(None, False), (2, False), (3, True)])
async def test_a_rate_is_tried_four_times(used: int | None, final: bool) -> None:
    env, _ = _activity(used)
    error = await _error(env, _fault(FaultKind.TRANSIENT), Bench.rate)
    assert error.non_retryable is final
    assert error.next_retry_delay == (None if final else timedelta(seconds=60))


@pytest.mark.parametrize("used", [None, 1, 2, 50])
async def test_being_throttled_uses_up_nothing_and_is_no_alarm(used: int | None) -> None:
    env, beats = _activity(used)
    error = await _error(env, _fault(FaultKind.THROTTLED))
    assert (error.non_retryable, error.next_retry_delay) == (False, timedelta(seconds=2))
    assert error.category is ApplicationErrorCategory.BENIGN
    assert set(beats) <= {used or 0}


async def test_a_vendor_that_says_how_long_is_believed() -> None:
    env, _ = _activity()
    throttled = await _error(env, _fault(FaultKind.THROTTLED, retry_after=40))
    assert throttled.next_retry_delay == timedelta(seconds=40)
    assert (await _error(env, _fault(FaultKind.TRANSIENT, retry_after=900))).next_retry_delay == timedelta(seconds=900)
    assert (await _error(env, _fault(FaultKind.TRANSIENT, retry_after=1))).next_retry_delay == timedelta(seconds=300)


@pytest.mark.parametrize(
    "trouble",
    [
        OperationalError("select", {}, OSError("gone")),
        NoConnectionFree("QueuePool limit of size 5 overflow 10 reached, connection timed out"),
        NotRecorded("stopped"),
        ConnectionResetError("gone"),
        RPCError("away", RPCStatusCode.UNAVAILABLE, b""),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
async def test_store_and_server_trouble_is_left_to_the_servers_policy(trouble: Exception) -> None:
    env, beats = _activity(1)
    with pytest.raises(type(trouble)):
        await env.run(Bench.post, Bench(trouble), "x")
    assert set(beats) <= {1}, "it uses up no try"


async def test_a_defect_is_final_names_its_kind_and_step_and_keeps_its_text_to_itself() -> None:
    env, _ = _activity()
    error = await _error(env, KeyError("a customer's name"))
    assert (error.non_retryable, error.type, list(error.details)) == (True, "KeyError", [env.info.activity_type])
    assert "customer" not in error.message


async def test_what_is_an_application_error_already_stays_as_it_is() -> None:
    env, _ = _activity()
    given_error = ApplicationError("x", type="T")
    assert await _error(env, given_error) is given_error


async def test_a_local_step_beats_not() -> None:
    env, beats = _activity(heartbeat=None)
    await env.run(Bench.post, Bench("y"), "x")
    await _error(env, _fault(FaultKind.TRANSIENT))
    assert beats == []


async def test_a_running_step_beats_with_the_tries_it_has_used() -> None:
    env, beats = _activity(2, heartbeat=0.003)

    class Slow(Bench):
        async def _ask(self) -> str:
            await third.wait()
            return "y"

    third = asyncio.Event()

    def beat(*details: Any) -> None:
        beats.append(details[0])
        if len(beats) == 3:
            third.set()

    env.on_heartbeat = beat
    await env.run(Bench.post, Slow("y"), "x")
    assert beats[:3] == [2, 2, 2]


@given(
    kind=st.sampled_from(FaultKind),
    used=st.integers(0, 20),
    tries=st.integers(1, 10),
    wait=st.floats(0, 3600),
    retry_after=st.none() | st.floats(0, 3600),
)
def test_a_verdict_either_ends_it_or_says_when_to_try_again(
    kind: FaultKind, used: int, tries: int, wait: float, retry_after: float | None
) -> None:
    error = verdict(_fault(kind, retry_after), used, tries, wait, throttled_wait=2)
    assert error.non_retryable is (error.next_retry_delay is None)
    if kind is FaultKind.THROTTLED:
        assert not error.non_retryable
    elif kind is FaultKind.TRANSIENT:
        assert error.non_retryable is (used + 1 >= tries)
    else:
        assert error.non_retryable
