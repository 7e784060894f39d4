"""Finding a document by any number a person may have in front of them."""

from __future__ import annotations

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.journal import DocumentRecord
from store.engine import Database
from store.records import SELECT_RECORDS, to_record
from store.tables import document_terms, documents
from store.terms import folded

_AFTER_ALL = "\U0010ffff"
"""Sorts after every character a term can go on with."""


async def search(db: Database, text: str, limit: int) -> list[DocumentRecord]:
    """See `Store.search`."""
    prefix = folded(text)
    if not prefix or limit < 1:
        return []
    async with db.reading() as connection:
        found = await _matching(connection, prefix, limit)
        if not found:
            return []
        rows = await connection.execute(SELECT_RECORDS.where(documents.c.id.in_(found)))
        records = {row.id: to_record(row) for row in rows}
    return [records[row_id] for row_id in found if row_id in records]


async def _matching(connection: AsyncConnection, prefix: str, limit: int) -> list[int]:
    """Row numbers of matching documents: exact matches first (they sort first in the range), the newest first among
    equals. Walks the index page by page, since one document may match by many of its terms."""
    value, row_id = document_terms.c.value, document_terms.c.document_id
    page = (
        select(value, row_id)
        .where(value >= prefix, value < prefix + _AFTER_ALL)
        .distinct()
        .order_by(value, row_id.desc())
        .limit(limit)
    )
    found: dict[int, None] = {}
    rows = (await connection.execute(page)).all()
    while rows:
        found |= dict.fromkeys(row.document_id for row in rows)
        if len(found) >= limit or len(rows) < limit:
            break
        last_value, last_id = rows[-1]
        beyond = and_(value >= last_value, or_(value != last_value, row_id < last_id))
        rows = (await connection.execute(page.where(beyond))).all()
    return list(found)[:limit]
