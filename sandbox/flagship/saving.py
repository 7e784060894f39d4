"""Save: one packet becomes a new bill, or changes the one its candidate key names (section 5.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.flagship import texts
from sandbox.flagship.amounts import compute
from sandbox.flagship.apis import Api, ImportType
from sandbox.flagship.clock import Clock, read_day, read_moment
from sandbox.flagship.fields import Field, Kind
from sandbox.flagship.guards import Guards
from sandbox.flagship.records import DRAFT, ZERO, Line, Link, Record, Records
from sandbox.flagship.replies import RowRefusal
from sandbox.flagship.stock import keeps_stock

_MOST_LINES = 200
"""An insert with this many lines is refused where property changes are fired."""
_SET_BY_SERVER = ("createtime", "modifytime", "auditdate", "billcretype")
_BY_API = "3"
"""`billcretype`: made through the web API."""


class Saving:
    """Writes packets; each is all or nothing."""

    def __init__(self, records: Records, guards: Guards, clock: Clock) -> None:
        self._records = records
        self._guards = guards
        self._clock = clock

    def save(self, api: Api, packet: Mapping[str, Any]) -> tuple[Record, bool]:
        """The record as it is kept now, and whether it is new. Raises RowRefusal."""
        stored = self._stored(api, packet)
        record = self._draft(api, packet, stored)
        self._read(api, record, packet)
        self._check(api, record, is_new=stored is None)
        if api.fire_prop_changed:
            compute(record)
        self._guards.refuse_closed_period(record)
        self._records.put(record)
        return record, stored is None

    def find(self, api: Api, packet: Mapping[str, Any]) -> Record | None:
        """The record a packet's candidate key names."""
        for key in api.keys:
            value = packet.get(key)
            if value not in (None, ""):
                find = self._records.by_id if key == "id" else self._records.by_number
                return find(api.entity, str(value))
        return None

    def _stored(self, api: Api, packet: Mapping[str, Any]) -> Record | None:
        stored = self.find(api, packet)
        number = _number_of(api, packet, self._records)
        if stored is None:
            if api.import_type is ImportType.OVERRIDE:
                raise RowRefusal(texts.no_record(number))
            return None
        if api.import_type is ImportType.NEW:
            raise RowRefusal(texts.duplicate(stored.number))
        self._guards.refuse_locked(stored)
        if stored.status != DRAFT and not api.change_audited and not stored.entity.is_base:
            raise RowRefusal(texts.wrong_state(stored.number, "修改"))
        self._guards.refuse_closed_period(stored)
        return stored

    def _draft(self, api: Api, packet: Mapping[str, Any], stored: Record | None) -> Record:
        now = self._clock()
        if stored is not None:
            record = stored.copy()
            if api.override_entry:
                record.lines = []
        else:
            record = Record(self._records.entities[api.entity], self._records.next_id())
            record.values["createtime"] = now
            if "billcretype" in record.entity.head:
                record.values["billcretype"] = _BY_API
        record.values["modifytime"] = now
        sent = str(packet.get(record.entity.number) or "").strip()
        if sent and sent != record.number:
            if self._records.by_number(api.entity, sent) is not None:
                raise RowRefusal(texts.duplicate(sent))
            record.number = sent
        record.number = record.number or f"{record.entity.id.partition('_')[2].upper()}{record.id[-8:]}"
        return record

    def _read(self, api: Api, record: Record, packet: Mapping[str, Any]) -> None:
        entity = record.entity
        _Reader(self._records, api, "", _SET_BY_SERVER).read(entity.head, packet, record.values)
        if "isredbill" in entity.head:
            record.values["isredbill"] = record.is_return
        if not entity.entry:
            return
        sent = packet.get(entity.entry)
        if sent is not None and not isinstance(sent, list):
            raise RowRefusal(texts.bad_value(entity.entry, sent))
        reader = _Reader(self._records, api, entity.entry, ())
        by_id = {line.id: line for line in record.lines}
        for row in sent or ():
            line = by_id.get(str(row.get("id") or ""))
            if line is None:
                if row.get("id"):
                    raise RowRefusal(texts.no_line(str(row["id"])), entity.entry)
                line = Line(self._records.next_id(), len(record.lines) + 1)
                record.lines.append(line)
            reader.read(entity.lines, row, line.values)
            self._link(record, line, row)

    def _link(self, record: Record, line: Line, row: Mapping[str, Any]) -> None:
        """Take the source link of a line (`billentry_lk`); the source has to be there."""
        for link in row.get(f"{record.entity.entry}_lk") or ():
            plain = {key.removeprefix(f"{record.entity.entry}_lk_"): str(value) for key, value in link.items()}
            bill_id, line_id = plain.get("sbillid", ""), plain.get("sid", "")
            source = next(
                (found for name in self._records.entities if (found := self._records.by_id(name, bill_id))), None
            )
            if source is None or all(each.id != line_id for each in source.lines):
                raise RowRefusal(texts.no_line(line_id), record.entity.entry)
            line.link = Link(bill_id, line_id)

    def _check(self, api: Api, record: Record, *, is_new: bool) -> None:
        problems = list(_missing(record))
        if record.entity.entry and not record.lines:
            problems.append(texts.required(record.entity.title, record.entity.entry, 0))
        if is_new and api.fire_prop_changed and len(record.lines) >= _MOST_LINES:
            problems.append(texts.TOO_MANY_ENTRIES)
        if problems:
            raise RowRefusal(problems)
        for line in record.lines:
            problems += _goods_problems(record, line)
            problems += self._over_returned(record, line)
        if "debitlocal" in record.entity.lines and _unbalanced(record):
            problems.append(texts.VOUCHER_UNBALANCED)
        if problems:
            raise RowRefusal(problems, record.entity.entry)

    def _over_returned(self, record: Record, line: Line) -> Iterator[str]:
        if line.link is None or not record.is_return:
            return
        source = self._records.by_id(record.entity.id, line.link.bill_id)
        if source is None:
            return
        of = next(each for each in source.lines if each.id == line.link.line_id)
        left = of.values["qty"] - self._records.taken_back(of.id, source, but=record.id)
        if -line.values["qty"] > left:
            yield texts.over_returned(source.number, of.seq, left)


