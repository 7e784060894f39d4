"""Whether a reason to wait is true, by the source's documents and the ERP's books as they are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal

from domain.documents import HoldReason
from sandbox.jushuitan.documents import RefundStatus, RefundType
from sandbox.jushuitan.state import JushuitanState
from sandbox.world.audit import amounts_agree, quantities_agree
from sandbox.world.books import AUDITED, ZERO, BookedBill, Books
from sandbox.world.erp_seed import stock_number
from sandbox.world.expected import Expected, arrivals, expected_return, expected_sale
from sandbox.world.feed import material_of

Inventory = Mapping[tuple[str, str], Decimal]
"""Quantity by warehouse and material number."""


class Reasons:
    """Knows the world as it is at one moment.

    Args:
        withheld: collection and key of each mapping row that nobody has added.
        closed_until: last day of the ERP's closed period (``YYYY-MM-DD``), or None.
    """

    def __init__(
        self,
        source: JushuitanState,
        books: Books,
        inventory: Inventory,
        *,
        withheld: Collection[tuple[str, str]],
        closed_until: str | None,
    ) -> None:
        self._source, self._inventory = source, inventory
        self._withheld, self._closed_until = withheld, closed_until
        self._arrived = arrivals(source)
        self._shipped = {line.order_line for bill in books.sales if bill.status == AUDITED for line in bill.lines}
        self._services = {material_of(sku.document.sku_id) for sku in source.skus if sku.document.stock_disabled}
        self._taken_from = {origin for bill in books.returns for line in bill.lines for origin in line.taken_from}
        self._checks: dict[HoldReason, Callable[[Expected, BookedBill | None], str | None]] = {
            HoldReason.SOURCE_INVALID: self._source_invalid,
            HoldReason.MAPPING_MISSING: self._mapping_missing,
            HoldReason.STOCK_SHORT: self._stock_short,
            HoldReason.OUTBOUND_NOT_POSTED: self._outbound_not_posted,
            HoldReason.GOODS_NOT_RECEIVED: self._goods_not_received,
            HoldReason.ERP_REFUSED: self._erp_refused,
            HoldReason.REVERSAL_REFUSED: self._reversal_refused,
        }

    def why_untrue(self, document: Expected, reason: HoldReason, bill: BookedBill | None) -> str | None:
        """What speaks against a reason to wait; None when it is true.

        Trouble that has passed (vendors down, credentials, rates) and faults of the product are never a reason.
        """
        check = self._checks.get(reason)
        return "that has passed" if check is None else check(document, bill)

    def versions(self, document: Expected) -> Iterator[Expected]:
        """The document as it is and as it was before each of its changes, the newest first."""
        sale = self._source.outbounds.get(document.source_id)
        while sale is not None:
            yield expected_sale(sale.document)
            sale = sale.before
        refund = self._source.refunds.get(document.source_id)
        while refund is not None:
            yield expected_return(refund.document, self._arrived)
            refund = refund.before

    def _source_invalid(self, document: Expected, bill: BookedBill | None) -> str | None:
        return "its lines are sound" if document.is_sound else None

    def _mapping_missing(self, document: Expected, bill: BookedBill | None) -> str | None:
        codes = {("sku", material) for material in document.amounts}
        needed = codes | {("shop", self._shop_name(document))}
        return None if needed & set(self._withheld) else "every mapping it needs is there"

    def _stock_short(self, document: Expected, bill: BookedBill | None) -> str | None:
        sale = self._source.outbounds.get(document.source_id)
        if sale is None:
            return "a return takes nothing out"
        stock = stock_number(sale.document.wms_co_id)
        needed: defaultdict[str, Decimal] = defaultdict(Decimal)
        for line in sale.document.items:
            needed[material_of(line.sku_id)] += line.qty
        goods = {material: quantity for material, quantity in needed.items() if material not in self._services}
        short = any(self._inventory.get((stock, material), ZERO) < quantity for material, quantity in goods.items())
        return None if short else f"{stock} has enough of everything"

    def _outbound_not_posted(self, document: Expected, bill: BookedBill | None) -> str | None:
        refund = self._source.refunds.get(document.source_id)
        lines = [line for line in refund.document.items if line.r_qty] if refund is not None else []
        waits = any(line.outer_oi_id not in self._shipped for line in lines)
        return None if waits else "the outbound of every line is audited"

    def _goods_not_received(self, document: Expected, bill: BookedBill | None) -> str | None:
        refund = self._source.refunds.get(document.source_id)
        if refund is None or refund.document.status is not RefundStatus.CONFIRMED:
            return "it is no confirmed return"
        if refund.document.type is RefundType.REFUND_ONLY:
            return "no goods are due"
        return "the goods are here" if document.source_id in self._arrived else None

    def _erp_refused(self, document: Expected, bill: BookedBill | None) -> str | None:
        return None if self._is_closed(document.day.isoformat()) else "Kingdee has no reason to refuse it any more"

    def _reversal_refused(self, document: Expected, bill: BookedBill | None) -> str | None:
        if bill is None:
            return "it has no bill"
        if document.means_bill and quantities_agree(document, bill) and amounts_agree(document, bill):
            return f"bill {bill.number} is right as it is"
        if bill.id in self._taken_from or self._is_closed(bill.day.isoformat()):
            return None
        return f"bill {bill.number} has no bill below it and its period is open"

    def _is_closed(self, day: str) -> bool:
        return self._closed_until is not None and day <= self._closed_until

    def _shop_name(self, document: Expected) -> str:
        found = self._source.outbounds.get(document.source_id) or self._source.refunds.get(document.source_id)
        shop = self._source.shops.get(found.document.shop_id) if found is not None else None
        return shop.document.shop_name if shop is not None else ""
