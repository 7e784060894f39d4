"""The signatures of all activities and what goes in and out: all that workflows know of them.

Only keys and small facts travel through workflow history; documents and bills stay in the store.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from temporalio import activity

from domain.documents import DocumentKey, DocumentState, Frozen, Hold, SkipReason


class Queues(Frozen):
    """Task queues of the systems a document deals with: one per vendor account, so that each keeps its own limit."""

    source: str
    erp: str
    rates: str


class DocumentStart(Frozen):
    """What a document's workflow is started with. Everything else it reads from the store.

    Attributes:
        erp: name of the ERP connection the bill goes to.
        shipped_at: business time for the deadline (L9), if the source tells.
        take_back: a person asked for a document that is already done to be reversed.
        actor, reason: who asked, and why.
        waiting: carried over when a long-waiting document starts a fresh history: the hold it waits in.
        version: the latest known when it was started; with `waiting`, the one it was held with.
    """

    key: DocumentKey
    queues: Queues
    erp: str
    take_back: bool = False
    actor: str = ""
    reason: str = ""
    waiting: Hold | None = None
    version: str = ""


class DocumentEnd(Frozen):
    """How a document's workflow ended."""

    state: DocumentState
    version: str
    bill_number: str | None = None
    skip_reason: SkipReason | None = None


class DocumentStep(Frozen):
    """The document and the version a step works on.

    Attributes:
        revision: the document's when the workflow last looked; None when it could not. Tells a step that slept from
            one that is right.
    """

    key: DocumentKey
    version: str
    erp: str
    revision: int | None = None


class Course(StrEnum):
    """What came of a try to post a document, and so what has to happen next."""

    POSTED = "posted"
    HOLD = "hold"
    RATE = "rate"
    """A rate has to be found before anything else."""
    REPOST = "repost"
    """Its bill is not the one it should have now: reverse that one, then look at the document afresh (L6)."""
    REVERSE = "reverse"
    SKIP = "skip"
    NOTHING = "nothing"
    """All is as it should be already: the bill of this very version is audited, or a person decided on it."""


class PostStep(Frozen):
    """Asks to carry the latest version of a document as far as one step can: to its audited bill, if nothing is in
    the way.

    Attributes:
        erp: name of the ERP connection the bill goes to.
        take_back: a person wants it out of the books; `actor` and `reason` say who and why.
        rated: version whose rate has just been found and put on record.
    """

    key: DocumentKey
    erp: str
    take_back: bool = False
    actor: str = ""
    reason: str = ""
    rated: str = ""


class RateWanted(Frozen):
    """A rate that is not known yet."""

    currency: str
    day: date


class Posted(Frozen):
    """What came of it.

    Attributes:
        version, revision: the document's when it was looked at.
        rate: with RATE, which one.
        state: with NOTHING, where the document stands.
        hold: with HOLD, what it waits for.
    """

    version: str
    course: Course
    bill_number: str
    revision: int | None = None
    rate: RateWanted | None = None
    skip_reason: SkipReason | None = None
    state: DocumentState = DocumentState.POSTED
    hold: Hold | None = None


class RateStep(Frozen):
    """Asks for the rate of a currency on a day."""

    step: DocumentStep
    currency: str
    day: date


class RateUsed(Frozen):
    """The rate the document is booked at, written to its record; `hold` when there is none to be had."""

    value: str | None = None
    source: str | None = None
    hold: Hold | None = None


class StepDone(Frozen):
    """How a step ended: done, or the document has to wait."""

    hold: Hold | None = None


class ReverseStep(Frozen):
    """Asks for the bill to be taken out of the ERP. `final`: the document ends here, else it is looked at afresh.

    `actor` and `reason` say which person wanted it and why.
    """

    step: DocumentStep
    final: bool
    by_person: bool = False
    actor: str = ""
    reason: str = ""


class Reversed(Frozen):
    """`existed`: there was a bill to take back. `stale`: nothing was done, a newer version has come."""

    existed: bool = False
    hold: Hold | None = None
    stale: bool = False


class HoldStep(Frozen):
    """Puts a hold on record, so that people see it and whoever closes the gap finds it."""

    step: DocumentStep
    hold: Hold


class Recorded(Frozen):
    """`revision`: the document's, with the hold on record."""

    revision: int | None = None


class Decided(StrEnum):
    """What freed a held document."""

    RESUME = "resume"
    AMEND = "amend"
    SKIP = "skip"
    CANCEL = "cancel"
    GAP_CLOSED = "gap_closed"
    SOURCE_CHANGED = "source_changed"


class DecisionStep(Frozen):
    """Puts on record what freed a document. `skip` ends it."""

    step: DocumentStep
    decided: Decided
    actor: str
    reason: str


class AmendStep(Frozen):
    """Corrects fields of the source snapshot by hand: dotted path → new value as text."""

    step: DocumentStep
    corrections: dict[str, str]
    actor: str
    reason: str


class Amended(Frozen):
    """The version the correction made, or which field could not take it and what was expected."""

    version: str | None = None
    field: str | None = None
    expected: str | None = None


class FetchStep(Frozen):
    """Reads the document from the source again."""

    step: DocumentStep


class IntakeStep(Frozen):
    """One poll of one stream of one source connection, up to `until`."""

    flow: str
    connection: str
    until: datetime


class Polled(Frozen):
    """What a poll brought, counted. `paused`: nobody was asked, the connection is paused."""

    seen: int
    new: int
    changed: int
    paused: bool = False


class StartStep(Frozen):
    """Starts (or tells the news to) the workflows of documents that are stored and due."""

    flow: str
    connection: str


class Started(Frozen):
    """How many workflows were started, and how many running ones were told that their source changed."""

    started: int
    told: int


class DocumentSteps:
    """Signatures of the steps of a document's life; `activities.document` carries them out.

    hold, decide and amend only read and write the store. hold is a local activity; decide and amend, which follow what
    somebody has said, run on the workflows' queue. fetch runs on the source's queue, find_rate on the rates', post and
    reverse on the ERP's.
    """

    @activity.defn(name="find_rate")
    async def find_rate(self, step: RateStep) -> RateUsed:
        raise NotImplementedError

    @activity.defn(name="post")
    async def post(self, step: PostStep) -> Posted:
        raise NotImplementedError

    @activity.defn(name="reverse")
    async def reverse(self, step: ReverseStep) -> Reversed:
        raise NotImplementedError

    @activity.defn(name="hold")
    async def hold(self, step: HoldStep) -> Recorded:
        raise NotImplementedError

    @activity.defn(name="decide")
    async def decide(self, step: DecisionStep) -> DocumentState:
        raise NotImplementedError

    @activity.defn(name="amend")
    async def amend(self, step: AmendStep) -> Amended:
        raise NotImplementedError

    @activity.defn(name="fetch")
    async def fetch(self, step: FetchStep) -> StepDone:
        raise NotImplementedError


class IntakeSteps:
    """Signatures of intake; `activities.intake` carries them out. Both run on the source's queue."""

    @activity.defn(name="poll")
    async def poll(self, step: IntakeStep) -> Polled:
        raise NotImplementedError

    @activity.defn(name="start_documents")
    async def start_documents(self, step: StartStep) -> Started:
        raise NotImplementedError
