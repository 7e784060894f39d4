"""The line before an account of a vendor, shared by all processes that call it.

Each rate has a moment up to which its calls are given away; taking a turn moves it on by one interval (a leaky bucket
in one number). Whoever takes the next turn, in whatever process, comes after. The clock is the database's: one process
whose own is ahead would give away the future, and all others would wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, case, literal

from domain.pace import CallRate
from store.engine import Database
from store.tables import turns

_MICROSECONDS = 1_000_000


async def take(db: Database, account: str, rates: Sequence[CallRate]) -> float:
    """See `Store.turn`."""
    here = db.microseconds()
    wait = 0
    async with db.writing() as connection:
        # In one order, so that no two wait for each other.
        for rate in sorted(rates, key=lambda rate: rate.seconds):
            interval = round(rate.interval * _MICROSECONDS)
            # A pause saves up the burst and no more.
            idle = here - literal(round((rate.burst - 1) * interval), BigInteger)
            step = literal(interval, BigInteger)
            insert = db.insert(turns).values(account=account, seconds=rate.seconds, taken_to=idle + step)
            after = case((turns.c.taken_to > idle, turns.c.taken_to), else_=idle) + step
            statement = insert.on_conflict_do_update(
                index_elements=["account", "seconds"], set_={"taken_to": after}
            ).returning(turns.c.taken_to - step - here)
            begins: int = (await connection.execute(statement)).scalar_one()
            wait = max(wait, begins)
    return wait / _MICROSECONDS
