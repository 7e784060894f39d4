"""Converging over HTTP under people, news and faults in any order: one audited bill, or a reason and no half of one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from connectors.flagship.client import FlagshipErp
from domain.convergence import Ending, Line, Verdict, Wanted, converge, dissolve
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.flagship.apis import ImportType, Operation
from sandbox.flagship.app import create_app
from sandbox.flagship.clock import china_now
from sandbox.flagship.config import PartialFailure
from sandbox.flagship.records import AUDITED, Record
from sandbox.flagship.replies import RowRefusal
from sandbox.http import serve
from tests.connectors.flagship.kit import SALOUT, SAVE, access, outbound, tenant_of_tests

T = TypeVar("T")
NUMBERS = ("N1", "N2", "N3")
DEEDS = (Operation.SUBMIT, Operation.AUDIT, Operation.UNAUDIT, Operation.WITHDRAW, Operation.DELETE)
TROUBLE = (
    *(FaultName.LOSE_REPLY, FaultName.GATEWAY_TIMEOUT, FaultName.CUT_BEFORE, FaultName.DELIVER_TWICE),
    *(FaultName.EXPIRE, FaultName.THROTTLE, FaultName.LOCKED, FaultName.PARTLY_LOCKED, FaultName.BREAK_OFF),
    *(FaultName.SERVER_EXCEPTION, FaultName.HTML_PAGE),
)
PRICE = Decimal("56.5")


def wanted(number: str, version: int, *, ours: bool) -> Wanted:
    lines = (Line("SKU1", Decimal(version), PRICE * version, "CK01"),)
    return Wanted(bill=outbound(number, qty=version), reference=f"ref-{number}", lines=lines, ours=ours)


class AnyOrder(RuleBasedStateMachine):
    """Three bills of one tenant, whose clock is ours."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.tidy = ExitStack()
        self.later = timedelta()
        self.sent: set[str] = set()
        self.versions = dict.fromkeys(NUMBERS, 1)
        self.foreign: dict[str, str] = {}

    @initialize(
        status=st.sampled_from("ABC"),
        somebody_elses=st.booleans(),
        mode=st.sampled_from(PartialFailure),
        back_to=st.sampled_from("AB"),
        imports=st.sampled_from(ImportType),
    )
    def open(self, status: str, somebody_elses: bool, mode: PartialFailure, back_to: str, imports: ImportType) -> None:
        self.tenant = tenant_of_tests(clock=self.clock)
        self.tenant.switches.partial_failure, self.tenant.switches.unaudit_to = mode, back_to
        if imports is ImportType.OVERRIDE_NEW:
            self.tenant.set_up(SAVE, import_type=imports)
        url = self.tidy.enter_context(serve(create_app(self.tenant)))
        creates_only = imports is not ImportType.OVERRIDE_NEW
        self.erp = FlagshipErp(
            access(url, creates_only=creates_only),
            now=lambda: self.clock().timestamp(),
            clock=lambda: self.clock().timestamp(),
        )
        if somebody_elses:
            model = outbound("N3", comment="somebody else's", qty=7).model
            bill, _ = self.tenant.saving.save(self.tenant.apis.at(SAVE)["POST"], {**model, "billno": "N3"})
            bill.status = status
            self.foreign["N3"] = bill.id

    def clock(self) -> datetime:
        return china_now() + self.later

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    # ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(number=st.sampled_from(NUMBERS), deed=st.sampled_from(DEEDS))
    def somebody_acts(self, number: str, deed: Operation) -> None:
        bill = self.tenant.records.by_number("im_saloutbill", number)
        if bill is not None and number not in self.foreign:
            with suppress(RowRefusal):
                self.tenant.lifecycle.carry_out(deed, bill)

    @rule(number=st.sampled_from(NUMBERS))
    def the_source_changes(self, number: str) -> None:
        self.versions[number] += 1

    @rule(kind=st.sampled_from(TROUBLE), skip=st.integers(0, 6))
    def trouble_comes_up(self, kind: FaultName, skip: int) -> None:
        self.tenant.faults.add(FaultRule(kind=kind, skip=skip))

    @rule()
    def converge(self) -> None:
        for number, verdict in self.once(NUMBERS).items():
            self.check(number, verdict)

    @rule(number=st.sampled_from(NUMBERS))
    def take_back(self, number: str) -> None:
        bill = self.tenant.records.by_number("im_saloutbill", number)
        if bill is None or number in self.foreign:
            return
        with suppress(Fault):
            [fault] = self.run(dissolve(self.erp, SALOUT, {number: bill.id})).values()
            assert (fault is None) == (self.tenant.records.by_id("im_saloutbill", bill.id) is None)

    @rule()
    def time_passes(self) -> None:
        self.later += timedelta(seconds=61)

    # ── what must be true ───────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def one_bill_a_number_and_the_stock_agrees(self) -> None:
        if not hasattr(self, "tenant"):
            return
        bills = self.tenant.bills("im_saloutbill")
        assert len({bill.number for bill in bills}) == len(bills)
        for number, bill_id in self.foreign.items():
            bill = self.tenant.records.by_number("im_saloutbill", number)
            assert bill is not None
            assert (bill.id, quantity(bill)) == (bill_id, Decimal(7))
        ours = [bill for bill in bills if bill.status == AUDITED and bill.number not in self.foreign]
        assert self.stock() == 1000 - sum(quantity(bill) for bill in ours)

    def teardown(self) -> None:
        if hasattr(self, "tenant"):
            self.tenant.faults.clear()
            ended: dict[str, Verdict] = {}
            for _ in range(6):
                left = [number for number in NUMBERS if number not in ended]
                if left:
                    self.later += timedelta(seconds=61)
                    told = self.once(left)
                    ended |= {n: v for n, v in told.items() if v.ending is not Ending.AGAIN}
            assert {n: v.ending for n, v in ended.items()} == {
                n: Ending.CONFLICT if n in self.foreign else Ending.AUDITED for n in NUMBERS
            }
            for number, verdict in ended.items():
                self.check(number, verdict)
            self.run(self.erp.aclose())
        self.tidy.close()
        self.runner.close()

    def once(self, numbers: Sequence[str]) -> dict[str, Verdict]:
        """One try, as an activity makes it."""

        async def remember(about_to_be_sent: Sequence[str]) -> dict[str, Fault]:
            self.sent |= set(about_to_be_sent)
            return {}

        bills = [wanted(number, self.versions[number], ours=number in self.sent) for number in numbers]
        try:
            return self.run(
                converge(self.erp, SALOUT, bills, submit_and_audit=False, options={}, before_write=remember)
            )
        except Fault as fault:
            assert fault.kind not in (FaultKind.REFUSED, FaultKind.INVALID)
            return {}

    def check(self, number: str, verdict: Verdict) -> None:
        bill = self.tenant.records.by_number("im_saloutbill", number)
        match verdict.ending:
            case Ending.AUDITED:
                assert bill is not None
                assert (bill.id, bill.status) == (verdict.bill_id, AUDITED)
                assert quantity(bill) == self.versions[number]
            case Ending.CONFLICT:
                assert number in self.foreign or number not in self.sent
            case _:
                assert verdict.ending is Ending.AGAIN
                assert verdict.fault is not None

    def stock(self) -> Decimal:
        return sum((balance.quantity for _, balance in self.tenant.stock.balances()), Decimal(0))


def quantity(bill: Record) -> Decimal:
    return sum((line.values["qty"] for line in bill.lines), Decimal(0))


def test_any_order() -> None:
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(derandomize=True, database=None, deadline=None, max_examples=30, stateful_step_count=10),
    )
