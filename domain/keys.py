"""How codes of mapping tables are compared, and how the gaps are called that documents wait for."""

from __future__ import annotations


def normalise(key: str) -> str:
    """The form in which two codes are the same: without surrounding blanks, without regard to case."""
    return key.strip().casefold()


def mapping_gap(collection: str, key: str) -> str:
    """Gap of a missing mapping, e.g. ``mapping:sku:abc``: what a document held for it names in `Hold.gap`."""
    return f"mapping:{collection}:{normalise(key)}"


def reach_gap(queue: str) -> str:
    """Gap of a system that could not be reached, by its task queue, e.g. ``reach:galaxy.main``."""
    return f"reach:{queue}"


def connection_gap(connection: str) -> str:
    """Gap of a connection that does not accept us, e.g. ``connection:galaxy.main``; also the id of its workflow."""
    return f"connection:{connection}"
