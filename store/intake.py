"""What intake saw goes into the store, and the cursor moves in the same transaction: neither ever without the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.documents import DocumentKey, DocumentState
from domain.journal import DueDocument, Sighting, TakenIn
from store.chunks import in_chunks
from store.columns import UtcDateTime
from store.engine import Database
from store.identity import ANY_OF, IdCache, Identity, asked, identity
from store.tables import cursors, document_terms, documents, snapshots
from store.terms import TermKind, source_terms

Cursor = tuple[str, str, str]
"""Flow, connection, and the position as the flow writes it (JSON text)."""


@dataclass(slots=True)
class _Standing:
    """What the store has of a document, and what the sightings make of it."""

    id: int | None = None
    version: str | None = None
    source_version: str | None = None
    source_order: int | None = None
    latest: Sighting | None = None
    """The sighting whose content the document takes, when that is not what it has already."""
    contents: dict[str, str] = field(default_factory=dict)
    """Version → body, for everything that was its content in between too."""
    source_moved: bool = False

    def take(self, sighting: Sighting) -> None:
        """Apply one sighting. The source's word counts when it changed, so a person's correction outlives every
        re-reading of the row it corrected. A row older than the one that counts is no change, it only comes late."""
        if not sighting.correction:
            if self._is_newer_than(sighting):
                return
            if sighting.version == self.source_version:
                self._stands_in(sighting.order)
                return
            self.source_version, self.source_order = sighting.version, sighting.order
            self.source_moved = True
        if sighting.version != self.version:
            self.version = sighting.version
            self.latest = sighting
            self.contents[sighting.version] = sighting.body

    def _stands_in(self, order: int | None) -> None:
        """A newer row has the content that stands; rows between the two are older than it from now on."""
        if order is not None and order != self.source_order:
            self.source_order = order
            self.source_moved = True

    def _is_newer_than(self, sighting: Sighting) -> bool:
        return self.source_order is not None and sighting.order is not None and sighting.order < self.source_order


async def take_in(
    db: Database, ids: IdCache, sightings: Sequence[Sighting], cursor: Cursor | None, now: datetime
) -> TakenIn:
    """See `Store.take_in`."""
    seen: dict[Identity, list[Sighting]] = {}
    for sighting in sightings:
        seen.setdefault(identity(sighting.key), []).append(sighting)
    keys = sorted(seen)
    async with db.writing() as connection:
        standing = await _lock_standing(connection, keys)
        inserted = await _insert_new(db, connection, {key: seen[key] for key in keys if key not in standing}, now)
        overtaken = [key for key in keys if key not in standing and key not in inserted]
        standing |= await _lock_standing(connection, overtaken)  # another worker inserted them a moment ago
        for key, document in standing.items():
            for sighting in seen[key]:
                document.take(sighting)
        changed = sorted((d for d in standing.values() if d.latest), key=lambda d: d.id or 0)
        await _update_changed(connection, changed, now)
        await _move_source(connection, [d for d in standing.values() if d.source_moved and not d.latest])
        await _keep_contents(db, connection, [*inserted.values(), *changed], now)
        if cursor is not None:
            await _move_cursor(db, connection, cursor, now)
    ids.remember({key: d.id for key, d in (standing | inserted).items() if d.id is not None})
    return TakenIn(seen=len(keys), new=len(inserted), changed=len(changed))


_COLUMNS = (documents.c.flow, documents.c.connection, documents.c.number)
_LOCKED = (
    select(*_COLUMNS, documents.c.id, documents.c.version, documents.c.source_version, documents.c.source_order)
    .where(ANY_OF)
    .order_by(documents.c.id)
    .with_for_update(key_share=True)
)


async def _lock_standing(connection: AsyncConnection, keys: Sequence[Identity]) -> dict[Identity, _Standing]:
    found: dict[Identity, _Standing] = {}
    for chunk in in_chunks(keys):
        for flow, source, number, *rest in await connection.execute(_LOCKED, asked(chunk)):
            found[flow, source, number] = _Standing(*rest)
    return {key: found[key] for key in keys if key in found}


async def _insert_new(
    db: Database, connection: AsyncConnection, seen: dict[Identity, list[Sighting]], now: datetime
) -> dict[Identity, _Standing]:
    """Insert what is not there; what another worker inserted meanwhile is left out of the answer."""
    new: dict[Identity, _Standing] = {}
    rows: list[dict[str, Any]] = []
    for key, sightings in seen.items():
        document = new[key] = _Standing()
        for sighting in sightings:
            document.take(sighting)
        if document.latest is None:
            raise AssertionError("the first sighting of a document always changes it")
        flow, source, number = key
        rows.append(
            {"flow": flow, "connection": source, "number": number, "state": DocumentState.RECEIVED, "seen_at": now}
            | _content(document, document.latest)
            | {"changed_at": now, "due_since": now}
        )
    if not rows:
        return {}
    columns = (documents.c.flow, documents.c.connection, documents.c.number, documents.c.id)
    statement = db.insert(documents).on_conflict_do_nothing().returning(*columns)
    inserted: dict[Identity, _Standing] = {}
    for flow, source, number, row_id in await connection.execute(statement, rows):
        inserted[flow, source, number] = new[flow, source, number]
        inserted[flow, source, number].id = row_id
    return inserted


def _content(document: _Standing, latest: Sighting) -> dict[str, Any]:
    return {
        "version": document.version,
        "source_version": document.source_version,
        "source_order": document.source_order,
        "platform_no": latest.platform_no,
        "shop": latest.shop,
        "warehouse": latest.warehouse,
        "related": list(latest.related),
        "skus": list(latest.skus),
    }


async def _update_changed(connection: AsyncConnection, changed: Sequence[_Standing], now: datetime) -> None:
    rows = [{"row_id": d.id, "now": now} | _content(d, d.latest) for d in changed if d.latest]
    if not rows:
        return
    statement = (
        update(documents)
        .where(documents.c.id == bindparam("row_id"))
        .values(
            changed_at=bindparam("now", type_=UtcDateTime()),
            due_since=func.coalesce(documents.c.due_since, bindparam("now", type_=UtcDateTime())),
        )
    )
    await connection.execute(statement, rows)
    for chunk in in_chunks([d.id for d in changed]):
        of_source = document_terms.c.kind != TermKind.BILL_NUMBER
        await connection.execute(delete(document_terms).where(document_terms.c.document_id.in_(chunk), of_source))


async def _move_source(connection: AsyncConnection, moved: Iterable[_Standing]) -> None:
    """The source has a newer row of what the document has already, be it that a person had corrected it to that."""
    rows = [
        {"row_id": d.id, "source_version": d.source_version, "source_order": d.source_order}
        for d in sorted(moved, key=lambda d: d.id or 0)
    ]
    if rows:
        await connection.execute(update(documents).where(documents.c.id == bindparam("row_id")), rows)


async def _keep_contents(db: Database, connection: AsyncConnection, taken: Sequence[_Standing], now: datetime) -> None:
    bodies = [
        {"document_id": d.id, "version": version, "seen_at": now, "body": body}
        for d in taken
        for version, body in d.contents.items()
    ]
    terms = [row for d in taken if d.id is not None and d.latest for row in source_terms(d.id, d.latest)]
    if bodies:
        await connection.execute(db.insert(snapshots).on_conflict_do_nothing(), bodies)
    if terms:
        await connection.execute(db.insert(document_terms).on_conflict_do_nothing(), terms)


async def _move_cursor(db: Database, connection: AsyncConnection, cursor: Cursor, now: datetime) -> None:
    flow, source, position = cursor
    insert = db.insert(cursors).values(flow=flow, connection=source, position=position, moved_at=now)
    values = {"position": insert.excluded.position, "moved_at": insert.excluded.moved_at}
    await connection.execute(insert.on_conflict_do_update(index_elements=["flow", "connection"], set_=values))


async def cursor(db: Database, flow: str, source: str) -> str | None:
    """See `Store.cursor`."""
    statement = select(cursors.c.position).where(cursors.c.flow == flow, cursors.c.connection == source)
    async with db.reading() as connection:
        return await connection.scalar(statement)


async def due(db: Database, limit: int, flow: str | None, source: str | None) -> list[DueDocument]:
    """See `Store.due`."""
    statement = (
        _SELECT_DUE.where(
            *([documents.c.flow == flow] if flow is not None else []),
            *([documents.c.connection == source] if source is not None else []),
        )
        .order_by(documents.c.due_since, documents.c.id)
        .limit(limit)
    )
    async with db.reading() as connection:
        return [_to_due(row) for row in await connection.execute(statement)]


async def due_among(db: Database, keys: Sequence[Identity]) -> list[DueDocument]:
    """See `Store.due_among`."""
    found: list[DueDocument] = []
    async with db.reading() as connection:
        for chunk in in_chunks(keys):
            wanted = set(chunk)
            rows = await connection.execute(_SELECT_DUE.where(ANY_OF), asked(chunk))
            found += [_to_due(row) for row in rows if (row.flow, row.connection, row.number) in wanted]
    return found


_DUE = ("version", "platform_no", "shop", "warehouse", "skus")
_SELECT_DUE = select(
    documents.c.flow, documents.c.connection, documents.c.number, *(documents.c[name] for name in _DUE)
).where(documents.c.due_since.is_not(None))


def _to_due(row: Row[Any]) -> DueDocument:
    key = DocumentKey(flow=row.flow, connection=row.connection, number=row.number)
    return DueDocument(key=key, **{name: row._mapping[name] for name in _DUE})


async def started(db: Database, ids: IdCache, items: Sequence[tuple[DocumentKey, str]]) -> None:
    """See `Store.started`."""
    async with db.writing() as connection:
        known = await ids.resolve(connection, (identity(key) for key, _ in items))
        heard = sorted((known[identity(key)], version) for key, version in items if identity(key) in known)
        if heard:
            latest = and_(documents.c.id == bindparam("row_id"), documents.c.version == bindparam("heard_version"))
            rows = [{"row_id": row_id, "heard_version": version} for row_id, version in heard]
            await connection.execute(update(documents).where(latest).values(due_since=None), rows)
