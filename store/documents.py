"""Reading documents: one, many, those that wait, those that were posted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from domain.documents import DocumentKey, DocumentState
from domain.journal import Count, DocumentRecord
from store.chunks import in_chunks
from store.engine import Database
from store.identity import ANY_OF, Identity, asked, identity
from store.records import SELECT_RECORDS, to_record
from store.tables import document_terms, documents, snapshots
from store.terms import TermKind, folded

_BY_KEY = SELECT_RECORDS.where(ANY_OF)


async def find(db: Database, keys: Sequence[Identity]) -> dict[Identity, DocumentRecord]:
    """The documents that exist, by key as stored."""
    found: dict[Identity, DocumentRecord] = {}
    async with db.reading() as connection:
        for chunk in in_chunks(keys):
            wanted = set(chunk)
            for row in await connection.execute(_BY_KEY, asked(chunk)):
                key = (row.flow, row.connection, row.number)
                if key in wanted:
                    found[key] = to_record(row)
    return found


async def snapshot(db: Database, key: DocumentKey, version: str) -> str | None:
    """See `Store.snapshot`."""
    statement = (
        select(snapshots.c.body)
        .join(documents, documents.c.id == snapshots.c.document_id)
        .where(ANY_OF, snapshots.c.version == version)
    )
    async with db.reading() as connection:
        body: str | None = await connection.scalar(statement, asked([identity(key)]))
    return body


async def waiting_for(db: Database, gaps: Sequence[str]) -> list[DocumentKey]:
    """See `Store.waiting_for`."""
    columns = (documents.c.flow, documents.c.connection, documents.c.number, documents.c.held_at, documents.c.id)
    waiting: list[tuple[datetime, int, DocumentKey]] = []
    async with db.reading() as connection:
        for chunk in in_chunks(list(dict.fromkeys(gaps))):
            for row in await connection.execute(select(*columns).where(documents.c.hold_gap.in_(chunk))):
                key = DocumentKey(flow=row.flow, connection=row.connection, number=row.number)
                waiting.append((row.held_at, row.id, key))
    return [key for _, _, key in sorted(waiting, key=lambda item: item[:2])]


async def posted(db: Database, flow: str, source: str, platform_no: str) -> list[DocumentRecord]:
    """See `Store.posted`."""
    return await _read(
        db,
        documents.c.flow == flow,
        documents.c.connection == source,
        documents.c.platform_no == platform_no,
        documents.c.state == DocumentState.POSTED,
        order=(documents.c.id,),
    )


async def owners(db: Database, form: str, bill_numbers: Sequence[str]) -> dict[str, list[DocumentKey]]:
    """See `Store.owners`."""
    written = or_(documents.c.bill_version.is_not(None), documents.c.attempted_version.is_not(None))
    found = await _by_term(db, bill_numbers, (TermKind.BILL_NUMBER,), documents.c.form == form, written)
    return {number: found[folded(number)] for number in bill_numbers if folded(number) in found}


async def named(db: Database, flow: str, source: str, names: Sequence[str]) -> dict[str, DocumentKey]:
    """See `Store.named`."""
    kinds = (TermKind.NUMBER, TermKind.PLATFORM_NO, TermKind.RELATED)
    found = await _by_term(db, names, kinds, documents.c.flow == flow, documents.c.connection == source)
    return {name: found[folded(name)][0] for name in names if folded(name) in found}


async def _by_term(
    db: Database, values: Sequence[str], kinds: Sequence[TermKind], *conditions: ColumnElement[bool]
) -> dict[str, list[DocumentKey]]:
    """Documents by a term they can be found by, folded, the first seen first."""
    columns = (document_terms.c.value, documents.c.flow, documents.c.connection, documents.c.number)
    found: dict[str, list[DocumentKey]] = {}
    async with db.reading() as connection:
        for chunk in in_chunks(sorted({folded(value) for value in values} - {""})):
            statement = (
                select(*columns)
                .join(document_terms, document_terms.c.document_id == documents.c.id)
                .where(document_terms.c.value.in_(chunk), document_terms.c.kind.in_(kinds), *conditions)
                .order_by(documents.c.id)
            )
            for value, flow, source, number in await connection.execute(statement):
                found.setdefault(value, []).append(DocumentKey(flow=flow, connection=source, number=number))
    return found


async def held(db: Database, limit: int) -> list[DocumentRecord]:
    """See `Store.held`."""
    return await _read(db, documents.c.held_at.is_not(None), order=(documents.c.held_at, documents.c.id), limit=limit)


async def listed(
    db: Database, flow: str | None, source: str | None, state: DocumentState | None, limit: int
) -> list[DocumentRecord]:
    """See `Store.list_documents`."""
    asked = {documents.c.flow: flow, documents.c.connection: source, documents.c.state: state}
    conditions = [column == value for column, value in asked.items() if value is not None]
    return await _read(db, *conditions, order=(documents.c.changed_at.desc(), documents.c.id.desc()), limit=limit)


async def counts(db: Database) -> list[Count]:
    """See `Store.counts`."""
    reason = func.coalesce(documents.c.hold_reason, documents.c.skip_reason)
    grouping = (documents.c.flow, documents.c.state, reason)
    statement = select(*grouping, func.count()).group_by(*grouping).order_by(*grouping)
    async with db.reading() as connection:
        return [
            Count(flow=flow, state=state, reason=why, documents=number)
            for flow, state, why, number in await connection.execute(statement)
        ]


async def _read(
    db: Database, *conditions: ColumnElement[bool], order: Sequence[ColumnElement[object]], limit: int | None = None
) -> list[DocumentRecord]:
    statement = SELECT_RECORDS.where(*conditions).order_by(*order).limit(limit)
    async with db.reading() as connection:
        return [to_record(row) for row in await connection.execute(statement)]
