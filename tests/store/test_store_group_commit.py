"""Group commit on its own, with a writer that fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from store.errors import NotRecorded
from store.group_commit import GroupCommit


class Down(Exception):
    """The database cannot be used."""


class Page:
    """What was written, one list a transaction; waits for `open` before each."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.tries = 0
        self.open = asyncio.Event()
        self.open.set()
        self.down = False

    async def write(self, items: Sequence[int]) -> None:
        await self.open.wait()
        self.tries += 1
        if self.down:
            raise Down
        if any(item < 0 for item in items):
            raise ValueError(f"negative: {min(items)}")
        self.groups.append(list(items))

    @property
    def written(self) -> list[int]:
        return [item for group in self.groups for item in group]


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
async def commit(page: Page) -> AsyncIterator[GroupCommit[int]]:
    made = GroupCommit[int](page.write, concerns_all=lambda error: isinstance(error, Down), most=8)
    yield made
    page.open.set()
    await made.close()


async def test_calls_that_wait_together_share_a_transaction(page: Page, commit: GroupCommit[int]) -> None:
    await asyncio.gather(*(commit.put([n]) for n in range(20)))

    assert page.written == list(range(20))
    assert [len(group) for group in page.groups] == [8, 8, 4]


async def test_a_call_larger_than_a_group_is_one_transaction(page: Page, commit: GroupCommit[int]) -> None:
    await asyncio.gather(commit.put([1]), commit.put(range(100)), commit.put([2]))

    assert page.groups == [[1], list(range(100)), [2]]


async def test_nothing_to_write_is_no_transaction(page: Page, commit: GroupCommit[int]) -> None:
    await commit.put([])

    assert page.tries == 0


async def test_the_culprit_alone_hears_of_it(page: Page, commit: GroupCommit[int]) -> None:
    calls = [[0], [1, 2], [-3], [4], [5], [-6], [7]]
    results = await asyncio.gather(*(commit.put(call) for call in calls), return_exceptions=True)

    assert [str(result) if result else None for result in results] == [
        None, None, "negative: -3", None, None, "negative: -6", None,
    ]  # fmt: skip
    assert page.written == [0, 1, 2, 4, 5, 7]


async def test_when_the_database_is_down_everybody_hears_it_at_once(page: Page, commit: GroupCommit[int]) -> None:
    page.down = True
    results = await asyncio.gather(*(commit.put([n]) for n in range(5)), return_exceptions=True)

    assert page.tries == 1
    assert all(isinstance(result, NotRecorded) and isinstance(result.__cause__, Down) for result in results)
    assert len(set(map(id, results))) == 5

    page.down = False
    await commit.put([1])
    assert page.written == [1]


async def test_a_caller_who_was_cancelled_while_waiting_is_left_out(page: Page, commit: GroupCommit[int]) -> None:
    page.open.clear()
    under_way = asyncio.ensure_future(commit.put([1]))
    await asyncio.sleep(0)
    waiting = [asyncio.ensure_future(commit.put([n])) for n in (2, 3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    page.open.set()

    await asyncio.gather(under_way, waiting[1])
    assert page.written == [1, 3]


async def test_a_caller_who_was_cancelled_during_the_write_spoils_nothing(page: Page, commit: GroupCommit[int]) -> None:
    page.open.clear()
    under_way = [asyncio.ensure_future(commit.put([n])) for n in (1, 2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    under_way[0].cancel()
    page.open.set()

    await under_way[1]
    assert page.written == [1, 2]


async def test_closing_writes_what_waits_and_takes_no_more(page: Page) -> None:
    commit = GroupCommit[int](page.write, concerns_all=lambda error: False)
    waiting = [asyncio.ensure_future(commit.put([n])) for n in range(3)]
    await asyncio.sleep(0)
    await commit.close()

    assert await asyncio.gather(*waiting) == [None] * 3
    assert page.written == [0, 1, 2]
    with pytest.raises(RuntimeError):
        await commit.put([4])
