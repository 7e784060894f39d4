"""Online Retail invoices as documents of the source: orders shipped by their shop, and returns of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from sandbox.jushuitan.config import ZONE
from sandbox.jushuitan.documents import (
    ZERO,
    Area,
    GoodStatus,
    Outbound,
    OutboundLine,
    OutboundStatus,
    Received,
    ReceivedLine,
    Refund,
    RefundLine,
    RefundStatus,
    RefundType,
    Shop,
    Warehouse,
)
from sandbox.rates.data import PUBLISHED
from sandbox.world.feed import Feed, FeedDocument, FeedError, FeedShop, Goods, NextId, Opening, ShopId, material_of
from sandbox.world.matching import SoldLines
from sandbox.world.retail_csv import Invoice, InvoiceLine, read_invoices

CURRENCY = "GBP"
WAREHOUSE = Warehouse(1001, "Central warehouse", is_main=True)
_SPARE_STOCK = Decimal(1000)
"""How much more of each item the ERP has at the opening than the orders need."""


def retail_feed(files: Iterable[Path], next_id: NextId, shop_id: ShopId, documents: int | None = None) -> Feed:
    """The documents of Online Retail files, their days moved onto the last publishing days of the rates.

    Args:
        documents: take only the first so many invoices.

    Raises:
        FeedError: a file that cannot be read (with its place), no invoice at all, or more days than published rates.
    """
    invoices = read_invoices(files)
    if not invoices:
        raise FeedError("the files hold no invoice")
    days = publishing_days(invoices)
    return _Retail(next_id, shop_id, days).feed(invoices[:documents])


def publishing_days(invoices: Iterable[Invoice]) -> dict[date, date]:
    """The n days of the invoices, in order, onto the last n publishing days.

    Raises:
        FeedError: more days than there are publishing days.
    """
    days = sorted({line.at.date() for invoice in invoices for line in invoice.lines})
    published = sorted(PUBLISHED)
    if len(days) > len(published):
        raise FeedError(
            f"the files hold {len(days)} different days, but rates are published for {len(published)} days only; "
            "give fewer files"
        )
    return dict(zip(days, published[len(published) - len(days) :], strict=True))


def is_goods(stock_code: str) -> bool:
    """Goods have a code that starts with five digits; the others are postage, discounts, fees."""
    return len(stock_code) >= 5 and stock_code[:5].isascii() and stock_code[:5].isdigit()


class _Retail:
    """Turns invoices into documents, in order, remembering what was sold."""

    def __init__(self, next_id: NextId, shop_id: ShopId, days: dict[date, date]) -> None:
        self._next_id = next_id
        self._shop_id = shop_id
        self._days = days
        self._sold = SoldLines()

    def feed(self, invoices: Sequence[Invoice]) -> Feed:
        documents = [self._return(invoice) if invoice.is_return else self._order(invoice) for invoice in invoices]
        countries = dict.fromkeys(invoice.country for invoice in invoices)
        return Feed(
            documents=tuple(documents),
            shops=tuple(FeedShop(Shop(self._shop_id(name), name, shop_site="Online Retail")) for name in countries),
            warehouses=(WAREHOUSE,),
            goods=_goods(invoices),
            openings=_openings(documents),
        )

    def _moment(self, at: datetime) -> datetime:
        return datetime.combine(self._days[at.date()], at.time(), ZONE)

    def _order(self, invoice: Invoice) -> FeedDocument:
        outbound = Outbound(
            io_id=self._next_id(),
            o_id=self._next_id(),
            so_id=invoice.number,
            shop_id=self._shop_id(invoice.country),
            wms_co_id=WAREHOUSE.wms_co_id,
            status=OutboundStatus.CONFIRMED,
            io_date=self._moment(invoice.at),
            items=tuple(
                self._order_line(f"{invoice.number}-{position}", line) for position, line in enumerate(invoice.lines, 1)
            ),
            currency=CURRENCY,
            shop_buyer_id=invoice.customer,
        )
        self._sold.add(invoice.customer, outbound)
        return FeedDocument(invoice.number, outbound=outbound)

    def _order_line(self, number: str, line: InvoiceLine) -> OutboundLine:
        return OutboundLine(
            ioi_id=self._next_id(),
            oi_id=self._next_id(),
            outer_oi_id=number,
            sku_id=line.stock_code,
            name=line.description,
            qty=line.quantity,
            sale_price=line.unit_price,
            sale_amount=line.quantity * line.unit_price,
            is_gift=not line.unit_price and line.quantity > 0,
        )

    def _return(self, invoice: Invoice) -> FeedDocument:
        moment = self._moment(invoice.at)
        has_goods = any(is_goods(line.stock_code) for line in invoice.lines)
        lines: list[RefundLine] = []
        origin: tuple[str, int | None] = ("", None)
        for line in invoice.lines:
            for match in self._sold.take_back(invoice.customer, line.stock_code, -line.quantity):
                if match.so_id and not origin[0]:
                    origin = (match.so_id, match.o_id)
                lines.append(
                    RefundLine(
                        asi_id=self._next_id(),
                        sku_id=line.stock_code,
                        name=line.description,
                        qty=match.quantity,
                        price=line.unit_price,
                        amount=match.quantity * line.unit_price,
                        r_qty=match.quantity if has_goods else ZERO,
                        receive_date=moment if has_goods else None,
                        outer_oi_id=match.outer_oi_id,
                    )
                )
        refund = Refund(
            as_id=self._next_id(),
            outer_as_id=invoice.number,
            so_id=origin[0],
            o_id=origin[1],
            shop_id=self._shop_id(invoice.country),
            wms_co_id=WAREHOUSE.wms_co_id,
            type=RefundType.RETURN if has_goods else RefundType.REFUND_ONLY,
            status=RefundStatus.CONFIRMED,
            good_status=GoodStatus.SELLER_RECEIVED,
            as_date=moment,
            confirm_date=moment,
            items=tuple(lines),
            currency=CURRENCY,
            shop_buyer_id=invoice.customer,
        )
        received = received_of(refund, self._next_id, moment) if has_goods else None
        return FeedDocument(invoice.number, refund=refund, received=received)


def received_of(refund: Refund, next_id: NextId, at: datetime) -> Received:
    """The stock document of a return whose goods all came back at once."""
    return Received(
        io_id=next_id(),
        as_id=refund.as_id,
        o_id=refund.o_id,
        so_id=refund.so_id,
        shop_id=refund.shop_id,
        wms_co_id=refund.wms_co_id,
        io_date=at,
        items=tuple(
            ReceivedLine(next_id(), line.sku_id, line.r_qty, line.price, line.r_qty * line.price, name=line.name)
            for line in refund.items
            if line.r_qty
        ),
        batchs=refund.batchs,
        wh_id=Area.RETURNS.value,
    )


def _goods(invoices: Iterable[Invoice]) -> tuple[Goods, ...]:
    """Every code in every spelling, with the first description that says anything."""
    names: dict[str, str] = {}
    for invoice in invoices:
        for line in invoice.lines:
            names[line.stock_code] = names.get(line.stock_code) or line.description
    return tuple(Goods(code, name=name or code, service=not is_goods(code)) for code, name in names.items())


def _openings(documents: Iterable[FeedDocument]) -> tuple[Opening, ...]:
    needed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for document in documents:
        if document.outbound is not None:
            for line in document.outbound.items:
                if is_goods(line.sku_id):
                    needed[material_of(line.sku_id)] += max(line.qty, ZERO)
    return tuple(Opening(WAREHOUSE.wms_co_id, sku, quantity + _SPARE_STOCK) for sku, quantity in needed.items())
