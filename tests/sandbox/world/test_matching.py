"""Whatever is returned, in whatever order: never more than was sold, and nothing gets lost."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sandbox.jushuitan.documents import Outbound, OutboundLine, OutboundStatus
from sandbox.world.matching import SoldLines

QUANTITIES = st.integers(min_value=1, max_value=9).map(Decimal)
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def sold(number: int, quantity: Decimal) -> Outbound:
    line = OutboundLine(number, "A1", quantity, Decimal(1), quantity, outer_oi_id=f"L{number}")
    return Outbound(number, number, f"SO{number}", 1, 1, OutboundStatus.CONFIRMED, NOW, (line,))


@given(sales=st.lists(QUANTITIES, max_size=6), returns=st.lists(QUANTITIES, max_size=12))
def test_returns_never_exceed_sales(sales: list[Decimal], returns: list[Decimal]) -> None:
    lines = SoldLines()
    for number, quantity in enumerate(sales, 1):
        lines.add("customer", sold(number, quantity))
    taken: Counter[str] = Counter()
    matched: list[str] = []
    for quantity in returns:
        parts = list(lines.take_back("customer", "a1", quantity))
        assert sum(part.quantity for part in parts) == quantity
        assert all(part.quantity > 0 for part in parts)
        for part in parts:
            taken[part.outer_oi_id] += int(part.quantity)
            matched.append(part.outer_oi_id)
    assert all(taken[f"L{number}"] <= quantity for number, quantity in enumerate(sales, 1))
    assert sum(taken.values()) - taken[""] == min(sum(sales), sum(returns))
    orders = [int(number[1:]) for number in matched if number]
    assert orders == sorted(orders)
