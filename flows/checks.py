"""Named checks a flow may ask for before a document is mapped. Each says which field is wrong and what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from domain.documents import Frozen
from domain.money import currency_digits, round_half_up


class Problem(Frozen):
    """One thing wrong with a source document."""

    field: str
    expected: str
    got: str


def amounts_agree(document: Any) -> Iterable[Problem]:
    """Each line's own amount is its quantity times its price, to the smallest unit of the document's currency.

    The books must not differ from the shop.
    """
    digits = currency_digits(document.currency)
    unit = Decimal(1).scaleb(-digits)
    for index, line in enumerate(document.lines):
        wanted = round_half_up(line.qty * line.price, digits)
        if line.amount is not None and abs(line.amount - wanted) >= unit:
            yield Problem(
                field=f"lines.{index}.amount", expected=f"{line.qty} × {line.price} = {wanted}", got=str(line.amount)
            )


def one_place(document: Any) -> Iterable[Problem]:
    """All goods came into one place: good and defective goods must not become one stock."""
    if len(document.places) > 1:
        yield Problem(field="received", expected="goods received into one warehouse", got=", ".join(document.places))


CHECKS: dict[str, Callable[[Any], Iterable[Problem]]] = {"amounts_agree": amounts_agree, "one_place": one_place}
"""Every check a flow file may name."""
