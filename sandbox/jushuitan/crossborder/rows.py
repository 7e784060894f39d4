"""Cross-border orders, refunds and transfer fees on the wire: amounts are texts here (vendor section 10.9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.jsontext import dumps
from sandbox.jushuitan.crossborder.documents import SkuFee, TransferFee
from sandbox.jushuitan.documents import ZERO, Finance, Order, Record, Refund
from sandbox.jushuitan.rows import Row, Wanted, order_row, refund_row, wire_time
from sandbox.jushuitan.state import JushuitanState


def cross_border_order_row(state: JushuitanState, record: Record[Order], wanted: Wanted) -> Row:
    """As an order, with lines and payments under other names and the finance block as a text."""
    order = record.document
    row = order_row(state, record, Wanted())
    items, pays = row.pop("items") or [], row.pop("pays") or []
    finance = order.finance
    more = {
        "amount": sum((line.amount for line in order.items), ZERO),
        "f_freight": ZERO,
        "discount_rate": None,
        "cb_l_id": "",
        "cb_lc_code": "",
        "cb_lc_name": "",
        "chosen_channel": "",
        "cb_total_tax": finance.product_tax + finance.shipping_tax if finance is not None else ZERO,
        "freight_tax": finance.shipping_tax if finance is not None else ZERO,
        "refund_amount": ZERO,
        "outer_so_id": order.so_id,
        "cb_financenew": "" if finance is None else dumps({n: getattr(finance, n) for n in Finance.__slots__}),
        "order_pays": pays,
        "order_items": [item | {"refund_qty": ZERO, "item_pay_amount": item["amount"]} for item in items],
    }
    return dict(_as_text(row | more))


def cross_border_refund_row(state: JushuitanState, record: Record[Refund], wanted: Wanted) -> Row:
    """As a refund, with its lines under another name and the id of what it goes back to."""
    refund = record.document
    row = refund_row(state, record, Wanted())
    items = row.pop("items") or []
    io_id = next((one.document.io_id for one in state.outbounds if one.document.o_id == refund.o_id), None)
    return dict(_as_text(row | {"io_id": io_id, "refund_items": items}))


def transfer_fee_row(state: JushuitanState, record: Record[TransferFee], wanted: Wanted) -> Row:
    fee = record.document
    return {
        "transfer_no": str(fee.io_id),
        "modify_time": wire_time(record.modified),
        "skufee_detail_list": [{name: getattr(line, name) for name in SkuFee.__slots__} for line in fee.items],
    }


def _as_text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {name: _as_text(part) for name, part in value.items()}
    return [_as_text(part) for part in value] if isinstance(value, list) else value
