"""Jushuitan documents as flows see them: one row of a bill is one row here, lots and received quantities worked in."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from pydantic import BaseModel, ConfigDict

from connectors.jushuitan.lots import Lots
from connectors.jushuitan.models import OutboundDocument, ReceivedDocument, RefundDocument
from domain.documents import Frozen
from domain.money import currency_digits

MAIN_AREA = 1
"""主仓: goods are shipped from the main area (jushuitan.md §7.1)."""
STANDING = ("Confirmed", "Archive")
"""Statuses of a stock document that moved goods (jushuitan.md §10.2 and §10.4)."""


class BillLine(Frozen):
    """A line of a bill: one item, or one lot of it.

    Attributes:
        amount: what the source says the line is worth; None where it says nothing of this quantity.
        outer_oi_id: the platform's number of the order line, "" when the source does not name it.
    """

    sku_id: str
    qty: Decimal
    price: Decimal
    amount: Decimal | None
    outer_oi_id: str
    batch_no: str | None = None
    product_date: datetime | None = None
    expiration_date: datetime | None = None


class ShippedOrder(OutboundDocument):
    """A sales outbound (§10.2)."""

    @cached_property
    def lines(self) -> tuple[BillLine, ...]:
        """Items in order; one that left in several lots is a line for each lot."""
        lots = Lots(self.batchs, currency_digits(self.currency))
        rows: list[BillLine] = []
        for item in self.items:
            whole = BillLine(
                sku_id=item.sku_id,
                qty=item.qty,
                price=item.sale_price,
                amount=item.sale_amount,
                outer_oi_id=item.outer_oi_id or "",
            )
            rows += lots.split(whole, item.ioi_id)
        return tuple(rows)

    @property
    def place(self) -> str:
        """Where the goods left: ``<wms_co_id>/<wh_id>``, the key of the warehouse mapping."""
        return f"{self.wms_co_id}/{MAIN_AREA}"


class ReturnedGoods(BaseModel):
    """A refund (§10.3: the money) with the goods really received for it (§10.4: the stock), one return bill."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refund: RefundDocument
    received: tuple[ReceivedDocument, ...] = ()

    @property
    def as_id(self) -> str:
        return self.refund.as_id

    @property
    def so_id(self) -> str | None:
        return self.refund.so_id

    @property
    def status(self) -> str:
        return self.refund.status

    @property
    def type(self) -> str:
        return self.refund.type

    @property
    def shop_name(self) -> str | None:
        return self.refund.shop_name

    @property
    def currency(self) -> str:
        return self.refund.currency

    @cached_property
    def receipts(self) -> tuple[ReceivedDocument, ...]:
        """Receipts that stand."""
        return tuple(receipt for receipt in self.received if receipt.status in STANDING)

    @property
    def is_received(self) -> bool:
        """Whether the goods of the refund are booked in, as many as it says were received."""
        if self.refund.good_status != "SELLER_RECEIVED" or not self.receipts:
            return False
        booked: dict[str, Decimal] = defaultdict(Decimal)
        for receipt in self.receipts:
            for item in receipt.items:
                booked[item.sku_id] += item.qty
        said: dict[str, Decimal] = defaultdict(Decimal)
        for line in self.refund.items:
            said[line.sku_id] += line.r_qty or Decimal(0)
        return any(said.values()) and all(booked[sku] >= qty for sku, qty in said.items())

    @property
    def receive_date(self) -> datetime | None:
        """When the last of the goods came in."""
        return max((receipt.io_date for receipt in self.receipts if receipt.io_date is not None), default=None)

    @property
    def place(self) -> str:
        """Where the goods came in: ``<wms_co_id>/<wh_id>``, the key of the warehouse mapping."""
        first = next(iter(self.receipts), None)
        return f"{first.wms_co_id}/{first.wh_id}" if first is not None else ""

    @property
    def places(self) -> tuple[str, ...]:
        """Every place goods came in at; a bill has room for one."""
        return tuple(dict.fromkeys(f"{receipt.wms_co_id}/{receipt.wh_id}" for receipt in self.receipts))

    @cached_property
    def lines(self) -> tuple[BillLine, ...]:
        """One line for each received batch of each refund line (requirement F40)."""
        received_lots = [batch for receipt in self.receipts for batch in receipt.batchs]
        lots = Lots(received_lots or self.refund.batchs, currency_digits(self.currency))
        rows: list[BillLine] = []
        for item in self.refund.items:
            received = item.r_qty or Decimal(0)
            if received == 0:
                continue
            whole = BillLine(
                sku_id=item.sku_id,
                qty=received,
                price=item.price,
                amount=item.amount if received == item.qty else None,
                outer_oi_id=item.outer_oi_id or "",
            )
            rows += lots.split(whole, None)
        return tuple(rows)
