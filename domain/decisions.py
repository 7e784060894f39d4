"""What is said to a document on its way: by intake, by whoever closes a gap, by people (requirements L4 and L5)."""

from __future__ import annotations

from domain.documents import DocumentState, Frozen, Hold


class SourceChanged(Frozen):
    """Intake saw a version of the document that this run has not taken in yet."""

    version: str


class GapClosed(Frozen):
    """What the document waits for may be there now."""

    gap: str


class Resume(Frozen):
    """A person lets a held document go on. `refetch`: read it from the source again first."""

    actor: str
    reason: str = ""
    refetch: bool = False


class Amend(Frozen):
    """A person corrects fields of a held document (dotted path → value) and lets it go on."""

    actor: str
    reason: str
    corrections: dict[str, str]


class Skip(Frozen):
    """A person decides that a held document needs no bill."""

    actor: str
    reason: str


class Cancel(Frozen):
    """A person takes the document back: whatever bill it has is reversed."""

    actor: str
    reason: str


class Answer(Frozen):
    """What a person's decision led to."""

    accepted: bool
    state: DocumentState


class Status(Frozen):
    """Where the document stands, for queries."""

    state: DocumentState
    version: str
    hold: Hold | None = None
