"""From a document's key to its row number, which is what every other table carries."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.documents import DocumentKey
from store.chunks import in_chunks
from store.columns import storable
from store.tables import documents

Identity = tuple[str, str, str]
"""A key as the table has it: flow, connection, number."""


def identity(key: DocumentKey) -> Identity:
    """The key as stored."""
    return storable(key.flow), storable(key.connection), storable(key.number)


ANY_OF = tuple_(documents.c.flow, documents.c.connection, documents.c.number).in_(bindparam("keys", expanding=True))
"""Condition: the document is one of ``keys``, a list of identities given with the statement.

One text whatever the list, so that a statement is built and compiled once and not for each look-up.
"""

_IDS = select(documents.c.flow, documents.c.connection, documents.c.number, documents.c.id).where(ANY_OF)


async def find_ids(connection: AsyncConnection, keys: Sequence[Identity]) -> dict[Identity, int]:
    """Row numbers of the documents that exist."""
    found: dict[Identity, int] = {}
    for chunk in in_chunks(keys):
        for flow, source, number, row_id in await connection.execute(_IDS, {"keys": chunk}):
            found[flow, source, number] = row_id
    return found


class IdCache:
    """Row numbers this process has met lately. A number is never given to another document, so an entry can at worst
    point to a document that retention removed; the write then fails on its foreign key and is tried without it."""

    def __init__(self, size: int = 100_000) -> None:
        self._ids: OrderedDict[Identity, int] = OrderedDict()
        self._size = size

    async def resolve(self, connection: AsyncConnection, keys: Iterable[Identity]) -> dict[Identity, int]:
        """Row numbers of the documents that exist, asking the database only for those not met yet."""
        asked = dict.fromkeys(keys)
        known = {key: self._ids[key] for key in asked if key in self._ids}
        missing = [key for key in asked if key not in known]
        if missing:
            found = await find_ids(connection, missing)
            known |= found
            self.remember(found)
        return known

    def remember(self, ids: dict[Identity, int]) -> None:
        """Keep these; the ones met first make room."""
        self._ids.update(ids)
        while len(self._ids) > self._size:
            self._ids.popitem(last=False)

    def forget(self, keys: Iterable[Identity]) -> None:
        """Ask the database again next time."""
        for key in keys:
            self._ids.pop(key, None)
