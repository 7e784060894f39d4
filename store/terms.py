"""What a document can be searched by: the numbers people have in front of them, and the codes on its lines."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from domain.journal import Sighting
from store.columns import storable

_LENGTH = 200
"""Longer terms are cut, as are longer searches: an index entry has a limit, and nobody types more."""


class TermKind(StrEnum):
    """Where a term was found."""

    NUMBER = "number"
    PLATFORM_NO = "platform_no"
    RELATED = "related"
    SKU = "sku"
    BILL_NUMBER = "bill_number"


def folded(text: str) -> str:
    """A term as it is compared."""
    return storable(text).strip().casefold()[:_LENGTH]


def source_terms(document_id: int, sighting: Sighting) -> list[dict[str, Any]]:
    """Rows for everything the source says of the document."""
    return [
        *term_rows(document_id, TermKind.NUMBER, [sighting.key.number]),
        *term_rows(document_id, TermKind.PLATFORM_NO, [sighting.platform_no]),
        *term_rows(document_id, TermKind.RELATED, sighting.related),
        *term_rows(document_id, TermKind.SKU, sighting.skus),
    ]


def term_rows(document_id: int, kind: TermKind, values: Iterable[str]) -> list[dict[str, Any]]:
    """One row for each different value; blanks are nothing to search by."""
    terms = dict.fromkeys(folded(value) for value in values)
    return [{"document_id": document_id, "kind": kind, "value": term} for term in terms if term]
