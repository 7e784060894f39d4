"""Paths are checked against the model before a document is ever seen."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from domain.paths import PathError, follow, row_type, type_at


class Lot(BaseModel):
    number: str


class Item(BaseModel):
    sku: str
    qty: Annotated[Decimal, Field(gt=0)]
    lot: Lot | None = None


class Order(BaseModel):
    number: str
    shipped: datetime | None = None
    mixed: int | str = 0
    items: tuple[Item, ...] = ()
    list_of_items: Annotated[list[Item] | None, Field()] = None
    tags: tuple[str, ...] = ()
    first: Item | None = None

    @property
    def place(self) -> str | None:
        return self.number.partition("/")[2] or None

    @cached_property
    def lines(self) -> tuple[Item, ...]:
        return self.items

    def pack(self) -> str:
        return "packed"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", Order),
        ("number", str),
        ("shipped", datetime),
        ("mixed", int | str),
        ("items", tuple[Item, ...]),
        ("first", Item),
        ("first.qty", Decimal),
        ("first.lot.number", str),
        ("place", str),
        ("lines", tuple[Item, ...]),
    ],
)
def test_type_at(path: str, found: object) -> None:
    assert type_at(Order, tuple(filter(None, path.split(".")))) == found


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("numbr", "Order has no field 'numbr'; it has .*first.*lines.*number.*place"),
        ("first.lot.colour", "Lot has no field 'colour'; it has number"),
        ("number.length", "'length' is looked up in a plain value"),
        ("items.sku", "'sku' is looked up in a plain value"),
        ("pack", "Order has no field 'pack'"),
        ("", "has no field ''"),
    ],
)
def test_a_path_that_leads_nowhere(path: str, complaint: str) -> None:
    with pytest.raises(PathError, match=complaint):
        type_at(Order, tuple(path.split(".")))


@pytest.mark.parametrize("path", ["items", "lines", "list_of_items"])
def test_row_type(path: str) -> None:
    assert row_type(Order, (path,)) is Item


@pytest.mark.parametrize("path", ["number", "first", "tags", "first.sku"])
def test_what_is_not_a_list_of_rows(path: str) -> None:
    with pytest.raises(PathError, match=f"{path} is not a list of rows"):
        row_type(Order, tuple(path.split(".")))


def test_follow() -> None:
    order = Order(number="SO1/W2", first=Item(sku="A", qty=Decimal(2)))
    assert follow(order, ()) is order
    assert follow(order, ("first", "qty")) == 2
    assert follow(order, ("place",)) == "W2"
    assert follow(order, ("first", "lot", "number")) is None, "nothing as soon as a part is missing"
    assert follow(None, ("first",)) is None
