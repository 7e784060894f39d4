"""Fields of entities, written down as text: ``biztime:date! customer:bd_customer qty:num!``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "num"
    FLAG = "flag"
    DATE = "date"
    """A short date, kept as ``YYYY-MM-DD``."""
    TIME = "time"
    """A moment, kept as an aware datetime."""
    OBJECT = "object"
    """Kept as it is sent, e.g. the flexible dimensions of a voucher."""
    BASE = "base"
    ITEM = "item"
    """Base data of the entity that another field of the same level names (owner, keeper)."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an entity.

    Attributes:
        ref: for BASE the entity; for ITEM the key of the field that names it.
        through_master: material of a stock, sales or purchase line: written as ``material_number``, read as
            ``material_masterid_number`` (section 8.3).
    """

    key: str
    kind: Kind
    ref: str = ""
    required: bool = False
    through_master: bool = False

    @property
    def shown_as(self) -> str:
        """First part of the keys a reference has in an answer."""
        return f"{self.key}_masterid" if self.through_master else self.key


def fields(text: str) -> dict[str, Field]:
    """Fields by key. A field is ``key``, ``key:kind``, ``key:entity`` or ``key:@type field``; ``!`` is required."""
    return {field.key: field for field in map(_field, text.split())}


def _field(text: str) -> Field:
    required = text.endswith("!")
    key, _, kind = text.removesuffix("!").partition(":")
    if not kind:
        return Field(key, Kind.TEXT, required=required)
    if kind.startswith("@"):
        return Field(key, Kind.ITEM, kind[1:], required)
    if kind in (Kind.NUMBER, Kind.FLAG, Kind.DATE, Kind.TIME, Kind.OBJECT):
        return Field(key, Kind(kind), required=required)
    return Field(key, Kind.BASE, kind, required, through_master=key == "material")
