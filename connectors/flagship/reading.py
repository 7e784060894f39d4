"""Reads the rows of queries: bills, their contents, and flat rows for whoever asks for fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.flagship.bindings import EntityBinding
from connectors.flagship.envelope import FlagshipCode, bad_reply, fault
from connectors.flagship.values import day_text, decimal, text
from domain.erp import BillContent, BillForm, BillLine, BillStatus, FoundBill, Match
from domain.faults import FaultKind

_CANCELLED = "B"
_Row = Mapping[str, Any]


class Reader:
    """Rows of one entity. All methods raise `Fault` refused ``column_missing`` where a column was not returned."""

    def __init__(self, entity: str, bound: EntityBinding) -> None:
        self._entity = entity
        self._bound = bound

    def bill(self, row: _Row) -> FoundBill:
        """Raises `Fault` ``bad_reply`` for a status nobody knows."""
        bound = self._bound
        told = text(self._value(row, bound.status))
        try:
            status = BillStatus(bound.statuses.get(told, told))
        except ValueError as error:
            raise bad_reply(str(error)) from error
        return FoundBill(
            id=text(self._value(row, bound.id)),
            number=text(self._value(row, bound.number)),
            status=status,
            cancelled=bool(bound.cancelled) and text(self._value(row, bound.cancelled)) == _CANCELLED,
        )

    def content(self, form: BillForm, row: _Row) -> BillContent:
        """Head values and lines, under the keys of `form`."""
        return BillContent(
            head={key: self._head_text(row, key) for key in form.head},
            lines=tuple(
                BillLine(
                    entry_id=text(line.get("id")),
                    material=text(self._line_value(line, form.material)),
                    quantity=decimal(self._line_value(line, form.quantity), form.quantity),
                    amount=decimal(self._line_value(line, form.amount), form.amount),
                    stock=text(self._line_value(line, form.stock)) if form.stock else "",
                    more=tuple(text(self._line_value(line, key)) for key in form.line),
                )
                for line in self._lines(row)
            ),
        )

    def rows(self, row: _Row, fields: Sequence[str], matches: Sequence[Match]) -> Iterator[dict[str, Any]]:
        """Flat rows by the fields asked for, of those that meet all conditions."""
        prefix = f"{self._bound.lines}."
        keys = (*fields, *(match.key for match in matches))
        about_lines = bool(self._bound.lines) and any(key.startswith(prefix) for key in keys)
        for line in self._lines(row) if about_lines else ({},):
            values = {key: self._at(row, line, key, prefix) for key in keys}
            if all(text(values[match.key]) in match.values for match in matches):
                yield {key: "" if values[key] is None else values[key] for key in fields}

    def _at(self, row: _Row, line: _Row, key: str, prefix: str) -> Any:
        if self._bound.lines and key.startswith(prefix):
            return self._line_value(line, key.removeprefix(prefix))
        return day_text(self._value(row, key)) if key in self._bound.dates else self._value(row, key)

    def _head_text(self, row: _Row, key: str) -> str:
        value = self._value(row, key)
        return day_text(value) if key in self._bound.dates else text(value)

    def _lines(self, row: _Row) -> Sequence[_Row]:
        lines = self._value(row, self._bound.lines) if self._bound.lines else ()
        return lines if isinstance(lines, list) else ()

    def _line_value(self, line: _Row, key: str) -> Any:
        full = f"{self._bound.lines}.{key}"
        return self._value(line, self._bound.reads.get(full, full).removeprefix(f"{self._bound.lines}."))

    def _value(self, row: _Row, key: str) -> Any:
        column = self._bound.reads.get(key, key)
        if column not in row:
            message = f"{self._entity}: the API does not return {column}"
            raise fault(FaultKind.REFUSED, FlagshipCode.COLUMN_MISSING, message, column)
        return row[column]
