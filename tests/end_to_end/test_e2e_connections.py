"""A vendor takes our authorisation back: its connection is paused once, nobody calls it, and all go on when it is given
again."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from activities.api_connections import Probed
from activities.waking import wake
from connectors.galaxy.access import Auth
from domain.connections import Pause
from domain.documents import HoldReason
from domain.keys import connection_gap
from sandbox.jushuitan.config import Application, JushuitanConfig
from sandbox.jushuitan.state import JushuitanState
from sandbox.world.world import World
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import FORMS, OUTBOUND, Source, Stage, Wish, unlimited_world, until
from workflows.connection import ConnectionWorkflow

ERP, MERCHANT, OTHER = "galaxy.main", "jushuitan.main", "jushuitan.other"
SALES = [Row(f"{540000 + n}", customer=f"{n}") for n in range(24)]
NOBODY_ASKS: dict[str, Any] = {"probe_wait": 3600, "probe_most": 3600}
"""By itself, as long as a test takes."""


async def paused(stage: Stage, connection: str) -> Pause:
    """Wait until a connection is paused."""
    return await until(lambda: stage.store.paused(connection), f"{connection} is paused")


async def renewed(stage: Stage, connection: str) -> Probed:
    """A person says that the credentials are renewed."""
    handle = stage.client.get_workflow_handle_for(ConnectionWorkflow.run, connection_gap(connection))
    return await handle.execute_update(ConnectionWorkflow.renewed)


async def woken_in_vain(stage: Stage, numbers: list[str]) -> None:
    """Wake documents that wait for a connection that is still paused, and wait until they wait again."""
    assert stage.shop is not None
    assert await wake(stage.shop, [connection_gap(ERP)]) == len(numbers)
    for number in numbers:

        async def has_looked(number: str = number) -> bool:
            return (await stage.steps(number)).count("hold held") == 2

        await until(has_looked, f"{number} is held again")
        await stage.held(number, HoldReason.CREDENTIALS_REFUSED)


@pytest.mark.xdist_group("heavy")
async def test_the_probe_needs_no_slot_of_those_who_wait_for_it(set_up: SetUp) -> None:
    """More documents than a worker carries at once, all refused at the same time."""
    stage = await set_up(Wish(worker={"batch": 50, "activities": 4}, patience=NOBODY_ASKS))
    numbers = await stage.show(*SALES[:12])
    stage.galaxy.sessions.revoked = True
    await stage.intake(OUTBOUND)
    await paused(stage, ERP)
    for number in numbers:
        await stage.held(number, HoldReason.CREDENTIALS_REFUSED)


@pytest.mark.xdist_group("heavy")
@pytest.mark.parametrize("auth", [Auth.SIGNED, Auth.APP_SECRET])
async def test_kingdee_takes_the_authorisation_back(set_up: SetUp, auth: Auth) -> None:
    stage = await set_up(Wish(galaxy={"auth": auth.value}, worker={"batch": 10}, patience=NOBODY_ASKS))
    calls = stage.galaxy.calls
    numbers = await stage.show(*SALES)
    stage.galaxy.sessions.revoked = True
    await stage.intake(OUTBOUND)
    for number in numbers:
        record = await stage.held(number, HoldReason.CREDENTIALS_REFUSED)
        assert record.hold is not None
        assert record.hold.gap == connection_gap(ERP)

    # One pause and one alert, however many were refused.
    pause = await paused(stage, ERP)
    [alert] = await stage.store.alerts(10)
    assert (alert.gap, alert.at) == (connection_gap(ERP), pause.since)
    assert ERP in alert.zh and f"kingpost connections renew {ERP}" in alert.en

    # From now on nobody calls, however often it is tried; only a person who asks makes a probe.
    before = calls.total
    await woken_in_vain(stage, numbers)
    assert calls.total == before
    assert (await renewed(stage, ERP)).accepted is False
    assert calls.total <= before + 4, "the query, its repetition with a new session, and the log-ins before them"
    assert await paused(stage, ERP) == pause

    stage.galaxy.sessions.revoked = False
    assert (await renewed(stage, ERP)).accepted
    await stage.posted(*numbers)
    assert len(stage.bills(FORMS[OUTBOUND])) == len(numbers)
    assert await stage.store.paused(ERP) is None
    assert await stage.store.alerts(10) == [alert]
    stage.assert_books_right()


async def test_kingdee_is_asked_by_itself(set_up: SetUp) -> None:
    stage = await set_up(Wish(patience={"probe_wait": 0.2, "probe_most": 0.2}))
    [number] = await stage.show(SALES[0])
    stage.galaxy.sessions.revoked = True
    await stage.intake(OUTBOUND)
    await stage.held(number, HoldReason.CREDENTIALS_REFUSED)
    await paused(stage, ERP)
    [refused] = [row.entry for row in await stage.store.timeline(stage.key(number)) if row.entry.code == "session_lost"]
    assert "不接受授权" in refused.zh and "refuses our credentials" in refused.en
    stage.galaxy.sessions.revoked = False
    await stage.posted(number)
    stage.assert_books_right()


@pytest.mark.parametrize("application", list(Application))
async def test_a_merchant_takes_the_authorisation_back(set_up: SetUp, application: Application) -> None:
    """Its polls are skipped; another merchant's go on as ever."""
    state = JushuitanState(JushuitanConfig(application=application, per_second=None, per_minute=None))
    world = World(state)
    other = unlimited_world(world.galaxy, world.rates)
    stage = await set_up(
        Wish(
            sources={"main": Source(world), "other": Source(other, bill_prefix="B")},
            jushuitan={"application": application.value},
            patience=NOBODY_ASKS,
        )
    )
    first, later = await stage.show(SALES[0]), await stage.feed(*SALES[1:4])
    await stage.intake(OUTBOUND)
    await stage.posted(*first)
    state.tokens.revoked = True
    world.release()
    with pytest.raises(WorkflowFailureError):
        await stage.intake(OUTBOUND)
    await paused(stage, MERCHANT)
    [alert] = await stage.store.alerts(10)
    assert MERCHANT in alert.zh

    before = state.calls.total
    assert [end.paused for end in await stage.intake(OUTBOUND, OUTBOUND)] == [True, True]
    assert state.calls.total == before
    theirs = await stage.show(SALES[4], source="other")
    [end] = await stage.intake(OUTBOUND, source="other")
    assert (end.paused, end.new) == (False, 1)
    await stage.posted(*theirs, source="other")
    assert await stage.store.paused(OTHER) is None

    state.tokens.revoked = False
    assert (await renewed(stage, MERCHANT)).accepted
    [end] = await stage.intake(OUTBOUND)
    assert (end.paused, end.new) == (False, len(later))
    await stage.posted(*later)
