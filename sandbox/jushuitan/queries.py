"""How a query API of the platform works: filters, time window or cursor, paging, and where the rows stand (section 7).

A query is data (`Query`); one more query API is one more definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from itertools import islice
from typing import Any, Generic, TypeVar

from domain.jsontext import dumps
from sandbox.faults import FaultRule
from sandbox.jushuitan.biz import Fields
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.collection import Collection
from sandbox.jushuitan.config import Oversize
from sandbox.jushuitan.documents import Record
from sandbox.jushuitan.rows import Row, Wanted
from sandbox.jushuitan.state import JushuitanState, Kind, PagingFault

D = TypeVar("D")
Test = Callable[[Record[D]], bool]
_OK = '"code":0,"msg":"执行成功"'


class Shape(Enum):
    """How a filter lists its values."""

    ONE = auto()
    ARRAY = auto()
    COMMA = auto()
    """A text with commas."""


@dataclass(frozen=True, slots=True)
class Filter(Generic[D]):
    """Keeps the documents whose value is among the given ones; not given, it keeps all. Compared as text.

    Attributes:
        value: the document's value.
        limit: how many values a call may give.
        selects: whether it makes a time window unnecessary (an id list).
        default: what it keeps when the call does not say; empty keeps all.
    """

    name: str
    value: Callable[[D], object]
    shape: Shape = Shape.ONE
    limit: int | None = None
    selects: bool = False
    default: frozenset[str] = frozenset()

    def values(self, biz: Fields) -> frozenset[str]:
        """The values to keep, given or default; empty when there are none."""
        if self.shape is Shape.ONE:
            given = [biz.text(self.name)]
        elif self.shape is Shape.COMMA:
            given = biz.text(self.name).split(",")
        else:
            given = [str(value) for value in biz.array(self.name)]
        values = frozenset(value.strip() for value in given if value.strip())
        if self.limit is not None and len(values) > self.limit:
            raise Refusal(Code.PARAMETER_WRONG, f"{self.name}最多{self.limit}个")
        return values or self.default


class DateType(StrEnum):
    """`date_type` of a window query: which time the window is about."""

    MODIFIED = "0"
    CREATED = "1"
    DOCUMENT = "2"
    SENT = "3"
    STOCK = "4"


MODIFIED: Mapping[DateType, Callable[[Record[Any]], datetime | None]] = {DateType.MODIFIED: lambda row: row.modified}


@dataclass(frozen=True, slots=True)
class Window(Generic[D]):
    """The time window of a query: both ends or none, inclusive, at most `days` long.

    Attributes:
        required: refuse a call with neither window nor ids nor cursor.
        begin, end: names of the two parameters.
    """

    dates: Mapping[DateType, Callable[[Record[D]], datetime | None]] = field(default_factory=lambda: MODIFIED)
    days: int = 7
    required: bool = True
    begin: str = "modified_begin"
    end: str = "modified_end"

    def test(self, state: JushuitanState, biz: Fields, *, otherwise_selected: bool) -> Test[D] | None:
        """What a record must pass; None without a window. Raises Refusal for a window that is not allowed."""
        begin, end = biz.given(self.begin), biz.given(self.end)
        if begin != end:
            raise Refusal(state.config.window_code, f"{self.begin}与{self.end}必须同时存在")
        if not begin:
            if self.required and not otherwise_selected:
                raise Refusal(state.config.window_code, "修改时间和单号不能同时为空")
            return None
        first, last = biz.time(self.begin), biz.time(self.end)
        if last < first or last - first > timedelta(days=self.days):
            raise Refusal(state.config.window_code, f"时间间隔不能超过{self.days}天")
        date_of = self.dates.get(biz.choice("date_type", DateType.MODIFIED))
        if date_of is None:
            raise Refusal(Code.PARAMETER_WRONG, "date_type不正确")

        def inside(record: Record[D]) -> bool:
            moment = date_of(record)
            return moment is not None and first <= moment.replace(microsecond=0) <= last

        return inside


@dataclass(frozen=True, slots=True)
class Query(Generic[D]):
    """One query API.

    Attributes:
        list_key: name of the list inside `data`.
        bare: whether list and paging stand on the outer level, without `data`.
        index_name: name of the page number in the request.
        most_pages: the last page the API gives; None for no limit.
        window: None when the API has none.
        cursor: name of the row version parameter; None when the API has none.
        cursor_alone: whether a cursor may be combined with paging only; other conditions are then passed over, but
            for the defaults (how the vendor treats them is not documented; this is the trap a client has to avoid).
        totals: whether the API counts at all; `count_name` is what it calls the number of rows.
        kind: the kind of its documents, if a person can change them.
        more_tests: filters that are not a comparison; `more_ids` are those among them that are id lists.
    """

    path: str
    records: Callable[[JushuitanState], Collection[D] | Sequence[Record[D]]]
    row: Callable[[JushuitanState, Record[D], Wanted], Row]
    list_key: str = "datas"
    bare: bool = False
    index_name: str = "page_index"
    most_pages: int | None = None
    max_page: int = 50
    default_page: int = 30
    filters: tuple[Filter[D], ...] = ()
    window: Window[D] | None = None
    cursor: str | None = None
    cursor_alone: bool = False
    totals: bool = True
    count_name: str = "data_count"
    kind: Kind | None = None
    key: Callable[[D], int] | None = None
    more_tests: Callable[[JushuitanState, Fields], Iterable[Test[D]]] | None = None
    more_ids: tuple[str, ...] = ()

    def answer(self, state: JushuitanState, tree: object, fault: FaultRule | None) -> str:
        """JSON text of the envelope. Raises Refusal."""
        biz = Fields(tree)
        index, size = self._page(state, biz)
        code = fault.code if fault is not None else None
        selected = self._selected(state, biz, code)
        start = (index - 1) * size
        with_total = self.totals and biz.flag("is_get_total", True) and not self._starts_at(biz)
        if with_total:
            rows = list(selected)
            total, page = len(rows), rows[start : start + size]
            more = total > start + size
        else:
            page = list(islice(selected, start, start + size + 1))
            total, more = None, len(page) > size
            page = page[:size]
        if code == PagingFault.EMPTY_PAGE:
            page, more = [], True
        elif code == PagingFault.DUPLICATE_ROW:
            page = [*islice(self._select(state, biz), max(start - 1, 0), max(start, 1)), *page]
        text = self._envelope(state, biz, page, index, size, total, more)
        self._afterwards(state, code, page)
        return text

    def _selected(self, state: JushuitanState, biz: Fields, code: str | None) -> Iterable[Record[D]]:
        """The rows a call selects, as a paging fault lets it see them."""
        if code not in (PagingFault.LATE_ROW, PagingFault.STALE_ROW):
            return self._select(state, biz)
        rows = list(self._select(state, biz))
        if code == PagingFault.LATE_ROW:
            return rows[1:] if len(rows) > 1 else rows
        changed = next((record for record in rows if record.before is not None), None)
        if changed is None or changed.before is None:
            return rows
        others = [record for record in rows if record is not changed]
        return sorted([*self._passing(state, biz, [changed.before]), *others], key=_by_time_of_change)

    def _afterwards(self, state: JushuitanState, code: str | None, page: list[Record[D]]) -> None:
        """What happens at the source between this page and the next."""
        if code == PagingFault.TOUCH_ROWS and page and self.kind is not None and self.key is not None:
            state.touch(self.kind, self.key(page[0].document))
        elif code == PagingFault.NEW_ROWS:
            state.newcomer()

    def _page(self, state: JushuitanState, biz: Fields) -> tuple[int, int]:
        index = biz.integer(self.index_name, 1)
        size = biz.integer("page_size", self.default_page)
        if index < 1 or size < 1:
            raise Refusal(Code.PARAMETER_WRONG, f"{self.index_name}和page_size必须大于0")
        if self.most_pages is not None and index > self.most_pages:
            raise Refusal(Code.PARAMETER_WRONG, f"{self.index_name}不能大于{self.most_pages}")
        if size > self.max_page:
            if state.config.oversize is Oversize.REFUSE:
                raise Refusal(Code.PARAMETER_WRONG, f"page_size不能大于{self.max_page}")
            size = self.max_page
        return index, size

    def _starts_at(self, biz: Fields) -> bool:
        return self.cursor is not None and biz.given(self.cursor)

    def _select(self, state: JushuitanState, biz: Fields) -> Iterable[Record[D]]:
        """Records that pass all filters: by row version from a cursor on, else by time of change."""
        records = self.records(state)
        if self.cursor is not None and isinstance(records, Collection) and self._starts_at(biz):
            return self._passing(state, biz, records.changed_since(biz.integer(self.cursor)))
        return sorted(self._passing(state, biz, records), key=_by_time_of_change)

    def _passing(self, state: JushuitanState, biz: Fields, records: Iterable[Record[D]]) -> Iterable[Record[D]]:
        """Those of some records that a call asks for."""
        tests: list[Test[D]] = []
        selected = self._starts_at(biz)
        if self.cursor is not None and selected:
            first = biz.integer(self.cursor)
            tests.append(lambda record: record.ts >= first)
            if self.cursor_alone:
                biz = Fields({})
        selected = selected or any(biz.given(name) for name in self.more_ids)
        for rule in self.filters:
            if values := rule.values(biz):
                selected = selected or rule.selects
                tests.append(_among(rule.value, values))
        if self.window is not None:
            inside = self.window.test(state, biz, otherwise_selected=selected)
            tests += [inside] if inside is not None else []
        if self.more_tests is not None:
            tests += self.more_tests(state, biz)
        return (record for record in records if all(test(record) for test in tests))

    def _envelope(
        self,
        state: JushuitanState,
        biz: Fields,
        page: list[Record[D]],
        index: int,
        size: int,
        total: int | None,
        more: bool,
    ) -> str:
        wanted = Wanted(
            finance=biz.flag("is_get_cbfinance"),
            logistics=biz.flag("is_get_cblogistic"),
            lock_qty=biz.flag("has_lock_qty"),
            fields=_extra_fields(biz, "InoutFlds", "inout_flds", "order_flds") + _listed(biz, "flds"),
            item_fields=_extra_fields(biz, "InoutItemFlds", "inout_item_flds"),
        )
        rows = ",".join(self._text(state, record, wanted) for record in page)
        counts = ""
        if self.totals:
            pages = None if total is None else -(-total // size)
            counts = f'"{self.count_name}":{dumps(total)},"page_count":{dumps(pages)},'
        paging = f'"page_index":{index},"page_size":{size},{counts}"has_next":{dumps(more)}'
        content = f'{paging},"{self.list_key}":[{rows}],"requestId":null'
        return f"{{{_OK},{content}}}" if self.bare else f'{{{_OK},"data":{{{content}}}}}'

    def _text(self, state: JushuitanState, record: Record[D], wanted: Wanted) -> str:
        key = (self.path, wanted)
        text = record.rendered.get(key)
        if text is None:
            text = record.rendered[key] = dumps(self.row(state, record, wanted))
        return text


def _among(value: Callable[[D], object], values: frozenset[str]) -> Test[D]:
    return lambda record: str(value(record.document)) in values


def _by_time_of_change(record: Record[Any]) -> tuple[datetime, int]:
    return record.modified, record.ts


def _listed(biz: Fields, name: str) -> tuple[str, ...]:
    """The parts of a text with commas."""
    return tuple(sorted(part.strip() for part in biz.text(name).split(",") if part.strip()))


def _extra_fields(biz: Fields, *spellings: str) -> tuple[str, ...]:
    return tuple(sorted(str(name) for spelling in spellings for name in biz.array(spelling)))
