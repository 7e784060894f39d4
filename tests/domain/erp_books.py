"""An ERP in memory that keeps to the status machine of Kingdee bills (kingdee-galaxy.md §8), with trouble on demand.

Every call stops once before it does anything, so that a test can let somebody else act there. No event loop is needed:
`run` carries a coroutine through all its stops, `Stepper` takes it from one stop to the next.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from domain.convergence import BILL_EXISTS, WRONG_STATE, Line, Wanted
from domain.erp import Bill, BillContent, BillForm, BillLine, BillStatus, DatedBill, FoundBill, Match, VeryBills
from domain.faults import Fault, FaultKind

R = TypeVar("R")
FORM = BillForm(
    id="SAL_OUTSTOCK", entry="FEntity", material="FMaterial", quantity="FQty", amount="FAmount", head=("FRef",)
)
OPEN = (BillStatus.DRAFT, BillStatus.CREATED, BillStatus.REAUDIT)


class _Stop:
    def __await__(self) -> Generator[None, None, None]:
        yield


class Stepper(Generic[R]):
    """A coroutine taken from stop to stop."""

    def __init__(self, work: Coroutine[Any, Any, R]) -> None:
        self._work = work
        self.done = False
        self.result: R | None = None
        self.error: Fault | None = None

    def step(self) -> None:
        """On to the next stop, or to the end."""
        try:
            self._work.send(None)
        except StopIteration as end:
            self.done, self.result = True, end.value
        except Fault as fault:
            self.done, self.error = True, fault


def run(work: Coroutine[Any, Any, R]) -> R:
    """The result of a coroutine that only ever waits for the books."""
    while True:
        try:
            work.send(None)
        except StopIteration as end:
            result: R = end.value
            return result


class Op(StrEnum):
    """The writing calls."""

    SAVE = "save"
    SUBMIT = "submit"
    AUDIT = "audit"
    UNAUDIT = "unaudit"
    WITHDRAW = "withdraw"
    DELETE = "delete"


ALLOWED = {
    Op.SUBMIT: OPEN,
    Op.AUDIT: (BillStatus.SUBMITTED,),
    Op.UNAUDIT: (BillStatus.AUDITED,),
    Op.WITHDRAW: (BillStatus.SUBMITTED,),
    Op.DELETE: OPEN,
}
LEADS_TO = {
    Op.SUBMIT: BillStatus.SUBMITTED,
    Op.AUDIT: BillStatus.AUDITED,
    Op.UNAUDIT: BillStatus.REAUDIT,
    Op.WITHDRAW: BillStatus.REAUDIT,
}
REACHED = {
    Op.SUBMIT: (BillStatus.SUBMITTED, BillStatus.AUDITED),
    Op.AUDIT: (BillStatus.AUDITED,),
    Op.UNAUDIT: (*OPEN, BillStatus.SUBMITTED),
    Op.WITHDRAW: OPEN,
    Op.DELETE: (),
}
"""Where a forgiving ERP takes a step for done."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A bill in the books."""

    id: str
    number: str
    status: BillStatus
    reference: str
    lines: tuple[Line, ...]
    cancelled: bool = False


