"""What has to be right about a bill's goods rows and required fields before it is saved or audited."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox.galaxy import texts
from sandbox.galaxy.inventory import keeps_stock
from sandbox.galaxy.metadata import Field, Form, Movement
from sandbox.galaxy.records import Record, Row
from sandbox.galaxy.replies import Problem

_DATES = ("fproducedate", "fexpirydate")
_BASE_QUANTITIES = ("fbaseunitqty", "fbaseqty")
NUMBER_LIMIT = 80
"""Longest bill number (section 8.1: 30 on old forms, 80 on newer ones)."""


def missing_fields(record: Record) -> Iterator[Problem]:
    """Required fields that are empty, and texts that are too long, in the head and in every row."""
    form = record.form
    if len(record.number) > NUMBER_LIMIT:
        yield Problem(texts.too_long("单据编号", NUMBER_LIMIT), form.number)
    for field in form.head_fields:
        yield from _missing(field, record.values)
    for entity in form.entities:
        fields = [field for field in entity.fields if field.required or field.max_length]
        if entity.is_rows and fields:
            for row in record.entries.get(entity.key.casefold(), ()):
                for field in fields:
                    yield from _missing(field, row.values)


def _missing(field: Field, values: dict[str, Any]) -> Iterator[Problem]:
    value = values.get(field.name)
    if field.required and value in (None, "") and (field.default is None or field.ref is not None):
        yield Problem(texts.required(field.caption), field.key)
    if field.max_length and isinstance(value, str) and len(value) > field.max_length:
        yield Problem(texts.too_long(field.caption, field.max_length), field.key)


def goods_problems(record: Record) -> Iterator[Problem]:
    """What is wrong with the goods rows: no rows, no quantity, no warehouse, no lot, a lot that must not be."""
    form = record.form
    if not form.lines:
        return
    entity = form.by_name[form.lines.casefold()]
    rows = record.lines
    if not rows:
        yield Problem(texts.required(entity.caption), entity.key)
    quantity = form.fields[form.quantity][1]
    for row in rows:
        amount = row.values.get(form.quantity)
        if amount is None:
            yield Problem(texts.required(quantity.caption), quantity.key)
        elif amount <= 0 and form.movements:
            yield Problem(texts.not_positive(quantity.caption), quantity.key)
        for movement in form.movements:
            yield from _stock_problems(form, row, movement)


def _stock_problems(form: Form, row: Row, movement: Movement) -> Iterator[Problem]:
    material = row.values.get(movement.material)
    if not isinstance(material, Record) or not keeps_stock(material):
        return
    for name in (movement.stock, movement.status):
        if row.values.get(name) is None:
            field = form.fields[name][1]
            yield Problem(texts.required(field.caption), field.key)
    lot = form.fields[movement.lot][1]
    if material.flag("fisbatchmanage"):
        if row.values.get(lot.name) is None:
            yield Problem(texts.required(lot.caption), lot.key)
    elif not material.flag("fiskfperiod"):
        for name in _DATES:
            if row.values.get(name):
                yield Problem(texts.lot_not_managed(material.number), form.fields[name][1].key)


def fill_rows(record: Record) -> None:
    """What the server fills in by itself: quantities in the base unit, the lot a transfer keeps, units."""
    form = record.form
    base = [name for name in _BASE_QUANTITIES if name in form.fields and form.fields[name][1].computed]
    keeps_lot = "fdestlot" in form.fields
    for row in record.lines:
        values = row.values
        for name in base:
            values[name] = values.get(form.quantity) or Decimal(0)
        if keeps_lot and values.get("fdestlot") is None:
            values["fdestlot"] = values.get("flot")
