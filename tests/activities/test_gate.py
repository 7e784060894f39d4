"""The gate before a vendor: who passes, who waits, and who is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.gate import Gate, vendor_step
from activities.retrying import Patience
from activities.workshop import Workshop
from domain.connections import Pause, Paused, Refusal
from domain.faults import Fault, FaultKind

REFUSAL = Refusal(system="galaxy", code="session_lost", message="会话信息已丢失")
EXPIRED = Fault(FaultKind.EXPIRED, system="galaxy", code="session_lost", message="会话信息已丢失")


def pause(connection: str) -> Pause:
    return Pause(connection=connection, since=datetime(2026, 9, 1, tzinfo=UTC), refusal=REFUSAL)


@dataclass
class Office:
    """Store and Temporal client in one: pauses by connection, and what the workflow of a connection answers.

    `pauses_it`: the workflow finds that the vendor refuses us, and puts a pause on record.
    """

    pauses: dict[str, Pause] = field(default_factory=dict)
    pauses_it: bool = True
    told: list[str] = field(default_factory=list)
    fails: Exception | None = None
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def paused(self, connection: str) -> Pause | None:
        return self.pauses.get(connection)

    async def execute_update_with_start_workflow(
        self, update: Any, refusal: Refusal, *, start_workflow_operation: Any
    ) -> bool:
        start = start_workflow_operation._start_workflow_input
        connection = start.args[0].connection
        assert (refusal, start.id) == (REFUSAL, f"connection:{connection}")
        self.told.append(connection)
        await self.answering.wait()
        if self.fails is not None:
            raise self.fails
        if self.pauses_it:
            self.pauses[connection] = pause(connection)
        return self.pauses_it


class Vendor:
    """A step on the queue of an account that answers with a fault, or well."""

    def __init__(self, office: Office, answer: Fault | None = None) -> None:
        office.answering.set()
        self.calls, self.answer = 0, answer
        self.patience = Patience(transient_tries=3, transient_wait=300)
        self.gate = gate_of(office)

    @vendor_step
    async def post(self, argument: str) -> str:
        self.calls += 1
        if self.answer is not None:
            raise self.answer
        return argument


def gate_of(office: Office) -> Gate:
    shop = {"store": office, "client": office, "patience": Patience()}
    return Gate(cast(Workshop, type("Shop", (), shop)()))


async def run(vendor: Vendor, queue: str = "test") -> Any:
    env = ActivityEnvironment()
    assert env.info.task_queue == queue
    return await env.run(vendor.post, "bill")


async def failed(vendor: Vendor) -> ApplicationError:
    with pytest.raises(ApplicationError) as raised:
        await run(vendor)
    return raised.value


async def test_an_open_gate_lets_everybody_pass() -> None:
    office = Office(pauses={"other": pause("other")})
    assert await run(Vendor(office)) == "bill"
    assert office.told == []


async def test_a_shut_gate_lets_nobody_call() -> None:
    office = Office(pauses={"test": pause("test")})
    vendor = Vendor(office)
    error = await failed(vendor)
    assert (error.type, error.non_retryable) == ("expired", True)
    assert list(error.details) == ["galaxy", "session_lost", "会话信息已丢失", "test"]
    assert (vendor.calls, office.told) == (0, [])


async def test_whoever_is_refused_has_the_connection_paused() -> None:
    office = Office()
    error = await failed(Vendor(office, EXPIRED))
    assert (error.type, error.non_retryable) == ("expired", True)
    assert list(error.details) == ["galaxy", "session_lost", "会话信息已丢失", "test"]
    assert office.told == ["test"]


async def test_refused_and_yet_accepted_is_tried_again() -> None:
    """An old token under way says nothing of the connection."""
    error = await failed(Vendor(Office(pauses_it=False), EXPIRED))
    assert (error.type, error.non_retryable) == ("transient", False)
    assert list(error.details) == ["galaxy", "session_lost", "会话信息已丢失"]


@pytest.mark.parametrize("kind", set(FaultKind) - {FaultKind.EXPIRED})
async def test_no_other_fault_shuts_the_gate(kind: FaultKind) -> None:
    office = Office()
    fault = Fault(kind, system="galaxy", code="c", message="no")
    assert (await failed(Vendor(office, fault))).type == kind.value
    assert office.told == []


async def test_a_workflow_that_cannot_say_is_asked_again_by_the_next_try() -> None:
    office = Office(fails=WorkflowUpdateFailedError(ApplicationError("it has just ended")))
    with pytest.raises(ConnectionError):  # store and Temporal trouble is the server's to retry
        await run(Vendor(office, EXPIRED))


async def test_many_who_are_refused_at_once_tell_it_once() -> None:
    office = Office()
    gate = gate_of(office)

    async def refused(connection: str) -> Fault:
        with pytest.raises(Fault) as raised:
            async with gate.passing(connection):
                raise EXPIRED
        return raised.value

    waiting = [asyncio.create_task(refused(name)) for name in ("galaxy.main", "galaxy.second") for _ in range(200)]
    while len(office.told) < 2:
        await asyncio.sleep(0)
    gave_up = waiting.pop()
    gave_up.cancel()
    office.answering.set()
    faults = await asyncio.gather(*waiting)
    assert sorted(office.told) == ["galaxy.main", "galaxy.second"]
    assert {fault.connection for fault in faults if isinstance(fault, Paused)} == {"galaxy.main", "galaxy.second"}
    assert all(isinstance(fault, Paused) for fault in faults)
    # Later refusals are news.
    office.pauses.clear()
    await refused("galaxy.main")
    assert office.told.count("galaxy.main") == 2
