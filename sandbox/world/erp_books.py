"""Reads the simulated ERP's own records into the auditor's terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.galaxy.state import GalaxyState
from sandbox.world.books import ZERO, BookedBill, BookedLine, Books

SALES_FORM = "SAL_OUTSTOCK"
RETURNS_FORM = "SAL_RETURNSTOCK"


def read_books(galaxy: GalaxyState) -> Books:
    """All sales and return bills that are not cancelled."""
    codes = {bill["number"]: str(bill["head"]["FCODE"]) for bill in galaxy.bills("BD_Currency")}
    return Books(_bills(galaxy, SALES_FORM, codes), _bills(galaxy, RETURNS_FORM, codes))


def read_inventory(galaxy: GalaxyState) -> dict[tuple[str, str], Decimal]:
    """What the ERP has, by warehouse and material number."""
    quantities: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for balance in galaxy.bills("STK_Inventory"):
        head = balance["head"]
        quantities[head["FStockId"], head["FMaterialId"]] += head["FBaseQty"]
    return dict(quantities)


def _bills(galaxy: GalaxyState, form: str, codes: Mapping[str, str]) -> tuple[BookedBill, ...]:
    return tuple(_bill(bill, codes) for bill in galaxy.bills(form) if not bill["cancelled"])


def _bill(bill: Mapping[str, Any], codes: Mapping[str, str]) -> BookedBill:
    head = _folded(bill["head"])
    return BookedBill(
        number=bill["number"],
        status=bill["status"],
        day=date.fromisoformat(str(head["fdate"])[:10]),
        currency=codes[head["fsettlecurrid"]],
        lines=tuple(_line(_folded(line)) for line in bill["lines"]),
        amount=head.get("fbillallamount", ZERO),
        functional_amount=head.get("fbillallamount_lc", ZERO),
        reference=str(head.get("fthirdbillno") or ""),
        id=bill["id"],
    )


def _line(line: Mapping[str, Any]) -> BookedLine:
    return BookedLine(
        material=line["fmaterialid"],
        quantity=line.get("frealqty", ZERO),
        amount=line.get("fallamount", ZERO),
        functional_amount=line.get("fallamount_lc", ZERO),
        stock=line.get("fstockid") or "",
        lot=line.get("flot") or "",
        order_line=str(line.get("fthirdentryid") or ""),
        taken_from=frozenset(link["bill_id"] for link in line["links"]),
    )


def _folded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Keys without regard to case: the forms spell the same field differently."""
    return {key.casefold(): value for key, value in values.items()}
