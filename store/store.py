"""The one door to the store: opens the database and answers in the words of the domain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from domain.alerts import Alert
from domain.connections import Pause
from domain.documents import DocumentKey, DocumentState
from domain.exchanges import Exchange
from domain.journal import (
    Count,
    DocumentChange,
    DocumentRecord,
    DueDocument,
    JournalEntry,
    MappingRow,
    Sighting,
    TakenIn,
    TimelineRow,
)
from domain.pace import CallRate
from domain.rates import Rate
from store import alerts, documents, intake, journal, mappings, pauses, rates, retention, search, tokens, turns
from store.engine import Database
from store.group_commit import GroupCommit
from store.identity import IdCache, Identity, identity
from store.journal import Journal, Stamped, StepRecord
from store.migrate import require_current, require_file
from store.reconciliations import Reconciliations
from store.shared_reads import SharedReads

_RATES_KEPT = 10_000


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Store:
    """What the product remembers. Open one per process, with `Store.open`; safe for any number of tasks of its loop.

    `reconciliations` is a door of its own.

    Methods raise `store.errors.StoreError` for what a caller can decide on, and `sqlalchemy.exc.SQLAlchemyError` when
    the database fails; repeating is safe with every method.
    """

    def __init__(self, db: Database, sealer: tokens.Sealer, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._sealer = sealer
        self._clock = clock
        self.reconciliations = Reconciliations(db, clock)
        self._ids = IdCache()
        self._documents = SharedReads[Identity, DocumentRecord](partial(documents.find, db))
        self._pauses = SharedReads[str, Pause](partial(pauses.find, db))
        self._mappings = SharedReads[mappings.Place, dict[str, str]](partial(mappings.look_up, db))
        self._rates: dict[tuple[str, date], Rate] = {}
        self._writer = GroupCommit[Stamped](Journal(db, self._ids).write, concerns_all=journal.concerns_all)

    @classmethod
    async def open(
        cls, url: str, *, secret_key: SecretStr | None = None, clock: Callable[[], datetime] = utc_now
    ) -> Store:
        """Open a migrated database.

        Args:
            url: ``sqlite:///path/to/file.db`` or ``postgresql://user:password@host/name``.
            secret_key: encrypts tokens; without one, tokens can be neither kept nor read.

        Raises:
            SchemaBehind: `store.migrate.migrate` has to run first.
            ValueError: the URL is of another database.
        """
        require_file(url)
        db = Database(url)
        try:
            async with db.reading() as connection:
                await connection.run_sync(require_current)
        except BaseException:
            await db.close()
            raise
        return cls(db, tokens.Sealer(secret_key), clock)

    async def close(self) -> None:
        """Write what `record` callers still wait for, then close every connection."""
        try:
            await self._writer.close()
            await self._documents.close()
            await self._mappings.close()
            await self._pauses.close()
        finally:
            await self._db.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Store({self._db!r})"

    # ── intake ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def take_in(self, sightings: Sequence[Sighting], *, cursor: tuple[str, str, str] | None) -> TakenIn:
        """Store what a window of the source brought, and move the cursor, in one transaction.

        A document changes when the source's own version does; a person's correction stays until then. Every distinct
        content is kept as a snapshot. Of several sightings of a document the newest row stands, and among equals the
        last one; a row that is older than what is known already changes nothing.

        Args:
            cursor: flow, connection, and the new position (the flow's own text); None leaves it where it is.

        Returns:
            Documents seen (each once), new, and changed to another version.
        """
        return await intake.take_in(self._db, self._ids, sightings, cursor, self._clock())

    async def cursor(self, flow: str, connection: str) -> str | None:
        """The position last stored, or None before the first."""
        return await intake.cursor(self._db, flow, connection)

    async def due(self, limit: int, *, flow: str | None = None, connection: str | None = None) -> list[DueDocument]:
        """Documents whose workflow has not heard of their latest version, the longest waiting first."""
        return await intake.due(self._db, limit, flow, connection)

    async def due_among(self, keys: Sequence[DocumentKey]) -> list[DueDocument]:
        """Those of these documents whose workflow has not heard of their latest version."""
        return await intake.due_among(self._db, [identity(key) for key in keys])

    async def started(self, items: Sequence[tuple[DocumentKey, str]]) -> None:
        """The workflows have heard of these versions. A document that has changed since remains due."""
        await intake.started(self._db, self._ids, items)

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def document(self, key: DocumentKey) -> DocumentRecord | None:
        """Everything known of a document now."""
        return (await self.documents([key])).get(key)

    async def documents(self, keys: Sequence[DocumentKey]) -> dict[DocumentKey, DocumentRecord]:
        """The documents that exist, by key. Calls that wait at the same time share a statement."""
        asked = {identity(key): key for key in keys}
        found = await self._documents.get(list(asked))
        return {asked[stored]: record for stored, record in found.items()}

    async def snapshot(self, key: DocumentKey, version: str) -> str | None:
        """The content a document had at a version; None when it never had it, or it is forgotten."""
        return await documents.snapshot(self._db, key, version)

    async def record(
        self, entry: JournalEntry, change: DocumentChange | None = None, exchanges: Sequence[Exchange] = ()
    ) -> None:
        """Append a step to the journal and change the document, durably, in one transaction.

        Calls that wait at the same time share a transaction; each learns its own result. An exchange that many steps
        share (same id) is stored once.

        Raises:
            UnknownDocument: intake never stored it.
            NotRecorded: the database could not be used; nothing was stored.
            Overtaken: a change of this call was only to be made while a document stood as it does not any more.
            ValueError: HELD without a hold, a hold without HELD, no state, or a moment without a zone.
        """
        await self.record_many([(entry, change, exchanges)])

    async def record_many(
        self, items: Sequence[tuple[JournalEntry, DocumentChange | None, Sequence[Exchange]]]
    ) -> None:
        """`record` for several steps, in order: all of them or none."""
        now = self._clock()
        await self._writer.put([journal.stamp(StepRecord(*item), now) for item in items])

    async def waiting_for(self, gaps: Sequence[str]) -> list[DocumentKey]:
        """Documents held for one of these gaps, the longest waiting first."""
        return await documents.waiting_for(self._db, gaps)

    async def posted(self, flow: str, connection: str, platform_no: str) -> list[DocumentRecord]:
        """Documents of a platform order that are posted now, in the order they were first seen."""
        return await documents.posted(self._db, flow, connection, platform_no)

    async def owners(self, form: str, bill_numbers: Sequence[str]) -> dict[str, list[DocumentKey]]:
        """Documents that may have written a bill of a form, by bill number as given; letters in any case."""
        return await documents.owners(self._db, form, bill_numbers)

    async def named(self, flow: str, connection: str, names: Sequence[str]) -> dict[str, DocumentKey]:
        """A document that goes by a number of its source (its own, the platform's, a related one), by that number."""
        return await documents.named(self._db, flow, connection, names)

    # ── look-ups ────────────────────────────────────────────────────────────────────────────────────────────────

    async def mapping(self, collection: str, connection: str, keys: Sequence[str]) -> dict[str, dict[str, str]]:
        """Rows of a mapping table by the key as asked. The connection's own row goes before the one for all."""
        found = await self.mapping_tables(connection, {collection: keys})
        return {key: cells for (_, key), cells in found.items()}

    async def mapping_tables(
        self, connection: str, keys: Mapping[str, Collection[str]]
    ) -> dict[tuple[str, str], dict[str, str]]:
        """As `mapping`, of several tables: rows by collection and key. `keys`: of each collection.

        Calls that wait at the same time share a statement.
        """
        asked = {(name, key): mappings.place(name, connection, key) for name, some in keys.items() for key in some}
        found = await self._mappings.get(sorted(asked.values()))
        return {at: dict(found[place]) for at, place in asked.items() if place in found}

    async def put_mappings(self, rows: Iterable[MappingRow]) -> list[str]:
        """Insert or replace rows; of several with the same key the last one stands.

        Returns:
            Gap keys of the rows that are new or say something new: who waits for these may go on.

        Raises:
            ValueError: a row without a key.
        """
        return await mappings.put(self._db, rows, self._clock())

    async def mappings(self, collection: str) -> list[MappingRow]:
        """A whole mapping table, keys as people wrote them."""
        return await mappings.listed(self._db, collection)

    async def rate(self, currency: str, day: date) -> Rate | None:
        """The rate a currency is booked at on a day, if it is known already."""
        known = self._rates.get((currency, day))
        if known is None:
            known = await rates.find(self._db, currency, day)
            self._remember([known] if known else [])
        return known

    async def put_rates(self, given: Iterable[Rate]) -> list[Rate]:
        """Keep rates that are not known yet. A known one is never replaced, whatever another source says later.

        Returns:
            The rates that stand now, one for each currency and day that was given.
        """
        standing = await rates.put(self._db, given)
        self._remember(standing)
        return standing

    def _remember(self, standing: Iterable[Rate]) -> None:
        """A rate that stands is never replaced, so it need not be asked for again."""
        if len(self._rates) > _RATES_KEPT:
            self._rates.clear()
        self._rates.update({(rate.currency, rate.day): rate for rate in standing})

    async def token(self, connection: str) -> str | None:
        """The token kept for a connection.

        Raises:
            TokenKeyMissing: no secret key is configured.
            TokenUnreadable: it was written under another secret key.
        """
        return await tokens.find(self._db, self._sealer, connection)

    async def put_token(self, connection: str, text: str) -> None:
        """Keep a token, encrypted. Raises `TokenKeyMissing`."""
        await tokens.put(self._db, self._sealer, connection, text, self._clock())

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────

    async def pause(self, pause: Pause) -> None:
        """Have a connection left alone. One that is paused already stays so for its first reason."""
        await pauses.put(self._db, pause)

    async def lift(self, connection: str) -> None:
        """Have a connection called again. Not an error when it was not paused."""
        await pauses.remove(self._db, connection)

    async def paused(self, connection: str) -> Pause | None:
        """Why a connection is left alone at this moment; None: it is not.

        Calls that wait at the same time share a statement that begins after all of them.
        """
        return (await self._pauses.get([connection])).get(connection)

    async def pauses(self) -> list[Pause]:
        """All connections that are left alone, the longest first."""
        return await pauses.listed(self._db)

    async def put_alert(self, alert: Alert) -> bool:
        """Keep an alert. False when one of its key was kept before."""
        return await alerts.put(self._db, alert)

    async def alerts(self, limit: int) -> list[Alert]:
        """Alerts that were raised, the latest first."""
        return await alerts.listed(self._db, limit)

    async def turn(self, account: str, rates: Sequence[CallRate]) -> float:
        """Take the next place in the line of all who call an account, by the database's clock.

        Returns:
            Seconds from now until it is its turn, by every rate; 0 is at once.
        """
        return await turns.take(self._db, account, rates)

    # ── people ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def search(self, text: str, limit: int = 50) -> list[DocumentRecord]:
        """Documents by the beginning of a platform, source, related or bill number or SKU, in any case.

        Exact matches come first, and among equals the newest.
        """
        return await search.search(self._db, text, limit)

    async def timeline(self, key: DocumentKey) -> list[TimelineRow]:
        """Every step of a document in the order written, with the calls it made."""
        return await journal.timeline(self._db, key)

    async def counts(self) -> list[Count]:
        """How many documents each flow has in each state, by reason."""
        return await documents.counts(self._db)

    async def held(self, limit: int) -> list[DocumentRecord]:
        """Documents that wait, the longest waiting first."""
        return await documents.held(self._db, limit)

    async def list_documents(
        self,
        *,
        flow: str | None = None,
        connection: str | None = None,
        state: DocumentState | None = None,
        limit: int = 50,
    ) -> list[DocumentRecord]:
        """Documents that fit what is given, the last changed first."""
        return await documents.listed(self._db, flow, connection, state, limit)

    # ── retention ───────────────────────────────────────────────────────────────────────────────────────────────

    async def forget(self, before: datetime) -> int:
        """Remove journal steps, exchanges, snapshots, alerts and final documents older than a moment.

        A document that is not final stays, with its latest content and the versions its bill was made of. An exchange
        goes when no remaining step refers to it.

        Returns:
            Rows removed for their own age (not those that went along with them).

        Raises:
            ValueError: the moment has no time zone.
        """
        return await retention.forget(self._db, before)
