"""How Jushuitan writes values, and what they become: text, exact numbers, moments in China, lists (section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from domain.money import Amount

CHINA = ZoneInfo("Asia/Shanghai")
"""The zone of all times on the wire, both ways; they carry no offset (section 7)."""


def _blank_is_none(value: Any) -> Any:
    """The vendor writes nothing as null or as an empty text, also where numbers are meant."""
    if isinstance(value, str):
        return value.strip() or None
    return value


def _text(value: Any) -> Any:
    """Ids come as numbers in one answer and as text in the other."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return _blank_is_none(value)


def _whole(value: str) -> str:
    if not is_id(value):
        raise ValueError("expected a whole number")
    return value


def is_id(text: str) -> bool:
    """Whether the vendor can be asked for it: its own ids are whole numbers."""
    return text.isascii() and text.isdigit()


def _moment(value: Any) -> Any:
    """`yyyy-MM-dd HH:mm:ss`, with or without fraction or time; year 1 stands for none."""
    value = _blank_is_none(value)
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("expected a time like 2026-05-01 12:00:00") from error
    if moment.year == 1:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def moment_of(value: Any) -> datetime | None:
    """A moment as it stands on the wire; None for anything that is none."""
    try:
        found = _moment(value)
    except ValueError:
        return None
    return found if isinstance(found, datetime) else None


def _texts(value: Any) -> Any:
    """A list, or its parts in one text, separated by commas."""
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _flag(value: Any) -> Any:
    return False if _blank_is_none(value) is None else value


def _currency(value: Any) -> Any:
    """Only cross-border documents name their currency."""
    value = _blank_is_none(value)
    return "CNY" if value is None else value.upper() if isinstance(value, str) else value


def _rows(value: Any) -> Any:
    return () if value is None else value


def _object(value: Any) -> Any:
    return value if isinstance(value, Mapping) and value else None


Text = Annotated[str | None, BeforeValidator(_text)]
"""A text or id; None when there is none."""
RequiredText = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_text), AfterValidator(_whole)]
"""The vendor's own number of a document."""
Number = Annotated[Amount | None, BeforeValidator(_blank_is_none)]
"""A decimal number; None when there is none."""
RequiredNumber = Annotated[Amount, BeforeValidator(_blank_is_none)]
Moment = Annotated[AwareDatetime | None, BeforeValidator(_moment)]
"""A moment in China's time; None when there is none."""
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Currency = Annotated[str, BeforeValidator(_currency), Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 code."""
Rows = BeforeValidator(_rows)
"""For lists: null is no rows."""
Blank = BeforeValidator(_blank_is_none)
"""For codes: null and an empty text are none."""
Block = BeforeValidator(_object)
"""For objects: anything but a filled object is none."""
