"""What a flow file says, as typed data. The file format is documented in docs/adding-a-flow.md."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from domain.documents import Frozen, HoldReason, OwnerRole, SkipReason
from domain.erp import BillForm
from domain.mapping import Lookup, Rule, Scalar, Source


class Title(Frozen):
    """A name for people, Chinese first."""

    zh: str
    en: str


class SourceRef(Frozen):
    """Where documents come from.

    Attributes:
        stream: name of the stream of the source connection, e.g. ``jushuitan.outbound``.
        every: seconds between two polls.
        overlap: seconds that are read again at each poll, since vendors commit late.
    """

    stream: str
    every: int = Field(gt=0)
    overlap: int = Field(ge=0)


class Then(StrEnum):
    """What becomes of a document."""

    POST = "post"
    WAIT = "wait"
    SKIP = "skip"
    REVERSE = "reverse"


class Fate(Frozen):
    """First case whose `if` path has one of the values `in` decides; a case without `if` always does.

    Attributes:
        hold: the reason of a `wait`; `gap` what frees it.
        skip: the reason of a `skip`, and of a `reverse` of a document that never had a bill.
    """

    then: Then
    path: str | None = Field(default=None, alias="if")
    values: tuple[Scalar, ...] = Field(default=(), alias="in")
    hold: HoldReason | None = None
    skip: SkipReason | None = None
    gap: str | None = None


class RateRule(Frozen):
    """Which currency is valued at the central parity of which day (requirement F04)."""

    currency: str
    day: str


class LinkRule(Frozen):
    """How the bill that a line goes back to is found in the ERP.

    Attributes:
        form: form of the bill that is looked for.
        each: the list whose rows are linked, one bill entry a row.
        match: ERP key → value of the row; all must be equal.
        where: further ERP key → constant conditions.
        open: ERP keys (quantity, already returned) that say how much of an entry is still open.
        quantity: path of the quantity the row takes.
        missing: hold reason when no entry is found.
        gap: gap key with ``{path}`` placeholders of the row; whoever posts that bill resumes the document.
    """

    form: str
    each: str
    match: dict[str, Source | Lookup]
    where: dict[str, str] = Field(default_factory=dict)
    open: tuple[str, str]
    quantity: str
    missing: HoldReason
    gap: str


class Target(Frozen):
    """The bill in the ERP.

    Attributes:
        form: form id; its field list is checked.
        number_suffix: letters behind the source's number, where documents of two streams share a form: an order and
            a refund may have the same number.
        submit_and_audit: save, submit and audit as one transaction of the ERP.
        options: further request parameters of the save, e.g. ``IsVerifyBaseDataField``.
        closes: gap key that a posted bill closes, with ``{path}`` placeholders.
        closes_each: the list of which each row closes a gap of its own.
    """

    form: str
    number_suffix: str = Field(default="", pattern=r"^[A-Z]*$")
    submit_and_audit: bool = True
    options: dict[str, Scalar] = Field(default_factory=dict)
    closes_each: str | None = None
    closes: str | None = None


class Flow(Frozen):
    """An integration flow (集成方案)."""

    flow: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    requirement: str
    title: Title
    document_type: str
    source: SourceRef
    deadline: int | None = Field(default=None, gt=0, description="minutes from shipping to posted (requirement L9)")
    fate: tuple[Fate, ...] = Field(min_length=1)
    rate: RateRule
    checks: tuple[str, ...] = ()
    owners: dict[HoldReason, OwnerRole] = Field(default_factory=dict)
    links: dict[str, LinkRule] = Field(default_factory=dict)
    target: Target
    fields: dict[str, Rule]


class Variant(Frozen):
    """What of a flow is different where its bills go to another ERP; everything else is the flow's own."""

    flow: str
    target: Target
    links: dict[str, LinkRule] = Field(default_factory=dict)
    fields: dict[str, Rule]


class Form(Frozen):
    """A bill form of the ERP as far as flows use it: its keys, which are required, how it is read back.

    Attributes:
        system: which ERP the form belongs to, e.g. ``galaxy``.
        reference: head key that carries the source's own number: the proof that a bill is ours.
        compared: further head keys by which a bill found in the ERP is the one we want, e.g. the date.
        line: further line keys of that kind, e.g. the tax rate.
        date: head key of the bill's date, by which the bills of a day are read; without it they cannot be reconciled.
        partner: head key of the customer or supplier, by which a bill is known to be one of ours or somebody else's.
        stock: line key of the warehouse.
        head, entries: allowed keys; an entry name maps to its own keys. Keys starting with ``F_`` are a tenant's own.
        required: dotted keys (``FEntity.FUnitID``) the form cannot be saved without.
        at_once: whether its ERP can save, submit and audit a bill in one transaction.
    """

    system: str
    form: str
    title: Title
    entry: str
    reference: str
    compared: tuple[str, ...] = ()
    line: tuple[str, ...] = ()
    date: str = ""
    partner: str = ""
    stock: str = ""
    material: str
    quantity: str
    price: str
    amount: str
    head: dict[str, tuple[str, ...]]
    entries: dict[str, tuple[str, ...]]
    required: tuple[str, ...]
    at_once: bool = True

    def readback(self) -> BillForm:
        """The keys with which a bill of this form is read back and compared."""
        return BillForm(
            id=self.form,
            entry=self.entry,
            material=self.material,
            quantity=self.quantity,
            amount=self.amount,
            stock=self.stock,
            line=self.line,
            head=tuple(dict.fromkeys(key for key in (self.reference, *self.compared, self.date, self.partner) if key)),
            date=self.date,
        )
