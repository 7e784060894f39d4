"""An account's pace, kept where all workers see it."""

from __future__ import annotations

from collections.abc import Sequence

from domain.pace import CallRate
from store.store import Store


class StoredPace:
    """A pace of the connectors, on the store."""

    def __init__(self, store: Store, account: str) -> None:
        self._store, self._account = store, account

    async def turn(self, rates: Sequence[CallRate]) -> float:
        """Take the next place in the line of the account; how many seconds from now it is."""
        return await self._store.turn(self._account, rates)
