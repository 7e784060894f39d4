"""Orders for the simulated merchant, as a file in the Online Retail format: any number of them, of any shop."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from sandbox.world.retail_csv import COLUMNS

_GOODS = 40
_DAY = "2010-12-01 08:26:00"
"""One day for all, so that each order has the rate of the same day; the world moves it to a day with rates."""


def write_orders(file: Path, numbers: Sequence[str], shops: Sequence[str]) -> None:
    """Write one order for each number, two lines of different goods each; shops and goods go round."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for position, number in enumerate(numbers):
            for line in range(2):
                goods = (position + line * (_GOODS // 2)) % _GOODS
                price = Decimal(199 + 25 * goods) / 100
                row = (f"{20001 + goods}", f"ITEM {goods}", 1 + (position + line) % 6, _DAY, price, "17850")
                writer.writerow((number, *row, shops[position % len(shops)]))
