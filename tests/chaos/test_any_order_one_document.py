"""One order, and now and then its return, under any order of steps, faults, news, decisions and restarts: whatever
happens, and wherever a worker stops or wakes up again, the books come out right."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from activities.api import Decided
from sandbox.faults import FaultName, FaultRule
from sandbox.galaxy.switches import EditLock
from sandbox.world.changes import Change
from sandbox.world.erp_books import RETURNS_FORM, SALES_FORM
from sandbox.world.erp_seed import stock_number
from sandbox.world.feed import Opening
from store.migrate import migrate
from tests.chaos.fuse import Blow
from tests.chaos.lives import ORDER, RETURN, Life, Office

T = TypeVar("T")
FORMS = {ORDER: SALES_FORM, RETURN: RETURNS_FORM}
PLACES = st.integers(0, 9)
"""How many places of a step are passed before the fuse blows; a step has fewer than ten."""
OF_THE_VENDOR = (
    FaultName.DELIVER_TWICE,
    FaultName.EXPIRE,
    FaultName.THROTTLE,
    FaultName.LOCKED,
    FaultName.BREAK_OFF,
    FaultName.SERVER_EXCEPTION,
)
CHANGES = (
    *(Change.TOUCH, Change.REMARK, Change.CANCEL),
    *(2 * [Change.QUANTITY, Change.PRICE, Change.UNCONFIRM, Change.CONFIRM]),
)
_PLENTY = Decimal(100_000)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("store") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


class AnyOrder(RuleBasedStateMachine):
    """See the module. `empty` is set by the test."""

    empty: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="kp-life-"))
        self.runner = asyncio.Runner()
        self.office: Office | None = None
        self.decided: set[str] = set()
        """Documents a person skipped or cancelled: they need no bill whatever the source says."""

    # ── the scene ───────────────────────────────────────────────────────────────────────────────────────────────

    @initialize(returned=st.booleans())
    def open(self, returned: bool) -> None:
        store = self.folder / "kingpost.db"
        shutil.copy(self.empty, store)
        self.office = self._run(Office.open(self.folder, f"sqlite:///{store}", returned=returned))
        self.numbers = [ORDER, RETURN] if returned else [ORDER]
        self._run(self.office.poll())

    def teardown(self) -> None:
        if self.office is not None:
            try:
                self.office.world.move_stock(Opening(1001, "85123A", _PLENTY))
                self._run(self.office.settle())
                found = self._run(self.office.judge())
                # A person's no stands against the source: it is not lost, and must not have a bill all the same.
                found["lost"] = [said for said in found["lost"] if said.split(":")[0] not in self.decided]
                assert not any(found.values()), found
            finally:
                self._run(self.office.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    # ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self._movable())
    @rule(draw=st.integers(0, 7))
    def a_step(self, draw: int) -> None:
        self._run(self._move(draw))

    @precondition(lambda self: self._movable())
    @rule(draw=st.integers(0, 7), blow=st.sampled_from(Blow), place=PLACES)
    def a_step_that_stops(self, draw: int, blow: Blow, place: int) -> None:
        assert self.office is not None
        self.office.worker.fuse.arm(blow, place)
        self._run(self._move(draw))
        self.office.worker.fuse.arm(None, 0)

    @precondition(lambda self: self._movable())
    @rule(draw=st.integers(0, 7), kind=st.sampled_from(OF_THE_VENDOR), skip=st.integers(0, 3))
    def a_step_with_a_fault(self, draw: int, kind: FaultName, skip: int) -> None:
        assert self.office is not None
        faults = self.office.world.galaxy.faults
        faults.add(FaultRule(kind=kind, skip=skip))
        self._run(self._move(draw))
        faults.clear()

    @precondition(lambda self: self.office is not None and self.office.asleep)
    @rule(blow=st.none() | st.just(Blow.FREEZE), place=PLACES)
    def a_worker_wakes_up(self, blow: Blow | None, place: int) -> None:
        assert self.office is not None
        self._run(self.office.wake_one(blow, place))

    @precondition(lambda self: self.office is not None and self.office.late)
    @rule()
    def late_calls_arrive(self) -> None:
        assert self.office is not None
        self._run(self.office.arrive())

    @rule()
    def time_passes(self) -> None:
        assert self.office is not None
        self._run(self.office.pass_time())

    @rule()
    def a_restart(self) -> None:
        assert self.office is not None
        before = self.office.worker
        self._run(self.office.new_worker())
        self._run(before.close())

    @rule(blow=st.none() | st.sampled_from(Blow), place=PLACES)
    def a_poll(self, blow: Blow | None, place: int) -> None:
        assert self.office is not None
        self.office.worker.fuse.arm(blow, place)
        self._run(self.office.poll())
        self.office.worker.fuse.arm(None, 0)

    @rule(draw=st.integers(0, 1), kind=st.sampled_from(CHANGES), heard=st.booleans())
    def a_change_at_the_source(self, draw: int, kind: Change, heard: bool) -> None:
        assert self.office is not None
        self.office.world.change(self.numbers[draw % len(self.numbers)], kind)
        if heard:
            self._run(self.office.poll())

    @rule(draw=st.integers(0, 7), decided=st.sampled_from([Decided.RESUME, Decided.RESUME, Decided.SKIP]))
    def a_person_decides(self, draw: int, decided: Decided) -> None:
        held = [life for life in self._lives() if life.hold is not None]
        if held:
            life = held[draw % len(held)]
            life.decide(decided)
            if decided is Decided.SKIP:
                self._decide(life)

    @precondition(lambda self: self._movable())
    @rule(draw=st.integers(0, 7))
    def a_person_cancels(self, draw: int) -> None:
        moving = self._moving()
        life = moving[draw % len(moving)]
        life.cancel()
        self._decide(life)

    @rule(closed=st.booleans())
    def the_period(self, closed: bool) -> None:
        assert self.office is not None
        self.office.world.galaxy.switches.closed_until = "2026-12-31" if closed else None

    @rule(draw=st.integers(0, 1), times=st.integers(0, 2))
    def somebody_has_the_bill_open(self, draw: int, times: int) -> None:
        assert self.office is not None
        number = self.numbers[draw % len(self.numbers)]
        switches, bill = self.office.world.galaxy.switches, self.office.bill_number(number)
        if times:
            switches.lock(FORMS[number], bill, EditLock(times))
        else:
            switches.unlock(FORMS[number], bill)

    @rule(gone=st.booleans())
    def the_goods(self, gone: bool) -> None:
        assert self.office is not None
        world, goods = self.office.world, "85123A"
        there = world.galaxy.stock_quantity(stock_number(1001), goods)
        if gone == (there > 0):
            world.move_stock(Opening(1001, goods, -there if gone else _PLENTY))

    # ── what must always be true ────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def never_two_bills(self) -> None:
        if self.office is None:
            return
        for form in FORMS.values():
            numbers = [bill["number"] for bill in self.office.world.galaxy.bills(form)]
            assert len(numbers) == len(set(numbers))

    # ── helpers ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def _lives(self) -> list[Life]:
        return list(self.office.lives.values()) if self.office is not None else []

    def _moving(self) -> list[Life]:
        return [life for life in self._lives() if not life.ended]

    def _movable(self) -> bool:
        return any(life.can_move for life in self._lives())

    async def _move(self, draw: int) -> None:
        movable = [life for life in self._lives() if life.can_move]
        await movable[draw % len(movable)].move()

    def _decide(self, life: Life) -> None:
        assert self.office is not None
        self.decided.add(self.office.number_of(life.key.number))


@pytest.mark.timeout(600)
def test_any_order_ends_with_right_books(empty_store: Path) -> None:
    AnyOrder.empty = empty_store
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            derandomize=True,
            database=None,
            deadline=None,
            max_examples=60,
            stateful_step_count=20,
            suppress_health_check=list(HealthCheck),
        ),
    )
