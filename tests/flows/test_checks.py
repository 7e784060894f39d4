"""Checks before a document is mapped."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import BaseModel

from flows.checks import CHECKS, Problem


class Line(BaseModel):
    qty: Decimal
    price: Decimal
    amount: Decimal | None


class Order(BaseModel):
    lines: tuple[Line, ...]
    currency: str


def order(*lines: tuple[str, str, str | None], currency: str = "USD") -> Order:
    rows = [{"qty": q, "price": p, "amount": a} for q, p, a in lines]
    return Order.model_validate({"lines": rows, "currency": currency})


@pytest.mark.parametrize(
    "line",
    [
        ("2", "9.90", "19.80"),
        ("3", "3.333", "10.00"),  # 9.999, rounded to the cent
        ("3", "3.335", "10.01"),  # 10.005, halves up
        ("1", "0", "0"),
        ("2", "9.90", None),  # the source says nothing
        ("2", "9.90", "19.809"),  # less than a cent
        ("-2", "9.90", "-19.80"),
    ],
)
def test_amounts_that_agree(line: tuple[str, str, str | None]) -> None:
    assert list(CHECKS["amounts_agree"](order(line))) == []


@pytest.mark.parametrize(
    ("line", "wanted"),
    [(("2", "9.90", "19.81"), "19.80"), (("2", "9.90", "19.79"), "19.80"), (("1", "5", "0"), "5.00")],
)
def test_amounts_that_are_a_cent_or_more_apart(line: tuple[str, str, str], wanted: str) -> None:
    quantity, price, amount = line
    problem = Problem(field="lines.1.amount", expected=f"{quantity} × {price} = {wanted}", got=amount)
    assert list(CHECKS["amounts_agree"](order(("1", "1", "1"), line))) == [problem]


@pytest.mark.parametrize(
    ("currency", "price", "amount", "agree"),
    [
        ("KWD", "10.009", "10.009", True),
        ("KWD", "10.00", "10.009", False),  # nine fils
        ("KWD", "10.0001", "10.0005", True),  # less than one
        ("USD", "10.00", "10.009", True),
        ("JPY", "100.4", "100", True),  # there is no half yen
        ("JPY", "100.4", "101", False),
    ],
)
def test_what_a_cent_is_depends_on_the_currency(currency: str, price: str, amount: str, agree: bool) -> None:
    assert (list(CHECKS["amounts_agree"](order(("1", price, amount), currency=currency))) == []) is agree


def test_every_line_is_told() -> None:
    wrong = ("1", "1", "2")
    assert [p.field for p in CHECKS["amounts_agree"](order(wrong, wrong))] == ["lines.0.amount", "lines.1.amount"]
