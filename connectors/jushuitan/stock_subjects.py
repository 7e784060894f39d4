"""Stock documents as flows see them: one row of a bill is one row here, with its lot, its place and its direction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from connectors.jushuitan.lots import Lots
from connectors.jushuitan.stock_models import (
    CountDocument,
    CountItem,
    OtherDocument,
    OtherType,
    PurchaseInDocument,
    PurchaseReturnDocument,
    StockItem,
    TransferDocument,
    TransferItem,
    TransferType,
)
from domain.documents import Frozen

REVALUED_ABOVE = Decimal(2)
"""Percent of the quantity before a count: a larger difference calls for a revaluation (requirement F10)."""
REVERSAL_MARK = "红冲单据"
"""Stands in the remark of a transfer that takes another one back (jushuitan.md §9.5)."""


class StockLine(Frozen):
    """A line of a stock bill: one item, or one lot of it, in pieces above 0.

    Attributes:
        price, amount: cost, where the document has any.
    """

    sku_id: str
    qty: Decimal
    price: Decimal | None = None
    amount: Decimal | None = None
    batch_no: str | None = None
    product_date: datetime | None = None
    expiration_date: datetime | None = None
    tax_rate: Decimal | None = None


class CountedLine(Frozen):
    """What a count found of one item, or of one lot of it.

    Attributes:
        qty: pieces too many or too few, above 0.
        before, after: pieces by the book, and pieces counted.
    """

    sku_id: str
    qty: Decimal
    before: Decimal
    after: Decimal
    batch_no: str | None = None
    product_date: datetime | None = None
    expiration_date: datetime | None = None

    @property
    def needs_revaluation(self) -> bool:
        """More than two percent of what was there (exactly two is not); any difference where there was nothing."""
        return self.before <= 0 or self.qty * 100 > REVALUED_ABOVE * self.before


class CountedStock(CountDocument):
    """A stock count (§9.2). One count may have found too much of one item and too little of another."""

    @cached_property
    def gains(self) -> tuple[CountedLine, ...]:
        """盘盈: what there is more of than the book says."""
        return tuple(line for line in self.counted if line.after > line.before)

    @cached_property
    def losses(self) -> tuple[CountedLine, ...]:
        """盘亏: what there is less of than the book says."""
        return tuple(line for line in self.counted if line.after < line.before)

    @cached_property
    def counted(self) -> tuple[CountedLine, ...]:
        """One line for each item and lot: several of one follow one another, and count together."""
        together: dict[tuple[str, str | None], list[CountItem]] = {}
        for item in self.items:
            together.setdefault((item.sku_id, item.batch_no), []).append(item)
        return tuple(_counted(items) for items in together.values())

    @property
    def has_gains(self) -> bool:
        return bool(self.gains)

    @property
    def has_losses(self) -> bool:
        return bool(self.losses)

    @property
    def needs_revaluation(self) -> bool:
        """Whether any line that differs does so by more than two percent (requirement F10)."""
        return any(line.needs_revaluation for line in (*self.gains, *self.losses))

    @property
    def revalued(self) -> tuple[CountedLine, ...]:
        """The lines that differ by more than two percent."""
        return tuple(line for line in (*self.gains, *self.losses) if line.needs_revaluation)

    @property
    def place(self) -> str:
        """Where it was counted: ``<wms_co_id>/<wh_id>``, the key of the warehouse mapping."""
        return f"{self.wms_co_id}/{self.wh_id}"


class OtherMovement(OtherDocument):
    """Goods in or out for another reason (§9.6)."""

    @cached_property
    def lines(self) -> tuple[StockLine, ...]:
        lots = Lots(self.batchs)
        return tuple(part for item in self.items for part in lots.split(_line(item), item.ioi_id))

    @property
    def comes_in(self) -> bool:
        return self.type is not OtherType.OUT

    @property
    def place(self) -> str:
        """Where the goods came in or left: ``<wms_co_id>/<wh_id>``."""
        return f"{self.wms_co_id}/{self.wh_id}"


class TransferHalf(TransferDocument):
    """One half of a transfer (§9.5). A bill for both places at once is made of the half that comes in."""

    @cached_property
    def lines(self) -> tuple[StockLine, ...]:
        """What was sent, or what arrived."""
        lots = Lots(self.batchs)
        return tuple(
            part
            for item in self.items
            for part in lots.split(_line(item, self._moved(item)), item.ioi_id)
            if part.qty > 0
        )

    @property
    def comes_in(self) -> bool:
        return self.type is TransferType.IN

    @property
    def is_reversal(self) -> bool:
        """Whether it takes another transfer back."""
        return REVERSAL_MARK in (self.remark or "")

    @property
    def is_short(self) -> bool:
        """Whether less arrived than was sent."""
        return any(self._moved(item) < item.qty for item in self.items)

    @property
    def from_place(self) -> str:
        """Where the goods left: ``<wms_co_id>/<wh_id>``."""
        return f"{self.link_wms_co_id if self.comes_in else self.wms_co_id}/{self.wh_id}"

    @property
    def to_place(self) -> str:
        """Where the goods go to."""
        return f"{self.wms_co_id if self.comes_in else self.link_wms_co_id}/{self.link_wh_id}"

    @property
    def pair(self) -> str:
        """A number both halves share: the id of the one that goes out."""
        return (self.link_io_id if self.comes_in else self.io_id) or ""

    @property
    def _is_counted(self) -> bool:
        """Whether anybody counted on arrival: nothing of anything is taken for nobody having counted."""
        return self.comes_in and any(item.r_qty for item in self.items)

    def _moved(self, item: TransferItem) -> Decimal:
        return item.r_qty or Decimal(0) if self._is_counted else item.qty


class PurchaseReceipt(PurchaseInDocument):
    """Goods of a purchase that came in (§10.7)."""

    @cached_property
    def lines(self) -> tuple[StockLine, ...]:
        return _purchased(self)

    @property
    def place(self) -> str:
        """Where the goods came in: ``<wms_co_id>/<wh_id>``."""
        return f"{self.wms_co_id}/{self.wh_id}"


class PurchaseReturned(PurchaseReturnDocument):
    """Goods of a purchase that went back (§10.8)."""

    @cached_property
    def lines(self) -> tuple[StockLine, ...]:
        return _purchased(self)

    @property
    def supplier_id(self) -> str | None:
        return self.seller_id

    @property
    def place(self) -> str:
        """Where the goods left: ``<wms_co_id>/<wh_id>``."""
        return f"{self.wms_co_id}/{self.wh_id}"


def _purchased(document: PurchaseInDocument | PurchaseReturnDocument) -> tuple[StockLine, ...]:
    lots = Lots(document.batchs)
    return tuple(part for item in document.items for part in lots.split(_line(item), item.ioi_id))


def _line(item: StockItem, qty: Decimal | None = None) -> StockLine:
    """A line of so many pieces; of another number than the document's, its amount is not known."""
    return StockLine(
        sku_id=item.sku_id,
        qty=item.qty if qty is None else qty,
        price=item.cost_price,
        amount=item.cost_amount if qty in (None, item.qty) else None,
        batch_no=item.batch_no,
        product_date=item.product_date,
        expiration_date=item.expiration_date,
        tax_rate=item.tax_rate,
    )


def _counted(items: Sequence[CountItem]) -> CountedLine:
    first = items[0]
    before = first.r_qty - first.qty
    change = sum((item.qty for item in items), Decimal(0))
    return CountedLine(
        sku_id=first.sku_id,
        qty=abs(change),
        before=before,
        after=before + change,
        batch_no=first.batch_no,
        product_date=first.product_date,
        expiration_date=first.expiration_date,
    )
