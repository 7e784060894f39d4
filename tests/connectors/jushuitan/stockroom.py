"""A merchant with goods, a second warehouse and a supplier, and documents to write into it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.jushuitan.new_documents import (
    Direction,
    NewLine,
    NewOther,
    NewPurchaseIn,
    NewPurchaseOrder,
    NewPurchaseReturn,
    NewTransfer,
)
from sandbox.jushuitan.documents import Sku, Warehouse
from sandbox.jushuitan.purchasing.documents import Supplier
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import Figure
from sandbox.jushuitan.warehousing.documents import OtherInOut, OtherType, StockLine, StockStatus
from tests.connectors.jushuitan.kit import START

SUPPLIER = 7001


def stock_up(state: JushuitanState, pieces: int = 100) -> None:
    """Two items, so many pieces of each in the main area of warehouse 11."""
    state.add_warehouse(Warehouse(12, "洛杉矶仓"))
    state.add_supplier(Supplier(SUPPLIER, "V-01", "义乌百货"))
    for sku_id in ("MUG-01", "CUP-01"):
        state.add_sku(Sku(sku_id, sku_id, cost_price=Decimal("3.20")))
        state.add_stock(11, sku_id, Decimal(pieces))


def pieces(state: JushuitanState, wms_co_id: int = 11, sku_id: str = "MUG-01", figure: Figure = Figure.QTY) -> Decimal:
    return state.figure(wms_co_id, sku_id, figure)


def line(qty: Any = 3, sku_id: str = "MUG-01", **fields: Any) -> NewLine:
    return NewLine(sku_id=sku_id, qty=qty, **fields)


def other(number: str = "K-1", *lines: NewLine, **fields: Any) -> NewOther:
    defaults: dict[str, Any] = {"direction": Direction.OUT, "wms_co_id": 11, "reason": "样品"}
    return NewOther(number=number, lines=lines or (line(),), **(defaults | fields))


def transfer(number: str = "K-1", *lines: NewLine, **fields: Any) -> NewTransfer:
    places: dict[str, Any] = {"from_wms_co_id": 11, "to_wms_co_id": 12}
    return NewTransfer(number=number, lines=lines or (line(),), **(places | fields))


def purchase_in(number: str = "K-1", *lines: NewLine, **fields: Any) -> NewPurchaseIn:
    defaults: dict[str, Any] = {"wms_co_id": 11, "supplier_id": SUPPLIER}
    return NewPurchaseIn(number=number, lines=lines or (line(price="3.20"),), **(defaults | fields))


def purchase_return(number: str = "K-1", *lines: NewLine, **fields: Any) -> NewPurchaseReturn:
    defaults: dict[str, Any] = {"wms_co_id": 11, "supplier_id": SUPPLIER, "remark": "破损"}
    return NewPurchaseReturn(number=number, lines=lines or (line(price="3.20"),), **(defaults | fields))


def purchase_order(number: str = "K-1", *lines: NewLine, **fields: Any) -> NewPurchaseOrder:
    defaults: dict[str, Any] = {"wms_co_id": 11, "supplier_id": SUPPLIER}
    return NewPurchaseOrder(number=number, lines=lines or (line(price="3.20"),), **(defaults | fields))


def add_others(state: JushuitanState, count: int, **fields: Any) -> list[int]:
    """Effective other-in documents of two pieces; their ids."""
    ids = []
    for number in range(count):
        defaults: dict[str, Any] = {
            "io_id": state.next_id(),
            "type": OtherType.IN,
            "status": StockStatus.CONFIRMED,
            "io_date": START,
            "wms_co_id": 11,
            "so_id": f"X-{number}",
            "items": (StockLine(state.next_id(), "MUG-01", Decimal(2), price=Decimal("3.20")),),
        }
        document = OtherInOut(**(defaults | fields))
        state.add_other(document)
        ids.append(document.io_id)
    return ids
