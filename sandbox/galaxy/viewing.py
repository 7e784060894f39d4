"""View: a record as its entity tree, keyed by property names (section 7.10), and metadata (QueryBusinessInfo)."""

from __future__ import annotations

from typing import Any

from sandbox.galaxy.metadata import Entity, Field, Form, FormKind, Kind, Level
from sandbox.galaxy.records import Record, Row

_CHINESE = 2052


def tree(record: Record) -> dict[str, Any]:
    """The whole record."""
    form = record.form
    view: dict[str, Any] = {"Id": record.id, form.number.removeprefix("F") or "Number": record.number}
    if form.kind is FormKind.BASE:
        view["Number"] = record.number
    for entity in form.entities:
        if entity.level is Level.HEAD:
            view |= _values(entity, record.values)
        elif entity.level is Level.SUBHEAD:
            view[entity.orm] = [{"Id": record.id, **_values(entity, record.values)}]
        elif entity.level is Level.ENTRY:
            rows = record.entries.get(entity.key.casefold(), [])
            view[entity.orm] = [_row(form, entity, row) for row in rows]
    if form.kind is not FormKind.BILL:
        view["Name"] = _names(record.values.get("fname"))
    return view


def _row(form: Form, entity: Entity, row: Row) -> dict[str, Any]:
    view = {"Id": row.id, "Seq": row.seq, **_values(entity, row.values)}
    for child in form.children(entity):
        view[child.orm] = [_row(form, child, each) for each in row.children.get(child.key.casefold(), [])]
    return view


def _values(entity: Entity, values: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = {}
    for field in entity.fields:
        name, value = field.property_name, values.get(field.name)
        if field.kind in (Kind.BASE, Kind.LOT):
            view[f"{name}_Id"] = value.id if isinstance(value, Record) else 0
            view[name] = _reference(value)
        else:
            view[name] = _plain(field, value)
    return view


def _plain(field: Field, value: Any) -> Any:
    if value is not None:
        return value
    if field.default is not None:
        return field.default
    return 0 if field.kind is Kind.DECIMAL else None


def _reference(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, Record):
        return None
    return {"Id": value.id, "Number": value.number, "Name": _names(value.values.get("fname"))}


def _names(name: Any) -> list[dict[str, Any]]:
    return [{"Key": _CHINESE, "Value": name or ""}]


def metadata(form: Form) -> dict[str, Any]:
    """What QueryBusinessInfo tells of a form."""
    return {
        "Id": form.id,
        "Name": [{"Key": _CHINESE, "Value": form.caption}],
        "PkFieldName": form.pk,
        "Entrys": [
            {
                "Key": entity.key,
                "Name": [{"Key": _CHINESE, "Value": entity.caption}],
                "EntityType": entity.level.value,
                "TableName": entity.table,
                "EntryName": entity.orm,
                "Fields": [_field(field) for field in _all_fields(form, entity)],
            }
            for entity in form.entities
        ],
    }


def _all_fields(form: Form, entity: Entity) -> list[Field]:
    own = list(entity.fields)
    if entity.level is Level.HEAD and form.number:
        own.insert(0, Field(form.number, "编号"))
    return own


def _field(field: Field) -> dict[str, Any]:
    return {
        "Key": field.key,
        "Name": [{"Key": _CHINESE, "Value": field.caption}],
        "PropertyName": field.property_name,
        "FieldType": field.kind.value,
        "LookUpObjectID": field.ref,
        "MustInput": int(field.required),
    }
