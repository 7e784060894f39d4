"""The merchant's tenant in memory: documents, stock, tokens, limits, faults. One asyncio loop, no locks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from sandbox.faults import Faults
from sandbox.http import CallCounter
from sandbox.jushuitan.collection import Collection
from sandbox.jushuitan.config import ZONE, JushuitanConfig
from sandbox.jushuitan.crossborder.documents import TransferFee
from sandbox.jushuitan.documents import (
    ZERO,
    Order,
    Outbound,
    OutboundStatus,
    Received,
    Record,
    Refund,
    RefundStatus,
    Shop,
    Sku,
    Warehouse,
)
from sandbox.jushuitan.goods.documents import CombinedSku, ShopGoods
from sandbox.jushuitan.limits import CallLimits
from sandbox.jushuitan.purchasing.documents import PurchaseIn, PurchaseOrder, PurchaseReturn, Supplier
from sandbox.jushuitan.purchasing.movements import (
    purchase_in_movements,
    purchase_order_movements,
    purchase_return_movements,
)
from sandbox.jushuitan.stock import (
    ALL_WAREHOUSES,
    FIGURE_OF_AREA,
    Figure,
    Movement,
    StockCard,
    order_movements,
    outbound_movements,
    received_movements,
    refund_movements,
)
from sandbox.jushuitan.tokens import TokenBook
from sandbox.jushuitan.warehousing.documents import OtherInOut, StockCount, Transfer
from sandbox.jushuitan.warehousing.movements import count_movements, other_movements, transfer_movements

D = TypeVar("D")


class Kind(StrEnum):
    """Kinds of document a person can touch in the tenant."""

    ORDER = "order"
    OUTBOUND = "outbound"
    REFUND = "refund"
    RECEIVED = "received"
    OTHER = "other"
    TRANSFER = "transfer"
    COUNT = "count"
    PURCHASE_ORDER = "purchase_order"
    PURCHASE_IN = "purchase_in"
    PURCHASE_RETURN = "purchase_return"


class PagingFault(StrEnum):
    """Codes of `FaultName.VENDOR` rules: what can go wrong with the pages of a query."""

    DUPLICATE_ROW = "duplicate_row"
    """A row stands on two pages (or twice on the first)."""
    EMPTY_PAGE = "empty_page"
    """No row, although `has_next` says that there is more."""
    TOUCH_ROWS = "touch_rows"
    """Somebody changes the page's first document after it was read, so that the pages behind shift."""
    NEW_ROWS = "new_rows"
    """Another document appears after the page was read (`JushuitanState.newcomer`)."""
    LATE_ROW = "late_row"
    """A row is not visible yet, although rows with larger versions are; the next call shows it."""
    STALE_ROW = "stale_row"
    """A row is shown as it was before its last change, with the older time and row version of then."""


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where a kind of document is kept, and what it does to stock."""

    records: Collection[Any]
    movements: Callable[[Any], list[Movement]]


class JushuitanState:
    """Everything the simulator knows. Change it through its methods only: each change stamps `modified` and `ts`.

    Args:
        clock: the present moment, aware; it must not run backwards.

    Attributes:
        newcomer: makes the next document appear, if there is one; for `PagingFault.NEW_ROWS`.
        watchers: told of every change of a document: its kind, what it was (None for a new one), what it is.
        stock_watchers: told which stock cards (warehouse, goods code) a change moved.
    """

    def __init__(self, config: JushuitanConfig | None = None, *, clock: Callable[[], datetime] | None = None) -> None:
        self.config = config or JushuitanConfig()
        self.clock = clock or (lambda: datetime.now(UTC))
        self.newcomer: Callable[[], object] = lambda: None
        self.watchers: list[Callable[[Kind, Any, Any], None]] = []
        self.stock_watchers: list[Callable[[Iterable[tuple[int, str]]], None]] = []
        self.faults = Faults()
        self.calls = CallCounter()
        self.limits = CallLimits(self.config.per_second, self.config.per_minute)
        self.tokens = TokenBook(self.config, self.now())
        self.shops: Collection[Shop] = Collection()
        self.warehouses: Collection[Warehouse] = Collection()
        self.skus: Collection[Sku] = Collection()
        self.orders: Collection[Order] = Collection()
        self.outbounds: Collection[Outbound] = Collection()
        self.refunds: Collection[Refund] = Collection()
        self.received: Collection[Received] = Collection()
        self.others: Collection[OtherInOut] = Collection()
        self.transfers: Collection[Transfer] = Collection()
        self.counts: Collection[StockCount] = Collection()
        self.suppliers: Collection[Supplier] = Collection()
        self.purchase_orders: Collection[PurchaseOrder] = Collection()
        self.purchase_ins: Collection[PurchaseIn] = Collection()
        self.purchase_returns: Collection[PurchaseReturn] = Collection()
        self.combined: Collection[CombinedSku] = Collection()
        self.shop_goods: Collection[ShopGoods] = Collection()
        self.transfer_fees: Collection[TransferFee] = Collection()
        self.stock: Collection[StockCard] = Collection()
        self.remembered: dict[tuple[str, str], Any] = {}
        """Answers by upload and caller's unique number, for uploads that answer a repeat with the first result."""
        self._shelves = {
            Kind.ORDER: _Shelf(self.orders, order_movements),
            Kind.OUTBOUND: _Shelf(self.outbounds, outbound_movements),
            Kind.REFUND: _Shelf(self.refunds, refund_movements),
            Kind.RECEIVED: _Shelf(self.received, received_movements),
            Kind.OTHER: _Shelf(self.others, other_movements),
            Kind.TRANSFER: _Shelf(self.transfers, transfer_movements),
            Kind.COUNT: _Shelf(self.counts, count_movements),
            Kind.PURCHASE_ORDER: _Shelf(self.purchase_orders, purchase_order_movements),
            Kind.PURCHASE_IN: _Shelf(self.purchase_ins, purchase_in_movements),
            Kind.PURCHASE_RETURN: _Shelf(self.purchase_returns, purchase_return_movements),
        }
        self._ts = self.config.first_ts
        self._id = 5_000_000_000

    def now(self) -> datetime:
        """The present moment on the wire's clock."""
        return self.clock().astimezone(ZONE)

    def next_id(self) -> int:
        """A number no document or line of the tenant has had; always ten digits, beyond 32 bits."""
        self._id += 1
        return self._id

    def add_shop(self, shop: Shop) -> None:
        self._stamp(self.shops, shop.shop_id, shop)

    def add_warehouse(self, warehouse: Warehouse) -> None:
        self._stamp(self.warehouses, warehouse.wms_co_id, warehouse)

    def add_sku(self, sku: Sku) -> None:
        self._stamp(self.skus, sku.sku_id, sku)

    def add_order(self, order: Order) -> None:
        self._put(Kind.ORDER, order.o_id, order)

    def add_outbound(self, outbound: Outbound) -> None:
        self._put(Kind.OUTBOUND, outbound.io_id, outbound)

    def add_refund(self, refund: Refund) -> None:
        self._put(Kind.REFUND, refund.as_id, refund)

    def add_received(self, received: Received) -> None:
        self._put(Kind.RECEIVED, received.io_id, received)

    def add_other(self, document: OtherInOut) -> None:
        self._put(Kind.OTHER, document.io_id, document)

    def add_transfer(self, half: Transfer) -> None:
        self._put(Kind.TRANSFER, half.io_id, half)

    def add_count(self, count: StockCount) -> None:
        self._put(Kind.COUNT, count.io_id, count)

    def add_supplier(self, supplier: Supplier) -> None:
        self._stamp(self.suppliers, supplier.supplier_id, supplier)

    def add_purchase_order(self, order: PurchaseOrder) -> None:
        self._put(Kind.PURCHASE_ORDER, order.po_id, order)

    def add_purchase_in(self, document: PurchaseIn) -> None:
        self._put(Kind.PURCHASE_IN, document.io_id, document)

    def add_purchase_return(self, document: PurchaseReturn) -> None:
        self._put(Kind.PURCHASE_RETURN, document.io_id, document)

    def add_combined(self, combined: CombinedSku) -> None:
        self._stamp(self.combined, combined.sku_id, combined)

    def add_shop_goods(self, goods: ShopGoods) -> None:
        self._stamp(self.shop_goods, (goods.shop_id, goods.shop_sku_id), goods)

    def add_transfer_fee(self, fee: TransferFee) -> None:
        self._stamp(self.transfer_fees, fee.io_id, fee)

    def figure(self, wms_co_id: int, sku_id: str, figure: Figure) -> Decimal:
        """One quantity of one stock card; 0 where there is no card."""
        record = self.stock.get((wms_co_id, sku_id))
        return ZERO if record is None else record.document.figures.get(figure, ZERO)

    def outbound(self, io_id: int) -> Outbound:
        """Raises KeyError when there is no such document."""
        return _known(self.outbounds, io_id)

    def refund(self, as_id: int) -> Refund:
        """Raises KeyError when there is no such document."""
        return _known(self.refunds, as_id)

    def confirm_outbound(self, io_id: int) -> None:
        """The parcel left."""
        self.edit_outbound(io_id, status=OutboundStatus.CONFIRMED)

    def cancel_outbound(self, io_id: int) -> None:
        """Shipping is taken back: Cancelled after it was shipped, Delete before."""
        shipped = self.outbound(io_id).status.is_shipped
        self.edit_outbound(io_id, status=OutboundStatus.CANCELLED if shipped else OutboundStatus.DELETED)

    def edit_outbound(self, io_id: int, **changes: Any) -> None:
        """Change fields of an outbound document. Raises KeyError (no such document) or TypeError (no such field)."""
        self._put(Kind.OUTBOUND, io_id, replace(self.outbound(io_id), **changes))

    def edit_refund(self, as_id: int, **changes: Any) -> None:
        """Change fields of an after-sales document. Raises KeyError or TypeError."""
        self._put(Kind.REFUND, as_id, replace(self.refund(as_id), **changes))

    def confirm_refund(self, as_id: int) -> None:
        self.edit_refund(as_id, status=RefundStatus.CONFIRMED, confirm_date=self.now())

    def unconfirm_refund(self, as_id: int) -> None:
        """A confirmed after-sales document goes back to waiting."""
        self.edit_refund(as_id, status=RefundStatus.WAITING)

    def document(self, kind: Kind, key: int) -> Any:
        """The document of a kind. Raises KeyError when there is none."""
        return _known(self._shelves[kind].records, key)

    def put(self, kind: Kind, key: int, document: Any) -> None:
        """Add or replace a document of a kind, with what it does to stock."""
        self._put(kind, key, document)

    def touch(self, kind: Kind, key: int) -> None:
        """Change a document's `modified` and `ts` and nothing else. Raises KeyError when there is none."""
        shelf = self._shelves[kind]
        self._stamp(shelf.records, key, _known(shelf.records, key))

    def move_stock(self, movements: Iterable[Movement]) -> None:
        """Change stock cards, each one once, together with the card that sums its goods code."""
        by_card: dict[tuple[int, str], list[Movement]] = defaultdict(list)
        for movement in movements:
            by_card[movement.wms_co_id, movement.sku_id].append(movement)
            by_card[ALL_WAREHOUSES, movement.sku_id].append(movement)
        for (wms_co_id, sku_id), moves in by_card.items():
            record = self.stock.get((wms_co_id, sku_id))
            card = record.document if record is not None else StockCard(wms_co_id, sku_id, {})
            self._stamp(self.stock, (wms_co_id, sku_id), card.moved(moves))
        if by_card:
            for watcher in self.stock_watchers:
                watcher(by_card.keys())

    def add_stock(self, wms_co_id: int, sku_id: str, qty: Decimal, wh_id: str = "1") -> None:
        """Opening stock of one goods code in one stock area."""
        self.move_stock([Movement(wms_co_id, sku_id, FIGURE_OF_AREA[wh_id], qty)])

    def _put(self, kind: Kind, key: int, document: Any) -> None:
        shelf = self._shelves[kind]
        before = shelf.records.get(key)
        undone = [movement.undone for movement in shelf.movements(before.document)] if before is not None else []
        self._stamp(shelf.records, key, document)
        self.move_stock(move for move in [*undone, *shelf.movements(document)] if self.keeps_stock(move.sku_id))
        for watcher in self.watchers:
            watcher(kind, before.document if before is not None else None, document)

    def keeps_stock(self, sku_id: str) -> bool:
        """Whether goods of this code are things that lie somewhere (postage and fees are not)."""
        sku = self.skus.get(sku_id)
        return sku is None or not sku.document.stock_disabled

    def _stamp(self, records: Collection[D], key: object, document: D) -> None:
        now = self.now().replace(microsecond=0)
        before = records.get(key)
        self._ts += 1
        created = before.created if before is not None else now
        records.put(key, Record(document, created, now, self._ts, before=before))


def _known(records: Collection[D], key: int) -> D:
    record = records.get(key)
    if record is None:
        raise KeyError(key)
    return record.document
