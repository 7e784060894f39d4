"""The ERP's sales bills as an auditor reads them: plain values, whatever way the ERP keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)
AUDITED = "C"


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A line of a bill; `amount` with tax in the bill's currency, `functional_amount` in CNY.

    Attributes:
        stock: number of the ERP's warehouse; empty for a service.
        lot: empty where lots are not managed.
        order_line: the platform's number of the order line it ships; empty on a return.
        taken_from: ids of the bills it was made from (关联).
    """

    material: str
    quantity: Decimal
    amount: Decimal
    functional_amount: Decimal
    stock: str = ""
    lot: str = ""
    order_line: str = ""
    taken_from: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class BookedBill:
    """A bill.

    Attributes:
        id: the ERP's own.
        reference: the source's number that the bill carries besides its own, if any.
        currency: ISO code.
        status: `FDocumentStatus`, C is audited.
    """

    number: str
    status: str
    day: date
    currency: str
    lines: tuple[BookedLine, ...]
    amount: Decimal
    functional_amount: Decimal
    reference: str = ""
    id: int = 0

    @property
    def quantity(self) -> Decimal:
        return sum((line.quantity for line in self.lines), ZERO)


@dataclass(frozen=True, slots=True)
class Books:
    """All bills of the two sales forms that are not cancelled."""

    sales: tuple[BookedBill, ...]
    returns: tuple[BookedBill, ...]

    def totals(self) -> dict[str, dict[str, int | str]]:
        """Documents, quantity, amount (over all currencies) and functional amount of each form."""
        return {"sales": _totals(self.sales), "returns": _totals(self.returns)}


def _totals(bills: Iterable[BookedBill]) -> dict[str, int | str]:
    bills = tuple(bills)
    return {
        "documents": len(bills),
        "quantity": format(sum((bill.quantity for bill in bills), ZERO), "f"),
        "amount": format(sum((bill.amount for bill in bills), ZERO), "f"),
        "functional_amount": format(sum((bill.functional_amount for bill in bills), ZERO), "f"),
    }
