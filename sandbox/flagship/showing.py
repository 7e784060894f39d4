"""Records as answers show them: flat keys, ten decimals, dates as the tenant writes them (section 8)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.flagship.clock import plain, shown_day, shown_moment
from sandbox.flagship.fields import Field, Kind
from sandbox.flagship.records import Line, Record, Records

_TEN = Decimal(1).scaleb(-10)
_ATTRIBUTES = ("number", "name", "id")


class Showing:
    """Turns records into rows, and reads single values for conditions."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def row(self, record: Record, columns: Collection[str] | None, *, zones: bool) -> dict[str, Any]:
        """A row of a query: the configured columns that exist; the lines under their key."""
        entity = record.entity
        wanted = None if columns is None else frozenset(columns)
        shown = {"id": record.id, **self._head(record)} | _shown(entity.head, record.values, zones=zones)
        row = {key: value for key, value in shown.items() if wanted is None or key in wanted}
        if entity.entry:
            prefix = f"{entity.entry}."
            of_line = None if wanted is None else {key.removeprefix(prefix) for key in wanted if key.startswith(prefix)}
            if of_line is None or of_line:
                row[entity.entry] = [self._line(record, line, of_line, zones=zones) for line in record.lines]
        return row

    def values_at(self, record: Record, path: str) -> Iterator[str]:
        """What a condition on a key sees: one value of the head, or one for each line."""
        entry, dot, key = path.partition(".")
        if not dot:
            values = {"id": record.id, **self._head(record)} | _shown(record.entity.head, record.values, zones=False)
            yield _text(values.get(path))
        elif entry == record.entity.entry:
            for line in record.lines:
                yield _text(self._line(record, line, None, zones=False).get(key))

    @staticmethod
    def _head(record: Record) -> dict[str, Any]:
        entity = record.entity
        return {entity.number: record.number, entity.status: record.status} | (
            {"masterid": record.id} if entity.is_base else {}
        )

    def _line(self, record: Record, line: Line, wanted: Collection[str] | None, *, zones: bool) -> dict[str, Any]:
        shown = {"id": line.id, "seq": line.seq} | _shown(record.entity.lines, line.values, zones=zones)
        if "returnqty" in record.entity.lines:
            shown["returnqty"] = ten_decimals(self._records.taken_back(line.id, record))
        return shown if wanted is None else {key: value for key, value in shown.items() if key in wanted}


def ten_decimals(number: Decimal) -> Decimal:
    """A number with the ten decimals of every answer."""
    return number.quantize(_TEN)


def _shown(known: Mapping[str, Field], values: Mapping[str, Any], *, zones: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for field in known.values():
        value = values.get(field.key)
        match field.kind:
            case Kind.BASE | Kind.ITEM:
                for attribute in _ATTRIBUTES:
                    shown[f"{field.shown_as}_{attribute}"] = _attribute(value, attribute)
            case Kind.NUMBER:
                shown[field.key] = ten_decimals(value if value is not None else Decimal(0))
            case Kind.DATE:
                shown[field.key] = shown_day(value, zones=zones) if value else None
            case Kind.TIME:
                shown[field.key] = shown_moment(value, zones=zones) if value else None
            case Kind.FLAG:
                shown[field.key] = bool(value)
            case _:
                shown[field.key] = value if value is not None else ""
    return shown


def _attribute(value: Any, name: str) -> str | None:
    if not isinstance(value, Record):
        return None
    match name:
        case "number":
            return value.number
        case "name":
            return str(value.values.get("name") or value.number)
    return value.id


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return plain(value)
    return "" if value is None else str(value)
