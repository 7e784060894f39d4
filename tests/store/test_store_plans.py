"""Look-ups by key go by an index, however many documents there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

from store import documents, identity, intake, mappings
from store.engine import create_engine

_KEYS = identity.asked([("f", "c", "1"), ("f", "c", "2"), ("g", "c", "1")])
_PLACES = {"collections": ["sku", "shop"], "connections": ["", "c"], "keys": ["a", "b"]}


@pytest.mark.parametrize(
    ("statement", "asked"),
    [(documents._BY_KEY, _KEYS), (identity._IDS, _KEYS), (intake._LOCKED, _KEYS), (mappings._AT_PLACES, _PLACES)],
    ids=["documents", "row numbers", "locks", "mappings"],
)
async def test_sqlite_searches_and_does_not_scan(
    sqlite_file: Path, statement: Select[Any], asked: dict[str, list[str]]
) -> None:
    compiled = statement.params(asked).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    engine = create_engine(f"sqlite:///{sqlite_file}")
    async with engine.connect() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")).all()
    await engine.dispose()
    assert plan
    assert not [row.detail for row in plan if row.detail.startswith("SCAN")]
