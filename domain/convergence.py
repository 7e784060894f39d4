"""Writing means converging (requirement L2): look at the bill, take only the steps that are missing, look again.

It can be started from any state of the bill, by any worker, any number of times, and with any step of an earlier try
having taken effect unseen. It ends with exactly one audited bill, or with a reason and no half of one. Many bills of
one form travel together; each gets its own verdict.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.erp import Bill, BillContent, BillForm, BillLine, BillStatus, Erp, FoundBill, VeryBills
from domain.faults import Fault, FaultKind

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

BILL_EXISTS = "bill_exists"
"""Fault code of every ERP connector for: this bill number is taken."""
WRONG_STATE = "wrong_state"
"""Fault code of every ERP connector for: the bill is not in the state for this step (any more). Look again."""
ROUNDS = 4
"""Looks before we call a bill restless: somebody else keeps changing it, so it is tried again later."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a bill line comes down to in the books."""

    material: str
    quantity: Decimal
    amount: Decimal
    stock: str = ""
    """Empty where it does not matter: services have none, whatever the ERP fills in."""
    more: tuple[str, ...] = ()
    """Further values by the form's keys; an empty one does not matter."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A bill that has to be in the ERP, audited, with this content.

    Attributes:
        reference: the source's own number as it stands in the bill's reference field; proves that a bill is ours.
        lines: goods of each line, for comparison with a bill that is already there.
        head: head values by the form's read-back keys, for the same comparison.
        ours: we may have sent this bill, or an older version of it, before. Only then may a different bill with
            our reference be replaced; otherwise it belongs to somebody else and is a conflict.
    """

    bill: Bill
    reference: str
    lines: tuple[Line, ...]
    ours: bool
    head: Mapping[str, str] = field(default_factory=dict)


class Ending(StrEnum):
    """How converging ended for one bill."""

    AUDITED = "audited"
    CONFLICT = "conflict"
    """The number is taken by a bill that is not ours."""
    REFUSED = "refused"
    """The ERP said no; whatever we had written is gone again."""
    STUCK = "stuck"
    """The ERP said no and refuses to let go of what had been written: a person has to look."""
    AGAIN = "again"
    """A passing trouble of this one bill, such as an edit lock: it is tried again later, its neighbours go on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one bill. `fault` carries the ERP's words when it is not audited."""

    ending: Ending
    bill_id: str | None = None
    fault: Fault | None = None
    undo_fault: Fault | None = None


BeforeWrite = Callable[[Sequence[str]], Awaitable[Mapping[str, Fault]]]
"""Told the bill numbers about to be written or replaced, before they are: the memory behind `Wanted.ours`. Answers
those that must not be touched any more, since somebody else has carried their document on."""
Operation = Callable[[BillForm, Sequence[str]], Awaitable[Mapping[str, Fault | None]]]
"""A step of the ERP with many bills."""
StepBack = Callable[[BillForm, VeryBills], Awaitable[Mapping[str, Fault | None]]]
"""A step of the ERP that takes bills back."""


async def converge(
    erp: Erp,
    form: BillForm,
    wanted: Sequence[Wanted],
    *,
    submit_and_audit: bool,
    options: Mapping[str, Any],
    before_write: BeforeWrite,
) -> dict[str, Verdict]:
    """Bring every wanted bill to audited, whatever state it is in. Returns a verdict for each number.

    Raises:
        Fault: a call as a whole failed; what it did is unknown and the next try finds out.
    """
    work = _Convergence(erp, form, {w.bill.number: w for w in wanted}, submit_and_audit, options, before_write)
    return await work.run()


