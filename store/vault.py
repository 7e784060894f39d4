"""A connection's tokens, kept encrypted between restarts and shared by all workers."""

from __future__ import annotations

from store.store import Store


class StoredTokens:
    """A token vault of the connectors, on the store."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store, self._connection = store, connection

    async def load(self) -> str | None:
        """What was kept last, or None."""
        return await self._store.token(self._connection)

    async def save(self, text: str) -> None:
        """Keep the tokens, encrypted."""
        await self._store.put_token(self._connection, text)
