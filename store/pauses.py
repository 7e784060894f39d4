"""Connections that nobody calls for now."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import RowMapping, delete, select

from domain.connections import Pause, Refusal
from store.engine import Database
from store.tables import pauses


async def put(db: Database, pause: Pause) -> None:
    """See `Store.pause`."""
    refusal = pause.refusal.model_dump()
    insert = db.insert(pauses).values(connection=pause.connection, since=pause.since, **refusal)
    async with db.writing() as connection:
        await connection.execute(insert.on_conflict_do_nothing())


async def remove(db: Database, paused: str) -> None:
    """See `Store.lift`."""
    async with db.writing() as connection:
        await connection.execute(delete(pauses).where(pauses.c.connection == paused))


async def find(db: Database, connections: Sequence[str]) -> dict[str, Pause]:
    """Those of the connections that are paused, by name."""
    async with db.reading() as connection:
        rows = await connection.execute(select(pauses).where(pauses.c.connection.in_(connections)))
        return {row["connection"]: _to_pause(row) for row in rows.mappings()}


async def listed(db: Database) -> list[Pause]:
    """See `Store.pauses`."""
    async with db.reading() as connection:
        rows = await connection.execute(select(pauses).order_by(pauses.c.since, pauses.c.connection))
        return [_to_pause(row) for row in rows.mappings()]


def _to_pause(row: RowMapping) -> Pause:
    return Pause(
        connection=row["connection"],
        since=row["since"],
        refusal=Refusal(system=row["system"], code=row["code"], message=row["message"]),
    )
