"""The stock ledger: what audits move, and the inventory API's rows (section 5.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.flagship import texts
from sandbox.flagship.clock import Clock
from sandbox.flagship.entities import Movement
from sandbox.flagship.records import ZERO, Line, Record
from sandbox.flagship.replies import RowRefusal

USABLE = "110"
"""Stock type and status of goods that may be sold."""
SERVICE = "7"
"""`materialtype` of what is sold and never kept (our assumption)."""


class Place(NamedTuple):
    """What makes two quantities different ones, by numbers."""

    org: str
    warehouse: str
    material: str
    lot: str = ""
    type: str = USABLE
    status: str = USABLE


@dataclass(slots=True)
class Balance:
    quantity: Decimal
    modified: datetime


class Stock:
    """Balances by place."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._balances: dict[Place, Balance] = {}

    def quantity(self, place: Place) -> Decimal:
        balance = self._balances.get(place)
        return ZERO if balance is None else balance.quantity

    def balances(self) -> Iterator[tuple[Place, Balance]]:
        yield from self._balances.items()

    def add(self, place: Place, quantity: Decimal) -> None:
        now = self._clock()
        balance = self._balances.setdefault(place, Balance(ZERO, now))
        balance.quantity += quantity
        balance.modified = now

    def post(self, record: Record, direction: int) -> None:
        """Move what an audit (+1) or un-audit (-1) of a bill moves; all of it, or RowRefusal and nothing."""
        moved = moves_of(record, direction)
        for place, change in moved.items():
            left = self.quantity(place)
            if change < 0 and left + change < 0:
                raise RowRefusal(texts.stock_short(place.material, place.warehouse, left), record.entity.entry)
        for place, change in moved.items():
            self.add(place, change)


def keeps_stock(material: object) -> bool:
    return isinstance(material, Record) and material.values.get("materialtype") != SERVICE


def moves_of(record: Record, direction: int) -> dict[Place, Decimal]:
    """By place; a red bill moves backwards by its negative quantities."""
    moved: defaultdict[Place, Decimal] = defaultdict(Decimal)
    for movement in record.entity.movements:
        for line in record.lines:
            if keeps_stock(line.values.get("material")):
                moved[_place(record, line, movement)] += line.values["qty"] * movement.sign * direction
    return dict(moved)


def _place(record: Record, line: Line, movement: Movement) -> Place:
    values = line.values
    org = record.values.get(movement.org) or record.values.get("org")
    return Place(
        _number(org),
        _number(values.get(movement.warehouse)),
        _number(values.get("material")),
        str(values.get(movement.lot) or ""),
        _number(values.get(movement.type)) or USABLE,
        _number(values.get(movement.status)) or USABLE,
    )


def _number(value: Any) -> str:
    return value.number if isinstance(value, Record) else ""
