"""The ERP as one interface: what every implementation (云星空, 旗舰版) can do with bills.

Batched by nature: every call takes many bills of one form and answers for each on its own, so that one bad bill never
fails its neighbours. A fault that concerns the call as a whole is raised; a fault of one bill is returned.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from domain.documents import Frozen
from domain.faults import Fault


class BillStatus(StrEnum):
    """`FDocumentStatus`: the five states of a Kingdee bill."""

    DRAFT = "Z"
    CREATED = "A"
    SUBMITTED = "B"
    AUDITED = "C"
    REAUDIT = "D"

    @property
    def can_submit(self) -> bool:
        return self in (BillStatus.DRAFT, BillStatus.CREATED, BillStatus.REAUDIT)


class Match(Frozen):
    """One condition of a query: `key` (dotted where base data) equals one of `values`."""

    key: str
    values: tuple[str, ...]


class BillForm(Frozen):
    """A bill form of the ERP and the keys needed to read one of its bills back.

    Attributes:
        id: form id, e.g. ``SAL_OUTSTOCK``.
        entry: key of the line entity, e.g. ``FEntity``.
        material, quantity, amount: line keys read back for comparison, e.g. ``FMaterialID.FNumber``.
        stock: line key of the warehouse, read back as well where the form has one, e.g. ``FStockID.FNumber``.
        line: further line keys read back for comparison, e.g. ``FEntryTaxRate``.
        head: head keys read back for comparison (dotted where base data), e.g. ``FDate``.
        date: head key of the bill's date; empty where the bills of a day are never asked for.
        only: head values that tell its bills from others the ERP keeps under the same form; among `head`.
    """

    id: str
    entry: str
    material: str
    quantity: str
    amount: str
    stock: str = ""
    line: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    date: str = ""
    only: tuple[Match, ...] = ()

    def covers(self, content: BillContent) -> bool:
        """Whether a bill that was read is one of this form's."""
        return all(content.head.get(match.key, "") in match.values for match in self.only)


class Bill(Frozen):
    """A bill to be written: its caller-chosen number and the field tree of the target form."""

    number: str
    model: dict[str, Any]


class FoundBill(Frozen):
    """A bill as the ERP has it now."""

    id: str
    number: str
    status: BillStatus
    cancelled: bool = False


VeryBills = Mapping[str, str]
"""Number → the ERP's own id of the very bills that are meant.

Whatever takes a bill back names it by its id: a call that takes effect long after it was given up must not hit the bill
that was made under the same number since.
"""


class BillLine(Frozen):
    """A line read back from the ERP, in the bill's own currency. `stock` is the warehouse, where it has one; `more`
    are the values of `BillForm.line`, in its order."""

    entry_id: str
    material: str
    quantity: Decimal
    amount: Decimal
    stock: str = ""
    more: tuple[str, ...] = ()


class BillContent(Frozen):
    """Head values (by the keys of `BillForm.head`) and lines of a bill, for comparison with what we want there."""

    head: dict[str, str]
    lines: tuple[BillLine, ...]


class DatedBill(Frozen):
    """A bill with its content, as it was met when the bills of a day were read."""

    bill: FoundBill
    content: BillContent


class Erp(Protocol):
    """What a flow may ask of the ERP. All methods raise `Fault` when the call as a whole failed."""

    async def find(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, FoundBill]:
        """The bills that exist, by number. Absent means: the ERP positively has no such bill."""
        ...

    async def read(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, BillContent]:
        """Contents of the bills that exist, by number."""
        ...

    async def save(
        self, form: BillForm, bills: Sequence[Bill], *, submit_and_audit: bool, options: Mapping[str, Any] | None = None
    ) -> Mapping[str, Fault | None]:
        """Create the bills; None for each that was taken. `submit_and_audit`: all three steps or nothing per bill."""
        ...

    async def submit(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, Fault | None]: ...

    async def audit(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, Fault | None]: ...

    async def unaudit(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]: ...

    async def withdraw(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]:
        """Take submitted bills back (撤销), so that they can be deleted."""
        ...

    async def delete(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]: ...

    async def query(
        self, form: str, fields: Sequence[str], matches: Sequence[Match], *, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Rows of a form by exact conditions, read page by page in a stable order; values keyed by the field asked."""
        ...

    def dated(self, form: BillForm, day: date) -> AsyncIterator[Sequence[DatedBill]]:
        """Every bill the form covers with that date, cancelled ones included, page by page; days are never in memory.

        A bill that comes or goes meanwhile hides no other.
        """
        ...
