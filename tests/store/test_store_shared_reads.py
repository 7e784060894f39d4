"""Shared reads on their own, with a reader that waits and fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from store.shared_reads import SharedReads


class Shelf:
    """Even numbers have a value; each read waits for `open`."""

    def __init__(self) -> None:
        self.reads: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.broken = False
        self.label = "a"

    async def read(self, keys: Sequence[int]) -> dict[int, str]:
        label = self.label
        self.reads.append(list(keys))
        await self.open.wait()
        if self.broken:
            raise OSError("gone")
        return {key: f"{label}{key}" for key in keys if key % 2 == 0}


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def reads(shelf: Shelf) -> AsyncIterator[SharedReads[int, str]]:
    made = SharedReads[int, str](shelf.read, most=6)
    yield made
    shelf.open.set()
    await made.close()


async def test_who_waits_together_reads_together_and_gets_his_own(shelf: Shelf, reads: SharedReads[int, str]) -> None:
    answers = await asyncio.gather(*(reads.get([n, n + 1]) for n in range(0, 10, 2)), reads.get([2, 0]))

    assert answers == [{0: "a0"}, {2: "a2"}, {4: "a4"}, {6: "a6"}, {8: "a8"}, {2: "a2", 0: "a0"}]
    assert shelf.reads == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 2, 0]]


async def test_a_call_larger_than_a_read_is_one_read(shelf: Shelf, reads: SharedReads[int, str]) -> None:
    assert len(await reads.get(range(20))) == 10
    assert len(shelf.reads) == 1


async def test_asking_for_nothing_reads_nothing(shelf: Shelf, reads: SharedReads[int, str]) -> None:
    assert await reads.get([]) == {}
    assert shelf.reads == []


async def test_nobody_joins_a_read_that_is_under_way(shelf: Shelf, reads: SharedReads[int, str]) -> None:
    """It may have begun before what the caller has just written."""
    shelf.open.clear()
    early = asyncio.ensure_future(reads.get([2]))
    while not shelf.reads:
        await asyncio.sleep(0)
    shelf.label = "b"
    late = asyncio.ensure_future(reads.get([2]))
    await asyncio.sleep(0)
    shelf.open.set()

    assert await early == {2: "a2"}
    assert await late == {2: "b2"}


async def test_a_failed_read_fails_those_who_shared_it_and_nobody_after(
    shelf: Shelf, reads: SharedReads[int, str]
) -> None:
    shelf.broken = True
    results = await asyncio.gather(reads.get([1]), reads.get([2]), return_exceptions=True)
    assert [type(result) for result in results] == [OSError, OSError]

    shelf.broken = False
    assert await reads.get([2]) == {2: "a2"}


async def test_a_cancelled_caller_does_not_disturb_the_others(shelf: Shelf, reads: SharedReads[int, str]) -> None:
    shelf.open.clear()
    first, second = (asyncio.ensure_future(reads.get([n])) for n in (2, 4))
    while not shelf.reads:
        await asyncio.sleep(0)
    waiting = asyncio.ensure_future(reads.get([6]))
    await asyncio.sleep(0)
    first.cancel()
    waiting.cancel()
    shelf.open.set()

    assert await second == {4: "a4"}
    await reads.get([8])
    assert shelf.reads == [[2, 4], [8]]
