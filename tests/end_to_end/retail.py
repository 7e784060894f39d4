"""Order files in the Online Retail format, written by the tests themselves."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


class Row(NamedTuple):
    """One invoice line. An invoice that begins with C takes goods of the same customer back."""

    invoice: str
    code: str = "85123A"
    quantity: int = 6
    price: Decimal = Decimal("2.55")
    customer: str = "17850"
    country: str = "United Kingdom"
    at: str = "2010-12-01 08:26:00"
    description: str = "CREAM HANGING HEART T-LIGHT HOLDER"


def write_orders(file: Path, rows: Iterable[Row]) -> Path:
    """Write the file and give it back."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow(
                (
                    row.invoice,
                    row.code,
                    row.description,
                    row.quantity,
                    row.at,
                    row.price,
                    row.customer,
                    row.country,
                )
            )
    return file
