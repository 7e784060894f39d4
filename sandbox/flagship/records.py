"""Where the records are: by id, by number, by line, and what was made from what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox.flagship.entities import Entity

DRAFT, SUBMITTED, AUDITED = "A", "B", "C"
ZERO = Decimal(0)
_FIRST_ID = 1698490236113273856
_INDEXED = ("srcsysbillentryid", "srcsysbillno")
"""Line fields by which lines are looked up often."""


@dataclass(frozen=True, slots=True)
class Link:
    """The line a line was made from (`billentry_lk`, section 8.5)."""

    bill_id: str
    line_id: str


@dataclass(slots=True)
class Line:
    """A line; `values` by field key, base data as `Record`."""

    id: str
    seq: int
    values: dict[str, Any] = field(default_factory=dict)
    link: Link | None = None

    def copy(self) -> Line:
        return replace(self, values=dict(self.values))


@dataclass(slots=True, eq=False)
class Record:
    """A bill, or a piece of base data."""

    entity: Entity
    id: str
    number: str = ""
    status: str = DRAFT
    values: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def copy(self) -> Record:
        """A copy that can be changed without changing this one."""
        return replace(self, values=dict(self.values), lines=[line.copy() for line in self.lines])

    @property
    def is_usable(self) -> bool:
        """Base data that other records may refer to."""
        return self.status == AUDITED and self.values.get("enable", "1") == "1"

    @property
    def is_return(self) -> bool:
        """A red bill, by its business type."""
        kind = self.values.get("biztype")
        return isinstance(kind, Record) and kind.number in self.entity.returns


class Records:
    """All records of the tenant, by entity."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self.entities = {entity.id: entity for entity in entities}
        self._ids = count(_FIRST_ID)
        self._by_id: dict[str, dict[str, Record]] = {name: {} for name in self.entities}
        self._by_number: dict[str, dict[str, Record]] = {name: {} for name in self.entities}
        self._by_line_value: defaultdict[tuple[str, str, str], dict[str, Record]] = defaultdict(dict)
        self._made_from: defaultdict[str, dict[str, Record]] = defaultdict(dict)

    def next_id(self) -> str:
        return str(next(self._ids))

    def all(self, entity: str) -> Iterator[Record]:
        """In the order they were made."""
        yield from self._by_id[entity].values()

    def by_id(self, entity: str, record_id: str) -> Record | None:
        return self._by_id[entity].get(record_id)

    def by_number(self, entity: str, number: str) -> Record | None:
        return self._by_number[entity].get(number)

    def is_indexed(self, line_key: str) -> bool:
        return line_key in _INDEXED

    def with_line(self, entity: str, key: str, value: str) -> Iterator[Record]:
        """Records one of whose lines has that value in an indexed field."""
        yield from self._by_line_value.get((entity, key, value), {}).values()

    def made_from(self, record: Record) -> list[Record]:
        """Bills some of whose lines were made from this one's."""
        return list(self._made_from.get(record.id, {}).values())

    def put(self, record: Record) -> None:
        """Keep a record; one with the same id makes room."""
        old = self.by_id(record.entity.id, record.id)
        if old is not None:
            self._unindex(old)
        self._by_id[record.entity.id][record.id] = record
        self._by_number[record.entity.id][record.number] = record
        for key, value in _line_values(record):
            self._by_line_value[record.entity.id, key, value][record.id] = record
        for line in record.lines:
            if line.link is not None:
                self._made_from[line.link.bill_id][record.id] = record

    def remove(self, record: Record) -> None:
        self._unindex(record)
        del self._by_id[record.entity.id][record.id]

    def taken_back(self, line_id: str, source: Record, *, but: str = "") -> Decimal:
        """How much of a line the lines made from it return; the bill with id `but` is left out."""
        return sum(
            (
                -line.values["qty"]
                for bill in self.made_from(source)
                if bill.id != but
                for line in bill.lines
                if line.link is not None and line.link.line_id == line_id and bill.is_return
            ),
            ZERO,
        )

    def _unindex(self, record: Record) -> None:
        self._by_number[record.entity.id].pop(record.number, None)
        for key, value in _line_values(record):
            self._by_line_value[record.entity.id, key, value].pop(record.id, None)
        for line in record.lines:
            if line.link is not None:
                self._made_from[line.link.bill_id].pop(record.id, None)


def _line_values(record: Record) -> Iterator[tuple[str, str]]:
    for line in record.lines:
        for key in _INDEXED:
            if line.values.get(key):
                yield key, str(line.values[key])
