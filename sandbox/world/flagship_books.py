"""Reads the simulated Flagship tenant's own records into the auditor's terms."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from domain.money import round_half_up
from sandbox.flagship.records import Line, Record
from sandbox.flagship.state import FlagshipState
from sandbox.world.books import ZERO, BookedBill, BookedLine, Books

SALES_ENTITY = "im_saloutbill"
"""Outbounds, and returns as its red bills."""
_MONEY_DIGITS = 2


def read_books(flagship: FlagshipState) -> Books:
    """All sales and return bills. A red bill's quantities and amounts are told as what came back."""
    bills = flagship.bills(SALES_ENTITY)
    return Books(
        sales=tuple(_bill(bill, 1) for bill in bills if not bill.is_return),
        returns=tuple(_bill(bill, -1) for bill in bills if bill.is_return),
    )


def read_inventory(flagship: FlagshipState) -> dict[tuple[str, str], Decimal]:
    """What the ERP has, by warehouse and material number."""
    quantities: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for place, balance in flagship.stock.balances():
        quantities[place.warehouse, place.material] += balance.quantity
    return dict(quantities)


def _bill(bill: Record, sign: int) -> BookedBill:
    rate = Decimal(bill.values.get("exchangerate") or 1)
    lines = tuple(_line(line, sign, rate) for line in bill.lines)
    return BookedBill(
        number=bill.number,
        status=bill.status,
        day=date.fromisoformat(bill.values["biztime"]),
        currency=bill.values["settlecurrency"].number if "settlecurrency" in bill.values else "",
        lines=lines,
        amount=sum((line.amount for line in lines), ZERO),
        functional_amount=sum((line.functional_amount for line in lines), ZERO),
        reference=str(bill.values.get("comment") or ""),
        id=int(bill.id),
    )


def _line(line: Line, sign: int, rate: Decimal) -> BookedLine:
    """The tenant keeps no functional amount of a line: it is the amount at the bill's rate."""
    values = line.values
    amount = sign * (values.get("amountandtax") or ZERO)
    return BookedLine(
        material=values["material"].number,
        quantity=sign * values["qty"],
        amount=amount,
        functional_amount=round_half_up(amount * rate, _MONEY_DIGITS),
        stock=values["warehouse"].number if "warehouse" in values else "",
        lot=str(values.get("lotnumber") or ""),
        order_line=str(values.get("srcsysbillentryid") or "") if sign > 0 else "",
        taken_from=frozenset({int(line.link.bill_id)} if line.link is not None else ()),
    )
