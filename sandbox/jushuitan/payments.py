"""售后退款: the money of confirmed after-sales documents (vendor section 10.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sandbox.jushuitan.documents import Record, RefundStatus
from sandbox.jushuitan.rows import Row, Wanted, wire_time
from sandbox.jushuitan.state import JushuitanState


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """Money paid back to a buyer; here each after-sales document is paid back at once."""

    as_id: int
    o_id: int | None
    shop_id: int
    paid: datetime | None
    amount: Decimal


def refund_payments(state: JushuitanState) -> Sequence[Record[RefundPayment]]:
    return [
        Record(
            RefundPayment(refund.as_id, refund.o_id, refund.shop_id, refund.confirm_date, refund.refund),
            record.created,
            record.modified,
            record.ts,
        )
        for record in state.refunds
        if (refund := record.document).status is RefundStatus.CONFIRMED and refund.refund
    ]


def refund_payment_row(state: JushuitanState, record: Record[RefundPayment], wanted: Wanted) -> Row:
    payment = record.document
    return {
        "pay_id": payment.as_id,
        "as_id": payment.as_id,
        "o_id": payment.o_id,
        "shop_id": payment.shop_id,
        "pay_date": wire_time(payment.paid),
        "confirm_date": wire_time(payment.paid),
        "modified": wire_time(record.modified),
        "amount": payment.amount,
        "status": "Confirmed",
        "payment": "支付宝",
        "drp_co_id_from": "",
        "ts": record.ts,
    }
