"""From a document's key to its row number, which is what every other table carries."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from sqlalchemy import and_, bindparam, select
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


ANY_OF = and_(
    documents.c.flow.in_(bindparam("flows", expanding=True)),
    documents.c.connection.in_(bindparam("connections", expanding=True)),
    documents.c.number.in_(bindparam("numbers", expanding=True)),
)
"""Condition: the document is one of those in `asked`, or has the flow of one and the number of another.

One text whatever the list, so that a statement is built and compiled once and not for each look-up; and one that both
databases find by their index, which SQLite does not do for a list of rows.
"""


def asked(keys: Sequence[Identity]) -> dict[str, list[str]]:
    """The parameters of `ANY_OF`."""
    flows, connections, numbers = (list(dict.fromkeys(part)) for part in zip(*keys, strict=True))
    return {"flows": flows, "connections": connections, "numbers": numbers}


_IDS = select(documents.c.flow, documents.c.connection, documents.c.number, documents.c.id).where(ANY_OF)


async def find_ids(connection: AsyncConnection, keys: Sequence[Identity]) -> dict[Identity, int]:
    """Row numbers of the documents that exist."""
    found: dict[Identity, int] = {}
    for chunk in in_chunks(keys):
        for flow, source, number, row_id in await connection.execute(_IDS, asked(chunk)):
            found[flow, source, number] = row_id
    return {key: found[key] for key in keys if key in found}


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
