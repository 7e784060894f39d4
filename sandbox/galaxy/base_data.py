"""Finding the base data a bill refers to (section 10 and 12.22)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sandbox.galaxy.records import Record
from sandbox.galaxy.store import Database, FormStore

_NUMBER_KEYS = ("fnumber", "number", "fcode", "fstaffnumber", "fcontactnumber")
_ID_KEYS = ("id", "fuserid", "fid")


def number_in(raw: Any) -> str | None:
    """The number a reference names, in any of the accepted wrappings; None when it names none."""
    if isinstance(raw, dict):
        number = raw.get("FNumber")
        if number is None:
            folded = {key.casefold(): value for key, value in raw.items()}
            number = next((folded[key] for key in _NUMBER_KEYS if folded.get(key) not in (None, "")), None)
        return str(number) if number not in (None, "") else None
    return raw if isinstance(raw, str) and raw else None


def names_nothing(raw: Any) -> bool:
    """True when a reference was sent empty on purpose."""
    if isinstance(raw, dict):
        return all(value in (None, "", 0) for value in raw.values())
    return raw in (None, "", 0)


def resolve(store: FormStore, raw: Any, orgs: Collection[Record]) -> Record | None:
    """The usable record a reference means; None when there is none for these organisations."""
    if isinstance(raw, dict):
        number = number_in(raw)
        if number is not None:
            return by_number(store, number, orgs)
        return _by_id_or_name(store, {key.casefold(): value for key, value in raw.items()}, orgs)
    return _by_id(store, raw, orgs)


def by_number(store: FormStore, number: str, orgs: Collection[Record]) -> Record | None:
    return next((each for each in store.with_number(number) if _visible(each, orgs)), None)


def orgs_of(db: Database, record: Record) -> list[Record]:
    """The organisations a record's head names: they decide which base data it may use."""
    return [
        value
        for name, value in record.values.items()
        if isinstance(value, Record) and value.form.id == "ORG_Organizations" and name in record.form.fields
    ]


def _visible(record: Record, orgs: Collection[Record]) -> bool:
    return record.is_usable and (record.shared or record.values.get("fuseorgid") in orgs)


def _by_id(store: FormStore, raw: Any, orgs: Collection[Record]) -> Record | None:
    if isinstance(raw, bool) or not isinstance(raw, (int, str)) or not str(raw).isdigit():
        return None
    record = store.records.get(int(raw))
    return record if record is not None and _visible(record, orgs) else None


def _by_id_or_name(store: FormStore, raw: dict[str, Any], orgs: Collection[Record]) -> Record | None:
    for key in _ID_KEYS:
        if key in raw:
            return _by_id(store, raw[key], orgs)
    name = raw.get("fname")
    if name is None:
        return None
    return next(
        (each for each in store.records.values() if each.values.get("fname") == name and _visible(each, orgs)), None
    )
