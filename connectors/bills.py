"""What connectors of an ERP have in common: batches that are divided, and steps judged by where the bills stand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from domain.convergence import WRONG_STATE
from domain.erp import BillStatus, FoundBill
from domain.faults import Fault, FaultKind

Item = TypeVar("Item")
Verdicts = dict[str, Fault | None]
NOT_FOUND = "not_found"
"""Fault code: there is no such bill."""


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items in parts of at most `size`."""
    rest = iter(items)
    while part := tuple(islice(rest, size)):
        yield part


@dataclass(frozen=True, slots=True)
class Blame:
    """When a batch that failed as a whole is worth dividing.

    Attributes:
        one_bill: whether one bill of a batch may be the reason of such a fault.
        sick_server: whether it is a sick server rather than two bad bills when both halves fail with it.
    """

    one_bill: Callable[[Fault], bool]
    sick_server: Callable[[Fault], bool]


async def divided(
    items: Sequence[Item],
    once: Callable[[Sequence[Item]], Awaitable[Verdicts]],
    number: Callable[[Item], str],
    blame: Blame,
) -> Verdicts:
    """Carry out a batch; if it fails as a whole, and one item may be to blame, do it again by halves.

    The work must bear repetition.

    Args:
        once: one call for some of the items; a verdict by number, or a fault of the call as a whole.

    Raises:
        Fault: the first call failed in a way that dividing cannot cure.
    """
    try:
        return await once(items)
    except Fault as fault:
        if not blame.one_bill(fault):
            raise
        if len(items) == 1:
            return {number(items[0]): fault}
        return await _by_halves(items, once, number, blame)


async def _by_halves(
    items: Sequence[Item],
    once: Callable[[Sequence[Item]], Awaitable[Verdicts]],
    number: Callable[[Item], str],
    blame: Blame,
) -> Verdicts:
    middle = len(items) // 2
    verdicts: Verdicts = {}
    failed: list[tuple[Sequence[Item], Fault]] = []
    for half in (items[:middle], items[middle:]):
        try:
            verdicts |= await once(half)
        except Fault as fault:
            verdicts |= {number(item): fault for item in half}
            if blame.one_bill(fault):
                failed.append((half, fault))
    if len(failed) == 2 and all(blame.sick_server(fault) for _, fault in failed):
        return verdicts
    for half, _ in failed:
        if len(half) > 1:
            verdicts |= await _by_halves(half, once, number, blame)
    return verdicts


@dataclass(frozen=True, slots=True)
class Transition:
    """A step of the bill's status machine.

    Attributes:
        name: what people read, e.g. ``audit``.
        allowed: statuses it can start from.
        reached: whether a bill (None: there is none) is where the step leads, whoever took it there.
    """

    name: str
    allowed: frozenset[BillStatus]
    reached: Callable[[FoundBill | None], bool]

    def refusal(self, system: str, bill: FoundBill | None, number: str, said: Fault | None) -> Fault | None:
        """Why a bill that is not there cannot get there, judged by its status; None when the status is no hindrance."""
        words = f": {said.message}" if said else ""
        if bill is None:
            return Fault(FaultKind.REFUSED, system=system, code=NOT_FOUND, message=f"there is no {number}{words}")
        if bill.status not in self.allowed:
            message = f"{self.name} is not possible in status {bill.status.value}{words}"
            return Fault(FaultKind.REFUSED, system=system, code=WRONG_STATE, message=message)
        return None


_OPEN = frozenset((BillStatus.DRAFT, BillStatus.CREATED, BillStatus.REAUDIT))


def _in(*statuses: BillStatus) -> Callable[[FoundBill | None], bool]:
    return lambda bill: bill is not None and bill.status in statuses


SUBMIT = Transition("submit", _OPEN, _in(BillStatus.SUBMITTED, BillStatus.AUDITED))
AUDIT = Transition("audit", frozenset((BillStatus.SUBMITTED,)), _in(BillStatus.AUDITED))
UNAUDIT = Transition("unaudit", frozenset((BillStatus.AUDITED,)), _in(*_OPEN, BillStatus.SUBMITTED))
WITHDRAW = Transition("withdraw", frozenset((BillStatus.SUBMITTED,)), _in(*_OPEN))
DELETE = Transition("delete", _OPEN, lambda bill: bill is None)
