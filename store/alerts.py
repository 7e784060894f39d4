"""Alerts that were raised, so that each is raised once."""

from __future__ import annotations

from sqlalchemy import select

from domain.alerts import Alert
from store.engine import Database
from store.tables import alerts


async def put(db: Database, alert: Alert) -> bool:
    """See `Store.put_alert`."""
    insert = db.insert(alerts).values(**alert.model_dump()).on_conflict_do_nothing().returning(alerts.c.key)
    async with db.writing() as connection:
        return await connection.scalar(insert) is not None


async def listed(db: Database, limit: int) -> list[Alert]:
    """See `Store.alerts`."""
    statement = select(alerts).order_by(alerts.c.at.desc(), alerts.c.key).limit(limit)
    async with db.reading() as connection:
        return [Alert.model_validate(dict(row)) for row in (await connection.execute(statement)).mappings()]
