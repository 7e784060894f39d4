"""The upload APIs that write documents under the caller's own number, each with the query that shows what it wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from connectors.jushuitan.bodies import (
    Body,
    area_transfer_body,
    other_body,
    purchase_in_body,
    purchase_order_body,
    purchase_return_body,
    transfer_body,
)
from connectors.jushuitan.contents import (
    Content,
    order_found,
    order_wanted,
    other_found,
    other_wanted,
    purchase_found,
    purchase_wanted,
    transfer_found,
    transfer_wanted,
)
from connectors.jushuitan.listings import (
    OTHERS,
    PURCHASE_INS,
    PURCHASE_ORDERS,
    PURCHASE_RETURNS,
    TRANSFERS,
    Listing,
)
from connectors.jushuitan.new_documents import (
    NewDocument,
    NewOther,
    NewPurchaseIn,
    NewPurchaseOrder,
    NewPurchaseReturn,
    NewTransfer,
)
from connectors.jushuitan.stock_models import (
    OtherDocument,
    PurchaseInDocument,
    PurchaseOrderDocument,
    PurchaseReturnDocument,
    StockStatus,
    TransferDocument,
    TransferType,
)

N = TypeVar("N", bound=NewDocument)
R = TypeVar("R", OtherDocument, TransferDocument, PurchaseInDocument, PurchaseReturnDocument, PurchaseOrderDocument)

_ALL_STATUSES = [status.value for status in StockStatus]


@dataclass(frozen=True, slots=True)
class Upload(Generic[N, R]):
    """One upload API, and the query that shows what it wrote.

    Attributes:
        number: what the API calls the caller's own number.
        takes_rows: whether a call takes several documents.
        at_once: whether a document is meant to take effect as it is written.
    """

    path: str
    number: str
    body: Callable[[N], Body]
    listing: Listing
    model: type[R]
    id_of: Callable[[R], str | None]
    wanted: Callable[[N], Content]
    found: Callable[[R], Content]
    takes_rows: bool = False
    asked: Mapping[str, Any] = field(default_factory=dict)
    at_once: Callable[[N], bool] = lambda new: True


def _first_half(transfer: TransferDocument) -> str | None:
    """The caller's number stands on the half that comes in; the upload answers with the other one's id."""
    return transfer.link_io_id if transfer.type is TransferType.IN else transfer.io_id


OTHER_UPLOAD: Upload[NewOther, OtherDocument] = Upload(
    path="/open/jushuitan/otherinout/upload",
    number="external_id",
    body=other_body,
    listing=OTHERS,
    model=OtherDocument,
    id_of=lambda document: document.io_id,
    wanted=other_wanted,
    found=other_found,
)
TRANSFER_UPLOAD: Upload[NewTransfer, TransferDocument] = Upload(
    path="/open/allocate/kc/upload",
    number="so_id",
    body=transfer_body,
    listing=TRANSFERS,
    model=TransferDocument,
    id_of=_first_half,
    wanted=transfer_wanted,
    found=transfer_found,
    at_once=lambda new: new.at_once,
    takes_rows=True,
)
AREA_TRANSFER_UPLOAD: Upload[NewTransfer, TransferDocument] = Upload(
    path="/open/jushuitan/allocate/in/upload",
    number="so_id",
    body=area_transfer_body,
    listing=TRANSFERS,
    model=TransferDocument,
    id_of=_first_half,
    wanted=transfer_wanted,
    found=transfer_found,
    at_once=lambda new: new.at_once,
)
PURCHASE_IN_UPLOAD: Upload[NewPurchaseIn, PurchaseInDocument] = Upload(
    path="/open/webapi/wmsapi/purchasein/createbatch",
    number="external_id",
    body=purchase_in_body,
    listing=PURCHASE_INS,
    model=PurchaseInDocument,
    id_of=lambda document: document.io_id,
    wanted=purchase_wanted,
    found=purchase_found,
    takes_rows=True,
    asked={"statuss": _ALL_STATUSES},
)
PURCHASE_RETURN_UPLOAD: Upload[NewPurchaseReturn, PurchaseReturnDocument] = Upload(
    path="/open/webapi/wmsapi/purchaseout/createbatch",
    number="external_id",
    body=purchase_return_body,
    listing=PURCHASE_RETURNS,
    model=PurchaseReturnDocument,
    id_of=lambda document: document.io_id,
    wanted=purchase_wanted,
    found=purchase_found,
    takes_rows=True,
)
PURCHASE_ORDER_UPLOAD: Upload[NewPurchaseOrder, PurchaseOrderDocument] = Upload(
    path="/open/jushuitan/purchase/upload",
    number="external_id",
    body=purchase_order_body,
    listing=PURCHASE_ORDERS,
    model=PurchaseOrderDocument,
    id_of=lambda order: order.po_id,
    wanted=order_wanted,
    found=order_found,
)
