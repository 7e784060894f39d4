"""Which order lines a return takes back: same customer, same item, earliest first, never more than was sold."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sandbox.jushuitan.documents import ZERO, Outbound
from sandbox.world.feed import material_of


@dataclass(slots=True)
class _OpenLine:
    outer_oi_id: str
    so_id: str
    o_id: int
    left: Decimal


@dataclass(frozen=True, slots=True)
class Match:
    """A part of a returned quantity and the order line it came from; empty numbers when none was found."""

    quantity: Decimal
    outer_oi_id: str = ""
    so_id: str = ""
    o_id: int | None = None


class SoldLines:
    """Order lines that can still be taken back, per customer and item."""

    def __init__(self) -> None:
        self._open: defaultdict[tuple[str, str], deque[_OpenLine]] = defaultdict(deque)

    def add(self, customer: str, outbound: Outbound) -> None:
        """Note an order. Orders without a customer can never be matched."""
        if not customer:
            return
        for line in outbound.items:
            if line.qty > 0:
                self._open[customer, material_of(line.sku_id)].append(
                    _OpenLine(line.outer_oi_id, outbound.so_id, outbound.o_id, line.qty)
                )

    def take_back(self, customer: str, sku_id: str, quantity: Decimal) -> Iterator[Match]:
        """Split a returned quantity over the lines it was sold on; what is left over is unmatched."""
        lines = self._open[customer, material_of(sku_id)] if customer else deque()
        while quantity > ZERO and lines:
            line = lines[0]
            part = min(quantity, line.left)
            yield Match(part, line.outer_oi_id, line.so_id, line.o_id)
            quantity -= part
            line.left -= part
            if not line.left:
                lines.popleft()
        if quantity:
            yield Match(quantity)
