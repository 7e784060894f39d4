"""Bringing a database to the tables this code needs. Any number of workers may do it at the same time."""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from store.engine import WRITES, create_engine, database_url
from store.errors import SchemaBehind

_LOCK = 0x6B696E67706F7374
"""PostgreSQL advisory lock of whoever migrates. On SQLite the write lock does the same."""

HEAD = "head"
BASE = "base"


def migrate(url: str, revision: str = HEAD) -> None:
    """Create or change the tables. Doing it again changes nothing; of several at once, one does it, the others wait.

    Everything happens in one transaction: a migration that fails leaves the database as it was. Callable with or
    without an event loop running.

    Args:
        revision: where to go; `BASE` removes every table.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="migrate") as thread:
        thread.submit(asyncio.run, _migrate(url, revision)).result()


def migration_sql(url: str) -> str:
    """The statements `migrate` would run on an empty database of this kind, for a person to run. Connects nowhere."""
    made = io.StringIO()
    config = _config(output=made)
    config.attributes["url"] = database_url(url)
    command.upgrade(config, HEAD, sql=True)
    return made.getvalue()


def require_file(url: str) -> None:
    """Check that a SQLite file is there, since merely looking into it would make an empty one.

    Raises:
        SchemaBehind: `migrate` has to run first.
    """
    made = database_url(url)
    if made.get_backend_name() == "sqlite" and not Path(made.database or "").is_file():
        raise SchemaBehind(f"there is no database {made.database}: migrate it")


def require_current(connection: Connection) -> None:
    """Check that the tables are there. A database that is ahead (another worker is newer already) is accepted.

    Raises:
        SchemaBehind: `migrate` has to run first.
    """
    script = ScriptDirectory.from_config(_config())
    at = MigrationContext.configure(connection).get_current_revision()
    older = {revision.revision for revision in script.walk_revisions()} - {script.get_current_head()}
    if at is None or at in older:
        raise SchemaBehind(f"the database is at revision {at}, this code needs {script.get_current_head()}: migrate it")


async def _migrate(url: str, revision: str) -> None:
    made = database_url(url)
    if made.get_backend_name() == "sqlite":
        Path(made.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, foreign_keys=False)
    try:
        async with engine.execution_options(**{WRITES: True}).begin() as connection:
            if made.get_backend_name() == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_run, revision)
    finally:
        await engine.dispose()


def _run(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    if revision == BASE:
        command.downgrade(config, BASE)
    else:
        command.upgrade(config, revision)


def _config(output: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=output) if output else Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
