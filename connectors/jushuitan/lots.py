"""Lots of a document handed out to its lines (section 10.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, Self, TypeVar

from connectors.jushuitan.models import BatchRow
from domain.money import round_half_up


class Divisible(Protocol):
    """A line that may be divided into lots: a frozen model that says what it is worth, if anything."""

    @property
    def sku_id(self) -> str: ...

    @property
    def qty(self) -> Decimal: ...

    @property
    def price(self) -> Decimal | None: ...

    @property
    def amount(self) -> Decimal | None: ...

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self: ...


L = TypeVar("L", bound=Divisible)


@dataclass(slots=True)
class _Slot:
    """What is left of a lot."""

    batch: BatchRow
    left: Decimal


def _with_amounts(line: L, parts: list[L], digits: int) -> list[L]:
    """The parts' own worth; the last one takes what is left of the line's, so that a cent of difference shows."""
    if line.amount is None or line.price is None:
        return parts
    worth = [round_half_up(part.qty * line.price, digits) for part in parts[:-1]]
    worth.append(line.amount - sum(worth, Decimal(0)))
    return [part.model_copy(update={"amount": amount}) for part, amount in zip(parts, worth, strict=True)]


class Lots:
    """Hands out lots to lines: by line number where the tenant sends it, else by SKU in order (§10.2).

    Args:
        digits: minor digits of the document's currency.
    """

    def __init__(self, batches: Iterable[BatchRow], digits: int = 2) -> None:
        self._digits = digits
        self._slots = [_Slot(batch, batch.qty) for batch in batches if batch.qty > 0]

    def split(self, line: L, ioi_id: str | None) -> Sequence[L]:
        """The line, one for each lot it takes from; without lots the line itself."""
        parts: list[L] = []
        left = line.qty
        for slot in self._slots:
            batch, available = slot.batch, slot.left
            fits = batch.sku_id == line.sku_id and (batch.ioi_id in (None, ioi_id) or ioi_id is None)
            if not fits or available <= 0 or left <= 0:
                continue
            taken = min(available, left)
            slot.left = available - taken
            left -= taken
            parts.append(
                line.model_copy(
                    update={
                        "qty": taken,
                        "amount": None,
                        "batch_no": batch.batch_no,
                        "product_date": batch.product_date,
                        "expiration_date": batch.expiration_date,
                    }
                )
            )
        if not parts:
            return [line]
        if left > 0:
            parts.append(line.model_copy(update={"qty": left, "amount": None}))
        return _with_amounts(line, parts, self._digits)
