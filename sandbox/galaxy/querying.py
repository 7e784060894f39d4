"""ExecuteBillQuery and BillQuery: filter, order, page (section 7.11 and 7.12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import cmp_to_key
from typing import Any

from sandbox.galaxy import texts
from sandbox.galaxy.filters import Both, Condition, Node, Not, conjuncts, parse
from sandbox.galaxy.metadata import Form, Kind
from sandbox.galaxy.paths import Path, Paths, Reader, RowSet
from sandbox.galaxy.records import Record
from sandbox.galaxy.replies import MsgCode, Refusal
from sandbox.galaxy.store import Database, FormStore
from sandbox.galaxy.values import as_bool, as_date, as_int

LIMIT_MAX = 10_000
LIMIT_DEFAULT = 2_000

Test = Callable[[Record, RowSet], bool]
_NO_ROWS: RowSet = {}


class Querying:
    """Answers queries over all forms."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._paths: dict[str, Paths] = {}

    def run(self, data: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
        """The keys as they were asked for, and the rows.

        Args:
            data: the request's parameters, their names folded.

        Raises:
            Refusal: unknown form (4), unknown field (9), filter that cannot be understood or a bad limit (8).
        """
        store = self._db.store(str(data.get("formid") or ""))
        paths = self._paths_of(store.form)
        keys = [key.strip() for key in str(data.get("fieldkeys") or "").split(",") if key.strip()]
        if not keys:
            raise Refusal("FieldKeys", field=None, code=MsgCode.PARAMETER)
        columns = [paths.path(key) for key in keys]
        filter_tree = parse(data.get("filterstring"))
        order = _order(paths, data.get("orderstring"))
        start, end = _window(data)
        rows = _Scan(self._db, store, paths, filter_tree, [*columns, *(path for path, _ in order)]).rows()
        natural = not _needs_sorting(order)
        if not natural:
            rows = iter(_sorted(list(rows), order))
        readers = [column.read for column in columns]
        result: list[list[Any]] = []
        for position, (record, row_set) in enumerate(rows):
            if position >= end:
                break
            if position >= start:
                result.append([read(record, row_set) for read in readers])
        return keys, result

    def _paths_of(self, form: Form) -> Paths:
        paths = self._paths.get(form.id)
        if paths is None or paths.form is not form:
            paths = self._paths[form.id] = Paths(self._db, form)
        return paths


class _Scan:
    """Goes over the records a filter can hold for, with the cheapest test first."""

    def __init__(
        self, db: Database, store: FormStore, paths: Paths, filter_tree: Node | None, columns: list[Path]
    ) -> None:
        self._db = db
        self._store = store
        self._paths = paths
        self._needed = {path.entity for path in columns if path.entity}
        self._parts = conjuncts(filter_tree)
        self._head_tests: list[Test] = []
        self._row_tests: list[Test] = []
        for part in self._parts:
            entities: set[str] = set()
            test = self._compile(part, entities)
            self._needed |= entities
            (self._row_tests if entities else self._head_tests).append(test)

    def rows(self) -> Iterator[tuple[Record, RowSet]]:
        head_tests, row_tests = self._head_tests, self._row_tests
        plan = self._plan()
        for record in self._candidates():
            if not all(test(record, _NO_ROWS) for test in head_tests):
                continue
            if not plan:
                yield record, _NO_ROWS
                continue
            for row_set in _combinations(record, plan, {}):
                if all(test(record, row_set) for test in row_tests):
                    yield record, row_set

    def _plan(self) -> list[tuple[str, str | None]]:
        """The entries to go through, parents before children: (folded key, folded key of the parent)."""
        plan: dict[str, str | None] = {}
        for name in sorted(self._needed):
            entity = self._paths.form.by_name[name]
            parent = entity.parent.casefold() if entity.parent else None
            if parent is not None:
                plan.setdefault(parent, None)
            plan[name] = parent
        return sorted(plan.items(), key=lambda item: item[1] is not None)

    def _candidates(self) -> Iterable[Record]:
        """Records worth looking at, in the order of their ids: by the first index that applies, else all."""
        for part in self._parts:
            found = self._indexed(part) if isinstance(part, Condition) and part.operator in ("=", "in") else None
            if found is not None:
                return sorted(found, key=lambda record: str(record.id) if isinstance(record.id, str) else record.id)
        return list(self._store.records.values())

    def _indexed(self, condition: Condition) -> list[Record] | None:
        path = self._paths.path(condition.key)
        values = condition.values
        if path.is_number:
            return list({record.id: record for v in values for record in self._store.with_number(str(v))}.values())
        if path.is_id:
            ids = {_as_id(value) for value in values} | {str(value) for value in values}
            return [self._store.records[each] for each in ids if each in self._store.records]
        if path.is_row_id:
            found = [self._store.row(each) for each in map(_as_id, values) if isinstance(each, int)]
            return list({hit[0].id: hit[0] for hit in found if hit is not None}.values())
        if path.index is None:
            return None
        if path.ref is not None:
            targets = self._db.store(path.ref)
            keys: list[Any] = [target.id for value in values for target in targets.with_number(str(value))]
        elif path.kind is Kind.TEXT:
            keys = [_text(value) for value in values]
        else:
            keys = [_as_id(value) for value in values]
        return list(self._store.indexed(path.index, keys).values())

    def _compile(self, node: Node, entities: set[str]) -> Test:
        if isinstance(node, Condition):
            path = self._paths.path(node.key)
            if path.entity:
                entities.add(path.entity)
            return _condition(path, node)
        if isinstance(node, Not):
            part = self._compile(node.part, entities)
            return lambda record, rows: not part(record, rows)
        parts = [self._compile(each, entities) for each in node.parts]
        if isinstance(node, Both):
            return lambda record, rows: all(test(record, rows) for test in parts)
        return lambda record, rows: any(test(record, rows) for test in parts)


def _combinations(record: Record, plan: list[tuple[str, str | None]], chosen: RowSet) -> Iterator[RowSet]:
    """Every choice of one row per entry; an entry without rows gives None, as an outer join does."""
    if not plan:
        yield dict(chosen)
        return
    (name, parent), *rest = plan
    if parent is None:
        rows = record.entries.get(name)
    else:
        above = chosen[parent]
        rows = above.children.get(name) if above is not None else None
    for row in rows or (None,):
        chosen[name] = row
        if rest:
            yield from _combinations(record, rest, chosen)
        else:
            yield dict(chosen)


def _condition(path: Path, condition: Condition) -> Test:
    read, operator = _null_as_blank(path) if path.kind is Kind.TEXT else path.read, condition.operator
    if operator == "null":
        return lambda record, rows: read(record, rows) in (None, "", 0)
    if operator == "like":
        pattern = _like(str(condition.values[0]))
        return lambda record, rows: bool(pattern.fullmatch(str(read(record, rows) or "")))
    values = [_comparable(path, value) for value in condition.values]
    if operator == "in":
        wanted = set(values)
        return lambda record, rows: read(record, rows) in wanted
    value = values[0]
    match operator:
        case "=":
            return lambda record, rows: bool(read(record, rows) == value)
        case "<>":
            return lambda record, rows: (found := read(record, rows)) is not None and bool(found != value)
        case ">":
            return lambda record, rows: (found := read(record, rows)) is not None and bool(found > value)
        case ">=":
            return lambda record, rows: (found := read(record, rows)) is not None and bool(found >= value)
        case "<":
            return lambda record, rows: (found := read(record, rows)) is not None and bool(found < value)
        case _:
            return lambda record, rows: (found := read(record, rows)) is not None and bool(found <= value)


def _null_as_blank(path: Path) -> Reader:
    """Text columns of the server are never null: an empty one equals '' and differs from everything else."""
    read = path.read
    return lambda record, rows: read(record, rows) or ""


def _comparable(path: Path, value: Any) -> Any:
    """A literal as the kind of value it is compared with. Raises Refusal when it cannot be one."""
    try:
        match path.kind:
            case Kind.DECIMAL:
                return Decimal(str(value))
            case Kind.INTEGER:
                return _as_id(value)
            case Kind.BOOL:
                return as_bool(str(value))
            case Kind.DATE:
                return as_date(str(value)) if value != "" else ""
            case _:
                return _text(value)
    except (ValueError, InvalidOperation) as error:
        raise Refusal(texts.bad_filter(f"{path.key} {value}"), field=None, code=MsgCode.PARAMETER) from error


def _as_id(value: Any) -> int | str:
    """An internal id: whole numbers as such, anything else (即时库存 has text ids) as text."""
    text = str(value)
    return int(text) if text.isdigit() else text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else format(value, "f")


def _like(pattern: str) -> re.Pattern[str]:
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in pattern), re.IGNORECASE | re.DOTALL)


