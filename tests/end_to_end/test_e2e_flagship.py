"""The same promise where bills go to Flagship: exactly once, whatever reply is lost and whatever else goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain.documents import DocumentState
from sandbox.faults import FaultName
from sandbox.world.ledger import ErpSystem
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, RETURN, Source, Stage, Wish, unlimited_world

pytestmark = pytest.mark.timeout(240)

MOST = 14
"""Documents at hand: one for each call of the longest life, and some to spare."""
FORWARD = ("query", "save", "submit", "audit")
BACK = ("query", "unaudit", "delete")
BAD_LINE = (
    *(FaultName.LOSE_REPLY, FaultName.DELIVER_TWICE, FaultName.THROTTLE, FaultName.EXPIRE, FaultName.LOCKED),
    *(FaultName.BREAK_OFF, FaultName.SERVER_ERROR, FaultName.CUT_BEFORE),
)


def wish(**more: Any) -> Wish:
    sources = {"main": Source(unlimited_world(erp=ErpSystem.FLAGSHIP))}
    # A repetition is refused for as long as the window lasts, and then tried again; nobody waits for that here.
    flagship = {"read_timeout": 0.5, "duplicate_window": 1}
    return Wish(erp=ErpSystem.FLAGSHIP, sources=sources, flagship=flagship, patience={"transient_tries": 200}, **more)


async def sell(stage: Stage) -> list[str]:
    """Orders with one line each, and a return of part of each, still to appear."""
    sales = [Row(f"{54000 + i}", customer=f"{i}") for i in range(MOST)]
    returns = [Row(f"C{54000 + i}", customer=f"{i}", quantity=-2, at="2010-12-01 12:00:00") for i in range(MOST)]
    await stage.feed(*sales, *returns)
    return stage.world.release(MOST)


async def all_come_to(stage: Stage, state: DocumentState, *numbers: str) -> None:
    for number in numbers:
        await stage.comes_to(number, state)
        await stage.ended(number)


async def lose_each(
    stage: Stage, operations: tuple[str, ...], numbers: Iterator[str], state: DocumentState = DocumentState.POSTED
) -> None:
    """One document after the other, each losing the reply of another call: the first of an operation, the second, …"""
    faults = stage.world.ledger.faults
    for operation in operations:
        nth, hit = 0, True
        while hit:
            before = faults.injected.total()
            stage.lose(operation, skip=nth)
            number = next(numbers)
            await stage.start(number)
            await all_come_to(stage, state, number)
            hit = faults.injected.total() > before
            faults.clear()
            nth += 1
        assert nth > 1, f"{operation} is never called"


async def test_every_reply_is_lost_once(set_up: SetUp) -> None:
    stage = await set_up(wish())
    sold = await sell(stage)
    await stage.take_in(OUTBOUND)
    await lose_each(stage, FORWARD, iter(sold))
    await stage.intake(OUTBOUND)
    await all_come_to(stage, DocumentState.POSTED, *sold)
    stage.assert_books_right()
    returned = stage.world.release()
    await stage.take_in(RETURN)
    await lose_each(stage, FORWARD, iter(returned))
    await stage.intake(RETURN)
    await all_come_to(stage, DocumentState.POSTED, *returned)
    stage.assert_books_right()


async def test_a_bill_that_is_taken_back_is_gone(set_up: SetUp) -> None:
    stage = await set_up(wish())
    sold = await sell(stage)
    await stage.intake(OUTBOUND)
    await all_come_to(stage, DocumentState.POSTED, *sold)
    for number in sold:
        stage.world.jushuitan.cancel_outbound(stage.world.source_ids(number)["io_id"])
    await stage.take_in(OUTBOUND)
    await lose_each(stage, BACK, iter(sold), DocumentState.REVERSED)
    await stage.intake(OUTBOUND)
    await all_come_to(stage, DocumentState.REVERSED, *sold)
    assert stage.world.books().sales == ()
    stage.assert_books_right()


async def test_a_bad_line(set_up: SetUp) -> None:
    """Every kind of trouble now and then, with documents travelling four by four."""
    stage = await set_up(wish(worker={"batch": 4}))
    sold = await sell(stage)
    for kind in BAD_LINE:
        stage.lose(kind=kind, times=None, probability="0.04")
    await stage.intake(OUTBOUND)
    await all_come_to(stage, DocumentState.POSTED, *sold)
    returned = stage.world.release()
    await stage.intake(RETURN)
    await all_come_to(stage, DocumentState.POSTED, *returned)
    stage.world.ledger.faults.clear()
    assert stage.world.ledger.faults.injected.total() > 0
    stage.assert_books_right()
