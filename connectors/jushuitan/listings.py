"""The query APIs, and how each of them spells what all of them have (sections 4, 7, 8, 9 and 10)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listing:
    """One query API.

    Attributes:
        keys: fields that together tell a row from the others.
        rows: name of the list of rows.
        bare: whether rows and paging stand on the outer level of the answer, without `data`.
        cursor: name of the row version to start from.
        begin, end: names of the two ends of a time window.
        index: name of the page number in the request.
        ids: how many ids a call may ask for.
        ids_as_text: whether ids are one text with commas.
        page: rows a page, where the API gives more than the usual 50.
    """

    path: str
    keys: tuple[str, ...]
    rows: str = "datas"
    bare: bool = False
    cursor: str = "start_ts"
    begin: str = "modified_begin"
    end: str = "modified_end"
    index: str = "page_index"
    ids: int = 50
    ids_as_text: bool = False
    page: int | None = None


OUTBOUNDS = Listing("/open/orders/out/simple/query", ("io_id",))
REFUNDS = Listing("/open/refund/single/query", ("as_id",))
RECEIVED = Listing("/open/aftersale/received/query", ("io_id",))
SHOPS = Listing("/open/shops/query", ("shop_id",), page=100)
WAREHOUSES = Listing("/open/wms/partner/query", ("wms_co_id",))

INVENTORY = Listing(
    "/open/inventory/query", ("sku_id",), rows="inventorys", cursor="ts", ids=100, ids_as_text=True, page=100
)
COUNTS = Listing("/open/inventory/count/query", ("io_id",), ids_as_text=True)
TRANSFERS = Listing("/open/allocate/query", ("io_id",), ids=20)
"""How many ids a call may ask for is not documented."""
OTHERS = Listing("/open/other/inout/query", ("io_id",))
LEDGER = Listing("/open/jushuitan/inout/water/query", ("io_id", "type"), bare=True, begin="start_time", end="end_time")

SUPPLIERS = Listing("/open/supplier/query", ("supplier_id",), page=500)
PURCHASE_ORDERS = Listing("/open/purchase/query", ("po_id",), ids=30)
PURCHASE_INS = Listing("/open/purchasein/query", ("io_id",), ids=30)
PURCHASE_INS_NEWER = Listing("/open/webapi/wmsapi/purchasein/purchaseinquery", ("io_id",), ids=30)
"""The twin that new applications get permission for."""
PURCHASE_RETURNS = Listing("/open/purchaseout/query", ("io_id",), ids=30)

SKUS = Listing("/open/sku/query", ("sku_id",), ids=20, ids_as_text=True)
COMBINED = Listing("/open/combine/sku/query", ("sku_id",), ids=20, ids_as_text=True)
SHOP_GOODS = Listing("/open/skumap/query", ("shop_id", "shop_sku_id"), ids=20, ids_as_text=True)

CROSS_BORDER_ORDERS = Listing("/open/webapi/cb/cborder/getorders", ("o_id",), rows="data", index="current_page")
CROSS_BORDER_REFUNDS = Listing("/open/webapi/cb/cborder/getrefunds", ("as_id",), rows="data", index="current_page")
