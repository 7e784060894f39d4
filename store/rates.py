"""Exchange rates: once a document was booked at one, every other document of that day is booked at the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from domain.rates import Rate
from store.engine import Database
from store.tables import rates

_SELECT = select(*(rates.c[name] for name in Rate.model_fields))


async def find(db: Database, currency: str, day: date) -> Rate | None:
    """See `Store.rate`."""
    async with db.reading() as connection:
        row = (await connection.execute(_SELECT.where(rates.c.currency == currency, rates.c.day == day))).first()
    return None if row is None else _to_rate(row)


async def put(db: Database, given: Iterable[Rate]) -> list[Rate]:
    """See `Store.put_rates`."""
    first: dict[tuple[str, date], Rate] = {}
    for rate in given:
        first.setdefault((rate.currency, rate.day), rate)
    if not first:
        return []
    days = sorted({day for _, day in first})
    async with db.writing() as connection:
        rows = [first[place].model_dump() for place in sorted(first)]
        await connection.execute(db.insert(rates).on_conflict_do_nothing(), rows)
        found = await connection.execute(_SELECT.where(rates.c.day.in_(days)))
        standing = {(rate.currency, rate.day): rate for rate in map(_to_rate, found)}
    return [standing[place] for place in first]


def _to_rate(row: Row[Any]) -> Rate:
    return Rate(**row._mapping)
