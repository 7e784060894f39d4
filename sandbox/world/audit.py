"""The audit: every source document against every bill, by number, quantity and cent.

It knows the source's documents, the ERP's bills and the published rates, and nothing of the product in between.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from domain.money import round_half_up
from sandbox.jushuitan.state import JushuitanState
from sandbox.world.books import AUDITED, ZERO, BookedBill, Books
from sandbox.world.expected import MONEY_DIGITS, Expected, expected_returns, expected_sales
from sandbox.world.parity import central_parity

_SOURCE_ID = re.compile(r"(\d{10})[A-Z]*$")
"""A bill's number ends with the source's id, behind whatever prefix the connection has, and a suffix of letters."""


@dataclass(slots=True)
class Findings:
    """Platform numbers by what is wrong with them; a bill that belongs to no document stands with its own number.

    Attributes:
        missing: a document that means a bill and has none.
        duplicated: more than one bill, a bill for a document that must not have one, or a bill nobody ordered.
        quantity_off: other goods or quantities than the source's, by material and lot.
        amount_off: other amounts than the source's, or a functional amount that is not theirs at the central parity
            of the day they happened.
        unaudited: the bill is there but not audited.
    """

    missing: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    quantity_off: list[str] = field(default_factory=list)
    amount_off: list[str] = field(default_factory=list)
    unaudited: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not any(self.as_dict().values())

    def as_dict(self) -> dict[str, list[str]]:
        return {name: list(getattr(self, name)) for name in self.__slots__}


def audit(source: JushuitanState, books: Books, excused: Collection[str] = ()) -> Findings:
    """Compare the books with the source.

    Args:
        excused: platform numbers of documents that are known to have no bill (held, skipped). A bill for one of them
            is reported as duplicated.
    """
    findings = Findings()
    _compare(expected_sales(source), books.sales, frozenset(excused), findings)
    _compare(expected_returns(source), books.returns, frozenset(excused), findings)
    return findings


def _compare(
    documents: Iterable[Expected], bills: Iterable[BookedBill], excused: frozenset[str], findings: Findings
) -> None:
    by_id = {document.source_id: document for document in documents}
    find = finder(by_id.values())
    booked: set[int] = set()
    for bill in bills:
        document = find(bill)
        if document is None:
            findings.duplicated.append(bill.number)
            continue
        number = document.platform_number
        if document.source_id in booked or not document.means_bill or number in excused:
            findings.duplicated.append(number)
            continue
        booked.add(document.source_id)
        _check(document, bill, findings)
    findings.missing += [
        document.platform_number
        for document in by_id.values()
        if document.means_bill and document.source_id not in booked and document.platform_number not in excused
    ]


def finder(documents: Iterable[Expected]) -> Callable[[BookedBill], Expected | None]:
    """Which of some documents a bill was made for: by its number, else by the source's number it carries."""
    by_id = {document.source_id: document for document in documents}
    by_number = {document.platform_number: document for document in by_id.values()}
    return lambda bill: by_id.get(_source_id(bill.number)) or by_number.get(bill.reference)


def _source_id(number: str) -> int:
    found = _SOURCE_ID.search(number)
    return int(found[1]) if found is not None else 0


def _check(document: Expected, bill: BookedBill, findings: Findings) -> None:
    number = document.platform_number
    if bill.status != AUDITED:
        findings.unaudited.append(number)
    if not quantities_agree(document, bill):
        findings.quantity_off.append(number)
    if not amounts_agree(document, bill):
        findings.amount_off.append(number)


def quantities_agree(document: Expected, bill: BookedBill) -> bool:
    """Whether a bill has the goods of a document, by material and lot."""
    return _quantities(bill) == document.quantities


def amounts_agree(document: Expected, bill: BookedBill) -> bool:
    """Whether a bill has the amounts of a document, in its currency and, at the rate of its day, in CNY."""
    return _amounts_right(document, bill) and _functional_right(document, bill)


def _quantities(bill: BookedBill) -> dict[tuple[str, str], Decimal]:
    quantities: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in bill.lines:
        quantities[line.material, line.lot] += line.quantity
    return dict(quantities)


def _amounts_right(document: Expected, bill: BookedBill) -> bool:
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in bill.lines:
        amounts[line.material] += line.amount
    return bill.currency == document.currency and amounts == document.amounts and bill.amount == sum(amounts.values())


def _functional_right(document: Expected, bill: BookedBill) -> bool:
    """Each line at the rate of the day it happened, rounded half up; the bill is the sum of its lines."""
    rate = central_parity(document.currency, document.day)
    lines = [round_half_up(line.amount * rate, MONEY_DIGITS) for line in bill.lines]
    return (
        bill.day == document.day
        and lines == [line.functional_amount for line in bill.lines]
        and bill.functional_amount == sum(lines, ZERO)
    )


def stock_off(
    openings: Mapping[tuple[str, str], Decimal], books: Books, inventory: Mapping[tuple[str, str], Decimal]
) -> list[str]:
    """Places where the ERP's stock is not its opening less what audited bills took out, plus what they brought back.

    Args:
        openings, inventory: quantity by warehouse and material number.

    Returns:
        ``warehouse/material`` of each difference.
    """
    expected: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal, openings)
    for bills, sign in ((books.sales, -1), (books.returns, 1)):
        for bill in bills:
            if bill.status == AUDITED:
                for line in bill.lines:
                    if line.stock:
                        expected[line.stock, line.material] += sign * line.quantity
    places = sorted(expected.keys() | inventory.keys())
    return [
        f"{stock}/{material}"
        for stock, material in places
        if expected[stock, material] != inventory.get((stock, material), ZERO)
    ]
