"""How codes of mapping tables are compared, and how the gap is called that a missing one leaves."""

from __future__ import annotations


def normalise(key: str) -> str:
    """The form in which two codes are the same: without surrounding blanks, without regard to case."""
    return key.strip().casefold()


def mapping_gap(collection: str, key: str) -> str:
    """Gap of a missing mapping, e.g. ``mapping:sku:abc``: what a document held for it names in `Hold.gap`."""
    return f"mapping:{collection}:{normalise(key)}"
