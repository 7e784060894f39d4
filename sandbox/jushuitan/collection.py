"""Documents of one kind: by their id, and in the order in which they last changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Generic, TypeVar

from sandbox.jushuitan.documents import Record

D = TypeVar("D")


class Collection(Generic[D]):
    """Records by key, readable from any row version (`ts`) on without looking at the others."""

    def __init__(self) -> None:
        self._by_key: dict[object, Record[D]] = {}
        self._by_ts: dict[int, Record[D]] = {}
        self._order: list[int] = []

    def __len__(self) -> int:
        return len(self._by_key)

    def get(self, key: object) -> Record[D] | None:
        return self._by_key.get(key)

    def put(self, key: object, record: Record[D]) -> None:
        """Add or replace. `record.ts` must be larger than every one before it."""
        before = self._by_key.get(key)
        if before is not None:
            del self._by_ts[before.ts]
            del self._order[bisect_left(self._order, before.ts)]
        self._by_key[key] = record
        self._by_ts[record.ts] = record
        self._order.append(record.ts)

    def changed_since(self, ts: int) -> Iterator[Record[D]]:
        """Records with at least this row version, in its order. Do not change the collection meanwhile."""
        for position in range(bisect_left(self._order, ts), len(self._order)):
            yield self._by_ts[self._order[position]]

    def __iter__(self) -> Iterator[Record[D]]:
        return self.changed_since(0)
