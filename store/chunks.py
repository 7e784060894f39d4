"""Statements have a limit of parameters (SQLite 32,766; PostgreSQL 32,767): long lists travel in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

LIST_LENGTH = 500
"""Values in one IN list. Also below SQLite's expression depth of 1,000, should every value become a condition."""


def in_chunks(items: Sequence[Item], length: int = LIST_LENGTH) -> Iterator[Sequence[Item]]:
    """The items in order, at most `length` at a time."""
    for start in range(0, len(items), length):
        yield items[start : start + length]
