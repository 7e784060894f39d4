"""What an auditor concludes at the end of a day: each document is booked once and right, or waits for a true reason.

He is told what the product says of the documents it did not post, and believes none of it: every reason is looked up
in the source's documents and in the ERP's bills and stock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import Field

from domain.documents import Frozen, HoldReason
from sandbox.world.audit import amounts_agree, finder, quantities_agree
from sandbox.world.books import AUDITED, BookedBill
from sandbox.world.expected import Expected
from sandbox.world.reasons import Reasons


class Claims(Frozen):
    """What the product says of documents it did not post, by platform number.

    Attributes:
        held: why each waits.
        settled: skipped, or taken back: no bill is due, and none is there.
    """

    held: dict[str, HoldReason] = Field(default_factory=dict)
    settled: frozenset[str] = frozenset()


@dataclass(slots=True)
class Judgement:
    """One sentence for everything that is wrong; each begins with the document's platform number.

    Attributes:
        lost: a document that means a bill and has none, without a true reason for it.
        duplicated: a bill too many: a second one, one for a document that must have none, one that nobody ordered.
        half_done: a bill that is saved or submitted, but not audited.
        amount_off: other goods, quantities, amounts, currency, rate or day than the source's.
        stock_off: places whose stock is not its opening plus what the bills moved.
    """

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    half_done: list[str] = field(default_factory=list)
    amount_off: list[str] = field(default_factory=list)
    stock_off: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not any(self.as_dict().values())

    def as_dict(self) -> dict[str, list[str]]:
        return {name: list(getattr(self, name)) for name in self.__slots__}


def judge(documents: Iterable[Expected], bills: Iterable[BookedBill], claims: Claims, reasons: Reasons) -> Judgement:
    """Judge the documents of one form against its bills.

    Args:
        reasons: knows of each reason to wait whether it is true now.
    """
    found = Judgement()
    listed = list(documents)
    find = finder(listed)
    booked: defaultdict[str, list[BookedBill]] = defaultdict(list)
    for bill in bills:
        document = find(bill)
        if document is None:
            found.duplicated.append(f"{bill.number}: a bill nobody ordered")
        else:
            booked[document.platform_number].append(bill)
    for document in listed:
        _judge_one(document, booked[document.platform_number], claims, reasons, found)
    return found


def _judge_one(document: Expected, bills: list[BookedBill], claims: Claims, reasons: Reasons, found: Judgement) -> None:
    number = document.platform_number
    reason = claims.held.get(number)
    found.half_done += [f"{number}: bill {bill.number} is {bill.status}" for bill in bills if bill.status != AUDITED]
    if len(bills) > 1:
        found.duplicated.append(f"{number}: bills {', '.join(bill.number for bill in bills)}")
    elif reason is not None:
        _judge_held(document, bills, reason, reasons, found)
    elif number in claims.settled:
        if document.means_bill:
            found.lost.append(f"{number}: said to need no bill, but it does")
        if bills:
            found.duplicated.append(f"{number}: said to have no bill, but has {bills[0].number}")
    elif not bills:
        wanted = "means a bill and has none" if document.means_bill else "needs no bill, but nobody has said so"
        found.lost.append(f"{number}: {wanted}")
    elif not document.means_bill:
        found.duplicated.append(f"{number}: must not have a bill, but has {bills[0].number}")
    else:
        found.amount_off += _differences(document, bills[0])


def _judge_held(
    document: Expected, bills: list[BookedBill], reason: HoldReason, reasons: Reasons, found: Judgement
) -> None:
    number = document.platform_number
    bill = bills[0] if bills else None
    untrue = reasons.why_untrue(document, reason, bill)
    if untrue is not None:
        found.lost.append(f"{number}: held for {reason.value}, but {untrue}")
    if bill is None:
        return
    if reason is not HoldReason.REVERSAL_REFUSED:
        found.duplicated.append(f"{number}: held for {reason.value}, but has bill {bill.number}")
    elif all(any(_differences(version, bill)) for version in reasons.versions(document)):
        found.amount_off.append(f"{number}: bill {bill.number} is like no version the document ever had")


def _differences(document: Expected, bill: BookedBill) -> Iterator[str]:
    if not quantities_agree(document, bill):
        yield f"{document.platform_number}: bill {bill.number} has other goods or quantities"
    if not amounts_agree(document, bill):
        total = sum(document.amounts.values(), Decimal(0))
        yield (
            f"{document.platform_number}: bill {bill.number} says {bill.amount} {bill.currency}, "
            f"{bill.functional_amount} CNY on {bill.day}; the source {total} {document.currency} on {document.day}"
        )
