"""A business document on its way from a source system to the ERP: who it is, where it stands, why it waits."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of all values that travel: immutable, and no field slips in unnoticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DocumentKey(Frozen):
    """Who a document is: the flow that carries it, the connection (account) it comes from, its number there."""

    flow: str
    connection: str
    number: str

    @property
    def workflow_id(self) -> str:
        """One workflow per document, whoever saw it first and however often (requirement L1)."""
        return f"{self.flow}:{self.connection}:{self.number}"

    @classmethod
    def parse(cls, workflow_id: str) -> DocumentKey:
        """The key a workflow id was made of. Raises ValueError when it is none of ours."""
        flow, connection, number = workflow_id.split(":", 2)
        return cls(flow=flow, connection=connection, number=number)


class DocumentState(StrEnum):
    """Where a document stands."""

    RECEIVED = "received"
    """Stored, its workflow not yet under way."""
    RUNNING = "running"
    HELD = "held"
    POSTED = "posted"
    SKIPPED = "skipped"
    REVERSED = "reversed"
    """Its bill was un-audited and deleted because the source took the document back."""

    @property
    def is_final(self) -> bool:
        return self in (DocumentState.POSTED, DocumentState.SKIPPED, DocumentState.REVERSED)


class Urgency(IntEnum):
    """Who goes first when workers are busy, as the server counts it: a smaller number goes before a larger one."""

    PERSON = 1
    """Somebody waits for it at this moment."""
    LIVE = 3
    BACKFILL = 5
    """History that is brought in, and whole days that are compared: they never hold up what happens now (O8)."""


class OwnerRole(StrEnum):
    """Who can unblock a held document."""

    MASTER_DATA = "master_data"
    PURCHASING = "purchasing"
    FINANCE = "finance"
    OPERATIONS = "operations"
    INTEGRATION = "integration"


class HoldReason(StrEnum):
    """Why a document waits for a person or for another document (requirement L4)."""

    SOURCE_INVALID = "source_invalid"
    MAPPING_MISSING = "mapping_missing"
    RATE_UNAVAILABLE = "rate_unavailable"
    OUTBOUND_NOT_POSTED = "outbound_not_posted"
    """A return whose outbound bill is not in the ERP (yet)."""
    GOODS_NOT_RECEIVED = "goods_not_received"
    """A confirmed return whose goods have not been booked in."""
    STOCK_SHORT = "stock_short"
    ERP_REFUSED = "erp_refused"
    BILL_CONFLICT = "bill_conflict"
    """The bill number is taken by a bill with other content."""
    REVERSAL_REFUSED = "reversal_refused"
    """The ERP refuses to un-audit or delete the bill that has to go."""
    SYSTEM_UNREACHABLE = "system_unreachable"
    CREDENTIALS_REFUSED = "credentials_refused"
    DEFECT = "defect"
    """Our own code failed on this document; nothing was lost, an engineer has to look."""


class SkipReason(StrEnum):
    """Why a document needs no bill."""

    REFUND_ONLY = "refund_only"
    """Money went back, goods did not."""
    NO_GOODS_BACK = "no_goods_back"
    """An after-sales document of a kind that brings no goods back."""
    TAKEN_BACK = "taken_back"
    """The source cancelled it before anything was posted."""
    NOT_DUE = "not_due"
    """The source has not confirmed it (any more); it comes again when it does."""
    BY_PERSON = "by_person"


class Hold(Frozen):
    """Why a document waits, in words for people, and what would free it.

    `gap` is the key of the missing piece (e.g. ``mapping:sku:ABC``); whoever closes the gap resumes every document
    that names it (requirement L5).
    """

    reason: HoldReason
    zh: str
    en: str
    owner: OwnerRole
    gap: str | None = None
    code: str | None = None
    field: str | None = None
