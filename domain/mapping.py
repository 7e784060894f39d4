"""The mapping engine: a field table, one rule a field, turns a source document into the field tree of an ERP bill (D5).

Rules say where a value comes from: `source` path, `const`, `lookup` in a mapping table, `when` a condition holds,
`each` row of a list, `link` to a bill that is already in the ERP. `convert` names a function of `domain.conversions`.
An absent value leaves its target key out. Pure: look-ups and links are handed in, what is missing is handed back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag

from domain.conversions import CONVERSIONS, ConversionError
from domain.documents import Frozen
from domain.paths import follow

Scalar = bool | int | Decimal | str
Tables = Mapping[tuple[str, str], Mapping[str, str]]
"""(collection, key as asked) → values of that mapping row."""
Links = Mapping[tuple[str, int], Mapping[str, Any]]
"""(link name, row index of `each`) → fields of the linked bill."""

SCOPES = ("document", "line", "rate", "bill")
"""What the first part of a path may be: the source document, the current row, the rate used, our bill."""


class Source(Frozen):
    """A value of the source document, the current line, the rate or the bill."""

    source: str
    convert: str | None = None


class Const(Frozen):
    """A fixed value."""

    const: Scalar


class Lookup(Frozen):
    """`value` column of the row with key `key` in mapping table `lookup`. A missing row holds the document."""

    lookup: str
    key: str
    value: str


class Link(Frozen):
    """Field `value` of the ERP bill that `link` (declared in the flow's `links`) found for this line."""

    link: str
    value: str


class When(Frozen):
    """`then` where the value of `when` is (one of) `is`, else `otherwise`, else nothing."""

    when: Rule
    equals: tuple[Scalar, ...] = Field(alias="is")
    then: Rule
    otherwise: Rule | None = Field(default=None, alias="else")


class Each(Frozen):
    """One target row for each row of the list at `each`; inside, `line.` is that row."""

    each: str
    fields: dict[str, Rule]


class Group(Frozen):
    """A sub-object of the target, such as a finance sub-head."""

    fields: dict[str, Rule]


class Rows(Frozen):
    """Exactly the given sub-rows, such as the link rows of an entry."""

    rows: tuple[dict[str, Rule], ...]


_KINDS = {"source": Source, "const": Const, "lookup": Lookup, "link": Link, "when": When, "each": Each, "rows": Rows}


def _kind(raw: Any) -> str | None:
    keys = set(raw) if isinstance(raw, dict) else set(getattr(type(raw), "model_fields", ()))
    found = [kind for kind in _KINDS if kind in keys]
    if not found and "fields" in keys:
        return "fields"
    return found[0] if len(found) == 1 else None


Rule = Annotated[
    Annotated[Source, Tag("source")]
    | Annotated[Const, Tag("const")]
    | Annotated[Lookup, Tag("lookup")]
    | Annotated[Link, Tag("link")]
    | Annotated[When, Tag("when")]
    | Annotated[Each, Tag("each")]
    | Annotated[Rows, Tag("rows")]
    | Annotated[Group, Tag("fields")],
    Discriminator(
        _kind,
        custom_error_type="rule",
        custom_error_message="expected exactly one of source, const, lookup, link, when, each, rows, fields",
    ),
]
RULE_KINDS = (*_KINDS, "fields")
for _model in (When, Each, Group, Rows):
    _model.model_rebuild()


class Missing(Frozen):
    """Something a document needs that is not there: a mapping row, a linked bill, a convertible value."""

    kind: Literal["mapping", "link", "value"]
    target: str
    name: str
    key: str
    message: str = ""


class Trace(Frozen):
    """One rule at work, for the dry run."""

    target: str
    rule: str
    source: str
    result: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """The field tree of the bill, and what was missing to complete it (then the tree must not be written)."""

    model: dict[str, Any]
    missing: tuple[Missing, ...]
    traces: tuple[Trace, ...] = ()


@dataclass(slots=True)
class _Run:
    scope: dict[str, Any]
    tables: Tables
    links: Links
    traced: bool
    row: int = 0
    missing: list[Missing] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)


_ABSENT: Any = object()


def split_path(path: str) -> tuple[str, ...]:
    """``document.items`` → ``("document", "items")``; the first part is the scope."""
    return tuple(path.split("."))


def _at(run: _Run, path: str) -> Any:
    scope, *rest = split_path(path)
    return follow(run.scope[scope], tuple(rest))


def apply(
    fields: Mapping[str, Rule],
    document: BaseModel,
    *,
    rate: BaseModel | None,
    bill: BaseModel,
    tables: Tables,
    links: Links,
    traced: bool = False,
) -> Mapped:
    """Build the bill's field tree. Every gap is reported, not only the first."""
    run = _Run({"document": document, "line": None, "rate": rate, "bill": bill}, tables, links, traced)
    model = _tree(run, fields, "")
    return Mapped(model, tuple(run.missing), tuple(run.traces))


