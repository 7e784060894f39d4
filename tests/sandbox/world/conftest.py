from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from sandbox.world.feed import NextId, ShopId

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes an Online Retail file of the given rows."""

    def write(*rows: str, name: str = "day.csv", head: str = HEAD) -> Path:
        file = tmp_path / name
        file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        return file

    return write


@pytest.fixture
def next_id() -> NextId:
    numbers = count(5_000_000_001)
    return lambda: next(numbers)


@pytest.fixture
def shop_id() -> ShopId:
    shops: dict[str, int] = {}
    return lambda name: shops.setdefault(name, 101 + len(shops))
