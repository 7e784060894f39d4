"""The line before an account: places are given out at its rates, to whatever process asks."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import BigInteger, literal

from domain.pace import CallRate
from store.engine import Database
from store.store import Store
from tests.store.samples import Clock

FOUR = CallRate(4, 1)


@pytest.fixture(autouse=True)
def database_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock, which only these tests move."""
    monkeypatch.setattr(Database, "microseconds", lambda _: literal(round(clock().timestamp() * 1_000_000), BigInteger))


async def taken(store: Store, times: int, *rates: CallRate, account: str = "jushuitan.main") -> list[float]:
    """How far away each of so many turns in a row is."""
    return [await store.turn(account, rates) for _ in range(times)]


async def test_turns_come_one_interval_apart(store: Store) -> None:
    assert await taken(store, 5, FOUR) == [0, 0.25, 0.5, 0.75, 1.0]


async def test_time_that_passes_brings_them_nearer(store: Store, clock: Clock) -> None:
    await taken(store, 4, FOUR)
    clock.forward(seconds=0.9)
    assert await taken(store, 2, FOUR) == [pytest.approx(0.1), pytest.approx(0.35)]


async def test_a_pause_saves_up_the_burst_and_no_more(store: Store, clock: Clock) -> None:
    burst = CallRate(10, 1, burst=4)
    assert await taken(store, 6, burst) == [0, 0, 0, 0, pytest.approx(0.1), pytest.approx(0.2)]
    clock.forward(hours=5)
    assert await taken(store, 6, burst) == [0, 0, 0, 0, pytest.approx(0.1), pytest.approx(0.2)]


async def test_the_slower_of_two_rates_decides(store: Store) -> None:
    per_minute = CallRate(30, 60, burst=3)
    waits = await taken(store, 6, FOUR, per_minute)
    assert waits == [0, 0.25, 0.5, 2.0, 4.0, 6.0]


async def test_accounts_do_not_wait_for_each_other(store: Store) -> None:
    assert await taken(store, 3, FOUR) == [0, 0.25, 0.5]
    assert await taken(store, 2, FOUR, account="jushuitan.second") == [0, 0.25]


async def test_processes_share_one_line(store: Store, url: str, clock: Clock) -> None:
    async with await Store.open(url, clock=clock) as other:
        turns = await asyncio.gather(*(each.turn("galaxy.main", [FOUR]) for each in (store, other) for _ in range(10)))
    assert sorted(turns) == pytest.approx([n / 4 for n in range(20)])


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_process_whose_clock_is_wrong_stands_in_the_same_line(
    store: Store, url: str, clock: Clock, hours: int
) -> None:
    wrong = Clock()
    wrong.forward(hours=hours)
    async with await Store.open(url, clock=wrong) as other:
        assert await store.turn("galaxy.main", [FOUR]) == 0
        assert await other.turn("galaxy.main", [FOUR]) == 0.25
        assert await store.turn("galaxy.main", [FOUR]) == 0.5
