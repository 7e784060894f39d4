"""What a key of a query means: from ``FMaterialId.FNumber`` to the function that reads it off a record and its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.galaxy import texts
from sandbox.galaxy.metadata import Entity, Field, Form, Kind, Level
from sandbox.galaxy.records import Record, Row
from sandbox.galaxy.replies import MsgCode, Refusal
from sandbox.galaxy.store import Database

RowSet = dict[str, Row | None]
"""The row of each entity (folded key) that one result row is about."""
Reader = Callable[[Record, RowSet], Any]


@dataclass(frozen=True, slots=True)
class Path:
    """A key of a query, understood.

    Attributes:
        entity: folded key of the entry it needs; None for head values.
        kind: what the value is.
        index: folded key of the indexed field it starts with, if it is one.
        ref: form id of the base data whose number it is, where it is one.
    """

    key: str
    read: Reader
    entity: str | None
    kind: Kind
    index: str | None = None
    ref: str | None = None
    is_id: bool = False
    is_number: bool = False
    is_row_id: bool = False


class Paths:
    """Understands the keys of one form; every spelling is looked up once."""

    def __init__(self, db: Database, form: Form) -> None:
        self._db = db
        self.form = form
        self._known: dict[str, Path] = {}

    def path(self, key: str) -> Path:
        """Raises Refusal (MsgCode 9) when the form has no such field."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._resolve(key)
        return found

    def _resolve(self, key: str) -> Path:
        first, *rest = key.strip().split(".")
        name = first.casefold()
        if not rest:
            special = self._special(key, name)
            if special is not None:
                return special
        found = self.form.fields.get(name)
        if found is None:
            raise unknown(key)
        entity, field = found
        base = _reader(entity, field)
        index = field.name if field.indexed else None
        needed = entity.key.casefold() if entity.is_rows else None
        if not rest:
            is_reference = field.kind in (Kind.BASE, Kind.LOT)
            read = _id_of(base) if is_reference else base
            return Path(key, read, needed, Kind.INTEGER if is_reference else field.kind, index)
        read, kind, is_number = self._descend(key, base, field, rest)
        ref = field.ref if is_number and len(rest) == 1 else None
        return Path(key, read, needed, kind, index if ref else None, ref)

    def _special(self, key: str, name: str) -> Path | None:
        """Ids, numbers and row numbers, which are not stored as fields."""
        if name in (self.form.pk.casefold(), "fid"):
            return Path(key, lambda record, rows: record.id, None, Kind.INTEGER, is_id=True)
        if name == self.form.number.casefold() and name:
            return Path(key, lambda record, rows: record.number, None, Kind.TEXT, is_number=True)
        for suffix, is_id in (("_fentryid", True), ("_fseq", False)):
            entity = self.form.by_name.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if entity is not None and entity.is_rows:
                return Path(key, _row_reader(entity, is_id), entity.key.casefold(), Kind.INTEGER, is_row_id=is_id)
        return None

    def _descend(self, key: str, read: Reader, field: Field, rest: list[str]) -> tuple[Reader, Kind, bool]:
        """Follow the dots. Returns how to read it, what it is, and whether it is a number of base data."""
        if field.kind is Kind.FLEX:
            return _flex_reader(read, rest[0].casefold()), Kind.TEXT, False
        if field.kind not in (Kind.BASE, Kind.LOT):
            raise unknown(key)
        # What an owner or keeper is depends on the row; all such forms have a number and a name.
        form = self._db.store(field.ref or "ORG_Organizations").form
        name = rest[0].casefold()
        if name in (form.number.casefold(), "fnumber"):
            return _attribute(read, "number"), Kind.TEXT, True
        if name in (form.pk.casefold(), "fid"):
            return _attribute(read, "id"), Kind.INTEGER, False
        found = form.fields.get(name)
        if found is None:
            raise unknown(key)
        step = found[1]
        reader = _step(read, step)
        if len(rest) > 1:
            return self._descend(key, reader, step, rest[1:])
        if step.kind in (Kind.BASE, Kind.LOT):
            return _id_of(reader), Kind.INTEGER, False
        return reader, step.kind, False


def unknown(key: str) -> Refusal:
    return Refusal(texts.unknown_field(key), field=None, code=MsgCode.UNKNOWN_FIELD)


def _reader(entity: Entity, field: Field) -> Reader:
    name = field.name
    default = field.default if field.kind not in (Kind.BASE, Kind.LOT) else None
    if field.kind is Kind.DECIMAL and default is None:
        default = 0
    if entity.level in (Level.ENTRY, Level.SUBENTRY):
        key = entity.key.casefold()

        def of_row(record: Record, rows: RowSet) -> Any:
            row = rows[key]
            if row is None:
                return None
            value = row.values.get(name)
            return default if value is None else value

        return of_row

    def of_head(record: Record, rows: RowSet) -> Any:
        value = record.values.get(name)
        return default if value is None else value

    return of_head


def _row_reader(entity: Entity, is_id: bool) -> Reader:
    key = entity.key.casefold()

    def read(record: Record, rows: RowSet) -> Any:
        row = rows[key]
        if row is None:
            return None
        return row.id if is_id else row.seq

    return read


def _attribute(read: Reader, name: str) -> Reader:
    def of_record(record: Record, rows: RowSet) -> Any:
        target = read(record, rows)
        return getattr(target, name) if isinstance(target, Record) else None

    return of_record


def _id_of(read: Reader) -> Reader:
    def identify(record: Record, rows: RowSet) -> Any:
        target = read(record, rows)
        return target.id if isinstance(target, Record) else 0

    return identify


def _step(read: Reader, field: Field) -> Reader:
    name, default = field.name, field.default if field.kind not in (Kind.BASE, Kind.LOT) else None

    def of_target(record: Record, rows: RowSet) -> Any:
        target = read(record, rows)
        if not isinstance(target, Record):
            return None
        value = target.values.get(name)
        return default if value is None else value

    return of_target


def _flex_reader(read: Reader, name: str) -> Reader:
    def of_set(record: Record, rows: RowSet) -> Any:
        values = read(record, rows)
        return values.get(name) if isinstance(values, dict) else None

    return of_set
