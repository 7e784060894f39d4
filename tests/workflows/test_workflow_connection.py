"""A connection that refuses us: paused once, asked now and then, opened before anybody is woken."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.connections import Pause
from tests.workflows.connections import ACCEPTED, COUNTED, REFUSAL, REFUSED, UNKNOWN, ScriptedConnection, connected
from tests.workflows.house import House
from workflows.connection import ConnectionWorkflow


async def test_the_pause_is_on_record_before_the_refused_step_hears_of_it(house: House) -> None:
    async with connected(house, REFUSED) as connection:
        assert await connection.refuse()
        assert connection.done == ["probe", "pause"]
        assert connection.on_record is not None
        assert (connection.on_record.connection, connection.on_record.refusal) == (connection.name, REFUSAL)
        assert await connection.handle.query(ConnectionWorkflow.paused) == connection.on_record
        connection.answers = [ACCEPTED]
        assert await connection.renew() == ACCEPTED
        await connection.ended()
        assert connection.done == ["probe", "pause", "probe", "lift", "wake"]
        assert connection.on_record is None


async def test_a_vendor_that_accepts_us_after_all_is_not_paused(house: House) -> None:
    async with connected(house, ACCEPTED) as connection:
        assert not await connection.refuse()
        await connection.ended()
        assert connection.done == ["probe"]


async def test_a_vendor_that_cannot_be_asked_is_paused_as_it_said(house: House) -> None:
    async with connected(house, UNKNOWN, ACCEPTED) as connection:
        assert await connection.refuse()
        assert connection.done == ["probe", "pause"]
        await connection.renew()
        await connection.ended()


async def test_many_who_are_refused_at_once_make_one_pause(house: House) -> None:
    async with connected(house, REFUSED) as connection:
        # The server lets ten updates wait at one workflow; in one process they are told together (activities.gate).
        assert await asyncio.gather(*(connection.refuse() for _ in range(8))) == [True] * 8
        assert await connection.refuse()
        assert connection.done.count("pause") == 1
        connection.answers = [ACCEPTED]
        await connection.renew()
        await connection.ended()


async def test_it_asks_by_itself_less_and_less_often(skipping: House) -> None:
    async with connected(skipping, *[REFUSED] * 8, ACCEPTED) as connection:
        assert await connection.refuse()
        await skipping.env.sleep(timedelta(hours=2))
        await connection.ended()
        assert connection.waits == [60, 120, 240, 480, 900, 900, 900, 900]
        assert connection.done[-2:] == ["lift", "wake"]


async def test_wrong_passwords_are_not_tried_by_itself(skipping: House) -> None:
    async with connected(skipping, COUNTED) as connection:
        assert await connection.refuse()
        await skipping.env.sleep(timedelta(days=3))
        assert connection.done == ["probe", "pause"]
        assert await connection.renew() == COUNTED
        await skipping.env.sleep(timedelta(days=3))
        assert connection.done == ["probe", "pause", "probe"]
        connection.answers = [ACCEPTED]
        await connection.renew()
        await connection.ended()


async def test_a_person_who_has_renewed_hears_what_came_of_it(house: House) -> None:
    async with connected(house, REFUSED) as connection:
        await connection.refuse()
        assert await connection.renew() == REFUSED
        connection.answers = [UNKNOWN]
        assert await connection.renew() == UNKNOWN
        connection.answers = [ACCEPTED]
        assert await connection.renew() == ACCEPTED
        await connection.ended()


async def test_renewed_in_web_ui(house: House) -> None:
    async with connected(house, REFUSED, ACCEPTED) as connection:
        await connection.refuse()
        await connection.handle.signal("renewed")
        await connection.ended()
        assert connection.done == ["probe", "pause", "probe", "lift", "wake"]


async def test_nothing_to_renew(house: House) -> None:
    async with connected(house, REFUSED, ACCEPTED) as connection:
        await connection.refuse()
        waking = asyncio.Event()
        asked = asyncio.Event()

        async def ask_meanwhile() -> None:
            waking.set()
            await asked.wait()

        connection.before["wake"] = [ask_meanwhile]
        await connection.renew()
        await waking.wait()
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await connection.renew()
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "NotPaused"
        asked.set()
        await connection.ended()


async def test_refused_again_while_the_others_are_woken(house: House) -> None:
    """It may be an old token under way, so the vendor is asked; it refuses, and there is a second pause."""
    async with connected(house, REFUSED, ACCEPTED, REFUSED, ACCEPTED) as connection:
        again: list[asyncio.Task[bool]] = []

        async def refuse() -> None:
            assert connection.on_record is None, "the gate is open before anybody is woken"
            again.append(asyncio.create_task(connection.refuse()))

        connection.before["wake"] = [refuse]
        await connection.refuse()
        await connection.renew()
        async with asyncio.timeout(20):
            while not again:
                await asyncio.sleep(0.01)
            assert await again[0]
        await connection.renew()
        await connection.ended()
        assert connection.done == ["probe", "pause", "probe", "lift", "wake"] * 2


async def test_a_refusal_of_yesterdays_token_pauses_nothing(house: House) -> None:
    async with connected(house, REFUSED, ACCEPTED) as connection:
        await connection.refuse()
        await connection.renew()
        await connection.ended()
        assert not await connection.refuse()
        await connection.ended()
        assert connection.done == ["probe", "pause", "probe", "lift", "wake", "probe"]


async def test_a_defect_in_the_probe_leaves_somebody_to_open_it(house: House) -> None:
    async with connected(house, REFUSED) as connection:

        async def break_down() -> None:
            raise ApplicationError("see the worker's log", type="KeyError", non_retryable=True)

        connection.before["probe"] = [break_down, break_down]
        assert await connection.refuse()
        assert (await connection.renew()).code == "defect"
        connection.answers = [ACCEPTED]
        await connection.renew()
        await connection.ended()


async def test_a_long_pause_starts_a_fresh_history(dev: House) -> None:
    async with connected(dev, REFUSED) as connection:
        await connection.refuse(probe_wait=0.01, probe_most=0.01)
        first = (await connection.handle.describe()).run_id
        async with asyncio.timeout(20):
            while (await connection.handle.describe()).run_id == first:
                await asyncio.sleep(0.05)
        assert await connection.refuse()
        assert connection.done.count("pause") == 1
        connection.answers = [ACCEPTED]
        async with asyncio.timeout(20):
            while (await connection.handle.describe()).status is not WorkflowExecutionStatus.COMPLETED:
                await asyncio.sleep(0.05)
        assert connection.done[-2:] == ["lift", "wake"]


async def test_a_pause_whose_run_was_ended_is_taken_up_again(house: House) -> None:
    async with connected(house, REFUSED, ACCEPTED) as connection:
        await connection.refuse()
        pause = connection.on_record
        await connection.handle.terminate("by mistake")
        start = connection.start(pause=pause)
        probed = await house.client.execute_update_with_start_workflow(
            ConnectionWorkflow.renewed, start_workflow_operation=start
        )
        assert probed == ACCEPTED
        await connection.ended()
        assert connection.done == ["probe", "pause", "probe", "lift", "wake"]


async def details(connection: ScriptedConnection) -> str:
    told = await connection.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(told.current_details)


async def test_it_says_why_and_what_to_do(dev: House) -> None:
    async with connected(dev, REFUSED) as connection:
        await connection.refuse()
        told = await details(connection)
        pause = connection.on_record
        assert isinstance(pause, Pause)
        for part in (
            "已暂停",
            "会话信息已丢失",
            "session_lost",
            f"kingpost connections renew {connection.name}",
            "探测",
        ):
            assert part in told
        attributes = (await connection.handle.describe()).typed_search_attributes
        ours = {pair.key.name: pair.value for pair in attributes if pair.key.name != "BuildIds"}
        assert ours == {
            "SourceSystem": "galaxy",
            "HoldReason": "credentials_refused",
            "Gap": [f"connection:{connection.name}"],
        }
        connection.answers = [COUNTED]
        await connection.renew()
        assert "不自动探测" in await details(connection)
        connection.answers = [ACCEPTED]
        await connection.renew()
        await connection.ended()
        assert "已唤醒 7 张单据" in await details(connection)