class _Reader:
    """Reads one level of a packet; keys nobody has set up are passed over without a word."""

    def __init__(self, records: Records, api: Api, level: str, reserved: tuple[str, ...]) -> None:
        self._records = records
        self._api = api
        self._level = level
        self._reserved = reserved

    def read(self, known: Mapping[str, Field], packet: Mapping[str, Any], values: dict[str, Any]) -> None:
        # What names the kind of an owner or keeper comes before the owner or keeper.
        for field in sorted(known.values(), key=lambda each: each.kind is Kind.ITEM):
            key = f"{field.key}_number" if field.kind in (Kind.BASE, Kind.ITEM) else field.key
            if key not in packet or field.key in self._reserved or not self._accepts(key):
                continue
            given = packet[key]
            if given in (None, ""):
                values.pop(field.key, None)
            elif field.kind in (Kind.BASE, Kind.ITEM):
                values[field.key] = self._base(field, key, str(given), values)
            else:
                try:
                    values[field.key] = _value(field, given)
                except (ValueError, InvalidOperation) as error:
                    raise RowRefusal(texts.bad_value(key, given), self._level) from error

    def _accepts(self, key: str) -> bool:
        full = f"{self._level}.{key}" if self._level else key
        return self._api.accepts is None or full in self._api.accepts

    def _base(self, field: Field, key: str, number: str, values: Mapping[str, Any]) -> Record:
        entity = str(values.get(field.ref) or "") if field.kind is Kind.ITEM else field.ref
        found = self._records.by_number(entity, number) if entity in self._records.entities else None
        if found is None or not found.is_usable:
            raise RowRefusal(texts.no_base_data(key, number), self._level)
        return found


def _value(field: Field, given: Any) -> Any:
    match field.kind:
        case Kind.NUMBER:
            number = Decimal(str(given))
            if not number.is_finite():
                raise ValueError(given)
            return number
        case Kind.FLAG:
            return given is True or str(given).casefold() in ("true", "1")
        case Kind.DATE:
            return read_day(str(given))
        case Kind.TIME:
            return read_moment(str(given))
        case Kind.OBJECT:
            return given
    return str(given)


def _number_of(api: Api, packet: Mapping[str, Any], records: Records) -> str:
    return str(packet.get(records.entities[api.entity].number) or packet.get("id") or "")


def _missing(record: Record) -> Iterator[str]:
    entity = record.entity
    for field in entity.head.values():
        if field.required and record.values.get(field.key) in (None, ""):
            yield texts.required(entity.title, field.key, 0)
    for line in record.lines:
        for field in entity.lines.values():
            if field.required and line.values.get(field.key) in (None, ""):
                yield texts.required(entity.title, field.key, line.seq)


def _goods_problems(record: Record, line: Line) -> Iterator[str]:
    quantity, material = line.values.get("qty"), line.values.get("material")
    if quantity is not None and (quantity == 0 or (quantity < 0) != record.is_return):
        yield texts.NEGATIVE_QUANTITY if quantity < 0 else texts.bad_value("qty", quantity)
    if not keeps_stock(material) or not isinstance(material, Record):
        return
    for movement in record.entity.movements:
        if line.values.get(movement.warehouse) is None:
            yield texts.required(record.entity.title, movement.warehouse, line.seq)
        if material.values.get("enablelot") and not line.values.get(movement.lot):
            yield texts.required(record.entity.title, movement.lot, line.seq)


def _unbalanced(voucher: Record) -> bool:
    debit = sum((line.values.get("debitlocal") or ZERO for line in voucher.lines), ZERO)
    credit = sum((line.values.get("creditlocal") or ZERO for line in voucher.lines), ZERO)
    return debit != credit
