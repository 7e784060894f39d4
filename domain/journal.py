"""What the product remembers of a document: its latest snapshot, where it stands, and each step it took (D6)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.documents import DocumentKey, DocumentState, Frozen, Hold, HoldReason, SkipReason
from domain.exchanges import Exchange


class Step(StrEnum):
    """A step in the life of a document, or something a person did to it."""

    SEEN = "seen"
    FETCH = "fetch"
    VALIDATE = "validate"
    RATE = "rate"
    LINK = "link"
    MAP = "map"
    POST = "post"
    REVERSE = "reverse"
    HOLD = "hold"
    RESUME = "resume"
    AMEND = "amend"
    SKIP = "skip"
    CANCEL = "cancel"
    RECONCILE = "reconcile"
    DONE = "done"


class Outcome(StrEnum):
    """How a step ended."""

    BEGUN = "begun"
    """About to be done; what follows may never be heard of."""
    DONE = "done"
    HELD = "held"
    FAILED = "failed"
    """It failed in a way that is tried again by itself."""


class JournalEntry(Frozen):
    """One step of one document. Appended, never overwritten.

    Attributes:
        attempt: which try of the step it was, from 1.
        version: version of the source snapshot it worked on.
        zh, en: one sentence for people.
        code: stable code of what happened (hold reason, vendor code), if any.
        detail: JSON text: the document's own part of what was sent and answered, masked.
        actor: the person who did it, if a person did.
    """

    key: DocumentKey
    step: Step
    outcome: Outcome
    version: str
    zh: str
    en: str
    attempt: int = 1
    code: str | None = None
    detail: str | None = None
    actor: str | None = None


class Sighting(Frozen):
    """A source document as intake saw it.

    Attributes:
        version: changes exactly when the document's content changes (hash of the masked body).
        body: JSON text of the source's own row, personal data masked, numbers exact.
        platform_no: the order number buyers and platforms know; what people search by.
        related: other numbers a person may search by (e.g. the platform's refund number).
        skus: the codes on its lines.
        correction: True when a person changed the content by hand.
        order: the source's own row version; of two sightings of a document the one with the smaller is the older,
            however late it comes. None where the source has none.
    """

    key: DocumentKey
    version: str
    body: str
    platform_no: str = ""
    shop: str = ""
    warehouse: str = ""
    related: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    correction: bool = False
    order: int | None = None


class Window(Frozen):
    """A part of what a source has. `cursor` comes with the last part: everything up to there is in."""

    sightings: tuple[Sighting, ...]
    cursor: str | None


class TakenIn(Frozen):
    """What a window of the source brought, counted (success is counts, not the absence of an exception)."""

    seen: int
    new: int
    changed: int


class DueDocument(Frozen):
    """A stored document whose workflow has not heard of this version yet."""

    key: DocumentKey
    version: str
    platform_no: str
    shop: str
    warehouse: str
    skus: tuple[str, ...]


class Stand(Frozen):
    """Where a document stood when somebody looked.

    Attributes:
        revision: rises with every change of the document but those of its content.
        version: of its content; None where it does not matter.
    """

    revision: int
    version: str | None = None


class DocumentRecord(Frozen):
    """Everything known of a document now.

    Attributes:
        bill_number: the number its bill has or will have in the ERP.
        source_version: version the source itself last had; another than `version` after a person corrected the content.
        attempted_version: version whose bill may have been sent to the ERP (set before the first write).
        bill_version: version whose bill is audited in the ERP now; None when there is none.
        model: JSON text of the mapped bill, as last written or about to be.
        revision: changes made of it so far, those of its content not counted.
    """

    key: DocumentKey
    version: str
    body: str
    platform_no: str
    shop: str
    warehouse: str
    state: DocumentState
    seen_at: datetime
    changed_at: datetime
    source_version: str | None = None
    related: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    hold: Hold | None = None
    held_at: datetime | None = None
    skip_reason: SkipReason | None = None
    form: str | None = None
    bill_number: str | None = None
    bill_id: str | None = None
    attempted_version: str | None = None
    bill_version: str | None = None
    model: str | None = None
    rate: str | None = None
    revision: int = 0

    @property
    def stand(self) -> Stand:
        """For changes that are right only while nobody else has moved the document on."""
        return Stand(revision=self.revision, version=self.version)


class DocumentChange(Frozen):
    """Fields of a document to be changed; only those that were given are (None clears).

    Attributes:
        only_if: how the document has to stand for the change to be made; None: whichever way.
    """

    only_if: Stand | None = None
    state: DocumentState | None = None
    hold: Hold | None = None
    skip_reason: SkipReason | None = None
    form: str | None = None
    bill_number: str | None = None
    bill_id: str | None = None
    attempted_version: str | None = None
    bill_version: str | None = None
    model: str | None = None
    rate: str | None = Field(default=None, description="JSON text of the rate used")


class TimelineRow(Frozen):
    """A journal entry with when it was written and the exchanges it made."""

    at: datetime
    entry: JournalEntry
    exchanges: tuple[Exchange, ...] = ()


class Count(Frozen):
    """How many documents of a flow are in a state."""

    flow: str
    state: DocumentState
    reason: HoldReason | SkipReason | None
    documents: int


class MappingRow(Frozen):
    """One row of a mapping table: what a source's code means in the ERP (requirement D1).

    `connection` "" means: for every connection that has no row of its own. Keys are compared without regard to
    surrounding blanks and case.
    """

    collection: str
    key: str
    values: dict[str, str]
    connection: str = ""
