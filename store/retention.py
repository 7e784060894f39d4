"""Forgetting (requirement D6): the journal is kept for a time and then removed, in small portions, so that nobody who
wants to write waits for long. What a living document still needs stays, however old."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, select, tuple_

from domain.documents import DocumentState
from store.chunks import in_chunks
from store.columns import in_utc
from store.engine import Database
from store.tables import alerts, documents, exchanges, reconciliations, snapshots, step_exchanges, steps

_PORTION = 1000

_FINAL = tuple(state for state in DocumentState if state.is_final)


_OLD_DOCUMENT = and_(documents.c.state.in_(_FINAL), documents.c.due_since.is_(None))
_NO_STEP_LEFT = ~exists().where(step_exchanges.c.exchange_id == exchanges.c.id)
_VERSION_IN_USE = exists().where(
    documents.c.id == snapshots.c.document_id,
    or_(
        snapshots.c.version == documents.c.version,
        snapshots.c.version == documents.c.source_version,
        snapshots.c.version == documents.c.attempted_version,
        snapshots.c.version == documents.c.bill_version,
    ),
)


async def forget(db: Database, before: datetime) -> int:
    """See `Store.forget`."""
    before = in_utc(before)
    removed = await _remove(db, steps, steps.c.at < before)
    removed += await _remove(db, documents, and_(_OLD_DOCUMENT, documents.c.changed_at < before))
    removed += await _remove(db, exchanges, and_(_NO_STEP_LEFT, exchanges.c.at < before))
    removed += await _remove(db, alerts, alerts.c.at < before)
    removed += await _remove(db, reconciliations, reconciliations.c.begun_at < before)
    removed += await _remove(db, snapshots, and_(~_VERSION_IN_USE, snapshots.c.seen_at < before))
    return removed


async def _remove(db: Database, table: Table, condition: ColumnElement[bool]) -> int:
    key = list(table.primary_key.columns)
    # Skip what somebody works on just now: it is either alive after all, or still there the next time.
    portion = select(*key).where(condition).limit(_PORTION).with_for_update(skip_locked=True, of=table)
    removed = 0
    while True:
        async with db.writing() as connection:
            rows = (await connection.execute(portion)).all()
            for chunk in in_chunks(rows):
                one_of = key[0].in_([row[0] for row in chunk]) if len(key) == 1 else tuple_(*key).in_(chunk)
                await connection.execute(delete(table).where(one_of))
        removed += len(rows)
        if len(rows) < _PORTION:
            return removed
