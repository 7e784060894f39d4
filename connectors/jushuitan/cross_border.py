"""Cross-border orders, refunds and what head trips cost (section 10.9). Amounts are texts on the wire here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import model_validator

from connectors.jushuitan.models import RefundDocument, Row
from connectors.jushuitan.values import Currency, Moment, Number, RequiredNumber, RequiredText, Rows, Text, Texts


class CrossBorderItem(Row):
    """A line of a cross-border order."""

    sku_id: RequiredText
    qty: RequiredNumber
    price: Number = None
    amount: Number = None
    outer_oi_id: Text = None
    refund_qty: Number = None
    item_pay_amount: Number = None
    product_tax: Number = None
    product_freight: Number = None
    src_combine_sku_id: Text = None


class CrossBorderOrder(Row):
    """An order of a cross-border shop, in its own `currency`. The vendor gives no exchange rate anywhere."""

    o_id: RequiredText
    status: RequiredText
    so_id: Text = None
    shop_id: Text = None
    shop_name: Text = None
    order_date: Moment = None
    send_date: Moment = None
    modified: Moment = None
    currency: Currency = "CNY"
    amount: Number = None
    pay_amount: Number = None
    freight: Number = None
    f_freight: Number = None
    free_amount: Number = None
    cb_total_tax: Number = None
    freight_tax: Number = None
    refund_amount: Number = None
    outer_so_id: Text = None
    cb_l_id: Text = None
    cb_lc_code: Text = None
    cb_lc_name: Text = None
    cb_financenew: Text = None
    labels: Texts = ()
    order_items: Annotated[tuple[CrossBorderItem, ...], Rows] = ()


class CrossBorderRefund(RefundDocument):
    """A refund of a cross-border shop, with the outbound it goes back to. Its lines stand under `refund_items`."""

    io_id: Text = None

    @model_validator(mode="before")
    @classmethod
    def _lines_under_another_name(cls, row: Any) -> Any:
        if isinstance(row, Mapping) and not row.get("items") and row.get("refund_items"):
            return {**row, "items": row["refund_items"]}
        return row


class SkuFee(Row):
    """Freight, duty and other cost of one goods code on one transfer, each in its own currency."""

    sku_id: RequiredText
    freight_price: Number = None
    freight_currency: Currency = "CNY"
    tariff_price: Number = None
    tariff_currency: Currency = "CNY"
    other_cost_price: Number = None
    other_cost_currency: Currency = "CNY"


class TransferFee(Row):
    """The fees of one transfer. Two spellings of the list are known of."""

    transfer_no: RequiredText
    modify_time: Moment = None
    items: Annotated[tuple[SkuFee, ...], Rows] = ()

    @model_validator(mode="before")
    @classmethod
    def _either_spelling(cls, row: Any) -> Any:
        return _under(row, "items", "skufee_detail_list", "skufeeDetailList")


class TransferFees(Row):
    """An answer with the fees of several transfers."""

    fees: Annotated[tuple[TransferFee, ...], Rows]

    @model_validator(mode="before")
    @classmethod
    def _either_spelling(cls, row: Any) -> Any:
        return _under(row, "fees", "allocatefee_detail_list", "allocatefeeDetailList")


def _under(row: Any, name: str, *spellings: str) -> Any:
    """The row with a list under our name for it; without any spelling of it, it stays as it is."""
    if not isinstance(row, Mapping) or name in row:
        return row
    found = next((spelling for spelling in spellings if spelling in row), None)
    return row if found is None else {**row, name: row[found]}