@dataclass(slots=True)
class _Convergence:
    erp: Erp
    form: BillForm
    wanted: dict[str, Wanted]
    submit_and_audit: bool
    options: Mapping[str, Any]
    before_write: BeforeWrite
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    """Saved by this very run, so their content needs no second look."""
    agreed: set[str] = field(default_factory=set)
    """Found with the content we want."""

    async def run(self) -> dict[str, Verdict]:
        for _ in range(ROUNDS):
            open_ = self._open()
            if not open_:
                return self.verdicts
            found = await self.erp.find(self.form, open_)
            known = self.written | self.agreed
            changed = await self._compare({n: b for n, b in found.items() if n not in known or b.cancelled})
            await self._step({n: found.get(n) for n in open_ if n not in changed})
        self._again({number: _restless(number) for number in self._open()})
        return self.verdicts

    def _open(self) -> list[str]:
        return [number for number in self.wanted if number not in self.verdicts]

    async def _step(self, seen: Mapping[str, FoundBill | None]) -> None:
        """Take the next missing steps of every bill that is still open. `seen`: where each stands, None: it is not."""
        bills = {n: bill for n, bill in seen.items() if bill is not None and n not in self.verdicts}
        for number, bill in bills.items():
            if bill.status is BillStatus.AUDITED:
                self.verdicts[number] = Verdict(Ending.AUDITED, bill_id=bill.id)
        absent = [number for number, bill in seen.items() if bill is None]
        saved = await self._save(absent) if absent else []
        to_submit = [number for number, bill in bills.items() if bill.status.can_submit]
        to_audit = [number for number, bill in bills.items() if bill.status is BillStatus.SUBMITTED]
        if not self.submit_and_audit:
            to_submit += saved
        if to_submit:
            to_audit += await self._take(self.erp.submit, to_submit, {BillStatus.SUBMITTED, BillStatus.AUDITED})
        if to_audit:
            await self._take(self.erp.audit, to_audit, {BillStatus.AUDITED})

    async def _still_wanted(self, numbers: Sequence[str]) -> list[str]:
        """Those of the bills that may be written now; the others are left as they are."""
        overtaken = await self.before_write(numbers) if numbers else {}
        self._again(overtaken)
        return [number for number in numbers if number not in overtaken]

    async def _save(self, numbers: Sequence[str]) -> list[str]:
        numbers = await self._still_wanted(numbers)
        if not numbers:
            return []
        bills = [self.wanted[number].bill for number in numbers]
        answers = await self.erp.save(
            self.form, bills, submit_and_audit=self.submit_and_audit, options=dict(self.options)
        )
        saved = []
        for number in numbers:
            fault = answers.get(number)
            if fault is None:
                self.written.add(number)
                saved.append(number)
            elif fault.code == BILL_EXISTS:
                continue
            elif _is_final(fault):
                # Nothing of a refused packet is stored, so there is nothing to undo.
                self.verdicts[number] = Verdict(Ending.REFUSED, fault=fault)
            else:
                self._again({number: fault})
        return saved

    async def _take(self, operation: Operation, numbers: list[str], reached: set[BillStatus]) -> list[str]:
        """Take a step that leads to one of `reached`. Returns the bills that took it."""
        answers = await operation(self.form, numbers)
        faults = {n: f for n in numbers if (f := answers.get(n)) is not None}
        await self._undo({n: f for n, f in faults.items() if _is_final(f)}, reached)
        self._again({n: f for n, f in faults.items() if not _is_final(f)})
        return [number for number in numbers if number not in faults]

    def _again(self, faults: Mapping[str, Fault]) -> None:
        for number, fault in faults.items():
            if fault.code != WRONG_STATE:
                self.verdicts[number] = Verdict(Ending.AGAIN, fault=fault)

    async def _undo(self, refused: Mapping[str, Fault], reached: set[BillStatus]) -> None:
        """Compensation (L3): a bill that cannot be audited does not stay behind half done.

        A refusal may only mean that somebody took the step, or the bill, meanwhile; then the next round goes on from
        there. A bill that was there before us and that we never sent is not ours to take away.
        """
        if not refused:
            return
        found = await self.erp.find(self.form, list(refused))
        standing = [n for n in refused if n in found and found[n].status not in reached]
        ours = [n for n in standing if self._is_ours(n)]
        undone = await dissolve(self.erp, self.form, {n: found[n].id for n in ours}) if ours else {}
        for number in standing:
            undo_fault = undone.get(number)
            if undo_fault is None:
                self.verdicts[number] = Verdict(Ending.REFUSED, fault=refused[number])
            else:
                self._cannot_undo(number, refused[number], undo_fault)

    def _refers_to(self, content: BillContent, wanted: Wanted) -> bool:
        return content.head.get(self.form.head[0]) == wanted.reference

    def _is_ours(self, number: str) -> bool:
        return self.wanted[number].ours or number in self.written

    def _cannot_undo(self, number: str, fault: Fault, undo_fault: Fault) -> None:
        if _is_final(undo_fault):
            self.verdicts[number] = Verdict(Ending.STUCK, fault=fault, undo_fault=undo_fault)
        else:
            self.verdicts[number] = Verdict(Ending.AGAIN, fault=undo_fault)

    async def _compare(self, found: Mapping[str, FoundBill]) -> set[str]:
        """A bill that was there before us must be the very bill we want, or an older one of ours, which goes.

        Returns the bills that are no longer as they were found: the next round has to look again.
        """
        if not found:
            return set()
        contents = await self.erp.read(self.form, list(found))
        outdated = []
        for number, bill in found.items():
            wanted = self.wanted[number]
            content = contents.get(number)
            if content is None:
                continue
            if not bill.cancelled and same_content(self.form, wanted, content):
                self.agreed.add(number)
            elif self._is_ours(number) and wanted.reference and self._refers_to(content, wanted):
                outdated.append(number)
            else:
                self.verdicts[number] = Verdict(Ending.CONFLICT, bill_id=bill.id)
        going = {number: found[number].id for number in await self._still_wanted(outdated)}
        for number, fault in (await dissolve(self.erp, self.form, going)).items() if going else ():
            if fault is not None:
                self._cannot_undo(number, fault, fault)
        return {number for number in found if number not in contents} | set(outdated)


