"""Reading a packet into a record: which key is which field, and what its value means (section 7.1 and 10).

Keys nobody knows are ignored. This is the hot path of a big BatchSave, hence the caches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sandbox.galaxy import texts
from sandbox.galaxy.base_data import by_number, names_nothing, number_in, orgs_of, resolve
from sandbox.galaxy.links import Links
from sandbox.galaxy.lots import Lots
from sandbox.galaxy.metadata import OWNER_FORMS, Entity, Field, Form, Kind, Level
from sandbox.galaxy.records import Record, Row
from sandbox.galaxy.replies import Problem
from sandbox.galaxy.store import Database, FormStore
from sandbox.galaxy.transaction import Transaction
from sandbox.galaxy.values import as_bool, as_date, as_decimal, as_flex, as_text

_CONVERTERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: as_text,
    Kind.BOOL: as_bool,
    Kind.DECIMAL: as_decimal,
    Kind.DATE: lambda raw: as_date(str(raw)),
    Kind.FLEX: as_flex,
}


class FieldSlot:
    """A field with what reading it takes at hand.

    Attributes:
        convert: reads a plain value; None for references and lots.
        ref: form id a reference points to; None where another field of the row says so.
    """

    __slots__ = ("convert", "field", "is_lot", "name", "ref")

    def __init__(self, field: Field) -> None:
        self.field = field
        self.name = field.name
        self.convert = _CONVERTERS.get(field.kind)
        self.ref = field.ref
        self.is_lot = field.kind is Kind.LOT


Meaning = FieldSlot | Entity


class FormKeys:
    """What the keys of a form mean, by entity; every spelling is looked up once. Computed fields mean nothing."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._known: dict[str, dict[str, Meaning]] = {}
        self._seen: dict[str, dict[str, Meaning | None]] = {}
        self.defaults: dict[str, list[Field]] = {}
        for entity in form.entities:
            known: dict[str, Meaning] = {field.name: FieldSlot(field) for field in entity.fields if not field.computed}
            self.defaults[entity.key] = [
                field
                for field in entity.fields
                if field.kind is Kind.BASE and field.ref is not None and field.default is not None
            ]
            known |= {child.key.casefold(): child for child in form.children(entity)}
            if entity.level is Level.HEAD:
                known |= {each.key.casefold(): each for each in form.entities[1:] if each.parent is None}
            self._known[entity.key] = known
            self._seen[entity.key] = {}

    def seen(self, entity: Entity) -> dict[str, Meaning | None]:
        """Spellings looked up before."""
        return self._seen[entity.key]

    def meaning(self, entity: Entity, key: str) -> Meaning | None:
        seen = self._seen[entity.key]
        if key not in seen:
            seen[key] = self._known[entity.key].get(key.casefold())
        return seen[key]


