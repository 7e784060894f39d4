"""Where the records are: by id, by number, by row, and by the fields that are looked up often."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

from sandbox.galaxy import texts
from sandbox.galaxy.metadata import Field, Form, Kind
from sandbox.galaxy.records import Record, Row
from sandbox.galaxy.replies import MsgCode, Refusal

CHINA = ZoneInfo("Asia/Shanghai")
Clock = Callable[[], datetime]


def china_now() -> datetime:
    """Server time: China, aware."""
    return datetime.now(CHINA)


class FormStore:
    """All records of one form."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.records: dict[int | str, Record] = {}
        self._by_number: dict[str, list[Record]] = {}
        self._rows: dict[int, tuple[Record, Row]] = {}
        self._indexes: dict[str, dict[object, dict[int | str, Record]]] = {}
        self._indexed_head: list[Field] = []
        self._indexed_rows: list[tuple[str, str | None, list[Field]]] = []
        self.describe(form)

    def describe(self, form: Form) -> None:
        """Take a (changed) definition; fields that were added are empty in the records there are."""
        self.form = form
        self._indexed_head = [field for field in form.head_fields if field.indexed]
        self._indexed_rows = []
        for entity in form.entities:
            fields = [field for field in entity.fields if field.indexed]
            if entity.is_rows and fields:
                parent = entity.parent.casefold() if entity.parent else None
                self._indexed_rows.append((entity.key.casefold(), parent, fields))
        for record in self.records.values():
            record.form = form
        for field in self.indexed_fields():
            self._indexes.setdefault(field.name, {})

    def indexed_fields(self) -> Iterator[Field]:
        yield from self._indexed_head
        for _, _, fields in self._indexed_rows:
            yield from fields

    def add(self, record: Record) -> None:
        self.records[record.id] = record
        self.index(record)

    def remove(self, record: Record) -> None:
        """Forget a record. It has to be as it was when it was indexed."""
        self.unindex(record)
        del self.records[record.id]

    def index(self, record: Record) -> None:
        """Make a record findable; `unindex` before changing it, `index` after."""
        if record.number:
            self._by_number.setdefault(record.number, []).append(record)
        for rows in record.entries.values():
            for row in rows:
                self._rows[row.id] = (record, row)
        for name, key in self._index_keys(record):
            self._indexes[name].setdefault(key, {})[record.id] = record

    def unindex(self, record: Record) -> None:
        if record.number:
            same = self._by_number[record.number]
            same.remove(record)
            if not same:
                del self._by_number[record.number]
        for rows in record.entries.values():
            for row in rows:
                self._rows.pop(row.id, None)
        for name, key in self._index_keys(record):
            found = self._indexes[name].get(key)
            if found is not None:
                found.pop(record.id, None)
                if not found:
                    del self._indexes[name][key]

    def _index_keys(self, record: Record) -> Iterator[tuple[str, object]]:
        for field in self._indexed_head:
            value = record.values.get(field.name)
            if value is not None:
                yield field.name, index_key(field, value)
        for entity, parent, fields in self._indexed_rows:
            for row in rows_of(record, entity, parent):
                for field in fields:
                    value = row.values.get(field.name)
                    if value is not None:
                        yield field.name, index_key(field, value)

    def with_number(self, number: str) -> list[Record]:
        return self._by_number.get(number, [])

    def row(self, row_id: int) -> tuple[Record, Row] | None:
        """A row of any entry, with the record it belongs to."""
        return self._rows.get(row_id)

    def has_index(self, name: str) -> bool:
        return name in self._indexes

    def indexed(self, name: str, keys: Iterable[object]) -> dict[int | str, Record]:
        """Records whose indexed field has one of the values (reference fields: one of the ids), by id."""
        index = self._indexes[name]
        found: dict[int | str, Record] = {}
        for key in keys:
            found.update(index.get(key, {}))
        return found


def rows_of(record: Record, entity: str, parent: str | None) -> Iterator[Row]:
    """Rows of an entry, or of a sub-entry of all rows of its parent (folded keys)."""
    if parent is None:
        yield from record.entries.get(entity, ())
        return
    for row in record.entries.get(parent, ()):
        yield from row.children.get(entity, ())


def index_key(field: Field, value: object) -> object:
    return value.id if field.kind in (Kind.BASE, Kind.LOT) and isinstance(value, Record) else value


class Database:
    """All forms, one sequence of internal ids, one clock."""

    def __init__(self, forms: Iterable[Form], clock: Clock = china_now) -> None:
        self.clock = clock
        self._ids = count(100001)
        self._stores = {form.id.casefold(): FormStore(form) for form in forms}
        self._serials: dict[str, Iterator[int]] = {}

    def store(self, form_id: str) -> FormStore:
        """The store of a form, its id matched without case. Raises Refusal (MsgCode 4) for a form nobody knows."""
        store = self._stores.get(form_id.casefold())
        if store is None:
            raise Refusal(texts.unknown_form(form_id), field=None, code=MsgCode.EXCEPTION)
        return store

    def next_id(self) -> int:
        return next(self._ids)

    def next_number(self, store: FormStore) -> str:
        """The next number by the form's coding rule that nobody took by hand."""
        serial = self._serials.setdefault(store.form.id, count(1))
        while True:
            number = f"{store.form.prefix}{next(serial):06d}"
            if not store.with_number(number):
                return number

    def now(self) -> str:
        """Server time as the forms keep it: China, no zone, milliseconds."""
        return self.clock().astimezone(CHINA).replace(tzinfo=None).isoformat(timespec="milliseconds")

    def today(self) -> str:
        return self.clock().astimezone(CHINA).date().isoformat() + "T00:00:00"
