"""What a row of the vendor becomes when intake sees it: who it is, which version, what people search it by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from connectors.jushuitan.pages import ts_of
from connectors.jushuitan.subjects import STANDING
from connectors.jushuitan.values import is_id, moment_of
from domain import jsontext
from domain.masking import mask

Row = dict[str, Any]
"""A row as the vendor sent it."""

_BESIDE = frozenset(
    (
        *("modified", "created", "labels", "order_labels", "seller_flag", "remark", "node", "name", "properties_value"),
        *("weight", "f_weight", "shop_status", "order_status", "question_type", "aftersale_remark", "confirm_date"),
        *("pay_amount", "paid_amount", "pay_date", "payment", "refund_version", "business_staff"),
        *("logistics_company", "lc_id", "lc_name", "f_status", "inout_user"),
    )
)
"""Fields that people and platforms change on a finished document without meaning its goods or money: a posted bill is
not reversed for a note."""


def version_of(model: type[BaseModel], body: Any) -> str:
    """Changes exactly when something that may matter to a bill changes.

    A row the model does not understand is versioned as a whole, so that any correction of it is seen.
    """
    try:
        text = jsontext.dumps(_plain(model.model_validate(body).model_dump()))
    except ValidationError:
        text = jsontext.dumps(body, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def stand_in(row: Row, key: str) -> str:
    """The number of a document whose row lacks its own: the same for the same content, however often it is read."""
    content = _plain({name: value for name, value in mask(row).items() if name != "ts"})
    return f"without-{key}-{hashlib.sha256(jsontext.dumps(content, sort_keys=True).encode()).hexdigest()[:16]}"


def _plain(value: Any) -> Any:
    """A value in one spelling: 3, 3.0 and "3.00" are the same quantity."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if name not in _BESIDE}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, datetime) else value


def larger(seen: int | None, ts: int | None) -> int | None:
    return max((t for t in (seen, ts) if t is not None), default=None)


def ids_of(numbers: Iterable[str]) -> list[int]:
    """What the vendor can be asked for; it has no document of any other number."""
    return [int(number) for number in numbers if is_id(number)]


def moved_at(rows: Iterable[Row]) -> datetime | None:
    """When the last of the goods moved, by the rows that stand, or by all when none does."""
    moments = [(str(row.get("status")) in STANDING, moment_of(row.get("io_date"))) for row in rows]
    standing = [moment for stands, moment in moments if stands and moment is not None]
    return max(standing or [moment for _, moment in moments if moment is not None], default=None)


def is_within(moment: datetime | None, begin: datetime, end: datetime) -> bool:
    """A row whose time nobody can read is not left out for that: somebody has to see it."""
    return moment is None or begin <= moment < end


def order_of(row: Row) -> int | None:
    """Which of two sightings is the older: by row version, or where there is none by the second of the change."""
    ts = ts_of(row)
    if ts is not None:
        return ts
    modified = moment_of(row.get("modified"))
    return None if modified is None else int(modified.timestamp())


def text_of(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def filled(*values: str) -> tuple[str, ...]:
    return tuple(value for value in values if value)


def skus_of(row: dict[str, Any]) -> tuple[str, ...]:
    items = row.get("items")
    rows = items if isinstance(items, list) else []
    found = (str(item.get("sku_id")) for item in rows if isinstance(item, dict) and item.get("sku_id"))
    return tuple(dict.fromkeys(found))
