"""Documents, journals and bills of one day to compare, all in order unless a test says otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from domain import holds
from domain.documents import DocumentState, Hold, HoldReason
from domain.erp import BillStatus
from domain.reconciliation import BillSide, Expectation, Goods, Item, JournalSide, SourceSide

DAY, OTHER_DAY = date(2026, 9, 1), date(2026, 9, 2)
PRICE = Decimal("2.55")
HOLD: Hold = holds.make(HoldReason.STOCK_SHORT, "缺货", "Short of stock")


def goods(sku: str = "A", quantity: int | str = 6, **more: Any) -> Goods:
    """A line as the source and the journal know it: both vocabularies."""
    given = {"warehouse": "2001/1", "material": f"M-{sku}", "stock": "CK1", "amount": Decimal(quantity) * PRICE} | more
    return Goods(sku=sku, quantity=Decimal(quantity), **given)


def billed(sku: str = "A", quantity: int | str = 6, **more: Any) -> Goods:
    """The same line as the ERP has it."""
    return goods(sku, quantity, **more).model_copy(update={"sku": "", "warehouse": ""})


def head(day: date = DAY, **more: str) -> dict[str, str]:
    return {"FThirdBillNo": "SO1", "FDate": day.isoformat(), "FCustomerID.FNumber": "C101"} | more


def source(*lines: Goods, **more: Any) -> SourceSide:
    given = {
        "expectation": Expectation.BILL,
        "version": "v1",
        "day": DAY,
        "shop": "Lantern US",
        "partner": "C101",
        "reference": "SO1",
        "head": head(),
        "goods": lines or (goods(),),
    }
    return SourceSide(**(given | more))


def journal(*lines: Goods, **more: Any) -> JournalSide:
    """Posted at the source's version."""
    given = {
        "state": DocumentState.POSTED,
        "version": "v1",
        "source_version": "v1",
        "is_written": True,
        "booked": lines or (goods(),),
    }
    return JournalSide(**(given | more))


def unposted(state: DocumentState, **more: Any) -> JournalSide:
    return journal(**({"state": state, "is_written": False, "booked": None} | more))


def bill(*lines: Goods, **more: Any) -> BillSide:
    given = {
        "number": "1",
        "id": "100001",
        "status": BillStatus.AUDITED,
        "day": DAY,
        "shop": "Lantern US",
        "head": head(),
        "goods": lines or (billed(),),
    }
    return BillSide(**(given | more))


def item(given: SourceSide | None = None, found: BillSide | None = None, **more: Any) -> Item:
    return Item(**({"bill_number": "1", "number": "1", "source": given or source(), "bill": found} | more))