def _tree(run: _Run, fields: Mapping[str, Rule], prefix: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, rule in fields.items():
        target = f"{prefix}{key}"
        value = _value(run, rule, target)
        if value is _ABSENT or value is None:
            continue
        *parents, leaf = key.split(".")
        here = tree
        for parent in parents:
            here = here.setdefault(parent, {})
        here[leaf] = value
    return tree


def _value(run: _Run, rule: Rule, target: str) -> Any:
    return _APPLY[type(rule)](run, rule, target)


def _trace(run: _Run, target: str, rule: str, source: Any, result: Any) -> Any:
    if run.traced:
        run.traces.append(
            Trace(target=target, rule=rule, source=_show(source), result="" if result is _ABSENT else _show(result))
        )
    return result


def _show(value: Any) -> str:
    return "" if value is None or value is _ABSENT else str(value)


def _source(run: _Run, rule: Source, target: str) -> Any:
    value = _at(run, rule.source)
    result = value
    if value is not None and rule.convert:
        try:
            result = CONVERSIONS[rule.convert](value)
        except ConversionError as error:
            run.missing.append(
                Missing(kind="value", target=target, name=rule.source, key=_show(value), message=str(error))
            )
            result = _ABSENT
    name = f"{rule.source} → {rule.convert}" if rule.convert else rule.source
    return _trace(run, target, name, value, result)


def _const(run: _Run, rule: Const, target: str) -> Any:
    return _trace(run, target, "const", None, rule.const)


def _lookup(run: _Run, rule: Lookup, target: str) -> Any:
    key = _show(_at(run, rule.key))
    if not key.strip():
        run.missing.append(Missing(kind="value", target=target, name=rule.key, key="nothing", message="a value"))
        return _trace(run, target, f"lookup {rule.lookup}[{rule.key}].{rule.value}", key, _ABSENT)
    row = run.tables.get((rule.lookup, key))
    result = _ABSENT if row is None else row.get(rule.value, _ABSENT)
    if result is _ABSENT:
        run.missing.append(Missing(kind="mapping", target=target, name=rule.lookup, key=key, message=rule.value))
    return _trace(run, target, f"lookup {rule.lookup}[{rule.key}].{rule.value}", key, result)


def _link(run: _Run, rule: Link, target: str) -> Any:
    found = run.links.get((rule.link, run.row))
    result = _ABSENT if found is None else found.get(rule.value, _ABSENT)
    if result is _ABSENT:
        run.missing.append(Missing(kind="link", target=target, name=rule.link, key=str(run.row), message=rule.value))
    return _trace(run, target, f"link {rule.link}.{rule.value}", f"line {run.row + 1}", result)


def _when(run: _Run, rule: When, target: str) -> Any:
    seen = _value(run, rule.when, f"{target} (when)")
    if seen in rule.equals:
        return _value(run, rule.then, target)
    return _ABSENT if rule.otherwise is None else _value(run, rule.otherwise, target)


def _each(run: _Run, rule: Each, target: str) -> Any:
    rows = []
    for index, line in enumerate(_at(run, rule.each) or ()):
        run.scope["line"], run.row = line, index
        rows.append(_tree(run, rule.fields, f"{target}[{index}]."))
    run.scope["line"], run.row = None, 0
    return rows


def _group(run: _Run, rule: Group, target: str) -> Any:
    return _tree(run, rule.fields, f"{target}.")


def _rows(run: _Run, rule: Rows, target: str) -> Any:
    return [_tree(run, row, f"{target}[{index}].") for index, row in enumerate(rule.rows)]


_APPLY: dict[type, Callable[[_Run, Any, str], Any]] = {
    Source: _source,
    Const: _const,
    Lookup: _lookup,
    Link: _link,
    When: _when,
    Each: _each,
    Group: _group,
    Rows: _rows,
}


def rules_in(fields: Mapping[str, Rule], each: str | None = None) -> Iterator[tuple[Rule, str | None]]:
    """Every rule of a field table, nested ones too, with the list whose rows it sees as `line` (None: none)."""
    for rule in fields.values():
        yield from _walk(rule, each)


def _walk(rule: Rule, each: str | None) -> Iterator[tuple[Rule, str | None]]:
    yield rule, each
    match rule:
        case When():
            for part in (rule.when, rule.then, rule.otherwise):
                if part is not None:
                    yield from _walk(part, each)
        case Each():
            yield from rules_in(rule.fields, rule.each)
        case Group():
            yield from rules_in(rule.fields, each)
        case Rows():
            for row in rule.rows:
                yield from rules_in(row, each)


def keys_needed(lookups: Sequence[tuple[Lookup, str | None]], document: BaseModel) -> dict[str, set[str]]:
    """Keys each collection will be asked for, so that all can be read at once (a superset: branches not taken too)."""
    needed: dict[str, set[str]] = {}
    scope: dict[str, Any] = {"document": document, "line": None}
    for rule, each in lookups:
        name, *rest = split_path(rule.key)
        rows: Sequence[Any] = (None,)
        if name == "line" and each is not None:
            rows = follow(scope["document"], split_path(each)[1:]) or ()
        keys = needed.setdefault(rule.lookup, set())
        for line in rows:
            start = line if name == "line" else scope[name]
            keys.add(_show(follow(start, tuple(rest))))
    return needed
