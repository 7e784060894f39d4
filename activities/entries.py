"""Journal entries of a document's steps, written the same way everywhere (requirement D6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.exchanges import Exchange
from domain.faults import Fault, FaultKind
from domain.journal import DocumentChange, DocumentRecord, JournalEntry, Outcome, Stand, Step


class JournalRow(NamedTuple):
    """A step as the store takes it: the entry, what it changes in the document, the calls it made."""

    entry: JournalEntry
    change: DocumentChange | None = None
    exchanges: Sequence[Exchange] = ()


def while_it_stands(stand: Stand, rows: Sequence[JournalRow]) -> list[JournalRow]:
    """The rows of a document, to be written only if nobody has moved it on."""
    rows = list(rows)
    for i, row in enumerate(rows):
        if row.change is not None:
            # What follows in the same write rests on what this one leaves behind.
            rows[i] = row._replace(change=row.change.model_copy(update={"only_if": stand}))
            break
    return rows


def changes_in(rows: Sequence[JournalRow]) -> int:
    """By how much a document's revision rises when they are written."""
    return sum(row.change is not None and bool(row.change.model_fields_set) for row in rows)


def entry_of(
    record: DocumentRecord,
    step: Step,
    outcome: Outcome,
    zh: str,
    en: str,
    *,
    attempt: int = 1,
    code: str | None = None,
    detail: str | None = None,
    actor: str | None = None,
    version: str | None = None,
) -> JournalEntry:
    """The entry of a step; `version` only where it is not the record's own."""
    return JournalEntry(
        key=record.key,
        step=step,
        outcome=outcome,
        version=version or record.version,
        zh=zh,
        en=en,
        attempt=attempt,
        code=code,
        detail=detail,
        actor=actor,
    )


def failed(record: DocumentRecord, step: Step, attempt: int, fault: Fault) -> JournalEntry:
    """The entry of a step whose call failed as a whole: a passing trouble, or a vendor that refuses us."""
    zh, en = (
        ("不接受授权", "refuses our credentials")
        if fault.kind is FaultKind.EXPIRED
        else ("暂时不可用，稍后自动重试", "had a passing trouble and is tried again")
    )
    return entry_of(
        record,
        step,
        Outcome.FAILED,
        f"{fault.system} {zh}（{fault.code}）：{fault.message}",
        f"{fault.system} {en} ({fault.code}): {fault.message}",
        attempt=attempt,
        code=fault.code,
    )