def _is_final(fault: Fault) -> bool:
    """Whether repeating the same call can change nothing."""
    return fault.kind in (FaultKind.REFUSED, FaultKind.INVALID) and fault.code != WRONG_STATE


def same_content(form: BillForm, wanted: Wanted, content: BillContent) -> bool:
    """Whether a bill in the ERP says the same as ours: reference, head, and line by line its goods.

    Of a line: material, quantity, amount, and what else we say of it. What we leave empty the ERP may fill in.
    """
    if content.head.get(form.head[0]) != wanted.reference or len(content.lines) != len(wanted.lines):
        return False
    if not all(_same_value(content.head.get(key, ""), value) for key, value in wanted.head.items()):
        return False
    there = list(content.lines)
    # Who says least about itself chooses last.
    for line in sorted(wanted.lines, key=lambda line: (line.stock, *line.more).count("")):
        found = next((found for found in there if _same_line(found, line)), None)
        if found is None:
            return False
        there.remove(found)
    return True


def _same_line(found: BillLine, line: Line) -> bool:
    same_goods = (found.material, found.quantity, found.amount) == (line.material, line.quantity, line.amount)
    same_stock = line.stock in ("", found.stock)
    more = zip(found.more, line.more, strict=True)
    return same_goods and same_stock and all(not ours or _same_value(theirs, ours) for theirs, ours in more)


def _same_value(theirs: str, ours: str) -> bool:
    """The same text, or the same number where one of them is told with a fraction: the ERP fills up with zeroes."""
    theirs, ours = plain(theirs), plain(ours)
    if theirs == ours or "." not in theirs + ours:
        return theirs == ours
    return bool(_NUMBER.fullmatch(theirs) and _NUMBER.fullmatch(ours)) and Decimal(theirs) == Decimal(ours)


def plain(value: str) -> str:
    """A head value without what only the ERP's answers carry: the empty time of a date."""
    return value.removesuffix("T00:00:00")


async def dissolve(erp: Erp, form: BillForm, bills: VeryBills) -> dict[str, Fault | None]:
    """Bring bills to absent: un-audit, withdraw and delete only what is needed (L3). None: it is gone.

    Another bill under the same number is not the one that was to go, and stays. A refusal counts only if the bill
    still stands where the step was refused; somebody may have taken it away meanwhile. A bill that keeps changing has
    a transient fault: the next try goes on where this one stopped.

    Raises:
        Fault: a call as a whole failed; the next try finds out what it did.
    """
    results: dict[str, Fault | None] = {}
    refused: dict[str, tuple[BillStatus, Fault]] = {}
    for _ in range(ROUNDS):
        open_ = [number for number in bills if number not in results]
        if not open_:
            return results
        found = {n: bill for n, bill in (await erp.find(form, open_)).items() if bill.id == bills[n]}
        results.update({number: None for number in open_ if number not in found})
        results.update({n: fault for n, (status, fault) in refused.items() if n in found and found[n].status is status})
        going = {number: bill for number, bill in found.items() if number not in results}
        refused = await _step_back(erp, form, going)
    return results | {number: _restless(number) for number in bills if number not in results}


async def _step_back(erp: Erp, form: BillForm, going: Mapping[str, FoundBill]) -> dict[str, tuple[BillStatus, Fault]]:
    """One step back for each bill. Returns the refusals, each with the status it was met in."""
    steps: tuple[tuple[StepBack, VeryBills], ...] = (
        (erp.unaudit, {n: bill.id for n, bill in going.items() if bill.status is BillStatus.AUDITED}),
        (erp.withdraw, {n: bill.id for n, bill in going.items() if bill.status is BillStatus.SUBMITTED}),
        (erp.delete, {n: bill.id for n, bill in going.items() if bill.status.can_submit}),
    )
    refused: dict[str, tuple[BillStatus, Fault]] = {}
    for operation, bills in steps:
        answers = await operation(form, bills) if bills else {}
        faults = {n: f for n in bills if (f := answers.get(n)) is not None and f.code != WRONG_STATE}
        refused.update({n: (going[n].status, fault) for n, fault in faults.items()})
    return refused


def _restless(number: str) -> Fault:
    message = f"bill {number} keeps changing under our hands"
    return Fault(FaultKind.TRANSIENT, system="erp", code="restless", message=message)
