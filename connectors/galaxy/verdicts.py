"""Which bill of a call got which answer: replies name places in the request, sometimes numbers, sometimes neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.galaxy.envelope import GalaxyCode, Status, fault, most_telling, translate
from domain.erp import BillStatus, FoundBill
from domain.faults import Fault, FaultKind

Verdicts = dict[str, Fault | None]


def same_number(number: str) -> str:
    """What the server compares numbers by: neither case nor blanks at the end tell two apart."""
    return number.rstrip().casefold()


@dataclass(frozen=True, slots=True)
class Attribution:
    """A reply sorted by bill.

    Attributes:
        done: numbers that succeeded and met no problem.
        refused: the fault of each number that has a problem of its own.
        silent: numbers the reply says nothing about, in the order of the request.
        general: what is said about no bill in particular, if anything.
    """

    done: frozenset[str]
    refused: Mapping[str, Fault]
    silent: tuple[str, ...]
    general: Fault | None

    def told(self) -> Verdicts:
        """The verdicts on the bills the reply names."""
        return {**dict.fromkeys(self.done), **self.refused}


def attribute(status: Status, numbers: Sequence[str]) -> Attribution:
    """Sort the reply to a call about `numbers`, given in the order of the request."""
    by_number = {same_number(number): number for number in numbers}

    def number_at(index: int | None) -> str | None:
        return numbers[index] if index is not None and 0 <= index < len(numbers) else None

    problems: dict[str, list[Fault]] = {}
    general: list[Fault] = []
    for problem in status.problems:
        number = number_at(problem.index)
        (general if number is None else problems.setdefault(number, [])).append(translate(problem, status.code))
    done = {by_number.get(same_number(one.number)) or number_at(one.index) for one in status.done}
    refused = {number: most_telling(faults) for number, faults in problems.items()}
    return Attribution(
        done=frozenset(number for number in done if number is not None and number not in refused),
        refused=refused,
        silent=tuple(number for number in numbers if number not in done and number not in refused),
        general=most_telling(general) if general else None,
    )


def unanswered(number: str) -> Fault:
    """Nothing is known of the bill but that it is not where it should be; asking again tells."""
    return fault(FaultKind.TRANSIENT, GalaxyCode.UNANSWERED, f"no answer for {number}")


@dataclass(frozen=True, slots=True)
class Transition:
    """A step of the bill's status machine (section 8).

    Attributes:
        operation: the vendor's name of it.
        allowed: statuses it can start from.
        reached: whether a bill (None: there is none) is where the step leads, whoever took it there.
    """

    operation: str
    allowed: frozenset[BillStatus]
    reached: Callable[[FoundBill | None], bool]

    def refusal(self, bill: FoundBill | None, number: str, said: Fault | None) -> Fault | None:
        """Why a bill that is not there cannot get there, judged by its status; None when the status is no hindrance."""
        words = f": {said.message}" if said else ""
        if bill is None:
            return fault(FaultKind.REFUSED, GalaxyCode.NOT_FOUND, f"there is no {number}{words}")
        if bill.status not in self.allowed:
            message = f"{self.operation} is not possible in status {bill.status.value}{words}"
            return fault(FaultKind.REFUSED, GalaxyCode.WRONG_STATE, message)
        return None


_OPEN = frozenset((BillStatus.DRAFT, BillStatus.CREATED, BillStatus.REAUDIT))


def _in(*statuses: BillStatus) -> Callable[[FoundBill | None], bool]:
    return lambda bill: bill is not None and bill.status in statuses


SUBMIT = Transition("Submit", _OPEN, _in(BillStatus.SUBMITTED, BillStatus.AUDITED))
AUDIT = Transition("Audit", frozenset((BillStatus.SUBMITTED,)), _in(BillStatus.AUDITED))
UNAUDIT = Transition("UnAudit", frozenset((BillStatus.AUDITED,)), _in(*_OPEN, BillStatus.SUBMITTED))
WITHDRAW = Transition("CancelAssign", frozenset((BillStatus.SUBMITTED,)), _in(*_OPEN))
DELETE = Transition("Delete", _OPEN, lambda bill: bill is None)
