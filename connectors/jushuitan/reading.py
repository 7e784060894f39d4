"""What the merchant has, read in one go and typed: stock, the ledger, goods, suppliers (sections 8 and 9)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.cross_border import CrossBorderOrder, CrossBorderRefund, TransferFee, TransferFees
from connectors.jushuitan.goods_models import CombinedRow, ShopGoodsRow, SkuRow, SupplierRow
from connectors.jushuitan.listings import (
    COMBINED,
    CROSS_BORDER_ORDERS,
    CROSS_BORDER_REFUNDS,
    INVENTORY,
    LEDGER,
    SHOP_GOODS,
    SKUS,
    SUPPLIERS,
)
from connectors.jushuitan.models import Row
from connectors.jushuitan.pages import Page
from connectors.jushuitan.replies import bad_reply
from connectors.jushuitan.stock_models import LedgerDocument, StockLevel

_TRANSFERS = 20
"""How many transfers a call may ask for is not documented."""
R = TypeVar("R", bound=Row)
Span = tuple[datetime, datetime]
ALL_WAREHOUSES = 0
"""`wms_co_id` that asks for the sum over all warehouses."""


class MerchantReader:
    """Typed lists. All raise `Fault`; a row that is not what the vendor documents is ``bad_reply``."""

    def __init__(self, client: JushuitanClient) -> None:
        self._client = client

    async def stock(
        self, wms_co_id: int = ALL_WAREHOUSES, *, sku_ids: Sequence[str] = (), changed: Span | None = None
    ) -> list[StockLevel]:
        """Stock of a warehouse: of some goods, or of all that changed in a span of time.

        Goods the warehouse never had are left out.
        """
        asked = {"wms_co_id": wms_co_id, "has_lock_qty": True}
        return await self._typed(
            StockLevel, self._client.read(INVENTORY, asked, window=changed, ids={"sku_ids": sku_ids})
        )

    async def ledger(
        self, span: Span, *, wms_co_id: int | None = None, kind: str | None = None
    ) -> list[LedgerDocument]:
        """Every stock document changed in a span of time, of one kind (`type` of section 7.1) or all."""
        asked: dict[str, Any] = {} if wms_co_id is None else {"wms_co_id": wms_co_id}
        asked |= {} if kind is None else {"type": kind}
        return await self._typed(LedgerDocument, self._client.read(LEDGER, asked, window=span))

    async def goods(self, sku_ids: Sequence[str]) -> list[SkuRow]:
        """Goods by their code; codes the merchant does not have are left out."""
        pages = self._client.read(SKUS, {}, ids={"sku_ids": sku_ids}) if sku_ids else None
        return await self._typed(SkuRow, pages)

    async def combined(self, sku_ids: Sequence[str]) -> list[CombinedRow]:
        """Combined goods by their code."""
        pages = self._client.read(COMBINED, {}, ids={"sku_ids": sku_ids}) if sku_ids else None
        return await self._typed(CombinedRow, pages)

    async def shop_goods(self, sku_ids: Sequence[str]) -> list[ShopGoodsRow]:
        """What the shops call some goods."""
        pages = self._client.read(SHOP_GOODS, {}, ids={"sku_ids": sku_ids}) if sku_ids else None
        return await self._typed(ShopGoodsRow, pages)

    async def suppliers(self, codes: Sequence[str]) -> list[SupplierRow]:
        """Suppliers by our code for them."""
        pages = self._client.read(SUPPLIERS, {}, ids={"supplier_codes": codes}) if codes else None
        return await self._typed(SupplierRow, pages)

    async def cross_border_orders(
        self, *, changed: Span | None = None, o_ids: Sequence[int] = ()
    ) -> list[CrossBorderOrder]:
        """Orders of cross-border shops (section 10.9)."""
        pages = self._client.read(CROSS_BORDER_ORDERS, {}, window=changed, ids={"o_ids": o_ids})
        return await self._typed(CrossBorderOrder, pages)

    async def cross_border_refunds(
        self, *, changed: Span | None = None, as_ids: Sequence[int] = ()
    ) -> list[CrossBorderRefund]:
        """Refunds of cross-border shops, with the outbound they go back to (section 10.9)."""
        pages = self._client.read(CROSS_BORDER_REFUNDS, {}, window=changed, ids={"as_ids": as_ids})
        return await self._typed(CrossBorderRefund, pages)

    async def transfer_fees(self, io_ids: Sequence[int]) -> list[TransferFee]:
        """Freight and duty of transfers, by the id of their first half (section 10.9)."""
        fees: list[TransferFee] = []
        for start in range(0, len(io_ids), _TRANSFERS):
            some = list(io_ids[start : start + _TRANSFERS])
            reply = await self._client.call(
                "/open/webapi/wmsapi/allocate/loadallocatefee", {"io_ids": some, "page_num": 1, "page_size": _TRANSFERS}
            )
            try:
                fees += TransferFees.model_validate(reply.get("data")).fees
            except ValidationError as error:
                raise bad_reply(f"transfer fees that are none: {error.errors()[0]['loc']}") from error
        return fees

    async def _typed(self, model: type[R], pages: AsyncIterator[Page] | None) -> list[R]:
        try:
            return [model.model_validate(row) async for page in pages for row in page.rows] if pages else []
        except ValidationError as error:
            raise bad_reply(f"a row that is no {model.__name__}: {error.errors()[0]['loc']}") from error
