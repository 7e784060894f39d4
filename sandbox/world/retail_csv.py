"""Reads Online Retail files (one invoice line a row) and says exactly where one cannot be read."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sandbox.world.feed import FeedError

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A row of the file, numbers exact and codes as written. `at` is a wall clock time."""

    stock_code: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Invoice:
    """All rows of one invoice number. A number that begins with C is a return."""

    number: str
    customer: str
    country: str
    lines: tuple[InvoiceLine, ...]

    @property
    def at(self) -> datetime:
        """When it was made; the later minute where its lines carry two."""
        return max(line.at for line in self.lines)

    @property
    def is_return(self) -> bool:
        return self.number.upper().startswith("C")


def read_invoices(files: Iterable[Path]) -> list[Invoice]:
    """All invoices in the order in which they appear.

    Raises:
        FeedError: a file that is missing or not UTF-8, a missing column, an unreadable number or date, naming the
            file, the line and the column, and what was expected there.
    """
    heads: dict[str, tuple[str, str]] = {}
    lines: dict[str, list[InvoiceLine]] = {}
    seen: set[Path] = set()
    for file in files:
        if file in seen:
            raise FeedError(f"{file}: given twice")
        seen.add(file)
        for number, customer, country, line in _rows(file):
            heads.setdefault(number, (customer, country))
            lines.setdefault(number, []).append(line)
    return [Invoice(number, *heads[number], tuple(lines[number])) for number in heads]


def _rows(file: Path) -> Iterable[tuple[str, str, str, InvoiceLine]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise FeedError(f"{file}, line 1: column {missing[0]} is missing; expected {', '.join(COLUMNS)}")
            for row in reader:
                yield _row(_Place(file, reader.line_num), row)
    except OSError as error:
        raise FeedError(f"{file}: cannot be read ({error.strerror}); expected a CSV file") from error
    except UnicodeDecodeError as error:
        raise FeedError(f"{file}: not UTF-8 at byte {error.start}; expected UTF-8 text") from error
    except csv.Error as error:
        raise FeedError(f"{file}, after line {reader.line_num}: {error}; expected comma-separated values") from error


@dataclass(frozen=True, slots=True)
class _Place:
    file: Path
    line: int

    def error(self, column: str, value: str | None, expected: str) -> FeedError:
        shown = "nothing" if value is None else repr(value)
        return FeedError(f"{self.file}, line {self.line}, column {column}: found {shown}, expected {expected}")


def _row(place: _Place, row: dict[str, str | None]) -> tuple[str, str, str, InvoiceLine]:
    line = InvoiceLine(
        stock_code=_text(place, row, "StockCode", "a stock code"),
        description=(row["Description"] or "").strip(),
        quantity=_number(place, row, "Quantity", "a whole number, e.g. 6"),
        unit_price=_number(place, row, "UnitPrice", "a decimal number, e.g. 2.55"),
        at=_time(place, row),
    )
    if line.quantity != line.quantity.to_integral_value():
        raise place.error("Quantity", row["Quantity"], "a whole number, e.g. 6")
    customer, country = (row["CustomerID"] or "").strip(), _text(place, row, "Country", "a country")
    return _text(place, row, "InvoiceNo", "an invoice number"), customer, country, line


def _text(place: _Place, row: dict[str, str | None], column: str, expected: str) -> str:
    value = (row[column] or "").strip()
    if not value:
        raise place.error(column, row[column], expected)
    return value


def _number(place: _Place, row: dict[str, str | None], column: str, expected: str) -> Decimal:
    value = row[column]
    try:
        number = Decimal((value or "").strip())
    except InvalidOperation:
        raise place.error(column, value, expected) from None
    if not number.is_finite():
        raise place.error(column, value, expected)
    return number


def _time(place: _Place, row: dict[str, str | None]) -> datetime:
    value = row["InvoiceDate"]
    try:
        return datetime.strptime((value or "").strip(), _TIME)  # noqa: DTZ007 - the file has wall clock times
    except ValueError:
        raise place.error("InvoiceDate", value, "a time like 2010-12-01 08:26:00") from None