class PacketReader:
    """Reads one packet into one record. Problems are collected, not raised, so that a reply can name them all.

    Attributes:
        verify: refuse what cannot be resolved (IsVerifyBaseDataField); otherwise it becomes empty.
        only: folded keys that may be written (NeedUpDateFields); empty is all.
        delete_missing: rows the packet does not name go (IsDeleteEntry).
    """

    def __init__(
        self,
        db: Database,
        keys: FormKeys,
        lots: Lots,
        links: Links,
        tx: Transaction,
        *,
        verify: bool,
        only: frozenset[str],
        delete_missing: bool,
    ) -> None:
        self._db = db
        self._keys = keys
        self._lots = lots
        self._links = links
        self._tx = tx
        self._verify = verify
        self._only = only
        self._delete_missing = delete_missing
        self._orgs: Collection[Record] = ()
        self._resolved: dict[tuple[str, str], Record | None] = {}
        self.problems: list[Problem] = []

    def read(self, record: Record, model: dict[str, Any]) -> None:
        form = self._keys.form
        entries: list[tuple[Entity, Any]] = []
        self._read_orgs(record, model)
        self._read_head(record, form.head, model, entries)
        for entity in form.entities:
            if not entity.is_rows:
                self._default(record.values, entity)
        for entity, raw in entries:
            self._read_entry(record, entity, raw)

    def _read_orgs(self, record: Record, model: dict[str, Any]) -> None:
        """Organisations come first whatever their place: they decide which base data can be seen."""
        for key, raw in model.items():
            slot = self._keys.meaning(self._keys.form.head, key)
            if isinstance(slot, FieldSlot) and slot.ref == "ORG_Organizations" and self._may_write(slot.name):
                record.values[slot.name] = self._reference(slot.field, slot.ref, raw, report=False)
        self._orgs = orgs_of(self._db, record)

    def _read_head(
        self, record: Record, entity: Entity, raw: dict[str, Any], entries: list[tuple[Entity, Any]]
    ) -> None:
        late: list[tuple[Field, Any]] = []
        for key, value in raw.items():
            meaning = self._keys.meaning(entity, key)
            if meaning is None:
                continue
            if isinstance(meaning, Entity):
                if meaning.level is Level.SUBHEAD:
                    self._read_head(record, meaning, _one(value), entries)
                else:
                    entries.append((meaning, value))
            elif self._may_write(meaning.name):
                self._put(record.values, meaning, value, late, None)
        self._put_late(record.values, late)

    def _read_entry(self, record: Record, entity: Entity, raw: Any) -> None:
        name = entity.key.casefold()
        old = {row.id: row for row in record.entries.get(name, ())}
        rows: list[Row] = []
        may_add = not self._only or name in self._only
        for raw_row in raw if isinstance(raw, list) else [raw]:
            if not isinstance(raw_row, dict):
                continue
            row_id = _row_id(raw_row)
            row = old.pop(row_id, None) if row_id else None
            if row is None:
                if not may_add:
                    continue
                row = Row(self._db.next_id(), 0)
            self._read_row(record, entity, row, raw_row)
            rows.append(row)
        kept = [] if self._delete_missing and may_add else list(old.values())
        rows = sorted((*kept, *rows), key=lambda row: row.seq or 1_000_000) if kept else rows
        for seq, row in enumerate(rows, start=1):
            row.seq = seq
        record.entries[name] = rows

    def _read_row(self, record: Record, entity: Entity, row: Row, raw: dict[str, Any]) -> None:
        values, only = row.values, self._only
        late: list[tuple[Field, Any]] = []
        lots: dict[Field, object] = {}
        raw_links: list[dict[str, Any]] | None = None
        seen, meaning_of = self._keys.seen(entity), self._keys.meaning
        for key, value in raw.items():
            meaning = seen[key] if key in seen else meaning_of(entity, key)
            if meaning is None:
                continue
            if type(meaning) is FieldSlot:
                if not only or meaning.name in only:
                    self._put(values, meaning, value, late, lots)
            elif isinstance(meaning, Entity):
                row.children[meaning.key.casefold()] = self._read_children(meaning, value)
                if meaning.key == f"{entity.key}_Link":
                    raw_links = [each for each in (value if isinstance(value, list) else [value]) if each]
        self._default(values, entity)
        if late:
            self._put_late(values, late)
        if lots:
            self.problems += self._lots.settle(record, row, lots, self._tx)
        if raw_links is not None:
            self._links.read(self._keys.form, row, raw_links, f"{entity.key}_Link")

    def _read_children(self, entity: Entity, raw: Any) -> list[Row]:
        rows = []
        for seq, raw_row in enumerate(raw if isinstance(raw, list) else [raw], start=1):
            if isinstance(raw_row, dict):
                row = Row(self._db.next_id(), seq)
                late: list[tuple[Field, Any]] = []
                for key, value in raw_row.items():
                    meaning = self._keys.meaning(entity, key)
                    if isinstance(meaning, FieldSlot):
                        self._put(row.values, meaning, value, late, None)
                self._put_late(row.values, late)
                rows.append(row)
        return rows

    def _may_write(self, name: str) -> bool:
        return not self._only or name in self._only

    def _put(
        self,
        values: dict[str, Any],
        slot: FieldSlot,
        raw: Any,
        late: list[tuple[Field, Any]],
        lots: dict[Field, object] | None,
    ) -> None:
        convert = slot.convert
        if convert is not None:
            if raw is None or raw == "":
                values[slot.name] = None
                return
            try:
                values[slot.name] = convert(raw)
            except ValueError:
                self.problems.append(Problem(texts.bad_value(slot.field.caption, raw), slot.field.key))
        elif slot.is_lot:
            if lots is not None:
                lots[slot.field] = raw
        elif slot.ref is None:
            late.append((slot.field, raw))
        else:
            values[slot.name] = self._reference(slot.field, slot.ref, raw)

    def _put_late(self, values: dict[str, Any], late: list[tuple[Field, Any]]) -> None:
        """References whose form another field of the same row names: owners and keepers."""
        for field, raw in late:
            type_field = field.ref_by or ""
            kind = values.get(type_field)
            if kind is None:
                kind = self._keys.form.fields[type_field][1].default
            form = OWNER_FORMS.get(str(kind))
            values[field.name] = None if form is None else self._reference(field, form, raw)

    def _default(self, values: dict[str, Any], entity: Entity) -> None:
        """Fill in references that were not sent. Plain values are defaulted when they are read."""
        for field in self._keys.defaults[entity.key]:
            if field.name not in values:
                values[field.name] = self._reference(field, field.ref or "", {"FNumber": field.default}, report=False)

    def _reference(self, field: Field, form: str, raw: Any, *, report: bool = True) -> Record | None:
        number = number_in(raw) if isinstance(raw, dict) else None
        if number is None:
            found = None if names_nothing(raw) else resolve(self._db.store(form), raw, self._orgs)
        else:
            key = (form, number)
            found = self._resolved.get(key)
            if found is None:
                found = by_number(self._db.store(form), number, self._orgs)
                if found is not None:
                    self._resolved[key] = found
        if found is None and report and self._verify and not names_nothing(raw):
            self.problems.append(Problem(texts.base_data_missing(field.caption, number or raw), field.key))
        return found


def key_of(store: FormStore, model: dict[str, Any]) -> int | None:
    """The internal id a packet names; None for a new record."""
    wanted = (store.form.pk.casefold(), "fid")
    for key, value in model.items():
        if key.casefold() in wanted and value not in (None, "", 0, "0"):
            return int(value) if str(value).isdigit() else -1
    return None


def _row_id(raw: dict[str, Any]) -> int | None:
    value = raw.get("FEntryID")
    if value is None:
        # Spelled otherwise (FENTRYID, FEntryId), or not there at all, as in every new row.
        value = next((raw[key] for key in raw if len(key) == 8 and key.casefold() == "fentryid"), None)
    if value in (None, "", 0, "0"):
        return None
    return int(value) if str(value).isdigit() else None


def _one(raw: Any) -> dict[str, Any]:
    if isinstance(raw, list):
        raw = raw[0] if raw else {}
    return raw if isinstance(raw, dict) else {}
