"""The way to the database: SQLite in a file by default, PostgreSQL by URL, both asynchronous.

SQLite is opened for several processes at once: write-ahead log, one writer at a time who waits his turn instead of
failing, foreign keys on, and what is committed survives a power cut. PostgreSQL reads travel without a transaction
around them (one round trip).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    cast,
    event,
    extract,
    func,
    literal_column,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

_BUSY_SECONDS = 30
"""How long a SQLite writer waits for the writer of another process."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

WRITES = "kingpost_writes"


def database_url(url: str) -> URL:
    """The URL as people write it (``sqlite:///file.db``, ``postgresql://user:password@host/name``), with our driver.

    Raises:
        ValueError: another database, or SQLite without a file (every connection would see its own).
    """
    given = make_url(url)
    driver = _DRIVERS.get(given.drivername)
    if driver is None:
        raise ValueError(f"cannot keep documents in {given.drivername}: use sqlite:///… or postgresql://…")
    made = given.set(drivername=driver)
    if made.get_backend_name() == "sqlite" and made.database in (None, "", ":memory:"):
        raise ValueError("the store needs a file: sqlite:///path/to/kingpost.db")
    if "sslmode" in made.query:  # libpq's word for what asyncpg calls ssl
        mode = made.query["sslmode"]
        made = made.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return made


def create_engine(url: str, *, foreign_keys: bool = True, transactions: bool = True) -> AsyncEngine:
    """An engine that never shows values in its errors (they are bodies and tokens).

    Args:
        foreign_keys: False only while migrating, where SQLite rebuilds tables by dropping them.
        transactions: False for SQLite connections that never begin one, and so have none to roll back.
    """
    made = database_url(url)
    if made.get_backend_name() == "postgresql":
        return create_async_engine(made, hide_parameters=True, pool_pre_ping=True, skip_autocommit_rollback=True)
    engine = create_async_engine(
        made, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS}, skip_autocommit_rollback=not transactions
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        _prepare_sqlite(connection, foreign_keys)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            # The write lock is taken before the first read: a reader that turns writer later may be refused.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _prepare_sqlite(connection: DBAPIConnection, foreign_keys: bool) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # Another process is switching the new file to WAL at this very moment. The mode belongs to the file.
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
    finally:
        cursor.close()


class Database:
    """Connections to read and to write with."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        self._closed = False
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        self._readers = (
            create_engine(url, transactions=False)
            if self._is_sqlite
            else self._engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        self._writers = self._engine.execution_options(**{WRITES: True})
        # Within the process writers queue here: fairer and quicker than SQLite's polling for its lock.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if self._is_sqlite else nullcontext()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for single statements; each sees what is committed when it runs."""
        self._check_open()
        async with self._readers.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: everything or nothing. Do not nest."""
        self._check_open()
        async with self._turn, self._writers.begin() as connection:
            yield connection

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """INSERT that knows ON CONFLICT, in the words of this database."""
        return sqlite.insert(table) if self._is_sqlite else postgresql.insert(table)

    def microseconds(self) -> ColumnElement[int]:
        """The database's own clock, the same for all processes: since 1970, standing still within a statement.

        SQLite's ticks in milliseconds.
        """
        if self._is_sqlite:
            days: ColumnElement[Any] = func.julianday("now") - literal_column("2440587.5")
            return cast(days * literal_column("86400000000"), BigInteger)
        return cast(extract("epoch", func.statement_timestamp()) * literal_column("1000000"), BigInteger)

    async def insert_numbered(
        self, connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
    ) -> list[int]:
        """Insert rows and get the `id` the database gave each, in the order of the rows.

        PostgreSQL promises the order only when asked for it. SQLite, with one writer and AUTOINCREMENT, counts up as
        it goes through the rows; asked for the order, SQLAlchemy would send them one by one, at a third of the speed.
        """
        insert = self.insert(table).returning(table.c.id, sort_by_parameter_order=not self._is_sqlite)
        return sorted((await connection.scalars(insert, rows)).all())

    async def close(self) -> None:
        """Give every connection back, and hand out no more."""
        self._closed = True
        await self._engine.dispose()
        await self._readers.dispose()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the store is closed")

    def __repr__(self) -> str:
        return f"Database({self._engine.url.render_as_string(hide_password=True)})"
