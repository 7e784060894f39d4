"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from domain import jsontext
from domain.money import exact

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit row number. SQLite counts up by itself only in a column declared INTEGER, which is 64 bits wide there."""

SortedText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text ordered by code point, so that a range of it is a prefix, on either database and in any locale."""


def storable(text: str) -> str:
    """The text with what no database takes (NUL, half a surrogate pair) written out as a JSON escape.

    One broken character in a vendor's answer must not stop a document, let alone its neighbours.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode(errors="backslashreplace").decode()
    return text.replace("\0", "\\u0000") if "\0" in text else text


class SafeText(TypeDecorator[str]):
    """Text from outside, made `storable` on its way in (also where it is compared)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware on the way in, aware UTC on the way out. SQLite keeps no zone, so UTC is what it holds."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError when it has no zone: nobody could say when it was."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"a moment needs a time zone: {moment.isoformat()}")
    return moment.astimezone(UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal number kept digit by digit, as text: SQLite would make a float of it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else str(exact(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class JsonText(TypeDecorator[Any]):
    """A small tree (list of codes, table row) as JSON text with exact numbers."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else storable(jsontext.dumps(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else jsontext.loads(value)
