"""Exactly once, whatever reply of the ERP is lost: each call in turn takes effect and its answer never arrives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest

from domain.documents import DocumentState
from sandbox.faults import FaultName
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, RETURN, Stage, Wish
from tests.end_to_end.stepwise import stepwise
from tests.postgres_server import postgres_server

pytestmark = pytest.mark.timeout(240)

LOST = (FaultName.LOSE_REPLY, FaultName.HANG)
ONE_CALL = ("ExecuteBillQuery", "BatchSave")
STEP_BY_STEP = ("ExecuteBillQuery", "BatchSave", "Submit", "Audit")
BACK = ("ExecuteBillQuery", "UnAudit", "Delete")
MOST = 18
"""Documents at hand: two for each call of the longest life, one more for each operation, and some to spare."""

by_steps = pytest.mark.parametrize("steps", [False, True], ids=["one_call", "step_by_step"])


def wish(*, steps: bool) -> Wish:
    return Wish(galaxy={"read_timeout": 0.5}, catalogue=stepwise() if steps else None)


async def lose_each(
    stage: Stage, operations: tuple[str, ...], numbers: Iterator[str], done: Callable[[str], Awaitable[None]]
) -> None:
    """Start one document after the other, losing the reply of its first call of an operation, then of the second,
    until there is no such call; then the next operation. So every call is lost in every way, however many there are.
    """
    for operation in operations:
        nth = 0
        while await _lose(stage, operation, nth, numbers, done):
            nth += 1
        assert nth > 0, f"{operation} is never called"


async def _lose(
    stage: Stage, operation: str, nth: int, numbers: Iterator[str], done: Callable[[str], Awaitable[None]]
) -> bool:
    """Whether there was such a call."""
    faults = stage.galaxy.faults
    for kind in LOST:
        before = faults.injected[kind.value]
        stage.lose(operation, kind, skip=nth)
        number = next(numbers)
        await stage.start(number)
        await done(number)
        faults.clear()
        if faults.injected[kind.value] == before:
            return False
    return True


async def sell(stage: Stage) -> list[str]:
    """Orders with one line each, and a return of part of each, still to appear."""
    sales = [Row(f"{54000 + i}", customer=f"{i}") for i in range(MOST)]
    returns = [Row(f"C{54000 + i}", customer=f"{i}", quantity=-2, at="2010-12-01 12:00:00") for i in range(MOST)]
    await stage.feed(*sales, *returns)
    return stage.world.release(MOST)


@by_steps
async def test_outbound_is_posted_once(set_up: SetUp, steps: bool) -> None:
    stage = await set_up(wish(steps=steps))
    numbers = await sell(stage)
    await stage.take_in(OUTBOUND)
    await lose_each(stage, STEP_BY_STEP if steps else ONE_CALL, iter(numbers), stage.posted)
    await stage.intake(OUTBOUND)
    await stage.posted(*numbers)
    stage.assert_books_right()


@by_steps
async def test_return_is_posted_once(set_up: SetUp, steps: bool) -> None:
    stage = await set_up(wish(steps=steps))
    sold = await sell(stage)
    await stage.intake(OUTBOUND)
    await stage.posted(*sold)
    returned = stage.world.release()
    await stage.take_in(RETURN)
    await lose_each(stage, STEP_BY_STEP if steps else ONE_CALL, iter(returned), stage.posted)
    await stage.intake(RETURN)
    await stage.posted(*returned)
    stage.assert_books_right()


async def test_bill_of_a_cancelled_document_is_gone(set_up: SetUp) -> None:
    stage = await set_up(wish(steps=False))
    numbers = await sell(stage)
    await stage.intake(OUTBOUND)
    await stage.posted(*numbers)
    for number in numbers:
        stage.world.jushuitan.cancel_outbound(stage.world.source_ids(number)["io_id"])
    await stage.take_in(OUTBOUND)

    async def gone(number: str) -> None:
        await stage.comes_to(number, DocumentState.REVERSED)
        assert stage.bills_of(number) == []
        await stage.ended(number)

    await lose_each(stage, BACK, iter(numbers), gone)
    await stage.intake(OUTBOUND)
    for number in numbers:
        await gone(number)
    stage.assert_books_right()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Either store; None is the stage's own SQLite file."""
    if request.param == "sqlite":
        yield None
    else:
        with postgres_server() as url:
            yield url


async def test_many_lost_replies_at_once(store_url: str | None, set_up: SetUp) -> None:
    """A line so bad that two answers of five are lost, with documents travelling two by two."""
    stage = await set_up(Wish(patience={"transient_tries": 200}, worker={"batch": 2}, store_url=store_url))
    numbers = await sell(stage)
    stage.lose(kind=FaultName.LOSE_REPLY, times=None, probability="0.4")
    await stage.intake(OUTBOUND)
    await stage.posted(*numbers)
    returned = stage.world.release()
    await stage.intake(RETURN)
    await stage.posted(*returned)
    stage.galaxy.faults.clear()
    assert stage.galaxy.faults.injected[FaultName.LOSE_REPLY.value] > 5
    stage.assert_books_right()
