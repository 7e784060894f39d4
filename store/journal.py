"""The journal: steps as they happen, what they change in a document, and the calls they made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Integer, Row, Update, and_, bindparam, case, select, update
from sqlalchemy import exc as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.documents import DocumentKey, DocumentState
from domain.exchanges import Exchange
from domain.journal import DocumentChange, JournalEntry, Stand, TimelineRow
from store.changes import Columns, check
from store.chunks import in_chunks
from store.columns import UtcDateTime, in_utc
from store.engine import Database
from store.errors import Overtaken, UnknownDocument
from store.identity import ANY_OF, IdCache, Identity, asked, identity
from store.tables import document_terms, documents, exchanges, step_exchanges, steps
from store.terms import TermKind, term_rows

_STANDS = select(documents.c.id, documents.c.revision, documents.c.version)
_ENTRY_FIELDS = tuple(name for name in JournalEntry.model_fields if name != "key")


class StepRecord(NamedTuple):
    """A step to be written: the entry, what it changes in the document, the calls it made."""

    entry: JournalEntry
    change: DocumentChange | None = None
    exchanges: Sequence[Exchange] = ()


@dataclass(frozen=True, slots=True)
class Stamped:
    """A checked step with the moment it was reported."""

    step: StepRecord
    at: datetime


def stamp(step: StepRecord, at: datetime) -> Stamped:
    """Check a step before it meets others.

    Raises:
        ValueError: see `store.changes.check`; or an exchange without a time zone.
    """
    if step.change is not None:
        check(step.change)
    for exchange in step.exchanges:
        in_utc(exchange.at)
    return Stamped(step, at)


def concerns_all(error: Exception) -> bool:
    """Whether the database itself cannot be used (down, locked, full), rather than a row being wrong."""
    if isinstance(error, (OSError, sql.OperationalError, sql.InterfaceError, sql.TimeoutError)):
        return True
    return isinstance(error, sql.DBAPIError) and error.connection_invalidated


class Journal:
    """Writes groups of steps; remembers the row numbers of the documents it meets."""

    def __init__(self, db: Database, ids: IdCache) -> None:
        self._db = db
        self._ids = ids

    async def write(self, group: Sequence[Stamped]) -> None:
        """All steps in one transaction, or none.

        Raises:
            UnknownDocument: a step names a document that is not stored.
            Overtaken: a change was to hold only while a document stood otherwise than it does.
        """
        keys = [identity(stamped.step.entry.key) for stamped in group]
        try:
            await self._write(keys, group)
        except sql.IntegrityError:
            # A document may have been removed since its row number was met. Look again, once.
            self._ids.forget(keys)
            await self._write(keys, group)

    async def _write(self, keys: Sequence[Identity], group: Sequence[Stamped]) -> None:
        async with self._db.writing() as connection:
            ids = await self._ids.resolve(connection, keys)
            missing = next((key for key in keys if key not in ids), None)
            if missing is not None:
                raise UnknownDocument(f"no document {':'.join(missing)}")
            located = [(ids[key], stamped) for key, stamped in zip(keys, group, strict=True)]
            await self._append_steps(connection, located)
            await self._change_documents(connection, located)

    async def _append_steps(self, connection: AsyncConnection, located: Sequence[tuple[int, Stamped]]) -> None:
        rows = [_step_row(row_id, stamped) for row_id, stamped in located]
        calls = {exchange.id: exchange for _, stamped in located for exchange in stamped.step.exchanges}
        if not calls:
            await connection.execute(self._db.insert(steps), rows)
            return
        step_ids = await self._db.insert_numbered(connection, steps, rows)
        exchange_rows = [calls[exchange_id].model_dump() for exchange_id in sorted(calls)]
        await connection.execute(self._db.insert(exchanges).on_conflict_do_nothing(), exchange_rows)
        links = [
            {"step_id": step_id, "exchange_id": exchange_id}
            for step_id, (_, stamped) in zip(step_ids, located, strict=True)
            for exchange_id in dict.fromkeys(exchange.id for exchange in stamped.step.exchanges)
        ]
        await connection.execute(self._db.insert(step_exchanges), links)

    async def _change_documents(self, connection: AsyncConnection, located: Iterable[tuple[int, Stamped]]) -> None:
        changes: dict[int, Columns] = {}
        in_order: list[tuple[int, DocumentChange]] = []
        bill_terms: list[dict[str, Any]] = []
        for row_id, stamped in located:
            change = stamped.step.change
            if change is None or not change.model_fields_set:
                continue
            changes.setdefault(row_id, Columns()).add(change, stamped.at)
            in_order.append((row_id, change))
            if change.bill_number:
                bill_terms += term_rows(row_id, TermKind.BILL_NUMBER, [change.bill_number])
        alike: dict[frozenset[str], list[dict[str, Any]]] = {}
        for row_id, columns in sorted(changes.items()):
            alike.setdefault(frozenset(columns.values), []).append(_update_row(row_id, columns))
        if len(alike) > 1 or any(change.only_if for _, change in in_order):
            _follow(await self._lock(connection, sorted(changes)), in_order)
        for names, rows in alike.items():
            await connection.execute(_update(names), rows)
        if bill_terms:
            await connection.execute(self._db.insert(document_terms).on_conflict_do_nothing(), bill_terms)

    async def _lock(self, connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Stand]:
        """Lock documents in the order everybody locks in, or two workers could wait in a circle. Where they stand."""
        stands = {}
        for chunk in in_chunks(ids):
            lock = _STANDS.where(documents.c.id.in_(chunk)).order_by(documents.c.id)
            for row in await connection.execute(lock.with_for_update(key_share=True)):
                stands[row.id] = Stand(revision=row.revision, version=row.version)
        return stands


def _follow(stands: Mapping[int, Stand], changes: Iterable[tuple[int, DocumentChange]]) -> None:
    """Go through changes one by one, as if each were made before the next is looked at.

    Raises:
        Overtaken: a document does not stand as one of its changes expects it to.
    """
    made: Counter[int] = Counter()
    for row_id, change in changes:
        wanted, stand = change.only_if, stands.get(row_id)
        if wanted is not None and (
            stand is None
            or wanted.revision != stand.revision + made[row_id]
            or wanted.version not in (None, stand.version)
        ):
            raise Overtaken("a document has moved on since it was read")
        made[row_id] += 1


def _update(names: frozenset[str]) -> Update:
    moved_on = documents.c.revision + bindparam("changes", type_=Integer())
    statement = update(documents).where(documents.c.id == bindparam("row_id")).values(revision=moved_on)
    if "held_at" not in names:
        return statement
    wait_goes_on = and_(bindparam("keep_held_at", type_=Boolean()), documents.c.state == DocumentState.HELD)
    begun = bindparam("held_since", type_=UtcDateTime())
    return statement.values(held_at=case((wait_goes_on, documents.c.held_at), else_=begun))


def _update_row(row_id: int, columns: Columns) -> dict[str, Any]:
    row = {"row_id": row_id, "changes": columns.changes} | columns.values
    if "held_at" in row:
        row |= {"held_since": row.pop("held_at"), "keep_held_at": columns.keep_held_at}
    return row


def _step_row(row_id: int, stamped: Stamped) -> dict[str, Any]:
    entry = stamped.step.entry
    return {"document_id": row_id, "at": stamped.at} | {name: getattr(entry, name) for name in _ENTRY_FIELDS}


async def timeline(db: Database, key: DocumentKey) -> list[TimelineRow]:
    """See `Store.timeline`."""
    statement = (
        select(steps, exchanges)
        .join(documents, documents.c.id == steps.c.document_id)
        .outerjoin(step_exchanges, step_exchanges.c.step_id == steps.c.id)
        .outerjoin(exchanges, exchanges.c.id == step_exchanges.c.exchange_id)
        .where(ANY_OF)
        .order_by(steps.c.id, exchanges.c.at, exchanges.c.id)
    )
    async with db.reading() as connection:
        rows = (await connection.execute(statement, asked([identity(key)]))).all()
    found = []
    for _, of_step in groupby(rows, key=lambda row: row._mapping[steps.c.id]):
        made = list(of_step)
        entry = JournalEntry(key=key, **{name: made[0]._mapping[steps.c[name]] for name in _ENTRY_FIELDS})
        calls = tuple(_exchange(row) for row in made if row._mapping[exchanges.c.id] is not None)
        found.append(TimelineRow(at=made[0]._mapping[steps.c.at], entry=entry, exchanges=calls))
    return found


def _exchange(row: Row[Any]) -> Exchange:
    return Exchange(**{name: row._mapping[exchanges.c[name]] for name in Exchange.model_fields})
