"""Trouble with the store: SQLite is locked by another writer, PostgreSQL's connections are terminated."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sqlalchemy import text

from store.engine import create_engine, database_url

_ALL_OTHERS = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
""")


class StoreCuts(Protocol):
    """A way to keep everybody from the store."""

    async def cut(self, seconds: float) -> None:
        """Keep them away, for `seconds` where that can be kept up."""
        ...


def store_cuts(url: str) -> StoreCuts:
    """The way that fits the database of a URL."""
    made = database_url(url)
    if made.get_backend_name() == "sqlite":
        return _HeldLock(Path(made.database or ""))
    return _TerminatedBackends(url)


class _HeldLock:
    """A writer from nowhere that does not let go."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def cut(self, seconds: float) -> None:
        await asyncio.to_thread(self._hold, seconds)

    def _hold(self, seconds: float) -> None:
        with closing(sqlite3.connect(self._file, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")


class _TerminatedBackends:
    """What an administrator, or a server that restarts, does to connections."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def cut(self, seconds: float) -> None:
        engine = create_engine(self._url).execution_options(isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                await connection.execute(_ALL_OTHERS)
        finally:
            await engine.dispose()
