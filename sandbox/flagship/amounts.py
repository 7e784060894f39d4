"""What the server computes when a save fires property changes: prices and amounts from each other (section 5.2)."""

from __future__ import annotations

from decimal import Decimal

from domain.money import round_half_up
from sandbox.flagship.records import ZERO, Line, Record

_PRICE_DIGITS = 10
_MONEY_DIGITS = 2
_HUNDRED = Decimal(100)


def compute(record: Record) -> None:
    """Fill what follows from quantity, price and tax rate of each line, and the total where the head has one."""
    for line in record.lines:
        if "qty" in line.values:
            _compute_line(line)
    if "totalamount" in record.entity.head:
        record.values["totalamount"] = sum((line.values.get("amountandtax", ZERO) for line in record.lines), ZERO)


def _compute_line(line: Line) -> None:
    values = line.values
    rate = _tax_rate(line)
    values["baseqty"] = values["qty"]
    if values.get("priceandtax") is None and values.get("price") is not None:
        values["priceandtax"] = round_half_up(values["price"] * (1 + rate / _HUNDRED), _PRICE_DIGITS)
    gross_price = values.get("priceandtax") or ZERO
    values["price"] = round_half_up(gross_price * _HUNDRED / (_HUNDRED + rate), _PRICE_DIGITS)
    gross = round_half_up(values["qty"] * gross_price - (values.get("discountamount") or ZERO), _MONEY_DIGITS)
    if values.get("ispresent"):
        gross = ZERO
    tax = round_half_up(gross * rate / (_HUNDRED + rate), _MONEY_DIGITS)
    values |= {"taxrate": rate, "amountandtax": gross, "taxamount": tax, "amount": gross - tax}


def _tax_rate(line: Line) -> Decimal:
    """Per cent: of the tax code, else as it was sent."""
    code = line.values.get("taxrateid")
    rate = code.values.get("taxrate") if isinstance(code, Record) else line.values.get("taxrate")
    return Decimal(rate or 0)
