"""What the source's documents mean for the books: which of them mean a bill, and what must stand on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from domain.money import round_half_up
from sandbox.jushuitan.config import ZONE
from sandbox.jushuitan.documents import ZERO, Batch, Outbound, Refund, RefundStatus, RefundType
from sandbox.jushuitan.state import JushuitanState
from sandbox.world.feed import material_of

MONEY_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Expected:
    """A source document in the terms of the books.

    Attributes:
        means_bill: whether it has to be in the books as it stands now.
        is_sound: whether it has lines, and every one a quantity above nothing.
        quantities: by material and lot ("" where the document names no batch).
        amounts: with tax, in the document's currency, by material.
    """

    source_id: int
    platform_number: str
    means_bill: bool
    is_sound: bool
    day: date
    currency: str
    quantities: Mapping[tuple[str, str], Decimal]
    amounts: Mapping[str, Decimal]


def expected_sales(source: JushuitanState) -> Iterator[Expected]:
    """Every outbound document; shipped and sound ones mean a bill."""
    for record in source.outbounds:
        yield expected_sale(record.document)


def expected_sale(outbound: Outbound) -> Expected:
    """An outbound document as it stands, or once stood."""
    sound = bool(outbound.items) and all(line.qty > 0 for line in outbound.items)
    return Expected(
        source_id=outbound.io_id,
        platform_number=outbound.so_id,
        means_bill=outbound.status.is_shipped and sound,
        is_sound=sound,
        day=outbound.io_date.astimezone(ZONE).date(),
        currency=outbound.currency,
        quantities=_quantities(((line.sku_id, line.qty) for line in outbound.items), outbound.batchs),
        amounts=_sums((line.sku_id, line.sale_amount) for line in outbound.items),
    )


def expected_returns(source: JushuitanState) -> Iterator[Expected]:
    """Every after-sales document; confirmed ones whose goods were really received mean a bill."""
    arrived = arrivals(source)
    for record in source.refunds:
        yield expected_return(record.document, arrived)


def arrivals(source: JushuitanState) -> dict[int, datetime]:
    """When the goods of an after-sales document were received, by its id."""
    return {
        record.document.as_id: record.document.io_date
        for record in source.received
        if record.document.status is RefundStatus.CONFIRMED
    }


def expected_return(refund: Refund, arrived: Mapping[int, datetime]) -> Expected:
    """An after-sales document as it stands, or once stood."""
    lines = [line for line in refund.items if line.r_qty]
    sound = bool(lines) and all(line.r_qty > 0 for line in lines)
    goods_back = refund.as_id in arrived and refund.type is not RefundType.REFUND_ONLY
    at = next((line.receive_date for line in lines if line.receive_date), arrived.get(refund.as_id, refund.as_date))
    return Expected(
        source_id=refund.as_id,
        platform_number=refund.outer_as_id,
        means_bill=refund.status is RefundStatus.CONFIRMED and goods_back and sound,
        is_sound=sound,
        day=at.astimezone(ZONE).date(),
        currency=refund.currency,
        quantities=_quantities(((line.sku_id, line.r_qty) for line in lines), refund.batchs),
        amounts=_sums(
            (line.sku_id, line.amount if line.r_qty == line.qty else line.r_qty * line.price) for line in lines
        ),
    )


def source_ids(source: JushuitanState, platform_number: str) -> dict[str, int]:
    """The source's own ids behind a platform number: `io_id` and `o_id` of an order, or `as_id` of a return.

    Raises KeyError when the source has no such document.
    """
    for sale in source.outbounds:
        if sale.document.so_id == platform_number:
            return {"io_id": sale.document.io_id, "o_id": sale.document.o_id}
    for refund in source.refunds:
        if refund.document.outer_as_id == platform_number:
            return {"as_id": refund.document.as_id}
    raise KeyError(platform_number)


def _sums(parts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Amounts by material; every line is rounded as the ERP rounds it."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sku_id, amount in parts:
        sums[material_of(sku_id)] += round_half_up(amount, MONEY_DIGITS)
    return dict(sums)


def _quantities(lines: Iterable[tuple[str, Decimal]], batches: Iterable[Batch]) -> dict[tuple[str, str], Decimal]:
    """Quantities by material and lot: batches say how much of a code came from where."""
    quantities: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for sku_id, quantity in lines:
        quantities[material_of(sku_id), ""] += quantity
    for batch in batches:
        material = material_of(batch.sku_id)
        quantities[material, batch.batch_no] += batch.qty
        quantities[material, ""] -= batch.qty
    return {key: quantity for key, quantity in quantities.items() if quantity != ZERO}