def _order(paths: Paths, raw: Any) -> list[tuple[Path, bool]]:
    """OrderString as paths, each with whether it descends."""
    order = []
    for part in str(raw or "").split(","):
        words = part.split()
        if not words:
            continue
        if len(words) > 2 or (len(words) == 2 and words[1].casefold() not in ("asc", "desc")):
            raise Refusal(texts.bad_filter(str(raw)), field=None, code=MsgCode.PARAMETER)
        order.append((paths.path(words[0]), len(words) == 2 and words[1].casefold() == "desc"))
    return order


def _needs_sorting(order: list[tuple[Path, bool]]) -> bool:
    """Records are kept by ascending id and rows by ascending number: asking for just that needs no work."""
    natural = all(not descending for _, descending in order) and (not order or order[0][0].is_id)
    return not natural or any(not (path.is_id or path.is_row_id) for path, _ in order)


def _sorted(rows: list[tuple[Record, RowSet]], order: list[tuple[Path, bool]]) -> list[tuple[Record, RowSet]]:
    def compare(a: tuple[Record, RowSet], b: tuple[Record, RowSet]) -> int:
        for path, descending in order:
            left, right = path.read(*a), path.read(*b)
            if left == right:
                continue
            before = left is None if left is None or right is None else left < right
            return (-1 if before else 1) * (-1 if descending else 1)
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def _window(data: dict[str, Any]) -> tuple[int, int]:
    """First row and the row after the last: StartRow and Limit, cut by TopRowCount."""
    try:
        start, limit, top = (as_int(data.get(name)) for name in ("startrow", "limit", "toprowcount"))
    except ValueError as error:
        raise Refusal(texts.bad_filter(str(error)), field=None, code=MsgCode.PARAMETER) from error
    if limit > LIMIT_MAX or limit < 0 or start < 0:
        raise Refusal(texts.limit_too_high(LIMIT_MAX), field=None, code=MsgCode.PARAMETER)
    end = start + (limit or LIMIT_DEFAULT)
    return start, min(end, top) if top > 0 else end
