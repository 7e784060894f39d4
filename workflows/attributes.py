"""Search attributes: what operators filter by in Temporal Web UI (L8). Lists for people come from the store."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.common import SearchAttributeKey

SOURCE_SYSTEM = SearchAttributeKey.for_keyword("SourceSystem")
FLOW = SearchAttributeKey.for_keyword("Flow")
DOCUMENT_TYPE = SearchAttributeKey.for_keyword("DocumentType")
PLATFORM_ORDER_NO = SearchAttributeKey.for_keyword("PlatformOrderNo")
SOURCE_NO = SearchAttributeKey.for_keyword("SourceNo")
BILL_NO = SearchAttributeKey.for_keyword("BillNo")
SHOP = SearchAttributeKey.for_keyword("Shop")
WAREHOUSE = SearchAttributeKey.for_keyword("Warehouse")
DOCUMENT_STATE = SearchAttributeKey.for_keyword("DocumentState")
HOLD_REASON = SearchAttributeKey.for_keyword("HoldReason")
SKUS = SearchAttributeKey.for_keyword_list("Skus")
GAP = SearchAttributeKey.for_keyword_list("Gap")

ALL = (
    SOURCE_SYSTEM,
    FLOW,
    DOCUMENT_TYPE,
    PLATFORM_ORDER_NO,
    SOURCE_NO,
    BILL_NO,
    SHOP,
    WAREHOUSE,
    DOCUMENT_STATE,
    HOLD_REASON,
    SKUS,
    GAP,
)
"""Ten keywords and two lists: a namespace kept in SQL has room for ten keywords and three lists."""

_SKUS_BYTES = 1800
"""The server takes 2 KB a value; an order of several hundred lines is found by its other SKUs in our own search."""

_KEYWORD = 255
"""Characters of a keyword that a namespace kept in SQL has room for; the server itself takes 2 KB."""


def keyword(text: str) -> str:
    """The beginning of a text, as much as a keyword may hold; whole, it is found by our own search."""
    return sendable(text)[:_KEYWORD]


def sendable(text: str) -> str:
    """The text with what cannot be sent (NUL, half a surrogate pair) written out."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\u0000")


def fitting(skus: Sequence[str]) -> list[str]:
    """As many SKUs as one search attribute may hold."""
    taken: list[str] = []
    size = 0
    for sku in map(sendable, skus):
        size += len(sku.encode()) + 4
        if size > _SKUS_BYTES:
            break
        taken.append(sku)
    return taken
