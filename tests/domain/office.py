"""What tests of converging have in common: the retries around it, what a verdict must carry, what people may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from domain.convergence import Ending, Verdict, Wanted, converge
from domain.faults import Fault, FaultKind
from tests.domain.erp_books import FORM, Books, Op, run

FINAL = (FaultKind.REFUSED, FaultKind.INVALID)
TAKEN_OVER = Fault(FaultKind.THROTTLED, system="office", code="overtaken", message="somebody else carries it on")


STEPS_BACK = (Op.UNAUDIT, Op.WITHDRAW, Op.DELETE)


DEEDS: dict[str, Callable[[Books, str], None]] = {
    **{op.value: partial(Books.by_hand, op=op) for op in Op if op is not Op.SAVE},
    "cancel": Books.cancel,
}
"""What a person in the ERP may do to an open bill."""


@dataclass(slots=True)
class Office:
    """Converges again and again, as the activity's retries do, remembering what it sent before.

    Attributes:
        taken_over: bills whose documents somebody else has carried on; they must not be written any more.
    """

    books: Books
    at_once: bool = True
    sent: set[str] = field(default_factory=set)
    taken_over: set[str] = field(default_factory=set)

    async def _remember(self, numbers: Sequence[str]) -> dict[str, Fault]:
        assert not set(numbers) & {n for op, ns in self.books.calls if op == Op.SAVE for n in ns} - self.sent
        overtaken = {number: TAKEN_OVER for number in numbers if number in self.taken_over}
        self.sent |= set(numbers) - self.taken_over
        return overtaken

    async def once(self, bills: Sequence[Wanted]) -> dict[str, Verdict]:
        known = [replace(bill, ours=bill.ours or bill.bill.number in self.sent) for bill in bills]
        verdicts = await converge(
            self.books, FORM, known, submit_and_audit=self.at_once, options={}, before_write=self._remember
        )
        assert verdicts.keys() == {bill.bill.number for bill in bills}
        return verdicts

    def until_it_ends(self, bills: Sequence[Wanted], tries: int = 6) -> dict[str, Verdict]:
        ended: dict[str, Verdict] = {}
        for _ in range(tries):
            left = [bill for bill in bills if bill.bill.number not in ended]
            if not left:
                break
            try:
                verdicts = run(self.once(left))
            except Fault as fault:
                assert fault.kind not in FINAL
                continue
            for number, verdict in verdicts.items():
                check_verdict(verdict)
                if verdict.ending is not Ending.AGAIN:
                    ended[number] = verdict
        assert ended.keys() == {bill.bill.number for bill in bills}, f"it never ends: {self.books.calls}"
        return ended


def check_verdict(verdict: Verdict) -> None:
    """A verdict carries what is needed to act on it, and by the fault's kind it is retried or held."""
    if verdict.ending is Ending.AUDITED:
        assert verdict.bill_id is not None and verdict.fault is None
    if verdict.ending is Ending.AGAIN:
        assert verdict.fault is not None and verdict.fault.kind not in FINAL
    if verdict.ending is Ending.REFUSED:
        assert verdict.fault is not None and verdict.fault.kind in FINAL and verdict.undo_fault is None
    if verdict.ending is Ending.STUCK:
        assert verdict.fault is not None and verdict.undo_fault is not None and verdict.undo_fault.kind in FINAL


def at_most_one(books: Books) -> None:
    numbers = [bill.number for bill in books.bills]
    assert len(numbers) == len(set(numbers)), "two bills of one number"
