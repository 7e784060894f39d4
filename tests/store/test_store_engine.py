"""The way to the database: URLs, settings, exactness, silence about secrets."""

from __future__ import annotations

import asyncio
import socket
import traceback
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import exc, insert, select, text
from sqlalchemy.dialects import sqlite

from store.columns import ExactDecimal, UtcDateTime
from store.engine import Database, database_url
from store.journal import concerns_all
from store.store import Store
from store.tables import cursors, rates
from tests.store.samples import START, Clock, entry, key, sighting


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("sqlite:///data/k.db", "sqlite+aiosqlite:///data/k.db"),
        ("sqlite:////var/k.db", "sqlite+aiosqlite:////var/k.db"),
        ("postgres://u:p@h/n", "postgresql+asyncpg://u:p@h/n"),
        ("postgresql://u:p@h:5433/n", "postgresql+asyncpg://u:p@h:5433/n"),
        ("postgresql+asyncpg://u@/n?host=%2Ftmp", "postgresql+asyncpg://u@/n?host=%2Ftmp"),
        ("postgresql://u:p@h/n?sslmode=require", "postgresql+asyncpg://u:p@h/n?ssl=require"),
    ],
)
def test_urls_as_people_write_them(given: str, made: str) -> None:
    assert database_url(given).render_as_string(hide_password=False) == made


@pytest.mark.parametrize(
    "url", ["mysql://u:hush@h/n", "sqlite://", "sqlite:///:memory:", "postgresql+psycopg://u:hush@h/n"]
)
def test_databases_that_cannot_keep_documents_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///") as caught:
        database_url(url)
    assert "hush" not in str(caught.value)


async def test_a_password_is_never_shown() -> None:
    with socket.socket() as taken:  # bound and not listening: connecting is refused
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql://keeper:hush@127.0.0.1:{taken.getsockname()[1]}/books"
        db = Database(url)
        with pytest.raises(OSError) as caught:
            await Store.open(url)
    assert "keeper:***@" in repr(db)
    assert "hush" not in repr(db) + "".join(traceback.format_exception(caught.value))
    assert concerns_all(caught.value)
    await db.close()


async def test_errors_do_not_show_what_was_to_be_written(store: Store, url: str) -> None:
    db = Database(url)
    try:
        with pytest.raises(exc.IntegrityError) as caught:
            async with db.writing() as connection:
                row = {"flow": "f", "connection": "c", "position": "private text", "moved_at": START}
                await connection.execute(insert(cursors), row)
                await connection.execute(insert(cursors), row)
    finally:
        await db.close()
    assert "private text" not in str(caught.value)
    assert not concerns_all(caught.value)


async def test_sqlite_is_opened_for_many(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'k.db'}")
    try:
        async with db.reading() as connection:
            settings = {
                name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
                for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
            }
    finally:
        await db.close()
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 30000}


async def test_a_second_process_waits_for_the_first_writer(tmp_path: Path, sqlite_file: Path) -> None:
    """Both take the write lock before they read, so that neither is refused for what the other wrote."""
    path = tmp_path / "k.db"
    path.write_bytes(sqlite_file.read_bytes())
    url = f"sqlite:///{path}"
    async with await Store.open(url) as store:
        await store.take_in([sighting()], cursor=None)
        other = Database(url)
        try:
            async with other.writing() as connection:
                waiting = asyncio.ensure_future(store.record(entry()))
                assert await store.document(key()) is not None  # readers are not kept waiting
                await connection.execute(text("UPDATE documents SET shop = 'written first'"))
                assert not waiting.done()
            await waiting
        finally:
            await other.close()
        record = await store.document(key())
        assert record is not None
        assert record.shop == "written first"


async def test_a_transaction_that_fails_leaves_nothing(url: str) -> None:
    db = Database(url)
    try:
        with pytest.raises(RuntimeError, match="on purpose"):
            async with db.writing() as connection:
                row = {"flow": "f", "connection": "c", "position": "1", "moved_at": START}
                await connection.execute(insert(cursors), row)
                raise RuntimeError("on purpose")
        async with db.reading() as connection:
            assert (await connection.execute(select(cursors))).all() == []
    finally:
        await db.close()


async def test_moments_are_utc_on_either_database(url: str, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 1, 23, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    async with await Store.open(url, clock=clock) as store:
        await store.take_in([sighting()], cursor=None)
        record = await store.document(key())
    assert record is not None
    assert record.seen_at == clock.now
    assert record.seen_at.tzinfo is UTC


async def test_the_clock_of_the_database_counts_microseconds_since_1970(url: str) -> None:
    db = Database(url)
    begun = datetime.now(UTC)
    async with db.reading() as connection:
        told = (await connection.execute(select(db.microseconds()))).scalar_one()
    await db.close()
    # It may tick in milliseconds, and run on another machine.
    assert abs(told / 1_000_000 - begun.timestamp()) < 3600


async def test_a_clock_without_a_zone_is_refused(url: str, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 1)  # noqa: DTZ001
    async with await Store.open(url, clock=clock) as store:
        with pytest.raises(exc.StatementError, match="time zone"):
            await store.take_in([sighting()], cursor=None)
        assert await store.document(key()) is None


async def test_a_float_is_no_rate(url: str) -> None:
    db = Database(url)
    row = {"currency": "USD", "day": START.date(), "source": "s", "source_date": START.date(), "official": True}
    try:
        with pytest.raises(exc.StatementError, match="float"):
            async with db.writing() as connection:
                await connection.execute(insert(rates), row | {"value": 7.1})
        async with db.writing() as connection:
            await connection.execute(insert(rates), row | {"value": Decimal("7.10")})
            assert str(await connection.scalar(select(rates.c.value))) == "7.10"
    finally:
        await db.close()


async def test_a_closed_store_says_so(url: str) -> None:
    store = await Store.open(url)
    await store.close()

    with pytest.raises(RuntimeError, match="closed"):
        await store.document(key())
    with pytest.raises(RuntimeError, match="closed"):
        await store.take_in([sighting()], cursor=None)


def test_column_types_pass_nothing_through_as_nothing() -> None:
    """A column that may be empty stays empty."""
    dialect = sqlite.dialect()
    for column in (UtcDateTime(), ExactDecimal()):
        assert column.process_bind_param(None, dialect) is None
        assert column.process_result_value(None, dialect) is None
