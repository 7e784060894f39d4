"""A feed: business documents on their way into the sandbox, and the base data they rest on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sandbox.jushuitan.documents import (
    Order,
    OrderLine,
    OrderStatus,
    Outbound,
    Received,
    Refund,
    Shop,
    Warehouse,
)

NextId = Callable[[], int]
"""Gives a number that no other document or line has."""

ShopId = Callable[[str], int]
"""The id of the shop with this name; the same name always gets the same id."""


class FeedError(ValueError):
    """A feed cannot be made from what was given; the message says where and what was expected."""


def material_of(sku_id: str) -> str:
    """The material number of a goods code: all spellings of one code are one material."""
    return sku_id.upper()


@dataclass(frozen=True, slots=True)
class FeedShop:
    """A shop and what the ERP has to know of it.

    Attributes:
        tax_rate: percent, for the shop's sales.
        mapped: False leaves it out of the mapping table on purpose.
    """

    shop: Shop
    tax_rate: Decimal = Decimal(0)
    mapped: bool = True


@dataclass(frozen=True, slots=True)
class Goods:
    """A goods code, as the source writes it, and its material in the ERP.

    Attributes:
        service: postage, fees and the like: a material without stock.
        mapped: False leaves it out of the mapping table on purpose.
    """

    sku_id: str
    name: str
    batch_managed: bool = False
    service: bool = False
    mapped: bool = True

    @property
    def material(self) -> str:
        """The number of its material in the ERP."""
        return material_of(self.sku_id)


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening stock of one material in the main area of one warehouse, per lot where lots are managed."""

    wms_co_id: int
    sku_id: str
    quantity: Decimal
    lot: str | None = None


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """One source document: a shipped order, or an after-sales document with the goods that came back."""

    platform_number: str
    outbound: Outbound | None = None
    refund: Refund | None = None
    received: Received | None = None


class LaterKind(StrEnum):
    """What happens to a document after it was seen."""

    CANCEL = "cancel"
    """Shipping is taken back."""
    RECEIVE = "receive"
    """Returned goods arrive."""
    RESTOCK = "restock"
    """Goods that the ERP was short of arrive."""


@dataclass(frozen=True, slots=True)
class Later:
    """An event of the same day, after its document was seen."""

    kind: LaterKind
    platform_number: str
    restock: Opening | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """Documents in the order in which they appear in the source, and everything they need."""

    documents: tuple[FeedDocument, ...]
    shops: tuple[FeedShop, ...]
    warehouses: tuple[Warehouse, ...]
    goods: tuple[Goods, ...]
    openings: tuple[Opening, ...]
    later: tuple[Later, ...] = ()


def order_of(outbound: Outbound) -> Order:
    """The order that an outbound document shipped."""
    return Order(
        o_id=outbound.o_id,
        so_id=outbound.so_id,
        shop_id=outbound.shop_id,
        wms_co_id=outbound.wms_co_id,
        status=OrderStatus.SENT,
        order_date=outbound.io_date,
        send_date=outbound.io_date,
        items=tuple(
            OrderLine(
                oi_id=line.oi_id,
                sku_id=line.sku_id,
                qty=line.qty,
                price=line.sale_price,
                amount=line.sale_amount,
                outer_oi_id=line.outer_oi_id,
                name=line.name,
                is_gift=line.is_gift,
            )
            for line in outbound.items
        ),
        currency=outbound.currency,
        freight=outbound.freight,
        free_amount=outbound.free_amount,
        shop_buyer_id=outbound.shop_buyer_id,
        receiver=outbound.receiver,
        finance=outbound.finance,
    )
