"""Connections that are left alone, and alerts that are raised once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from domain.alerts import Alert
from domain.connections import Pause, Refusal
from domain.documents import OwnerRole
from store.store import Store
from tests.store.samples import START

REFUSAL = Refusal(system="galaxy", code="session_lost", message="会话信息已丢失")
MAIN = Pause(connection="galaxy.main", since=START, refusal=REFUSAL)
OTHER = Pause(connection="galaxy.other", since=START - timedelta(hours=1), refusal=REFUSAL)
ALERT = Alert(
    key="connection:galaxy.main@1", at=START, owner=OwnerRole.INTEGRATION, zh="授权失效", en="Refused", gap="g"
)


async def test_a_pause_is_seen_until_it_is_lifted(store: Store) -> None:
    assert await store.paused("galaxy.main") is None
    await store.pause(MAIN)
    await store.pause(OTHER)
    assert (await store.paused("galaxy.main"), await store.paused("galaxy.mai")) == (MAIN, None)
    assert await store.pauses() == [OTHER, MAIN]
    await store.lift("galaxy.main")
    await store.lift("galaxy.main")
    assert await store.paused("galaxy.main") is None
    assert await store.pauses() == [OTHER]


async def test_the_first_reason_of_a_pause_stays(store: Store) -> None:
    await store.pause(MAIN)
    later = REFUSAL.model_copy(update={"code": "login_refused"})
    await store.pause(Pause(connection="galaxy.main", since=START + timedelta(hours=1), refusal=later))
    assert await store.paused("galaxy.main") == MAIN


async def test_another_process_sees_it_at_once(store: Store, url: str) -> None:
    async with await Store.open(url) as other:
        await asyncio.gather(*(other.paused("galaxy.main") for _ in range(20)))
        await store.pause(MAIN)
        assert await asyncio.gather(*(other.paused("galaxy.main") for _ in range(20))) == [MAIN] * 20


async def test_an_alert_is_new_once(store: Store) -> None:
    told = await asyncio.gather(*(store.put_alert(ALERT) for _ in range(5)))
    assert sorted(told) == [False, False, False, False, True]
    again = ALERT.model_copy(update={"key": "connection:galaxy.main@2", "at": START + timedelta(days=1), "gap": None})
    assert await store.put_alert(again)
    assert await store.alerts(10) == [again, ALERT]
    assert await store.alerts(1) == [again]
