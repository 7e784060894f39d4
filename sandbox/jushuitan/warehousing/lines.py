"""Lines of uploaded stock documents, and the lots they name."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sandbox.jushuitan.biz import Fields
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.documents import Batch
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.upload_parts import known_sku
from sandbox.jushuitan.warehousing.documents import StockLine


def stock_line(state: JushuitanState, item: Fields, qty: Decimal, price: Decimal | None = None) -> StockLine:
    """A line with what all uploads may say of one. Raises Refusal."""
    sku = known_sku(state, item)
    return StockLine(
        ioi_id=state.next_id(),
        sku_id=sku.sku_id,
        qty=qty,
        price=price,
        name=sku.name,
        tax_rate=item.number("tax_rate") if item.given("tax_rate") else None,
        batch_no=item.text("batch_id"),
        product_date=item.day("produced_date"),
        expiration_date=item.day("expiration_date"),
        supplier_id=item.integer("supplier_id") if item.given("supplier_id") else None,
        remark=item.text("remark"),
    )


def some(lines: list[StockLine]) -> tuple[StockLine, ...]:
    """The lines. Raises Refusal 130 when there are none."""
    if not lines:
        raise Refusal(Code.PARAMETER_MISSING, "items不能为空")
    return tuple(lines)


def lots_of(lines: Iterable[StockLine]) -> tuple[Batch, ...]:
    """The lots of lines that name one."""
    return tuple(
        Batch(
            line.sku_id,
            line.batch_no,
            abs(line.qty),
            line.product_date,
            line.expiration_date,
            line.supplier_id,
            ioi_id=line.ioi_id,
        )
        for line in lines
        if line.batch_no
    )
