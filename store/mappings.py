"""Mapping tables: what a source's code means in the ERP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.journal import MappingRow
from domain.keys import mapping_gap, normalise
from store.chunks import in_chunks
from store.columns import storable
from store.engine import Database
from store.tables import mappings

Place = tuple[str, str, str]
"""Collection, connection, normalised key."""


def place(collection: str, connection: str, key: str) -> Place:
    """Where a row is kept."""
    return storable(collection), storable(connection), storable(normalise(key))


async def look_up(db: Database, places: Sequence[Place]) -> dict[Place, dict[str, str]]:
    """The rows that exist, by place asked. A connection's own row goes before the one for all (connection "")."""
    asked = list(dict.fromkeys(places))
    for_all = {(collection, "", key) for collection, _, key in asked}
    found = await _rows(db, sorted(for_all.union(asked)))
    best = {where: found.get(where, found.get((where[0], "", where[2]))) for where in asked}
    return {where: cells for where, cells in best.items() if cells is not None}


async def _rows(db: Database, places: Sequence[Place]) -> dict[Place, dict[str, str]]:
    async with db.reading() as connection:
        return await _standing(connection, places)


async def put(db: Database, rows: Iterable[MappingRow], now: datetime) -> list[str]:
    """See `Store.put_mappings`."""
    latest: dict[Place, MappingRow] = {}
    for row in rows:
        if not normalise(row.key):
            raise ValueError(f"a row of mapping table {row.collection!r} has no key")
        latest[place(row.collection, row.connection, row.key)] = row
    places = sorted(latest)  # in one order, so that two imports never wait for each other in a circle
    async with db.writing() as connection:
        standing = await _standing(connection, places)
        changed = [where for where in places if standing.get(where) != latest[where].values]
        if changed:
            insert = db.insert(mappings)
            columns = {name: insert.excluded[name] for name in ("label", "cells", "changed_at")}
            upsert = insert.on_conflict_do_update(index_elements=["collection", "connection", "key"], set_=columns)
            await connection.execute(upsert, [_columns(where, latest[where], now) for where in changed])
    return list(dict.fromkeys(mapping_gap(collection, key) for collection, _, key in changed))


def _columns(where: Place, row: MappingRow, now: datetime) -> dict[str, object]:
    named = dict(zip(("collection", "connection", "key"), where, strict=True))
    return named | {"label": row.key.strip(), "cells": row.values, "changed_at": now}


_AT_PLACES = select(mappings.c.collection, mappings.c.connection, mappings.c.key, mappings.c.cells).where(
    mappings.c.collection.in_(bindparam("collections", expanding=True)),
    mappings.c.connection.in_(bindparam("connections", expanding=True)),
    mappings.c.key.in_(bindparam("keys", expanding=True)),
)
"""One text whatever is asked; it may find some rows more, which are left aside."""


async def _standing(connection: AsyncConnection, places: Sequence[Place]) -> dict[Place, dict[str, str]]:
    found: dict[Place, dict[str, str]] = {}
    for chunk in in_chunks(places):
        parts = zip(("collections", "connections", "keys"), zip(*chunk, strict=True), strict=True)
        asked = {name: list(dict.fromkeys(values)) for name, values in parts}
        for collection, source, key, cells in await connection.execute(_AT_PLACES, asked):
            found[collection, source, key] = cells
    return {where: found[where] for where in places if where in found}


async def listed(db: Database, collection: str) -> list[MappingRow]:
    """See `Store.mappings`."""
    statement = (
        select(mappings.c.collection, mappings.c.connection, mappings.c.label, mappings.c.cells)
        .where(mappings.c.collection == collection)
        .order_by(mappings.c.key, mappings.c.connection)
    )
    async with db.reading() as connection:
        return [
            MappingRow(collection=table, connection=source, key=label, values=cells)
            for table, source, label, cells in await connection.execute(statement)
        ]
