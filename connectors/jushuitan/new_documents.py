"""What we write into Jushuitan: stock documents, purchases, goods (sections 8 and 9.3 to 10.8)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from connectors.jushuitan.subjects import MAIN_AREA
from domain.documents import Frozen
from domain.money import Amount

MAIN = str(MAIN_AREA)
Pieces = Annotated[Amount, Field(gt=0)]
Number = Annotated[str, Field(min_length=1, max_length=50)]
"""The caller's own number of a document (`external_id` or `so_id`); the vendor keeps one document for each."""


class NewLine(Frozen):
    """A line to write: goods, pieces above 0, and the lot if the goods have lots.

    Attributes:
        price: tax included as the API takes it; None leaves it to the vendor.
        tax_rate: percent.
    """

    sku_id: str
    qty: Pieces
    price: Amount | None = None
    tax_rate: Amount | None = None
    batch_no: str | None = None
    product_date: date | None = None
    expiration_date: date | None = None
    remark: str | None = None


class NewDocument(Frozen):
    """What all documents we write have."""

    number: Number
    lines: tuple[NewLine, ...] = Field(min_length=1)
    remark: str | None = None
    labels: tuple[str, ...] = ()


class Direction(StrEnum):
    """`type` of an uploaded other in/out document."""

    IN = "in"
    OUT = "out"


class NewOther(NewDocument):
    """Goods in or out for another reason, effective at once (section 9.6). `area` is the stock area, `wh_id`."""

    direction: Direction
    wms_co_id: int
    area: str = MAIN
    reason: str | None = None


class NewTransfer(NewDocument):
    """Goods from one place to another (section 9.5).

    Attributes:
        at_once: both halves take effect as it is written; otherwise its legs follow (`legs.TransferLegs`).
    """

    from_wms_co_id: int
    to_wms_co_id: int
    from_area: str = MAIN
    to_area: str = MAIN
    at_once: bool = True


class NewPurchaseIn(NewDocument):
    """Goods of a purchase that came in (section 10.7): names its order, or at least its supplier."""

    wms_co_id: int
    area: str = MAIN
    supplier_id: int | None = None
    po_id: int | None = None
    tax_rate: Amount | None = None


class NewPurchaseReturn(NewDocument):
    """Goods of a purchase that go back (section 10.8). Its reason goes into `remark`: the API has no field for one."""

    wms_co_id: int
    area: str = MAIN
    supplier_id: int | None = None
    po_id: int | None = None


class NewPurchaseOrder(NewDocument):
    """An order to a supplier (section 10.6). The API has no currency, duty rate or way of transport.

    Attributes:
        ordered_on: day of the order.
        arrives_on: expected day, written to each line.
        term: terms, a free text.
    """

    supplier_id: int
    wms_co_id: int
    ordered_on: date | None = None
    arrives_on: date | None = None
    tax_rate: Amount | None = None
    freight: Amount | None = None
    term: str | None = None


class StockChange(StrEnum):
    """How an uploaded count is meant (section 9.3)."""

    SET = "check"
    """The goods listed have this quantity from now on."""
    ADD = "adjust"
    """The goods listed change by this quantity."""


class StockFigure(Frozen):
    """Goods and pieces; for `ADD` the pieces may be below 0."""

    sku_id: str
    qty: Amount
    batch_no: str | None = None


class NewStock(Frozen):
    """Opening stock, or a difference, effective at once (section 9.3)."""

    number: Number
    change: StockChange
    wms_co_id: int
    figures: tuple[StockFigure, ...] = Field(min_length=1, max_length=500)
    area: str = MAIN
    remark: str | None = None


class NewGoods(Frozen):
    """Goods, by their code; a field that is None is left as it is (requirement F01).

    Attributes:
        weight, gross_weight: kilograms; `weight` is the net weight.
        declared_price: for customs, a piece.
        battery: whether a battery is in it.
        enabled: None leaves it, False takes it out of use.
    """

    sku_id: Annotated[str, Field(min_length=1, max_length=40)]
    name: str
    style: str | None = None
    unit: str | None = None
    brand: str | None = None
    properties: str | None = None
    barcode: str | None = None
    sale_price: Amount | None = None
    cost_price: Amount | None = None
    weight: Amount | None = None
    gross_weight: Amount | None = None
    hs_code: str | None = None
    english_name: str | None = None
    declared_price: Amount | None = None
    battery: bool | None = None
    has_batches: bool | None = None
    enabled: bool | None = None
    labels: tuple[str, ...] = ()


class NewSupplier(Frozen):
    """A supplier, by our code for it."""

    code: Annotated[str, Field(min_length=1)]
    name: str
    enabled: bool = True
    remark: str | None = None


class NewComponent(Frozen):
    sku_id: str
    qty: Pieces
    sale_price: Amount = Decimal(0)


class NewCombined(Frozen):
    """Goods sold as one and shipped as their components (section 8.6)."""

    sku_id: Annotated[str, Field(min_length=1, max_length=40)]
    name: str
    components: tuple[NewComponent, ...] = Field(min_length=1)
    style: str | None = None
    enabled: bool = True


class NewShopGoods(Frozen):
    """What a shop calls a goods code (section 8.7)."""

    shop_id: int
    shop_i_id: str
    shop_sku_id: str
    sku_id: str
    name: str | None = None
