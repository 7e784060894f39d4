"""The line before an account of a vendor, shared by all processes that call it.

Each rate has a moment up to which its calls are given away; taking a turn moves it on by one interval (a leaky bucket
in one number). Whoever takes the next turn, in whatever process, comes after.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, case, literal

from domain.pace import CallRate
from store.engine import Database
from store.tables import turns

_MICROSECONDS = 1_000_000


async def take(db: Database, account: str, rates: Sequence[CallRate], now: datetime) -> float:
    """See `Store.turn`."""
    here = round(now.timestamp() * _MICROSECONDS)
    begins = here
    async with db.writing() as connection:
        # In one order, so that no two wait for each other.
        for rate in sorted(rates, key=lambda rate: rate.seconds):
            interval = round(rate.interval * _MICROSECONDS)
            # A pause saves up the burst and no more.
            earliest = here - round((rate.burst - 1) * interval)
            insert = db.insert(turns).values(account=account, seconds=rate.seconds, taken_to=earliest + interval)
            idle = literal(earliest, BigInteger)
            after = case((turns.c.taken_to > idle, turns.c.taken_to), else_=idle) + literal(interval, BigInteger)
            statement = insert.on_conflict_do_update(
                index_elements=["account", "seconds"], set_={"taken_to": after}
            ).returning(turns.c.taken_to)
            taken_to: int = (await connection.execute(statement)).scalar_one()
            begins = max(begins, taken_to - interval)
    return (begins - here) / _MICROSECONDS
