"""Converging under anything that can happen, in any order."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.convergence import Ending, Verdict, Wanted, dissolve
from domain.erp import BillStatus
from domain.faults import Fault, FaultKind
from tests.domain.erp_books import FORM, Books, Op, lines_of, refusal, run, wanted
from tests.domain.office import DEEDS, FINAL, Office, at_most_one, check_verdict

NUMBERS = ("N1", "N2", "N3")


class AnyOrder(RuleBasedStateMachine):
    """Three bills, people and passing or lasting trouble in any order; when all is calm again, it ends well."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.office = Office(self.books)
        self.versions = dict.fromkeys(NUMBERS, 1)
        self.books.after = partial(at_most_one, self.books)

    @initialize(data=st.data())
    def bills_are_there(self, data: st.DataObject) -> None:
        for number in NUMBERS:
            status = data.draw(st.sampled_from([None, *BillStatus]))
            if status is not None:
                reference = data.draw(st.sampled_from([f"ref-{number}", "somebody else's"]))
                self.books.put(number, status, reference, lines_of(data.draw(st.sampled_from([1, 2]))))
        self.foreign = {bill.number: bill for bill in self.books.bills if bill.reference == "somebody else's"}
        self.books.forgiving = data.draw(st.booleans())
        self.office.at_once = data.draw(st.booleans())

    @rule(number=st.sampled_from(NUMBERS), deed=st.sampled_from(sorted(DEEDS)))
    def somebody_acts(self, number: str, deed: str) -> None:
        if number not in self.foreign:
            DEEDS[deed](self.books, number)

    @rule(number=st.sampled_from(NUMBERS), op=st.sampled_from(Op), kind=st.sampled_from([*FINAL, FaultKind.TRANSIENT]))
    def the_erp_starts_to_refuse(self, number: str, op: Op, kind: FaultKind) -> None:
        self.books.refuses[(op, number)] = refusal(f"no {op}", kind)

    @rule()
    def the_erp_stops_refusing(self) -> None:
        self.books.refuses.clear()

    @rule(number=st.sampled_from(NUMBERS))
    def the_source_changes(self, number: str) -> None:
        self.versions[number] += 1

    @rule(loses=st.none() | st.integers(0, 6), fails=st.none() | st.integers(0, 6))
    def converge(self, loses: int | None, fails: int | None) -> None:
        here = len(self.books.calls)
        self.books.loses = set() if loses is None else {here + loses}
        self.books.fails = {} if fails is None else {here + fails: refusal("down", FaultKind.THROTTLED)}
        try:
            verdicts = run(self.office.once(self._wanted()))
        except Fault as fault:
            assert fault.kind not in FINAL
            verdicts = {}
        for number, verdict in verdicts.items():
            self._check(number, verdict)
        self.books.loses, self.books.fails = set(), {}

    @rule(number=st.sampled_from(NUMBERS))
    def take_back(self, number: str) -> None:
        if number in self.foreign:
            return
        fault = run(dissolve(self.books, FORM, self.books.very(number)))[number]
        assert (fault is None) == (not self.books.of(number))

    @invariant()
    def foreign_bills_stay_as_they_are(self) -> None:
        for number, bill in getattr(self, "foreign", {}).items():
            assert self.books.of(number) == [bill]

    def teardown(self) -> None:
        self.books.refuses.clear()
        if not hasattr(self, "foreign"):
            return
        wanted_ = [replace(bill, ours=True) for bill in self._wanted()]
        for number, verdict in self.office.until_it_ends(wanted_).items():
            assert verdict.ending is (Ending.CONFLICT if number in self.foreign else Ending.AUDITED)
            self._check(number, verdict)

    def _wanted(self) -> list[Wanted]:
        return [wanted(number, version) for number, version in self.versions.items()]

    def _check(self, number: str, verdict: Verdict) -> None:
        check_verdict(verdict)
        there = self.books.of(number)
        match verdict.ending:
            case Ending.AUDITED:
                (bill,) = there
                assert (bill.status, bill.cancelled, bill.id) == (BillStatus.AUDITED, False, verdict.bill_id)
                assert bill.lines == lines_of(self.versions[number])
            case Ending.REFUSED:
                assert not there or number not in self.office.sent
            case Ending.STUCK | Ending.CONFLICT:
                assert there


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    derandomize=True, database=None, deadline=None, max_examples=100, stateful_step_count=12
)
