"""A worker that stands still in the middle of a step wakes up when others have carried its document on long ago; a call
that was given up takes effect behind everybody's back. Wherever it happens, the books come out right.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities.api import AmendStep, Decided, DocumentStep, PostStep, ReverseStep
from domain.documents import DocumentState, HoldReason
from domain.journal import Step
from sandbox.world.changes import Change
from store.errors import NotRecorded
from store.migrate import migrate
from tests.chaos.fuse import Blow
from tests.chaos.lives import ORDER, RETURN, Life, Office

POSTING, TAKING, NOTING = range(9), range(12), range(3)
"""Where a step is stopped: before and after each of its calls and writes. The last place is beyond its end."""
CHANGES = (Change.QUANTITY, Change.CANCEL)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("store") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
async def office(tmp_path: Path, empty_store: Path) -> AsyncIterator[Office]:
    """An order that has been seen."""
    async with opened(tmp_path, empty_store, returned=False) as office:
        yield office


@pytest.fixture
async def with_return(tmp_path: Path, empty_store: Path) -> AsyncIterator[Office]:
    """An order and its return that have been seen."""
    async with opened(tmp_path, empty_store, returned=True) as office:
        yield office


@asynccontextmanager
async def opened(folder: Path, empty_store: Path, *, returned: bool) -> AsyncIterator[Office]:
    shutil.copy(empty_store, folder / "kingpost.db")
    office = await Office.open(folder, f"sqlite:///{folder / 'kingpost.db'}", returned=returned)
    await office.poll()
    yield office
    await office.close()


async def change(office: Office, kind: Change | None) -> None:
    """What the source does meanwhile, and everything that follows from it."""
    if kind is not None:
        assert office.world.change(ORDER, kind)
        await office.poll()
    await office.rest()


async def comes_out_right(office: Office) -> None:
    await office.settle()
    found = await office.judge()
    assert not any(found.values()), found


async def life_of(office: Office, number: str = ORDER) -> Life:
    [life] = [life for life in office.lives.values() if office.number_of(life.key.number) == number]
    return life


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("place", POSTING)
async def test_it_slept_while_posting(office: Office, place: int, kind: Change) -> None:
    life = await life_of(office)
    office.worker.fuse.arm(Blow.FREEZE, place)
    await life.move()
    office.worker.fuse.arm(None, 0)
    await change(office, kind)
    await comes_out_right(office)


@pytest.mark.parametrize("moves", range(1, 6))
@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("place", POSTING)
async def test_it_wakes_while_others_are_at_it(office: Office, place: int, kind: Change, moves: int) -> None:
    """It posts the older version while the newer one is on its way."""
    life = await life_of(office)
    office.worker.fuse.arm(Blow.FREEZE, place)
    await life.move()
    office.worker.fuse.arm(None, 0)
    assert office.world.change(ORDER, kind)
    await office.poll()
    for _ in range(moves):
        if life.can_move:
            await life.move()
    while office.asleep:
        await office.wake_one(None, 0)
    await comes_out_right(office)


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("place", POSTING)
async def test_it_slept_while_posting_again(office: Office, place: int, kind: Change) -> None:
    """Its first try was given up, so that the bill might be there already."""
    life = await life_of(office)
    office.worker.fuse.arm(Blow.FAIL, 4)
    await life.move()
    office.worker.fuse.arm(Blow.FREEZE, place)
    await life.move()
    office.worker.fuse.arm(None, 0)
    await change(office, kind)
    await comes_out_right(office)


@pytest.mark.parametrize(
    ("first", "then"), [(Change.QUANTITY, Change.QUANTITY), (Change.QUANTITY, Change.CANCEL), (Change.CANCEL, None)]
)
@pytest.mark.parametrize("place", TAKING)
async def test_it_slept_while_taking_back(office: Office, place: int, first: Change, then: Change | None) -> None:
    await office.rest()
    assert office.world.change(ORDER, first)
    await office.poll()
    life = await life_of(office)
    await life.move()
    office.worker.fuse.arm(Blow.FREEZE, place)
    await life.move()
    office.worker.fuse.arm(None, 0)
    await change(office, then)
    await comes_out_right(office)


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("place", POSTING)
async def test_a_call_of_the_post_comes_late(office: Office, place: int, kind: Change) -> None:
    life = await life_of(office)
    office.worker.fuse.arm(Blow.LATE, place)
    await life.move()
    office.worker.fuse.arm(None, 0)
    assert office.world.change(ORDER, kind)
    await office.poll()
    await comes_out_right(office)


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("place", TAKING)
async def test_a_call_of_the_taking_back_comes_late(office: Office, place: int, kind: Change) -> None:
    """The un-audit or the delete of the old bill arrives when the new one stands under its number."""
    await office.rest()
    await change_with_late_call(office, kind, place)
    for _ in range(12):
        life = await life_of(office)
        if life.can_move:
            await life.move()
    await office.arrive()
    await comes_out_right(office)


async def change_with_late_call(office: Office, kind: Change, place: int) -> None:
    assert office.world.change(ORDER, kind)
    await office.poll()
    life = await life_of(office)
    await life.move()
    office.worker.fuse.arm(Blow.LATE, place)
    await life.move()
    office.worker.fuse.arm(None, 0)


@pytest.mark.parametrize("kind", [None, *CHANGES])
@pytest.mark.parametrize("decide", [False, True], ids=["hold", "decide"])
@pytest.mark.parametrize("place", NOTING)
async def test_it_slept_over_a_hold(office: Office, place: int, kind: Change | None, *, decide: bool) -> None:
    """While it was put on record, or while it was put on record what freed the document."""
    office.world.galaxy.switches.closed_until = "2026-12-31"
    life = await life_of(office)
    await life.move()
    if decide:
        await office.rest()
        life.decide(Decided.RESUME)
        await life.move()
    office.worker.fuse.arm(Blow.FREEZE, place)
    await life.move()
    office.worker.fuse.arm(None, 0)
    await office.rest()
    office.world.galaxy.switches.closed_until = None
    life.decide(Decided.RESUME)
    await change(office, kind)
    await comes_out_right(office)


@pytest.mark.parametrize("place", POSTING)
async def test_it_slept_while_posting_and_the_document_was_put_on_hold(office: Office, place: int) -> None:
    """Nobody waits for what has been posted meanwhile."""
    life = await life_of(office)
    office.worker.fuse.arm(Blow.FREEZE, place)
    await life.move()
    office.worker.fuse.arm(None, 0)
    office.world.galaxy.switches.closed_until = "2026-12-31"
    await office.rest()
    office.world.galaxy.switches.closed_until = None
    while office.asleep:
        await office.wake_one(None, 0)
    await office.rest()
    found = await office.judge()
    assert not found["untold"] and not found["duplicated"], found
    await comes_out_right(office)


@pytest.mark.parametrize("kind", [Change.REMARK, Change.UNCONFIRM])
@pytest.mark.parametrize("place", range(5))
async def test_it_slept_while_looking_up_links(with_return: Office, place: int, kind: Change) -> None:
    office = with_return
    order, returned = await life_of(office), await life_of(office, RETURN)
    while order.can_move:
        await order.move()
    office.worker.fuse.arm(Blow.FREEZE, place)
    await returned.move()
    office.worker.fuse.arm(None, 0)
    assert office.world.change(RETURN, kind)
    await office.poll()
    await returned.move()
    while office.asleep:
        await office.wake_one(None, 0)
    await office.rest()
    await comes_out_right(office)


async def test_a_refusal_does_not_answer_for_a_write_before_it(office: Office) -> None:
    """The first save is still on its way when the second is refused; then the order is cancelled, then it arrives."""
    life = await life_of(office)
    office.worker.fuse.arm(Blow.LATE, 4)
    await life.move()
    office.world.galaxy.switches.closed_until = "2026-12-31"
    await office.rest()
    assert life.hold is not None
    office.world.galaxy.switches.closed_until = None
    assert office.world.change(ORDER, Change.CANCEL)
    await office.poll()
    for _ in range(6):
        if life.can_move:
            await life.move()
    await comes_out_right(office)


async def test_a_bill_that_comes_after_a_person_has_taken_the_document_back_goes(office: Office) -> None:
    life = await life_of(office)
    office.worker.fuse.arm(Blow.FREEZE, 4)
    await life.move()
    office.worker.fuse.arm(None, 0)
    life.cancel()
    while life.can_move:
        await life.move()
        await office.pass_time()
    while office.asleep:
        await office.wake_one(None, 0)
    await office.rest()
    record = await office.worker.shop.store.document(life.key)
    assert record is not None and record.state in (DocumentState.SKIPPED, DocumentState.REVERSED)
    assert office.world.galaxy.bills("SAL_OUTSTOCK") == []


@pytest.mark.parametrize("name", ["post", "reverse"])
async def test_two_tries_of_one_document_in_one_batch(office: Office, name: str) -> None:
    life = await life_of(office)
    record = await office.worker.shop.store.document(life.key)
    assert record is not None
    argument: PostStep | ReverseStep = PostStep(key=life.key, erp="main")
    if name == "reverse":
        await office.rest()
        argument = ReverseStep(step=DocumentStep(key=life.key, version=record.version, erp="main"), final=True)
    tries = (office.worker.do(name, argument, attempt, [0]) for attempt in (1, 2))
    first, second = await asyncio.gather(*tries, return_exceptions=True)
    assert isinstance(first, ApplicationError) and first.details[1] == "overtaken"
    assert not isinstance(second, BaseException)
    left = await office.worker.shop.store.document(life.key)
    assert left is not None and left.state is (DocumentState.POSTED if name == "post" else DocumentState.REVERSED)
    assert len(office.world.galaxy.bills("SAL_OUTSTOCK")) == (1 if name == "post" else 0)


async def test_a_correction_whose_record_fails_is_made_by_the_next_try(office: Office) -> None:
    life = await life_of(office)
    store = office.worker.shop.store
    before = await store.document(life.key)
    assert before is not None
    step = DocumentStep(key=life.key, version=before.version, erp="main")
    amend = AmendStep(step=step, corrections={"items.0.qty": "3"}, actor="clerk", reason="typo")
    for place in range(3):
        office.worker.fuse.arm(Blow.FAIL, place)
        with suppress(NotRecorded):
            await office.do("amend", amend, 1, [0])
    office.worker.fuse.arm(None, 0)
    amended = await office.do("amend", amend, 2, [0])
    after = await store.document(life.key)
    assert after is not None and amended.version == after.version != before.version
    assert {row.entry.actor for row in await store.timeline(life.key) if row.entry.step is Step.AMEND} == {"clerk"}


async def test_an_order_without_the_number_that_proves_a_bill_is_ours_waits(office: Office) -> None:
    life = await life_of(office)
    [order] = office.world.jushuitan.outbounds
    office.world.jushuitan.edit_outbound(order.document.io_id, so_id="")
    await office.poll()
    await office.rest()
    assert life.hold is not None and life.hold.reason is HoldReason.SOURCE_INVALID
    assert "FThirdBillNo" in life.hold.en
    assert office.world.galaxy.bills("SAL_OUTSTOCK") == []
