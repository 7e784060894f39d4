"""Migrations: they make what the tables say, once, whoever runs them and how often."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from store.engine import create_engine
from store.errors import SchemaBehind
from store.migrate import BASE, migrate, migration_sql
from store.store import Store
from store.tables import metadata
from tests.store.samples import ROOT

_SQLITE = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> 'alembic_version'"
_POSTGRES = """
SELECT 'column', table_name, column_name, data_type || ' ' || is_nullable || ' ' || coalesce(collation_name, '')
       || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename <> 'alembic_version'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid <> coalesce(to_regclass('alembic_version'), 0)
"""


async def catalogue(url: str) -> set[tuple[str, ...]]:
    """Everything the database knows of its tables, in its own words; constraints of a table in any order."""
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            rows = await connection.execute(text(_SQLITE if engine.dialect.name == "sqlite" else _POSTGRES))
            return {tuple(_plain(cell) for cell in row) for row in rows}
    finally:
        await engine.dispose()


def _plain(cell: str | None) -> str:
    if cell is None:
        return ""
    if not cell.startswith("CREATE TABLE"):
        return cell.replace('"', "")
    head, _, body = cell.replace('"', "").partition("(")
    return "\n".join([head.strip(), *sorted(_parts(body.strip().removesuffix(")")))])


def _parts(body: str) -> list[str]:
    """Columns and constraints: what stands between the commas that are in no parentheses."""
    parts, depth = [""], 0
    for letter in body:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [" ".join(part.split()) for part in parts if part.strip()]


async def execute(url: str, *statements: str) -> None:
    engine = create_engine(url)
    try:
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


async def test_migrations_make_exactly_the_tables_of_the_models(url: str, empty_url: str) -> None:
    engine = create_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()

    migrated = await catalogue(url)

    assert len(migrated) > 20
    assert migrated == await catalogue(empty_url)


async def test_up_down_up(empty_url: str) -> None:
    await asyncio.to_thread(migrate, empty_url)
    first = await catalogue(empty_url)
    assert first

    await asyncio.to_thread(migrate, empty_url, BASE)
    assert await catalogue(empty_url) == set()

    await asyncio.to_thread(migrate, empty_url)
    assert await catalogue(empty_url) == first


async def test_migrating_again_changes_nothing(url: str) -> None:
    await execute(url, "INSERT INTO cursors VALUES ('f', 'c', '1', '2026-01-01 00:00:00')")
    before = await catalogue(url)

    migrate(url)  # from within a running loop, too

    assert await catalogue(url) == before
    async with await Store.open(url) as store:
        assert await store.cursor("f", "c") == "1"


async def test_workers_that_start_at_once_migrate_once(empty_url: str) -> None:
    code = "import sys; from store.migrate import migrate; migrate(sys.argv[1])"
    workers: list[subprocess.CompletedProcess[bytes]] = await asyncio.gather(
        *(
            asyncio.to_thread(
                subprocess.run, [sys.executable, "-W", "error", "-c", code, empty_url], cwd=ROOT, capture_output=True
            )
            for _ in range(4)
        )
    )

    assert [worker.stderr.decode() for worker in workers] == [""] * 4
    async with await Store.open(empty_url) as store:
        assert await store.counts() == []


async def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_url: str) -> None:
    await execute(empty_url, "CREATE TABLE steps (id INTEGER)")
    before = await catalogue(empty_url)

    with pytest.raises(Exception, match="steps"):
        await asyncio.to_thread(migrate, empty_url)

    assert await catalogue(empty_url) == before


async def test_the_statements_written_out_do_the_same(url: str, empty_url: str) -> None:
    script = migration_sql(empty_url)
    statements = [part.strip() for part in script.split(";")]
    wanted = [part for part in statements if part and part not in ("BEGIN", "COMMIT")]

    await execute(empty_url, *wanted)

    assert await catalogue(empty_url) == await catalogue(url)
    async with await Store.open(empty_url) as store:
        assert await store.counts() == []


async def test_a_database_that_was_not_migrated_is_not_opened(empty_url: str) -> None:
    with pytest.raises(SchemaBehind):
        await Store.open(empty_url)


async def test_looking_for_a_database_makes_none(tmp_path: Path) -> None:
    for missing in (tmp_path / "no.db", tmp_path / "no" / "no.db"):
        with pytest.raises(SchemaBehind, match=r"no\.db"):
            await Store.open(f"sqlite:///{missing}")
    assert list(tmp_path.iterdir()) == []


async def test_a_database_that_a_newer_worker_migrated_is_opened(url: str) -> None:
    await execute(url, "UPDATE alembic_version SET version_num = 'from the future'")

    async with await Store.open(url) as store:
        assert await store.counts() == []


def test_a_file_is_made_with_its_folder(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/data/100%/kingpost.db")

    assert (tmp_path / "data" / "100%" / "kingpost.db").is_file()