@dataclass(slots=True)
class Books:
    """The fake ERP.

    Attributes:
        unique: whether a taken bill number is refused. Off, so that a second save really makes a second bill.
        forgiving: a step that was taken before is answered with success; otherwise with `WRONG_STATE`.
        meanwhile: what somebody else does just before the call of that index takes effect.
        fails: the call of that index does nothing and raises.
        loses: the call of that index takes effect, then its reply is lost.
        refuses: the ERP's answer to an operation on a bill; nothing of it is done.
        calls: operation and bill numbers of every call so far.
        changes: operation and bill id of every change made through the ERP's interface.
        after: called after every change, whoever made it.
        seen: each bill as the latest `find` showed it.
    """

    unique: bool = True
    forgiving: bool = True
    bills: list[Kept] = field(default_factory=list)
    meanwhile: dict[int, Callable[[], None]] = field(default_factory=dict)
    fails: dict[int, Fault] = field(default_factory=dict)
    loses: set[int] = field(default_factory=set)
    refuses: dict[tuple[Op, str], Fault] = field(default_factory=dict)
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    changes: list[tuple[Op, str]] = field(default_factory=list)
    after: Callable[[], None] = lambda: None
    seen: dict[str, Kept] = field(default_factory=dict)
    ids: int = 0

    # ── what people do ──────────────────────────────────────────────────────────────────────────────────────────

    def put(
        self, number: str, status: BillStatus, reference: str, lines: tuple[Line, ...], *, cancelled: bool = False
    ) -> Kept:
        """A bill is there."""
        self.ids += 1
        bill = Kept(str(self.ids), number, status, reference, lines, cancelled)
        self.bills.append(bill)
        self.after()
        return bill

    def of(self, number: str) -> list[Kept]:
        """All bills of a number."""
        return [bill for bill in self.bills if bill.number == number]

    def by_hand(self, number: str, op: Op) -> None:
        """Somebody else takes a step, if the bill is where it can be taken."""
        for bill in self.of(number):
            if bill.status in ALLOWED[op] and not (bill.cancelled and op is Op.SUBMIT):
                self._move(op, bill)

    def cancel(self, number: str) -> None:
        """Somebody else cancels (作废) the bill, if it is open."""
        for bill in self.of(number):
            if bill.status in OPEN:
                self._replace(bill, replace(bill, cancelled=True))

    def very(self, *numbers: str) -> VeryBills:
        """Bills by number with their ids; an id nobody has where there is none."""
        return {number: next((bill.id for bill in self.of(number)), "gone") for number in numbers}

    # ── domain.erp.Erp ──────────────────────────────────────────────────────────────────────────────────────────

    async def find(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, FoundBill]:
        async def look() -> dict[str, FoundBill]:
            there = {number: bills[0] for number in numbers if (bills := self.of(number))}
            self.seen.update(there)
            return {
                number: FoundBill(id=bill.id, number=number, status=bill.status, cancelled=bill.cancelled)
                for number, bill in there.items()
            }

        return await self._call("find", numbers, look)

    async def read(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, BillContent]:
        async def look() -> dict[str, BillContent]:
            return {number: _content(bills[0]) for number in numbers if (bills := self.of(number))}

        return await self._call("read", numbers, look)

    async def save(
        self, form: BillForm, bills: Sequence[Bill], *, submit_and_audit: bool, options: Mapping[str, Any] | None = None
    ) -> Mapping[str, Fault | None]:
        async def write() -> dict[str, Fault | None]:
            return {bill.number: self._save(bill, submit_and_audit=submit_and_audit) for bill in bills}

        return await self._call(Op.SAVE, [bill.number for bill in bills], write)

    async def submit(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, Fault | None]:
        return await self._take(Op.SUBMIT, numbers)

    async def audit(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, Fault | None]:
        return await self._take(Op.AUDIT, numbers)

    async def unaudit(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]:
        return await self._take(Op.UNAUDIT, tuple(bills), bills)

    async def withdraw(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]:
        return await self._take(Op.WITHDRAW, tuple(bills), bills)

    async def delete(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]:
        return await self._take(Op.DELETE, tuple(bills), bills)

    async def query(
        self, form: str, fields: Sequence[str], matches: Sequence[Match], *, limit: int | None = None
    ) -> list[dict[str, Any]]:
        raise AssertionError("converging asks for bills by number only")

    def dated(self, form: BillForm, day: date) -> AsyncIterator[Sequence[DatedBill]]:
        raise AssertionError("converging asks for bills by number only")

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _call(self, name: str, numbers: Sequence[str], work: Callable[[], Coroutine[Any, Any, R]]) -> R:
        assert numbers, f"{name} of nothing"
        index = len(self.calls)
        self.calls.append((name, tuple(numbers)))
        await _Stop()
        if index in self.meanwhile:
            self.meanwhile[index]()
        if index in self.fails:
            raise self.fails[index]
        result = await work()
        if index in self.loses:
            raise Fault(FaultKind.TRANSIENT, system="books", code="timeout", message="no reply")
        return result

    def _save(self, bill: Bill, *, submit_and_audit: bool) -> Fault | None:
        steps = (Op.SAVE, Op.SUBMIT, Op.AUDIT) if submit_and_audit else (Op.SAVE,)
        said = next((self.refuses[(op, bill.number)] for op in steps if (op, bill.number) in self.refuses), None)
        if said is not None:
            return said
        if self.unique and self.of(bill.number):
            return refusal(BILL_EXISTS)
        status = BillStatus.AUDITED if submit_and_audit else BillStatus.CREATED
        kept = self.put(bill.number, status, bill.model["reference"], bill.model["lines"])
        self.changes.append((Op.SAVE, kept.id))
        return None

    async def _take(self, op: Op, numbers: Sequence[str], ids: VeryBills | None = None) -> dict[str, Fault | None]:
        async def write() -> dict[str, Fault | None]:
            return {number: self._step(op, number, ids[number] if ids else None) for number in numbers}

        return await self._call(op, numbers, write)

    def _step(self, op: Op, number: str, very: str | None) -> Fault | None:
        bill = next((bill for bill in self.of(number) if very in (None, bill.id)), None)
        if bill is None:
            return None if op is Op.DELETE and self.forgiving else refusal("not_found")
        if self.forgiving and bill.status in REACHED[op]:
            return None
        if (op, number) in self.refuses:
            return self.refuses[(op, number)]
        if bill.cancelled and op is Op.SUBMIT:
            return refusal("cancelled")
        if bill.status not in ALLOWED[op]:
            return refusal(WRONG_STATE)
        self.changes.append((op, bill.id))
        self._move(op, bill)
        return None

    def _move(self, op: Op, bill: Kept) -> None:
        self._replace(bill, None if op is Op.DELETE else replace(bill, status=LEADS_TO[op]))

    def _replace(self, bill: Kept, now: Kept | None) -> None:
        at = self.bills.index(bill)
        self.bills[at : at + 1] = [] if now is None else [now]
        self.after()


def _content(bill: Kept) -> BillContent:
    lines = tuple(
        BillLine(entry_id=f"{bill.id}-{i}", material=line.material, quantity=line.quantity, amount=line.amount)
        for i, line in enumerate(bill.lines)
    )
    return BillContent(head={"FRef": bill.reference}, lines=lines)


def refusal(code: str, kind: FaultKind = FaultKind.REFUSED) -> Fault:
    """What the ERP says of one bill."""
    return Fault(kind, system="books", code=code, message=f"the books say {code}")


def lines_of(version: int) -> tuple[Line, ...]:
    """Lines that differ from version to version."""
    return (Line("M1", Decimal(version), Decimal("9.90") * version), Line("M2", Decimal(1), Decimal("0.10")))


def wanted(number: str, version: int = 1, *, ours: bool = False) -> Wanted:
    """A bill that has to be there; its reference goes with its number."""
    lines = lines_of(version)
    model = {"reference": f"ref-{number}", "lines": lines}
    return Wanted(bill=Bill(number=number, model=model), reference=f"ref-{number}", lines=lines, ours=ours)
